"""What encloses a point of a C function: blocks with their names, loops, switches, `__try`.

The frames form a chain from the innermost one outwards. A jump runs along it, and what it leaves
on the way ends: the variables of blocks, and the `__finally` that must run first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from capilint.finding import Span
from capilint.ir import Call, Scope, Value, Variable


@dataclass(slots=True, eq=False)
class Frame:
    """Something that encloses statements; `depth` counts the frames outside of it, `block` is the
    innermost block at it or around it."""

    outer: Frame | None

    depth: int = field(init=False)
    block: Block | None = field(init=False)

    def __post_init__(self) -> None:
        self.depth = 0 if self.outer is None else self.outer.depth + 1
        around = None if self.outer is None else self.outer.block
        self.block = self if isinstance(self, Block) else around


@dataclass(slots=True, eq=False)
class Block(Frame):
    """A compound statement; `named` is the nearest enclosing block that declares anything.

    `outer_names` has what names mean that enclosing blocks declare, each with how often it was
    declared until then: in blocks nested deeply no name is sought through all of them twice.
    """

    variables: dict[str, Variable] = field(default_factory=dict)
    named: Block | None = None
    outer_names: dict[str, tuple[int, Variable | None]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Cleanup(Frame):
    """The rest of a block behind a variable on which a function is called when control leaves it:
    gcc's attribute, C++'s destructors. `handler` is the one outside of it, `pad` the block that
    calls the function on an exception's way, if there is one; nothing but that does where it is
    `only_on_exception`.
    """

    call: Call | None = None
    handler: int | None = None
    pad: int | None = None
    only_on_exception: bool = False


@dataclass(slots=True, eq=False)
class Loop(Frame):
    """A loop: the blocks that `break` and `continue` go to."""

    break_to: int = -1
    continue_to: int = -1


@dataclass(frozen=True, slots=True)
class Case:
    """A label of a switch: the range of its values, or None for `default`."""

    values: tuple[Value, Value] | None
    block: int
    span: Span


@dataclass(slots=True, eq=False)
class Switch(Frame):
    """A switch: where `break` goes, and the labels met so far."""

    break_to: int = -1
    cases: list[Case] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Try(Frame):
    """A `__try` body: where `__leave` goes."""

    leave_to: int = -1


@dataclass(slots=True, eq=False)
class Finally(Frame):
    """A `__finally` that runs before control leaves; `handler` is the one outside of it."""

    body: Node | None = None
    handler: int | None = None


class Names:
    """The variables that are visible at a point, each with a name of its own."""

    def __init__(self, function: str, globals_: Mapping[str, int]) -> None:
        """`globals_` maps the file's variables to the number of their array dimensions."""
        self.frame: Frame = Block(None)
        self.dimensions: dict[Variable, int] = {}
        self.single: set[Variable] = set()  # arrays of one element
        self.types: dict[Variable, str] = {}  # of locals, as they are declared
        self._function = function
        self._globals = globals_
        self._uses: Counter[str] = Counter()
        self._changes: Counter[str] = Counter()  # of what a name means in some block
        self._temporaries = 0

    def temporary(self) -> Variable:
        """A fresh variable for an intermediate result."""
        self._temporaries += 1
        return Variable(f"%{self._temporaries}", Scope.TEMPORARY)

    def open_block(self) -> Block:
        """Enter a compound statement; leave it by setting `frame` back to `outer`."""
        enclosing = self.frame.block
        named = enclosing if enclosing is None or enclosing.variables else enclosing.named
        self.frame = Block(self.frame, named=named)
        return self.frame

    def declare(
        self, name: str, scope: Scope, dimensions: int = 0, unique: str | None = None
    ) -> Variable:
        """A variable of the innermost block; said again in one block it is the same variable.

        `unique` is what it is to be called, where that is not its name."""
        block = self.frame.block
        assert block is not None, "the outermost frame is a block"
        if name in block.variables:
            return block.variables[name]
        if scope is Scope.LOCAL or scope is Scope.PARAMETER:
            self._uses[name] += 1
            unique = unique or name
            unique = unique if self._uses[name] == 1 else f"{unique}#{self._uses[name]}"
        variable = Variable(unique or name, scope)
        block.variables[name] = variable
        self._changes[name] += 1
        self.dimensions[variable] = dimensions
        return variable

    def forget(self, name: str) -> None:
        """What the innermost block declares by a name is not meant by it any more."""
        block = self.frame.block
        if block is not None:
            block.variables.pop(name, None)
            self._changes[name] += 1

    def declare_static(self, name: str, dimensions: int) -> Variable:
        """A `static` local: it lives on, and is not the file's variable of that name."""
        self._uses[name] += 1
        number = self._uses[name]
        suffix = self._function if number == 1 else f"{self._function}#{number}"
        block = self.frame.block
        assert block is not None, "the outermost frame is a block"
        variable = block.variables.setdefault(name, Variable(f"{name}#{suffix}", Scope.GLOBAL))
        self._changes[name] += 1
        self.dimensions[variable] = dimensions
        return variable

    def declare_extern(self, name: str, dimensions: int) -> Variable:
        """An `extern` declaration inside the function: the file's variable."""
        variable = self.declare(name, Scope.GLOBAL)
        self.dimensions[variable] = max(dimensions, self._globals.get(name, 0))
        return variable

    def find(self, name: str) -> Variable | None:
        """The variable that a name means here, or None where the file does not declare it."""
        found = self.in_blocks(name)
        if found is not None:
            return found
        return self.global_variable(name) if name in self._globals else None

    def in_blocks(self, name: str) -> Variable | None:
        """The variable that the blocks around declare by a name."""
        changes = self._changes.get(name, 0)
        innermost = block = self.frame.block
        if innermost is None or not changes:
            return None
        while block is not None:
            found = block.variables.get(name)
            if found is not None:
                break
            known = block.outer_names.get(name)
            if known is not None and known[0] == changes:
                found = known[1]
                break
            block = block.named
        if block is not innermost:
            innermost.outer_names[name] = changes, found
        return found

    def global_variable(self, name: str) -> Variable:
        """The variable of that name at the program's level."""
        variable = Variable(name, Scope.GLOBAL)
        self.dimensions.setdefault(variable, self._globals.get(name, 0))
        return variable


def enclosing(frame: Frame | None, *kinds: type[Frame]) -> Frame | None:
    """The innermost frame of one of the kinds, from `frame` outwards."""
    while frame is not None and not isinstance(frame, kinds):
        frame = frame.outer
    return frame


def between(frame: Frame | None, outer: Frame | None) -> Iterator[Frame]:
    """The frames that a jump leaves, innermost first, when it goes to a point inside `outer`.

    `outer` need not enclose `frame`: a jump into a block leaves what both do not share.
    """
    while frame is not None and frame is not outer:
        if outer is None or frame.depth >= outer.depth:
            yield frame
            level = outer is not None and frame.depth == outer.depth
            frame = frame.outer
            outer = outer.outer if level and outer is not None else outer
        else:
            outer = outer.outer
