"""Takes the text in front of a brace apart: is it a function, a class, a namespace?

template <class T> inline BOOL ns::Holder<T>::reset(T h) const noexcept : m_h(h)
          templates        returns path       name  parameters after    ^colon
"""

from __future__ import annotations

import re
from typing import NamedTuple

from capilint.frontends.c.parsing.outline import NO_FUNCTION
from capilint.frontends.cpp.facts.declarators import Declarator, DeclaratorReader
from capilint.frontends.cpp.facts.model import Parameter
from capilint.frontends.cpp.facts.specifiers import CONVENTIONS, Specifiers
from capilint.frontends.cpp.facts.specifiers import ClassHead as Declared
from capilint.frontends.cpp.facts.tokens import Tokens, is_word

_LABEL = re.compile(
    r"[psQ](?<!\w[psQ])(?:(?<=p)(?:ublic|rivate|rotected)|(?<=s)(?:ignals|lots)"
    r"|(?<=Q)_(?:SIGNALS|SLOTS))(?:\s+\w+)?\s*:(?!:)"
)
_NAMESPACE = re.compile(r"\bnamespace\b([^;=()]*)\Z")
_NAME = re.compile(r"(?<![\w$])[^\W\d][\w$]*+(?=\s*+(?:::|\Z))")
_BARE = re.compile(r"\s*[A-Z_][A-Z0-9_]*\s*\Z")
_REQUIREMENT = re.compile(
    r"(?:\brequires|[=&|(!])\s*+\brequires\s*+"
    r"(?:\([^()]*+(?:\([^()]*+\)[^()]*+)*+\))?\s*+\Z"
)
_NAMED_MEMBER = re.compile(r"[,:]\s*(?:typename\s+)?[\w:$]+\s*\Z|>\s*\Z")
_PLAIN_CLASS = re.compile(r"\s*+(?:class|struct|union)\s++([^\W\d]\w*+)\s*+(?::(?!:)[\w\s:,]*+)?\Z")
_BODY = "{;}"


class Namespace(NamedTuple):
    """`namespace a::b`, an unnamed one without parts; None for `extern "C"` and its macros."""

    parts: tuple[str, ...] | None


class ClassHead(NamedTuple):
    """`class EXPORT Outer::Key<int> final : public Base`: the parts of its name, and the
    insides of the `template <...>` in front."""

    parts: tuple[str, ...]
    template: str


class FunctionHead(NamedTuple):
    """A function's; all positions are offsets in the head.

    `path` is the written qualification, `templates` are the insides of the `template <...>`s in
    front, `declared` are the parameters. `colon` is where a constructor's initialisers begin,
    `try_at` where a function-try-block does.
    """

    begin: int
    path: tuple[str, ...]
    name: str
    arguments: tuple[str, ...]
    name_at: int
    templates: tuple[str, ...]
    returns: str
    parameters: tuple[int, int]
    declared: tuple[Parameter, ...]
    after: str
    colon: int | None
    try_at: int | None
    static: bool
    friend: bool


class InExpression(NamedTuple):
    """The brace is one of an expression in a head: `Key(H h = {}) : m_h{h}`."""


Head = Namespace | ClassHead | FunctionHead | InExpression | None


def is_requirement(text: str) -> bool:
    """Whether a brace behind the text is that of a `requires (T t) {`."""
    return "requires" in text and _REQUIREMENT.search(text) is not None


def names_member(text: str) -> bool:
    """Whether a brace behind the text, which is in a constructor's initialisers, is a member's."""
    return _NAMED_MEMBER.search(text) is not None


def head_of(text: str, class_name: str = "") -> Head:
    """What stands in front of a brace; `text` has no comments, strings or directives.

    `class_name` is that of the class around, for its constructors.
    """
    if _BARE.match(text) or text.rstrip().endswith("extern"):
        return Namespace(None)
    namespace = _NAMESPACE.search(text) if "namespace" in text else None
    if namespace is not None:
        return Namespace(tuple(_NAME.findall(namespace.group(1))))
    if ":" in text:
        text = _LABEL.sub(lambda match: " " * len(match.group()), text)
    plain = _PLAIN_CLASS.match(text)
    if plain is not None and plain.group(1) not in CONVENTIONS:
        return ClassHead((plain.group(1),), "")
    return _Reader(text, class_name).head()


