"""The regions of a text that declare something: namespaces and the bodies of classes."""

from __future__ import annotations

from dataclasses import dataclass, field

from capilint.frontends.cpp.facts.model import Class, Field, Scope, Signature, TemplateParameter
from capilint.frontends.cpp.facts.specifiers import ClassHead

Template = tuple[TemplateParameter, ...]


@dataclass(slots=True)
class Builder:
    """A class that is being read."""

    head: ClassHead
    scope: Scope
    name: str
    template: Template
    bases: tuple[str, ...]
    fields: dict[str, Field] = field(default_factory=dict)
    methods: list[Signature] = field(default_factory=list)
    access: str = ""
    has_friends: bool = False

    def __post_init__(self) -> None:
        self.access = "private" if self.head.key == "class" else "public"

    @property
    def is_private(self) -> bool:
        """Whether what is declared now is."""
        return self.access == "private"

    @property
    def is_protected(self) -> bool:
        """Whether what is declared now is, for classes that are derived from it."""
        return self.access == "protected"

    def inside(self) -> Scope:
        """The scope of its members."""
        return self.built().inside

    def built(self) -> Class:
        """The class as far as it has been read."""
        head = self.head
        return Class(
            self.name,
            self.scope,
            self.bases,
            tuple(self.fields.values()),
            tuple(self.methods),
            self.template,
            head.arguments,
            head.final,
            head.key == "union",
            self.has_friends,
        )


@dataclass(frozen=True, slots=True)
class Region:
    """Tokens between two braces: `namespace` is the one around, `builder` the class it is of."""

    start: int
    end: int
    scope: Scope
    namespace: Scope
    builder: Builder | None = None

    @property
    def class_name(self) -> str:
        """The name of the class, empty in a namespace."""
        return self.builder.name if self.builder is not None else ""
