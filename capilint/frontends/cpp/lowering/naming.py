"""What plain names and written types mean at a point of a C++ function."""

from __future__ import annotations

import re
from functools import lru_cache

from tree_sitter import Node

from capilint import ir
from capilint.frontends.c.lowering.statements import FunctionLowering
from capilint.frontends.c.parsing.positions import Positions
from capilint.frontends.cpp.facts.model import Bindings, Field, Instance, Scope, Type
from capilint.frontends.cpp.lowering.called import Callee, Cast
from capilint.frontends.cpp.lowering.followed import Container, Cursor
from capilint.frontends.cpp.lowering.unit import Captured, Unit

THIS = ir.Variable("this&", ir.Scope.PARAMETER)
RESULT = ir.Variable("%return", ir.Scope.PARAMETER)
NUMBER = Type("int", reference="&&")
LITERALS = frozenset({"number_literal", "string_literal", "char_literal", "raw_string_literal"})
PLAIN = LITERALS | {"true", "false", "null"}
CASTS = frozenset({"static_cast", "reinterpret_cast", "const_cast", "dynamic_cast"})
MOVES = frozenset({"std::move", "std::forward", "move", "forward"})
_DECLTYPE = re.compile(r"\bdecltype(?:\s*\(\s*(\w+)\s*\)|_(\w+)_)")  # or a repair's word
_PLAIN_TYPE = re.compile(
    r"(?:\b(?:unsigned|signed|long|short|int|char|float|double|auto|bool|void|wchar_t)\b\s*)+"
    r"|(?:std::|::)?\w+_t|[^a-z]*|[^<]*\(.*"
)


class NamingLowering(FunctionLowering):
    """Adds to the lowering of C what C++ knows of names and types."""

    def __init__(
        self,
        name: str,
        unit: Unit,
        positions: Positions,
        unexpanded: frozenset[str] = frozenset(),
        *,
        scope: Scope = (),
        bindings: Bindings | None = None,
        this: Instance | None = None,
    ) -> None:
        """`scope` is the one that the function stands in, `this` the class whose method it is."""
        super().__init__(name, unit.facts, positions, unexpanded)
        self.unit = unit
        self.lookup = unit.lookup
        self.scope = scope
        self.bindings: Bindings = bindings or {}
        self.this = this
        self.this_place = ir.Place(THIS)
        self.captured: dict[str, Captured] = {}
        self.static_types: dict[ir.Variable, Type] = {}
        self.returns: Type | None = None
        self.usings: dict[str, list[str]] = {}
        self.opened: list[str] = []
        self._used_types: tuple[int, set[str]] = (-1, set())
        self.bound: Node | None = None  # to a local reference
        self.whole_try: Node | None = None  # that of a constructor as a whole
        self.begins_or_ends = False  # a constructor, or destructor: no object of a derived class
        self.prolonged: tuple[ir.Place, Type] | None = None  # the temporary that it is bound to
        self.closures: dict[int, tuple[Instance, dict[str, tuple[str, bool]]]] = {}
        self.containers: dict[ir.Variable, Container] = {}
        self.cursors: tuple[Cursor, ...] = ()
        self.entries: dict[ir.Variable, Container] = {}  # the elements of maps that have names
        self.lengths: dict[ir.Variable, int] = {}  # of local arrays
        self.has_constants = False  # of its own
        self.by_value: set[ir.Variable] = set()  # parameters that are objects of the function's own
        self._reads: dict[ir.Variable, tuple[Type, ir.Read]] = {}
        self._member_reads: dict[str, ir.Read | None] = {}
        self._types: dict[int, tuple[Node, Type | None]] = {}
        self._meanings: dict[int, tuple[Node, Callee | Cast | None]] = {}

    # ------------------------------------------------------------ names

    def resolved(self, text: str) -> Type:
        """The type that a text means here."""
        if "decltype" in text:
            text = _DECLTYPE.sub(self._declared_type, text)
        return self.lookup.type_of(text, self.scope, self.bindings)

    def _declared_type(self, match: re.Match[str]) -> str:
        found = self.name_type(match.group(1) or match.group(2))
        return match.group() if found is None else found.base + "*" * found.stars

    def is_local(self, name: str) -> ir.Variable | None:
        """The variable of the function, or of the lambda around, that a name means."""
        variable = self.names.in_blocks(name)
        if variable is None:
            return None
        is_global = variable.scope is ir.Scope.GLOBAL and "#" not in variable.name
        return None if is_global else variable

    def member(self, name: str) -> tuple[Instance, Field] | None:
        """The member of the present class that a name means."""
        return self.lookup.field(self.this, name) if self.this is not None else None

    def name_type(self, name: str) -> Type | None:
        """The type of what a plain name means here, None where it is not known."""
        variable = self.is_local(name)
        if variable is not None:
            return self.static_types.get(variable)
        if name in self.captured:
            return self.captured[name].type
        member = self.member(name)
        if member is not None:
            return self.field_type(*member)
        found = self.lookup.variable(name, self.scope)
        return None if found is None else self.resolved(found[1])

    def field_type(self, owner: Instance, member: Field) -> Type:
        """The type of a member of a class."""
        return self.lookup.field_type(owner, member)

    def is_opaque(self, kind: Type) -> bool:
        """Whether a variable of a type may be an object of a class that the file does not show:
        what its members do to what is put into it nobody knows. The names of the system's plain
        types are written in capitals."""
        if kind.is_object and kind.instance is not None:
            return not self.lookup.is_complete(kind.instance)
        name = kind.base
        if kind.instance or kind.stars or kind.reference or _is_plain(name):
            return False
        plain = name.rpartition("::")[2]
        known = plain in self.facts.typedefs or plain in self.facts.structures
        known = known or name in self.lookup.declarations.enumerations
        return not known and name not in self.bindings.values()


@lru_cache(maxsize=5_000)
def _is_plain(name: str) -> bool:
    return _PLAIN_TYPE.fullmatch(name) is not None
