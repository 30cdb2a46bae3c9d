"""A program's text, and what the printers of all languages have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from capilint.language import Language
from tests.fuzz.operations import CLOSING, HELPERS, OPERATIONS
from tests.fuzz.program import (
    Api,
    Block,
    Break,
    Check,
    Condition,
    Copy,
    Do,
    Give,
    If,
    Keep,
    Leave,
    Loop,
    Program,
    Scope,
    Stash,
    Statement,
)

FLAGS = ("flag0", "flag1")


@dataclass(slots=True)
class Text:
    """A program's text; `lines` maps statement numbers to lines, from 1.

    A statement has several lines where it is what a scope does at its end, which a text may write
    once for each way out. `names` are what reports may call a variable whose handle is inside of
    an object; of what the statements `unseen` do, as ends of objects, the text names no variable.
    `throws` is set where exceptions take the place of jumps.
    """

    language: Language
    written: list[str] = field(default_factory=list)
    lines: dict[int, set[int]] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=dict)
    unseen: set[int] = field(default_factory=set)
    throws: bool = False

    def __str__(self) -> str:
        return "\n".join(self.written) + "\n"

    def add(self, depth: int, line: str, *numbers: int) -> None:
        """Write one line, which the statements of these numbers stand in."""
        self.written.append("    " * depth + line)
        for number in numbers:
            self.lines.setdefault(number, set()).add(len(self.written))


def helpers_of(program: Program) -> list[str]:
    """The helpers that a program calls, in the order of their names."""
    return sorted(set(_called(program)))


def _called(program: Program) -> Iterator[str]:
    for statement in program.statements():
        if isinstance(statement, Do | Check | Keep) and statement.api.operation in HELPERS:
            yield statement.api.operation
        elif isinstance(statement, Scope):
            yield CLOSING


def counts_of(program: Program) -> list[str]:
    """The parameters that say how often each loop runs."""
    return [f"count{number}" for number in program.loops()]


class Printer(ABC):
    """Writes a program in one language. `end` ends a simple statement."""

    end = ""

    def __init__(self, text: Text, program: Program) -> None:
        """What is printed is added to the text."""
        self._text = text
        self._program = program

    @abstractmethod
    def program(self) -> None:
        """Print all of it."""

    def _block(self, depth: int, block: Block) -> None:
        for statement in block:
            self._statement(depth, statement)

    def _statement(self, depth: int, statement: Statement) -> None:
        number = statement.number
        match statement:
            case Do(api):
                self._simple(depth, self._call(api), number)
            case Keep(api, status):
                self._simple(depth, f"{status} = {self._status(api)}", number)
            case Check(api, success, failure):
                self._branch(depth, self._status(api), success, failure, number)
            case If(condition, then, otherwise):
                self._branch(depth, self._tested(condition), then, otherwise, number)
            case Loop(body):
                self._loop(depth, body, number)
            case Scope(body, owned):
                self._scope(depth, body, owned, number)
            case Copy(target, source):
                self._simple(depth, self._copy(target, source), number)
            case Stash(variable):
                self._simple(depth, f"stash({self._value(variable)})", number)
            case Give(variable):
                self._simple(depth, self._give(variable), number)
            case Break():
                self._break(depth, number)
            case Leave():
                self._leave(depth, number)

    def _simple(self, depth: int, words: str, number: int) -> None:
        self._text.add(depth, f"{words}{self.end}", number)

    def _call(self, api: Api) -> str:
        """A call as an expression."""
        if api.operation in HELPERS:
            return self._helper_call(api)
        operation = OPERATIONS[api.operation]
        values = [self._argument(name) for name in api.arguments]
        out = self._address(api.target) if api.target else ""
        arguments = operation.text.format(*values, out=out, null=self.null)
        return f"{self._function(operation.function)}({arguments})"

    def _status(self, api: Api) -> str:
        """A call as an expression that is false where it fails, and does not keep a handle."""
        return self._call(api)

    # ------------------------------------------------------------ what differs

    null = ""

    @abstractmethod
    def _loop(self, depth: int, body: Block, number: int) -> None: ...

    @abstractmethod
    def _scope(self, depth: int, body: Block, owned: Sequence[str], number: int) -> None: ...

    @abstractmethod
    def _branch(
        self, depth: int, test: str, then: Block, otherwise: Block, number: int
    ) -> None: ...

    @abstractmethod
    def _break(self, depth: int, number: int) -> None: ...

    @abstractmethod
    def _leave(self, depth: int, number: int) -> None: ...

    @abstractmethod
    def _copy(self, target: str, source: str) -> str: ...

    @abstractmethod
    def _give(self, variable: str) -> str: ...

    @abstractmethod
    def _tested(self, condition: Condition) -> str: ...

    @abstractmethod
    def _helper_call(self, api: Api) -> str: ...

    @abstractmethod
    def _address(self, name: str) -> str: ...

    def _value(self, name: str) -> str:
        """The handle in a variable."""
        return name

    def _argument(self, name: str) -> str:
        """A variable as the argument of an API function."""
        return self._value(name)

    def _function(self, name: str) -> str:
        """How an API function is called."""
        return name
