"""What a basic block is made of: instructions, what they call, and a terminator."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from capilint.finding import Span
from capilint.ir.signatures import last_name
from capilint.ir.values import (
    Place,
    Value,
    Variable,
)
from capilint.slotted import quickly_made

# ---------------------------------------------------------------- callees


@quickly_made
@dataclass(frozen=True, slots=True)
class Direct:
    """A callee known by name: `CryptGenKey` in C, the canonical dotted name in Python.

    In C++ it is the whole name, with the parameter list where the front end knows which function
    is meant: `ns::Key::set(HCRYPTKEY)` (see `ir.signatures`).

    Python names are resolved through imports and single-assignment aliases, so that
    `K.CryptGenKey` after `K = ctypes.WinDLL("advapi32")` is
    `ctypes.WinDLL("advapi32").CryptGenKey`. A function of a Python file is
    `package.module.Class.method`, with the module taken from the file's path.
    """

    name: str


@quickly_made
@dataclass(frozen=True, slots=True)
class Method:
    """A callee found through an object, `receiver.name(...)`; `arguments` are without it."""

    receiver: Value
    name: str


@quickly_made
@dataclass(frozen=True, slots=True)
class Indirect:
    """A callee that is a value (a function pointer, a lambda held in a variable)."""

    value: Value


Callee = Direct | Method | Indirect


def callee_name(callee: Callee) -> str:
    """What a callee is called, without what it belongs to: `encode`."""
    return "the call" if isinstance(callee, Indirect) else last_name(callee.name).rpartition(".")[2]


# ---------------------------------------------------------------- instructions


@quickly_made
@dataclass(frozen=True, slots=True)
class Declare:
    """A variable begins its life without a value (`HCRYPTKEY hKey;`)."""

    variable: Variable
    type_name: str
    span: Span


@quickly_made
@dataclass(frozen=True, slots=True)
class EndScope:
    """Variables of an inner block end their life (also on break, goto and return out of it)."""

    variables: tuple[Variable, ...]
    span: Span


@quickly_made
@dataclass(frozen=True, slots=True)
class Assign:
    """`target = value`. A `zeroes` assignment clears the whole aggregate (`= {0}`)."""

    target: Place
    value: Value
    span: Span
    zeroes: bool = False


@quickly_made
@dataclass(frozen=True, slots=True)
class Call:
    """A call. `result` is None where the code discards the result.

    `keywords` holds Python's named arguments. `spread` is set where the front end does not know
    the argument list (`f(*args)`), so positions mean nothing unless `args` is a known tuple.
    `ends_branch` is set where it is the last thing that a branch does, so that nothing in the code
    says that it comes back: `if (!ok) fatal(e);`. `may_raise` is set where the callee's name says
    that it raises on a failure: of what it is told, if that is a status, else of its own.
    `noexcept` is set where nothing can be raised: a destructor of C++ at the end of a scope.
    """

    callee: Callee
    arguments: tuple[Value, ...]
    result: Place | None
    span: Span
    keywords: tuple[tuple[str, Value], ...] = ()
    spread: bool = False
    ends_branch: bool = False
    may_raise: bool = False
    noexcept: bool = False


@quickly_made
@dataclass(frozen=True, slots=True)
class Escape:
    """Values go where the analysis cannot follow: a container, a closure, inline assembly."""

    values: tuple[Value, ...]
    span: Span


@quickly_made
@dataclass(frozen=True, slots=True)
class Yield:
    """A generator hands out a value and is resumed later.

    `may_raise` is set in a `@contextmanager`: the body of the `with` can raise here.
    `result` receives what is sent in.
    """

    value: Value
    result: Place | None
    may_raise: bool
    span: Span


@quickly_made
@dataclass(frozen=True, slots=True)
class Delete:
    """Python's `del name`: the reference is gone."""

    place: Place
    span: Span


class ElementOperation(StrEnum):
    """What is done to a container's elements."""

    ADD = "add"  # the operand becomes an element, or its part at `path` does
    NEXT = "next"  # to the result the address of one that the operand, a cursor, has not met, or 0
    PICK = "pick"  # to the result the address of the one at `path`, without one of the only one
    TAKE = "take"  # one ends: that at `path`, or the last
    COUNT = "count"  # to the result how many there are


@quickly_made
@dataclass(frozen=True, slots=True)
class Elements:
    """An operation on the elements of a container that grows: `keys.push_back(key)`.

    A container begins as the empty tuple. An element is a place below the container; which one is
    not for the front end to say, but for a map's with a known key (`["text"]`, `[5]`).
    """

    operation: ElementOperation
    container: Place
    span: Span
    operand: Value | None = None
    path: tuple[str, ...] = ()
    result: Place | None = None


Instruction = Declare | EndScope | Assign | Call | Escape | Yield | Delete | Elements


# ---------------------------------------------------------------- terminators


@quickly_made
@dataclass(frozen=True, slots=True)
class Jump:
    """Go on at a block."""

    target: int


class Question(StrEnum):
    """What decides between the ways, as the source has it at the span."""

    CONDITION = "condition"
    CASE = "case"  # whether a value or a pattern fits
    ROUND = "round"  # whether a loop has another element
    MACRO = "macro"  # a condition in a macro's text, of which the source shows the use only


@quickly_made
@dataclass(frozen=True, slots=True)
class Branch:
    """Go one way where the condition is non-zero (truthy), the other way where not."""

    condition: Value
    if_true: int
    if_false: int
    span: Span
    question: Question = Question.CONDITION


@quickly_made
@dataclass(frozen=True, slots=True)
class Choose:
    """Go any of the ways: nothing is known about the choice.

    Where an exception is dispatched, `catches` has an entry for each target: the canonical names
    of the classes that the clause catches (`BaseException` for a bare one), or None for the way
    that an exception takes which no clause catches; `clauses` are where they stand.
    """

    targets: tuple[int, ...]
    span: Span
    catches: tuple[tuple[str, ...] | None, ...] = ()
    clauses: tuple[Span, ...] = ()
    question: Question = Question.CONDITION


@quickly_made
@dataclass(frozen=True, slots=True)
class Return:
    """Leave the function with a value, or None. `implicit` at the closing brace / last line."""

    value: Value | None
    span: Span
    implicit: bool = False


@quickly_made
@dataclass(frozen=True, slots=True)
class Raise:
    """Raise an exception: go on at the block's handler, or leave the function by it.

    `again` is set where a handled exception is raised anew (the end of a `finally`, a bare
    `raise`, an unmatched `except`), so that the cause stays the first one. `exception` is the
    canonical name of the class that is raised, or of the function that makes it
    (`ctypes.WinError`), empty where that is not known.
    """

    span: Span
    again: bool = False
    exception: str = ""


@quickly_made
@dataclass(frozen=True, slots=True)
class Stop:
    """The end of a path that the front end knows to be impossible, or code not understood."""

    span: Span
    understood: bool = True


Terminator = Jump | Branch | Choose | Return | Raise | Stop


def values_of(instruction: Instruction) -> tuple[Value, ...]:
    """The values that an instruction is given, the callee excepted."""
    match instruction:
        case Assign(_, value) | Yield(value):
            return (value,)
        case Call(_, arguments, _, _, keywords):
            return (*arguments, *(value for _, value in keywords))
        case Escape(values):
            return values
        case Elements(operand=operand) if operand is not None:
            return (operand,)
        case _:
            return ()
