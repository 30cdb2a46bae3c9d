"""What a name stands for: canonical dotted names through imports, definitions and aliases.

    import ctypes as c
    K = c.WinDLL("advapi32.dll", use_last_error=True)
    gen = K.CryptGenKey        gen -> ctypes.WinDLL("advapi32.dll").CryptGenKey

Calls stay in a canonical name only where they load a library, and keep only a first literal; a
further object for the same library is told apart by a number: `ctypes.WinDLL("advapi32", 2)`.
What makes types stands for them: `POINTER(..)` is `ctypes._Pointer`, a product `ctypes.Array`. All
loggers are `logging.getLogger()`.
A call of a function of the file that only ever returns one library stands for that library.
A module's name may have several candidates (`try: import .. except ImportError: ..`). Of those,
one that reaches into a library is preferred; else the name stands for itself (`pkg.mod.name`, or
`pkg.mod.Class.name` for an attribute), and the module's aliases tell what it may be.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from capilint.frontends.python.naming.classes import Classes
from capilint.frontends.python.naming.constants import Contents
from capilint.frontends.python.naming.libraries import (
    Libraries,
    is_constant,
    is_empty,
    is_in_library,
    is_loader,
    one_library,
)
from capilint.frontends.python.naming.scopes import (
    Kind,
    Scope,
    Site,
    assigned_globals,
)
from capilint.frontends.python.naming.standard_names import (
    ARRAY_CLASS,
    BUILTINS,
    FIND_LIBRARY,
    FUNCTION_PROTOTYPES,
    LIBRARY_NAMESPACES,
    LOGGER_MAKER,
    POINTER_CLASS,
    POINTER_MAKER,
    STAR_EXPORTS,
)
from capilint.frontends.python.naming.together import Companions
from capilint.frontends.python.parsing.tree import text_literal

_LONGEST_CHAIN = 20  # links; nobody reaches a library or a class through more
_MOST_SITES = 200  # that bind a name, for all of them to be asked at each use
_Link = cst.Attribute | cst.Subscript | cst.Call
_DEFINITIONS = (cst.FunctionDef, cst.ClassDef)


class Names:
    """Resolves expressions of one module."""

    def __init__(self, tree: cst.Module, module: Scope, classes: Classes) -> None:
        self._module = module
        self.classes = classes
        self.contents = Contents(tree)
        self._libraries = Libraries(tree, module, self)
        self._alternatives: dict[str, tuple[str, ...]] = {}
        self._companions = Companions(tree, module)
        self._loads: dict[str, dict[cst.Call, int]] = {}
        self._known: dict[Site, str | None] = {}
        self._known_classes: dict[Site, str | None] = {}
        self._chain: dict[tuple[int, Scope], str | None] = {}
        self._asked = 0

    def canonical(self, node: cst.BaseExpression, scope: Scope) -> str | None:
        """The canonical dotted name that an expression stands for, None where it is a value."""
        match node:
            case cst.Name(value=name):
                return self._of_name(name, scope)
            case cst.Attribute() | cst.Subscript() | cst.Call():
                return self._of_link(node, scope)
            case cst.IfExp(body=body, orelse=orelse):
                either = [each for each in (body, orelse) if not is_constant(each)]
                found = [self.canonical(each, scope) for each in either]
                return found[0] if found and None not in found else one_library(found)
            case cst.BinaryOperation(left=left, operator=cst.Multiply()):
                element = self.canonical(left, scope)
                return ARRAY_CLASS if element is not None and self._is_type(element) else None
            case cst.BooleanOperation(left=left, operator=cst.Or(), right=right):
                return one_library(self.canonical(each, scope) for each in (left, right))
        return None

    def _of_link(self, node: _Link, scope: Scope) -> str | None:
        """The same of a link of a chain, `a.b(c)[d]`. The links before it are asked more than once
        for each, so what they are is kept until all is answered, or a binding site is."""
        if _is_long(node):
            return None
        if (id(node), scope) not in self._chain:
            self._asked += 1
            try:
                match node:
                    case cst.Attribute(value=value, attr=attr):
                        found = self._of_attribute(value, attr.value, scope)
                    case cst.Subscript():
                        found = self._of_subscript(node, scope)
                    case _:
                        found = self._of_call(node, scope)
                self._chain[id(node), scope] = found
            finally:
                self._asked -= 1
        found = self._chain[id(node), scope]
        if not self._asked:
            self._chain.clear()
        return found

    def _is_type(self, canonical: str) -> bool:
        """Whether a name is one of ctypes' types, or a class of this file."""
        of_ctypes = canonical.startswith("ctypes.") and not is_in_library(canonical)
        return of_ctypes or canonical in self.classes

    def class_of(self, node: cst.BaseExpression, scope: Scope) -> str | None:
        """The class of this file that an object is of; None where it is not known.

        Known are `self`, a new object, names and attributes that are only ever given one, and
        parameters by their annotation.
        """
        match node:
            case cst.Call(func=func):
                name = self.canonical(func, scope)
                return name if name is not None and name in self.classes else None
            case cst.Name(value=name):
                receiver = self.classes.of_receiver(node, scope)
                return receiver or self._class_of_sites(self.sites_of(name, scope))
            case cst.Attribute(value=value, attr=attr):
                owner = self.class_of(value, scope)
                if owner is not None:
                    return self._class_of_sites(self.classes.attribute_sites(owner, attr.value))
        return None

    def sites_of(self, name: str, scope: Scope) -> list[Site]:
        """Every place that gives a name what it stands for in a scope, if that can be told."""
        owner = scope.owner(name)
        found = [] if owner is None or name in owner.rebound else owner.sites(name)
        return found if len(found) <= _MOST_SITES else []

    def _class_of_sites(self, sites: list[Site]) -> str | None:
        values = [site for site in sites if not is_empty(site)]
        found = {self._class_of_site(site) for site in values}
        return found.pop() if len(found) == 1 else None

    def _class_of_site(self, site: Site) -> str | None:
        if site not in self._known_classes:
            self._known_classes[site] = None  # what leads back to itself is of no known class
            self._known_classes[site] = self._find_class(site)
            self._chain.clear()
        return self._known_classes[site]

    def _find_class(self, site: Site) -> str | None:
        if site.expression is not None:
            return self.class_of(site.expression, site.scope)
        if site.manager is not None:
            found = self.class_of(site.manager, site.scope)
            return found if found is not None and self.classes.enters_itself(found) else None
        if site.type_name is not None:
            named = self.canonical(site.type_name, site.scope)
            return named if named is not None and named in self.classes else None
        return None

    def candidates(self, sites: Sequence[Site]) -> tuple[str, ...]:
        """The canonical names that binding sites give, without repetition."""
        found = (self.of_site(site) for site in sites)
        return tuple(dict.fromkeys(name for name in found if name is not None))

    def aliases(self) -> dict[str, tuple[str, ...]]:
        """The module's names, and `Class.name`, with what they stand for; `*` has star imports."""
        table: dict[str, tuple[str, ...]] = {}
        scopes = [("", self._module), *self.classes.top_level_scopes()]
        for prefix, scope in scopes:
            for name, sites in list(scope.bindings.items()):  # `global` may add some
                names = self.candidates([site for site in sites if site.definition is None])
                if names:
                    table[prefix + name] = names
        table.update(self._alternatives)
        if self._module.star_imports:
            table["*"] = tuple(dict.fromkeys(self._module.star_imports))
        return table

    def rebound(self, tree: cst.Module) -> frozenset[str]:
        """The module's functions and classes whose name may also stand for something else."""
        defined = {
            name: sites
            for name, sites in self._module.bindings.items()
            if any(site.definition is not None for site in sites)
        }
        always = {node.name.value: node for node in tree.body if isinstance(node, _DEFINITIONS)}
        found = set(assigned_globals(tree, defined)) if defined else set[str]()
        for name, sites in defined.items():
            last = sites[-1].definition
            others = (site for site in sites if site.definition is None and not is_empty(site))
            if any(others) and (last is None or last is not always.get(name)):
                found.add(name)
        return frozenset(f"{self._module.name}.{name}" for name in found)

    def literal(self, node: cst.BaseExpression, scope: Scope) -> str | None:
        """The text of a string literal, or of a name or an attribute that is only ever one."""
        if not isinstance(node, (cst.Name, cst.Attribute)):
            return text_literal(node)
        value = self.only_value(node, scope)
        return None if value is None else text_literal(value)

    def only_value(self, node: cst.BaseExpression, scope: Scope) -> cst.BaseExpression | None:
        """The one expression that a name or an attribute is ever given."""
        sites: list[Site] = []
        match node:
            case cst.Name(value=name):
                sites = self.sites_of(name, scope)
            case cst.Attribute(value=value, attr=attr):
                owner = self.class_of(value, scope)
                sites = [] if owner is None else self.classes.attribute_sites(owner, attr.value)
        return sites[0].expression if len(sites) == 1 else None

    def _of_name(self, name: str, scope: Scope) -> str | None:
        owner = scope.owner(name)
        if owner is None:
            return self._of_unbound(name)
        sites = owner.sites(name)
        if len(sites) > _MOST_SITES:
            return None
        if owner.kind in (Kind.FUNCTION, Kind.COMPREHENSION):
            if name in owner.rebound:
                return None
            if len(sites) != 1:
                return one_library(self.of_site(site) for site in sites)
            return self.of_site(sites[0])
        found = self.candidates(self._companions.meant(sites, scope))
        several = f"{owner.name}.{name}" if len(found) > 1 else None
        return next(filter(is_in_library, found), several or (found[0] if found else None))

    def _of_unbound(self, name: str) -> str:
        sources = self._module.star_imports
        for source in sources:
            if name in STAR_EXPORTS.get(source, ()):
                return f"{source}.{name}"
        if name in BUILTINS:
            return name
        unlisted = [source for source in sources if source not in STAR_EXPORTS]
        return f"{unlisted[0]}.{name}" if len(unlisted) == 1 else name

    def of_site(self, site: Site) -> str | None:
        """What a binding gives its name to stand for."""
        if site.imported:
            return site.imported
        if site.definition is not None:
            return f"{site.scope.name}.{site.definition.name.value}"
        if site.unpacked is not None:
            call, index = site.unpacked
            return self._libraries.given_by(call.func, site.scope, index)
        if is_empty(site):
            return None
        if site not in self._known:
            self._known[site] = None  # what leads back to itself stands for nothing
            if site.parameter is not None:
                self._known[site] = self._libraries.given_to(site)
            elif site.expression is not None:
                self._known[site] = self.canonical(site.expression, site.scope)
            self._chain.clear()
        return self._known[site]

    def _of_attribute(self, value: cst.BaseExpression, attr: str, scope: Scope) -> str | None:
        owner = self.class_of(value, scope)
        if owner is not None:
            return self._of_class_attribute(owner, attr)
        base = self.canonical(value, scope)
        if base is None:
            return None
        if base in self.classes:
            return self._of_class_attribute(base, attr) or f"{base}.{attr}"
        return f"{base}.{attr}"

    def _of_class_attribute(self, owner: str, attr: str) -> str | None:
        """What `object.attr` stands for, where the class only ever sets it to known things."""
        given = self._libraries.of_property(owner, attr)
        if given is not None:
            return given
        sites = self.classes.attribute_sites(owner, attr)
        sites = [site for site in sites if not is_empty(site)]
        found = {None if site.definition else self.of_site(site): None for site in sites}
        names = tuple(name for name in found if name is not None)
        if not names or None in found:
            return one_library(names)
        if any(name.rpartition(".")[0] in self.classes for name in names):
            return None  # another name of a method, which would take the object along
        if len(names) == 1:
            return names[0]
        holder = sites[0].scope.owner_class or sites[0].scope.name
        own_name = f"{holder}.{attr}"
        self._alternatives[own_name.removeprefix(f"{self._module.name}.")] = names
        return own_name

    def _of_subscript(self, node: cst.Subscript, scope: Scope) -> str | None:
        base = self.canonical(node.value, scope)
        index = node.slice[0].slice if len(node.slice) == 1 else None
        text = self.literal(index.value, scope) if isinstance(index, cst.Index) else None
        if text is None:
            return None
        if base is None or not is_in_library(base):
            found = self._libraries.item(node.value, text, scope)
            if found is not None:
                return found
        if base is None:
            return None
        if base in LIBRARY_NAMESPACES:
            return f'{base}["{text}"]'
        return f"{base}.{text}" if is_in_library(base) else None

    def attribute_asked_for(
        self, node: cst.Call, scope: Scope
    ) -> tuple[cst.BaseExpression, str] | None:
        """The object and the name of `getattr(object, "name")`, with or without a default."""
        if self.canonical(node.func, scope) != "getattr" or len(node.args) < 2:
            return None
        name = self.literal(node.args[1].value, scope)
        if name is None or not name.isidentifier():
            return None
        return node.args[0].value, name

    def _of_call(self, node: cst.Call, scope: Scope) -> str | None:
        attribute = self.attribute_asked_for(node, scope)
        if attribute is not None:
            return self._of_attribute(*attribute, scope)
        callee = self.canonical(node.func, scope)
        if callee is None and self._is_prototype(node.func, scope):
            return self._of_prototype(node, scope)
        if callee == POINTER_MAKER:
            return POINTER_CLASS
        if callee == LOGGER_MAKER:
            return f"{callee}()"
        if callee is None or not is_loader(callee):
            return self._libraries.given_by(node.func, scope)
        text = self._library_name(node, scope)
        if text is None:
            return f"{callee}()"
        loads = self._loads.setdefault(f'{callee}("{text}"', {})
        number = loads.setdefault(node, len(loads) + 1)
        return f'{callee}("{text}")' if number == 1 else f'{callee}("{text}", {number})'

    def _is_prototype(self, func: cst.BaseExpression, scope: Scope) -> bool:
        """Whether `func` is what `WINFUNCTYPE(..)` gives."""
        if isinstance(func, cst.Name):
            sites = self.sites_of(func.value, scope)
            return (
                len(sites) == 1
                and isinstance(sites[0].expression, cst.Call)
                and self._is_prototype(sites[0].expression, sites[0].scope)
            )
        return (
            isinstance(func, cst.Call) and self.canonical(func.func, scope) in FUNCTION_PROTOTYPES
        )

    def _of_prototype(self, node: cst.Call, scope: Scope) -> str | None:
        """`prototype(("CryptGenKey", library))` is `library.CryptGenKey`."""
        match node.args[0].value if node.args else None:
            case cst.Tuple(elements=[cst.Element(value=name), cst.Element(value=library)]):
                base, text = self.canonical(library, scope), self.literal(name, scope)
                return f"{base}.{text}" if base is not None and text is not None else None
        return None

    def _library_name(self, node: cst.Call, scope: Scope) -> str | None:
        """The first argument of a loader, where it is a literal or is looked up by a literal."""
        if not node.args:
            return None
        first = node.args[0]
        if first.star or (first.keyword is not None and first.keyword.value != "name"):
            return None
        if isinstance(first.value, cst.Call):
            if self.canonical(first.value.func, scope) != FIND_LIBRARY or not first.value.args:
                return None
            first = first.value.args[0]
        return self.literal(first.value, scope)


def _is_long(node: cst.BaseExpression) -> bool:
    """Whether a chain, `a.b(c)[d]`, has more links than a name is looked for behind."""
    for _ in range(_LONGEST_CHAIN + 1):
        match node:
            case cst.Attribute() | cst.Subscript():
                node = node.value
            case cst.Call():
                node = node.func
            case _:
                return False
    return True
