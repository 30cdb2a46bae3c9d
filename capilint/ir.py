"""The intermediate representation: functions as control-flow graphs over places.

Front ends produce it, the engine reads it. It knows no language and no API.

    Module ─┬─ Function ─── BasicBlock ─┬─ Instruction*      (assign, call, declare, ...)
            │                           ├─ Terminator        (jump, branch, return, raise, stop)
            │                           └─ handler           (where an exception goes)
            └─ aliases, classes

**Places** name storage: a variable and a path of accessors into it.

    C   hKey        Place(hKey)                Python  h          Place(h)
        *phKey      Place(phKey, "*")                  self.key   Place(self, "*", ".key")
        ctx.key     Place(ctx, ".key")                 t[0]       Place(t, "[0]")
        ctx->key    Place(ctx, "*", ".key")            t[i]       Place(t, "[?]")
        keys[2]     Place(keys, "[2]")  (a declared array; of a pointer: "*", "[2]")

An accessor is a short string: `*` follows a pointer or an object reference, `.f` selects a
member, `[n]` a constant index or `["text"]` a constant string key, `[?]` some element.

**Values** are pure trees over constants and places; calls are instructions, so a call inside an
expression is first assigned to a temporary, in evaluation order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from capilint.finding import Span
from capilint.language import Language as Language


class Scope(StrEnum):
    """Where a variable lives."""

    LOCAL = "local"
    PARAMETER = "parameter"
    GLOBAL = "global"
    TEMPORARY = "temporary"

    __hash__ = str.__hash__  # an enumeration's own is slow, and variables are hashed all the time


class Variable(NamedTuple):
    """A named storage; shadowing names are made unique (`hKey`, `hKey#2`) by the front end.

    `static` C locals and captured (`nonlocal`) Python variables are GLOBAL: they outlive the call.
    """

    name: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Place:
    """A storage location: a variable and the accessors from it (see the module's table)."""

    root: Variable
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        return source_text(self)


# ---------------------------------------------------------------- values


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal: an integer, text, or None for NULL / None. TRUE is 1 and FALSE is 0."""

    value: int | str | None


@dataclass(frozen=True, slots=True)
class Named:
    """A named constant such as CRYPT_DELETEKEYSET, with its value where the file defines it."""

    name: str
    value: int | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """The content of a place."""

    place: Place


@dataclass(frozen=True, slots=True)
class AddressOf:
    """A pointer to a place (`&hKey`)."""

    place: Place


@dataclass(frozen=True, slots=True)
class Operation:
    """A pure operator on values.

    `operator` is one of ! == != < <= > >= & | ^ ~ + - * / % << >> && || ?: (`&&`, `||` and `?:`
    only where no operand has side effects; elsewhere they are control flow), `elements` for a
    Python argument that stands for several (`*args`), or `is-instance` and the like for anything
    else, which the engine takes as an unknown pure function.
    """

    operator: str
    operands: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class TupleOf:
    """A fixed-size aggregate (`return prov, key`); its fields are read as `[0]`, `[1]`."""

    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class FunctionReference:
    """A function used as a value, or code captured by a closure.

    `captures` are the places of the enclosing function that the code can reach.
    """

    name: str
    captures: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that the front end cannot express; `mentions` are the values inside it."""

    mentions: tuple[Value, ...] = ()


Value = Constant | Named | Read | AddressOf | Operation | TupleOf | FunctionReference | Unknown


# ---------------------------------------------------------------- callees


@dataclass(frozen=True, slots=True)
class Direct:
    """A callee known by name: `CryptGenKey` in C, the canonical dotted name in Python.

    Python names are resolved through imports and single-assignment aliases, so that
    `K.CryptGenKey` after `K = ctypes.WinDLL("advapi32")` is
    `ctypes.WinDLL("advapi32").CryptGenKey`. A function of a Python file is
    `package.module.Class.method`, with the module taken from the file's path.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Method:
    """A callee found through an object, `receiver.name(...)`; `arguments` are without it."""

    receiver: Value
    name: str


@dataclass(frozen=True, slots=True)
class Indirect:
    """A callee that is a value (a function pointer, a lambda held in a variable)."""

    value: Value


Callee = Direct | Method | Indirect


# ---------------------------------------------------------------- instructions


@dataclass(frozen=True, slots=True)
class Declare:
    """A variable begins its life without a value (`HCRYPTKEY hKey;`)."""

    variable: Variable
    type_name: str
    span: Span


@dataclass(frozen=True, slots=True)
class EndScope:
    """Variables of an inner block end their life (also on break, goto and return out of it)."""

    variables: tuple[Variable, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Assign:
    """`target = value`. A `zeroes` assignment clears the whole aggregate (`= {0}`)."""

    target: Place
    value: Value
    span: Span
    zeroes: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A call. `result` is None where the code discards the result.

    `keywords` holds Python's named arguments. `spread` is set where the front end does not know
    the argument list (`f(*args)`), so positions mean nothing unless `args` is a known tuple.
    `ends_branch` is set where it is the last thing that a branch does, so that nothing in the code
    says that it comes back: `if (!ok) fatal(e);`.
    """

    callee: Callee
    arguments: tuple[Value, ...]
    result: Place | None
    span: Span
    keywords: tuple[tuple[str, Value], ...] = ()
    spread: bool = False
    ends_branch: bool = False


@dataclass(frozen=True, slots=True)
class Escape:
    """Values go where the analysis cannot follow: a container, a closure, inline assembly."""

    values: tuple[Value, ...]
    span: Span


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


@dataclass(frozen=True, slots=True)
class Delete:
    """Python's `del name`: the reference is gone."""

    place: Place
    span: Span


Instruction = Declare | EndScope | Assign | Call | Escape | Yield | Delete


# ---------------------------------------------------------------- terminators


@dataclass(frozen=True, slots=True)
class Jump:
    """Go on at a block."""

    target: int


@dataclass(frozen=True, slots=True)
class Branch:
    """Go one way where the condition is non-zero (truthy), the other way where not."""

    condition: Value
    if_true: int
    if_false: int
    span: Span


@dataclass(frozen=True, slots=True)
class Choose:
    """Go any of the ways: nothing is known about the choice.

    Where an exception is dispatched, `catches` has an entry for each target: the canonical names
    of the classes that the clause catches (`BaseException` for a bare one), or None for the way
    that an exception takes which no clause catches.
    """

    targets: tuple[int, ...]
    span: Span
    catches: tuple[tuple[str, ...] | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Return:
    """Leave the function with a value, or None. `implicit` at the closing brace / last line."""

    value: Value | None
    span: Span
    implicit: bool = False


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


@dataclass(frozen=True, slots=True)
class Stop:
    """The end of a path that the front end knows to be impossible, or code not understood."""

    span: Span
    understood: bool = True


Terminator = Jump | Branch | Choose | Return | Raise | Stop


# ---------------------------------------------------------------- graphs


@dataclass(frozen=True, slots=True)
class BasicBlock:
    """Instructions without a branch; `handler` is where an exception inside them goes."""

    number: int
    instructions: tuple[Instruction, ...]
    terminator: Terminator
    handler: int | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; `keyword_only` and `variadic` (`*args`, `...`) ones match no position.

    `default` is what it gets where the call gives nothing: `Unknown` unless it is a literal, None
    where the call must give something.
    """

    variable: Variable
    type_name: str = ""
    default: Value | None = None
    keyword_only: bool = False
    variadic: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """One function. Block 0 is the entry.

    `name` is what the report shows (`encrypt`, `Class.method`, `<module>`); `qualified_name` is
    what `Direct` callees say. `internal` is set for C's `static` functions. `generator` is set
    for Python generators and coroutines: calling one runs nothing. `decorated` names decorators
    that replace the function by something unknown. `owner_class` is the class of a method, whose
    first parameter is then the object, unless its `descriptor` (`staticmethod`, `classmethod`,
    `property`) makes another thing of it. `guards` are the `#if`s around the function: the places
    that stand for their conditions, and whether these hold where it exists.
    """

    name: str
    qualified_name: str
    language: Language
    parameters: tuple[Parameter, ...]
    blocks: tuple[BasicBlock, ...]
    span: Span
    internal: bool = False
    generator: bool = False
    decorated: tuple[str, ...] = ()
    owner_class: str | None = None
    descriptor: str = ""
    guards: tuple[tuple[Place, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Module:
    """What a front end makes of one file.

    `aliases` maps module-level names to the canonical dotted names they stand for, several where
    branches differ. `classes` maps a class's qualified name to its bases. `attribute_stores` are
    the canonical names that the file assigns to (`...CryptGenKey.errcheck`). `problems` are the
    places that could not be parsed.
    """

    path: str
    name: str
    language: Language
    functions: tuple[Function, ...]
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    attribute_stores: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of a file that the front end did not understand."""

    span: Span
    reason: str
    function: str = "<module>"


def successors(block: BasicBlock) -> tuple[int, ...]:
    """The blocks that control can reach from `block`, its handler excepted."""
    match block.terminator:
        case Jump(target):
            return (target,)
        case Branch(_, if_true, if_false):
            return (if_true, if_false)
        case Choose(targets):
            return targets
        case _:
            return ()


def values_of(instruction: Instruction) -> tuple[Value, ...]:
    """The values that an instruction is given, the callee excepted."""
    match instruction:
        case Assign(_, value) | Yield(value):
            return (value,)
        case Call(_, arguments, _, _, keywords):
            return (*arguments, *(value for _, value in keywords))
        case Escape(values):
            return values
        case _:
            return ()


def places_in(value: Value | None) -> Iterator[Place]:
    """Every place that a value reads, takes the address of, or captures."""
    match value:
        case Read(place) | AddressOf(place):
            yield place
        case Operation(_, values) | TupleOf(values) | Unknown(values):
            for inner in values:
                yield from places_in(inner)
        case FunctionReference(_, captures):
            yield from captures
        case _:
            return


def source_text(place: Place) -> str:
    """The place as its source would write it: `ctx->key`, `*phKey`, `self.key`, `keys[2]`."""
    text = place.root.name.partition("#")[0]
    path = place.path
    position = 0
    while position < len(path):
        accessor = path[position]
        if accessor != "*":
            text += accessor
        elif position + 1 < len(path) and path[position + 1].startswith("."):
            text += "->" + path[position + 1][1:]
            position += 1
        elif position + 1 == len(path):
            text = "*" + text
        position += 1
    return text
