"""What a C++ file declares, as the lowering asks for it: classes, functions, types.

Names are whole: `ns::Key::close`; an unnamed namespace is the part `(unnamed)`. Texts of types are
as written, comments and line breaks made one space each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

UNNAMED = "(unnamed)"

Scope = tuple[str, ...]
"""The namespaces and classes around a point, the outermost first; a class by its plain name, an
instance of a template with its arguments: `("ns", "Holder<HCRYPTKEY>")`."""

Bindings = Mapping[str, str]
"""What template parameters stand for, by name: types, functions (`CryptDestroyKey`), numbers, or
the template parameter's own name where nothing is known."""


class TemplateParameter(NamedTuple):
    """`class T = int`, `void (*Close)(HCRYPTKEY)`, `int N`; `is_type` for the first kind."""

    name: str
    default: str = ""
    is_type: bool = True
    is_pack: bool = False


class Parameter(NamedTuple):
    """A parameter; `default` is the text of its default argument, empty where it has none."""

    name: str
    type_name: str
    default: str = ""
    variadic: bool = False


class Signature(NamedTuple):
    """A declared function or method.

    `name` is the last part: `set`, `Key` (a constructor), `~Key`, `operator&`, `operator HCRYPTKEY`
    (a conversion, by the text of its type, which it also `returns`). `returns` is empty for
    constructors and destructors. `template` are the parameters of a function template, `arguments`
    those that an explicit specialisation is for. `never_returns` is what an attribute, or a macro
    named like one, says. `has_body` is set where it is defined out of its
    class, or where its body is still there: `{}`.
    """

    name: str
    scope: Scope
    parameters: tuple[Parameter, ...] = ()
    returns: str = ""
    template: tuple[TemplateParameter, ...] = ()
    arguments: tuple[str, ...] = ()
    static: bool = False
    virtual: bool = False
    const: bool = False
    explicit: bool = False
    deleted: bool = False
    defaulted: bool = False
    pure: bool = False
    noexcept: bool = False
    never_returns: bool = False
    has_body: bool = False
    private: bool = False
    protected: bool = False

    @property
    def whole_name(self) -> str:
        """`ns::Key::set`."""
        return "::".join((*self.scope, self.name))


class Field(NamedTuple):
    """A data member; `default` is the text of its initialiser without `=`, or with its braces.

    `type_name` is the whole type, `BYTE[16]` for an array; `dimensions` counts its brackets.
    """

    name: str
    type_name: str
    default: str = ""
    dimensions: int = 0
    static: bool = False
    private: bool = False


class Class(NamedTuple):
    """A class, struct or union with its body, or a class template.

    `name` is the last part, without the `arguments` that a specialisation is for; with both
    `template` and `arguments` it is a partial one. Its nested names stand in `inside`. `methods`
    have the templates of its member templates, not its own. `has_friends`: code elsewhere may use
    what is private.
    """

    name: str
    scope: Scope
    bases: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    methods: tuple[Signature, ...] = ()
    template: tuple[TemplateParameter, ...] = ()
    arguments: tuple[str, ...] = ()
    final: bool = False
    is_union: bool = False
    has_friends: bool = False

    @property
    def whole_name(self) -> str:
        """`ns::Key`."""
        return "::".join((*self.scope, self.name))

    @property
    def inside(self) -> Scope:
        """The scope of what it declares: `("ns", "Key")`; a specialisation's has its arguments."""
        name = f"{self.name}<{','.join(self.arguments)}>" if self.arguments else self.name
        return (*self.scope, name)


class Alias(NamedTuple):
    """A `typedef` or `using` of a type; `template` are the parameters of an alias template."""

    name: str
    scope: Scope
    meaning: str
    template: tuple[TemplateParameter, ...] = ()


@dataclass(slots=True)
class Declarations:
    """All that a file and its headers declare, by whole name.

    `usings` maps a scope to the namespaces that `using namespace` opens in it; `names` are the
    single `using ns::name` (and `namespace name = ns::other`) by the whole name that they make:
    what it stands for. An unnamed or inline namespace is opened in the one around it. `shapes` has
    where an overload stands among the functions of its name, which `add_function` keeps.
    """

    classes: dict[str, list[Class]] = field(default_factory=dict)
    functions: dict[str, list[Signature]] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    namespaces: set[str] = field(default_factory=set)
    usings: dict[Scope, set[str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    enumerations: set[str] = field(default_factory=set)
    shapes: dict[str, dict[object, int]] = field(default_factory=dict, repr=False, compare=False)


class Type(NamedTuple):
    """A type that is resolved as far as the declarations tell.

    `base` is its name without qualifiers, aliases and template parameters followed: `HCRYPTKEY`,
    `ns::Key`, `ns::Holder<HCRYPTKEY,CryptDestroyKey>`, `auto`. `instance` is the class that it
    names, if the declarations have it. `stars` counts pointers; `reference` is `&`, `&&` or empty.
    `is_const` speaks of what is pointed or referred to, or of the value itself.
    """

    base: str
    instance: Instance | None = None
    stars: int = 0
    reference: str = ""
    is_const: bool = False
    dimensions: int = 0

    @property
    def is_object(self) -> bool:
        """Whether a variable of this type is itself an object of a known class."""
        return self.instance is not None and not (self.stars or self.reference)

    def by(self, reference: str) -> Type:
        """The same by another reference, or by none."""
        base, instance, stars, _, is_const, dimensions = self
        return Type(base, instance, stars, reference, is_const, dimensions)


@dataclass(frozen=True, slots=True)
class Instance:
    """A class, with what its template parameters stand for. Equal by name."""

    name: str
    declared: Class = field(compare=False)
    bindings: Bindings = field(compare=False)

    @property
    def scope(self) -> Scope:
        """The scope inside the class."""
        return scope_of(self.name)

    @property
    def last_name(self) -> str:
        """The name without the scope: `Holder<ns::Key>`."""
        return self.scope[-1]

    @property
    def is_template(self) -> bool:
        """Whether it is made of a class template."""
        return bool(self.declared.template)


@lru_cache(maxsize=5_000)
def scope_of(name: str) -> Scope:
    """The parts of a whole name; `ns::Holder<a::B>` has two."""
    if "<" not in name:
        return tuple(name.split("::"))
    parts: list[str] = []
    depth = 0
    for part in name.split("::"):
        if depth:
            parts[-1] += f"::{part}"
        else:
            parts.append(part)
        depth += part.count("<") + part.count("(") - part.count(">") - part.count(")")
    return tuple(parts)
