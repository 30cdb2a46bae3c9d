"""Functions as graphs of basic blocks, and the modules that they stand in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from capilint.finding import Span
from capilint.ir.code import (
    Branch,
    Choose,
    Instruction,
    Jump,
    Terminator,
)
from capilint.ir.values import (
    Place,
    Value,
    Variable,
)
from capilint.language import Language
from capilint.slotted import quickly_made

# ---------------------------------------------------------------- graphs


@quickly_made
@dataclass(frozen=True, slots=True)
class BasicBlock:
    """Instructions without a branch; `handler` is where an exception inside them goes."""

    number: int
    instructions: tuple[Instruction, ...]
    terminator: Terminator
    handler: int | None = None


@quickly_made
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
    `property`) makes another thing of it. `noexcept`: an exception that leaves it ends the process;
    in C++ so do destructors that say nothing else, and `main`. `implicit`: the compiler makes it,
    as a class's copy or destructor. `guards` are the `#if`s around the
    function: the places that stand for their conditions, and whether these hold where it exists.
    `types` are the source text of what C declares its local variables as. `path` is that of the
    file that its text stands in, where this is not the module's: a template of a header.
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
    noexcept: bool = False
    implicit: bool = False
    guards: tuple[tuple[Place, bool], ...] = ()
    types: Mapping[Variable, str] = field(default_factory=dict)
    path: str = ""

    @property
    def receiver(self) -> Variable | None:
        """What holds the object of a method; parameters that the source does not show begin with
        `%`."""
        if self.owner_class is None or self.descriptor:
            return None
        shown = (each.variable for each in self.parameters if each.variable.name[:1] != "%")
        return next(shown, None)


@dataclass(frozen=True, slots=True)
class ClassText:
    """What the text of a class of C++ says, its bases apart.

    `methods` are the whole names of its functions that somebody has to define. `private` are the
    last names of members and functions that no code but its own methods can use, `protected`
    those of functions that derived classes can call, too.
    """

    methods: frozenset[str] = frozenset()
    private: frozenset[str] = frozenset()
    protected: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Module:
    """What a front end makes of one file.

    `constants` are those of a Python module that may be numbers, by name; `rebound` are its
    functions and classes whose names may stand for something else as well; `aliases` maps
    module-level names to the canonical dotted names they stand for, several where branches
    differ. `in_package` says that a package's `__init__.py` stands beside it. `classes` maps a
    class's qualified name to its bases, `members` to what its body binds. `attribute_stores` are
    the canonical names that the file assigns to (`...CryptGenKey.errcheck`), `left_out` the names
    of attributes in what does not matter and is not here. `problems` are the
    places that could not be parsed. Of a C file, `includes` are the paths of the headers that were
    found for it, however deep, `missing_headers` the quoted names of those that were not,
    `typedefs` maps types of its variables to what they are another name for, `structures` a
    structure to its members, of which the file itself defines its `own_structures`, and `macros`
    the macros that it defines to the names in their texts; `fillings` are the variables, and
    members (`.make`), that it initialises outside of functions with what may be functions, each
    with that one's name; to its `own_variables` only the text of its functions leads (in
    Python those that begin with `_`). In C++
    classes are structures as well, with the members of their bases, and `class_texts` has what
    else is in their texts.
    """

    path: str
    name: str
    language: Language
    functions: tuple[Function, ...]
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    attribute_stores: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    includes: tuple[str, ...] = ()
    missing_headers: tuple[str, ...] = ()
    typedefs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    macros: dict[str, frozenset[str]] = field(default_factory=dict)
    constants: dict[str, Value] = field(default_factory=dict)
    structures: Mapping[str, frozenset[str]] = field(default_factory=dict)
    own_structures: frozenset[str] = frozenset()
    rebound: frozenset[str] = frozenset()
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    in_package: bool = False
    left_out: frozenset[str] = frozenset()
    class_texts: Mapping[str, ClassText] = field(default_factory=dict)
    fillings: tuple[tuple[str, str], ...] = ()
    own_variables: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of a file that the front end did not understand; of a header where it has a `path`."""

    span: Span
    reason: str
    function: str = "<module>"
    path: str = ""


def tails(name: str) -> Iterator[str]:
    """What a module may be called, depending on where its tree begins: `a.b.c`, `b.c`, `c`."""
    parts = name.split(".")
    return (".".join(parts[start:]) for start in range(len(parts)))


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