class _Reader:
    def __init__(self, text: str, class_name: str) -> None:
        self._text = text
        self._tokens = Tokens(text + _BODY)
        self._declarators = DeclaratorReader(self._tokens)
        self._specifiers = self._declarators.specifiers
        self._class_name = class_name
        self._templates: list[str] = []

    def head(self) -> Head:
        """What stands last; in front of it may be uses of macros."""
        tokens, end = self._tokens, len(self._tokens)
        index = 0
        while index < end:
            index = self._past_templates(index, end)
            specifiers = self._specifiers.read(index, end, self._class_name)
            if specifiers.head is not None:
                return self._class(specifiers.head)
            if specifiers.is_enum:
                return None
            declarator = self._declarators.read(specifiers.end, end, specifiers.text())
            if specifiers.macro_name and not declarator.path:
                declarator.path = (specifiers.macro_name,)
            behind = declarator.end
            if tokens.at(behind) == "requires":
                behind = self._specifiers.past_requirement(behind + 1, end)
            try_index = behind if tokens.at(behind) == "try" else None
            behind += try_index is not None
            following = tokens.at(behind)
            if following in ("{", ":") and declarator.path and declarator.parameters is not None:
                return self._function(index, specifiers, declarator, behind, try_index)
            if following in ("{", "=", ","):
                return None
            if behind > index + 1:
                self._templates = []
            index = max(behind, index + 1)
        return None

    def _past_templates(self, index: int, end: int) -> int:
        """Behind `template <..>`s, whose insides are kept."""
        tokens = self._tokens
        while tokens.at(index) == "template" and tokens.at(index + 1) == "<":
            closing = tokens.angle_end(index + 1, end)
            if closing is None:
                return index + 1
            inside = self._text[tokens.offset(index + 1) + 1 : tokens.offset(closing)]
            self._templates.append(" ".join(inside.split()))
            index = closing + 1
            if tokens.at(index) == "requires":
                index = self._specifiers.past_requirement(index + 1, end)
        return index

    def _class(self, head: Declared) -> ClassHead | None:
        if not head.name:
            return None
        *outer, name = head.name.split("::")
        parts = (*filter(None, outer), _with_arguments(name, head.arguments))
        return ClassHead(parts, self._templates[-1] if self._templates else "")

    def _function(
        self,
        start: int,
        specifiers: Specifiers,
        declarator: Declarator,
        behind: int,
        try_index: int | None,
    ) -> FunctionHead | None:
        tokens = self._tokens
        if declarator.name.rpartition(" ")[2] in NO_FUNCTION:
            return None
        first, last = declarator.parameter_range
        left, right = tokens.offset(first - 1) + 1, tokens.offset(last)
        colon = tokens.offset(behind) if tokens.at(behind) == ":" else None
        try_at = tokens.offset(try_index) if try_index is not None else None
        cut = min(each for each in (colon, try_at, len(self._text)) if each is not None)
        name_at = self._name_at(first - 1, declarator.name)
        return FunctionHead(
            tokens.offset(start),
            tuple(self._part(each) for each in declarator.path[:-1]),
            declarator.name,
            declarator.arguments,
            tokens.offset(name_at),
            tuple(self._templates),
            declarator.type_name if specifiers.type_name else "",
            (left, right),
            declarator.parameters or (),
            " ".join(self._text[right + 1 : cut].split()),
            colon,
            try_at,
            "static" in tokens.texts[start:name_at],
            "friend" in tokens.texts[start:name_at],
        )

    def _name_at(self, opening: int, name: str) -> int:
        """The index at which a function's name begins, that of its `(` given."""
        texts = self._tokens.texts
        index = opening - 1
        if name.startswith("operator"):
            while index > 0 and texts[index] != "operator":
                index -= 1
            return index
        plain = name.removeprefix("~")
        while index > 0 and texts[index] != plain:
            index -= 1
        return index - 1 if name[:1] == "~" and texts[index - 1] == "~" else index

    def _part(self, written: str) -> str:
        """A part of a qualification, its arguments in the spelling of a class's."""
        if "<" not in written:
            return written
        tokens = Tokens(written)
        name, arguments = DeclaratorReader(tokens).specifiers.last_part(0, len(tokens))
        return _with_arguments(name, arguments)


def _with_arguments(name: str, arguments: tuple[str, ...]) -> str:
    return f"{name}<{','.join(arguments)}>" if arguments else name


def parameter_names(template: str) -> list[str]:
    """The names of the parameters that a `template <...>` lists: `T`, `N`, `Close`."""
    tokens = Tokens(template)
    names = []
    for start, end in tokens.split(0, len(tokens)):
        equals = tokens.find(start, end, "=")
        words = [each for each in tokens.texts[start : equals or end] if is_word(each)]
        names.append(words[-1] if words else "")
    return names
