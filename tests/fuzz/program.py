"""The neutral form of generated programs: one function over handle variables.

A variable's first letter is its kind: `c0` is a context, `k0` a key, `h0` a hash. Statements
have numbers, by which the printers tell their lines and the interpreter names its mistakes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

KINDS = {"c": "context", "k": "key", "h": "hash"}


@dataclass(frozen=True, slots=True)
class Api:
    """A call: an operation of `OPERATIONS` or `HELPERS`, the variable that it fills, and others."""

    operation: str
    target: str = ""
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """`flag0` or a status variable `ok0`; or whether the handle in a variable is not null."""

    variable: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Do:
    """A call whose result nobody looks at."""

    api: Api
    number: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """A call that decides the way on."""

    api: Api
    success: Block
    failure: Block
    number: int = 0


@dataclass(frozen=True, slots=True)
class Keep:
    """A call whose result goes to a status variable."""

    api: Api
    status: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class If:
    """A branch."""

    condition: Condition
    then: Block
    otherwise: Block
    number: int = 0


@dataclass(frozen=True, slots=True)
class Loop:
    """Nobody knows how often the body runs."""

    body: Block
    number: int = 0


@dataclass(frozen=True, slots=True)
class Scope:
    """A block whose own variables end with it, however it is left.

    Where they hold a handle, it is destroyed. They are null before and afterwards.
    """

    body: Block
    owned: tuple[str, ...]
    number: int = 0


@dataclass(frozen=True, slots=True)
class Copy:
    """`target = source`; without a source, `target = 0`."""

    target: str
    source: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Stash:
    """A handle is given to code that nobody knows."""

    variable: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Give:
    """The caller gets a handle, through a pointer of its own."""

    variable: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Break:
    """Out of the loop around it."""

    number: int = 0


@dataclass(frozen=True, slots=True)
class Leave:
    """To the cleanup, and out of the function."""

    number: int = 0


Statement = Do | Check | Keep | If | Loop | Scope | Copy | Stash | Give | Break | Leave
Block = tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """One function. `given` are the handles among its parameters.

    `cleanup` runs whenever the function ends (goto cleanup, try-finally). `result` is the handle
    variable that it returns at its end, if any, as the statement of number 0; where it leaves
    early it returns 0.
    """

    given: tuple[str, ...]
    body: Block
    cleanup: Block = ()
    result: str = ""

    def statements(self) -> Iterator[Statement]:
        """All statements, in the order of their numbers."""
        yield from _all((*self.body, *self.cleanup))

    def variables(self) -> list[str]:
        """The handle variables, parameters included."""
        found = set(self.given) | ({self.result} - {""})
        for statement in self.statements():
            found.update(_mentioned(statement))
        return sorted(name for name in found if name[:1] in KINDS)

    def statuses(self) -> list[str]:
        """The status variables."""
        return sorted(
            {each.status for each in self.statements() if isinstance(each, Keep)}
            | {
                each.condition.variable
                for each in self.statements()
                if isinstance(each, If) and each.condition.variable.startswith("ok")
            }
        )

    def last_reads(self) -> dict[str, int]:
        """The number of the statement after which nothing reads a variable or flag any more.

        In a loop it may be read again as long as the loop runs.
        """
        found = dict.fromkeys((*self.variables(), *self.statuses()), 0)
        for block in (self.body, self.cleanup):
            for statement in block:
                _note_reads(statement, 0, found)
        if self.result:
            found[self.result] = 10_000
        return found

    def owned(self) -> set[str]:
        """The variables that are some scope's own."""
        scopes = (each for each in self.statements() if isinstance(each, Scope))
        return {name for scope in scopes for name in scope.owned}

    def gives(self) -> bool:
        """Whether the caller gets handles through a pointer."""
        return any(isinstance(each, Give) for each in self.statements())

    def loops(self) -> list[int]:
        """The numbers of the loops."""
        return [each.number for each in self.statements() if isinstance(each, Loop)]


def numbered(program: Program) -> Program:
    """The program with its statements numbered from 1."""
    numbers = iter(range(1, 10_000))
    body = _renumbered(program.body, numbers)
    return replace(program, body=body, cleanup=_renumbered(program.cleanup, numbers))


def _renumbered(block: Block, numbers: Iterator[int]) -> Block:
    result: list[Statement] = []
    for statement in block:
        here = replace(statement, number=next(numbers))
        match here:
            case Check(_, success, failure):
                here = replace(
                    here,
                    success=_renumbered(success, numbers),
                    failure=_renumbered(failure, numbers),
                )
            case If(_, then, otherwise):
                here = replace(
                    here,
                    then=_renumbered(then, numbers),
                    otherwise=_renumbered(otherwise, numbers),
                )
            case Loop(body) | Scope(body):
                here = replace(here, body=_renumbered(body, numbers))
        result.append(here)
    return tuple(result)


def _all(block: Block) -> Iterator[Statement]:
    for statement in block:
        yield statement
        for inner in parts(statement):
            yield from _all(inner)


def last_number(statement: Statement) -> int:
    """The highest number in a statement."""
    inner = (last_number(block[-1]) for block in parts(statement) if block)
    return max(statement.number, *inner, 0)


def _note_reads(statement: Statement, until: int, found: dict[str, int]) -> None:
    for name in _read(statement):
        found[name] = max(found.get(name, 0), statement.number, until)
    if isinstance(statement, Loop | Scope):
        until = max(until, last_number(statement) + 1)
    if isinstance(statement, Scope):
        found.update(dict.fromkeys(statement.owned, until))
    for block in parts(statement):
        for inner in block:
            _note_reads(inner, until, found)


def _read(statement: Statement) -> tuple[str, ...]:
    match statement:
        case Do(api) | Check(api) | Keep(api):
            return api.arguments
        case If(Condition(variable)) | Stash(variable) | Give(variable) | Copy(_, variable):
            return (variable,)
        case _:
            return ()


def parts(statement: Statement) -> tuple[Block, ...]:
    """The blocks inside a statement."""
    match statement:
        case Check(_, success, failure):
            return (success, failure)
        case If(_, then, otherwise):
            return (then, otherwise)
        case Loop(body) | Scope(body):
            return (body,)
        case _:
            return ()


def _mentioned(statement: Statement) -> tuple[str, ...]:
    match statement:
        case Do(api) | Check(api) | Keep(api):
            return (api.target, *api.arguments)
        case If(condition):
            return (condition.variable,)
        case Copy(target, source):
            return (target, source)
        case Scope(_, owned):
            return owned
        case Stash(variable) | Give(variable):
            return (variable,)
        case _:
            return ()
