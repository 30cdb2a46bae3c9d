"""Reads C++ declarators: `*operator&() const`, `(WINAPI *destroy)(HCRYPTKEY)`, `arr[3] = {}`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from capilint.frontends.c.parsing.outline import NO_RETURN
from capilint.frontends.cpp.facts.model import Parameter
from capilint.frontends.cpp.facts.specifiers import (
    CONVENTIONS,
    SpecifierReader,
)
from capilint.frontends.cpp.facts.tokens import Tokens, is_word, spaced

_POINTING = frozenset({"*", "&", "&&", "const", "volatile", "^"})
_DEEPEST = 12  # parentheses around one declarator, lists of parameters in each other
_TRAILING = frozenset({"const", "volatile", "override", "final", "noexcept", "throw", "&", "&&"})
_ENDING = frozenset({";", "{", "=", "->", ",", ""})
_NESTING = frozenset({"=", "(", "[", "{", "<", "#"})
_OPERATOR_WORDS = frozenset({"new", "delete", "co_await"})


@dataclass(slots=True)
class Declarator:
    """One declared name. `path` are the parts of its name, the last one without template arguments.

    `type_name` is the whole type; that of a function is what it returns.
    """

    path: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    type_name: str = ""
    brackets: str = ""
    parameters: tuple[Parameter, ...] | None = None
    parameter_range: tuple[int, int] = (0, 0)
    words: set[str] = field(default_factory=set)
    default: str = ""
    end: int = 0

    @property
    def name(self) -> str:
        """The last part of the name, empty for an abstract declarator."""
        return self.path[-1] if self.path else ""


class DeclaratorReader:
    """Reads declarators and parameter lists from tokens."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.specifiers = SpecifierReader(tokens)
        self._depth = 0

    # ------------------------------------------------------------ names, stars, brackets

    def read(self, start: int, end: int, base: str, depth: int = 0, name: str = "") -> Declarator:
        """The declarator at an index, without initialiser. `base` is the type in front of it.

        A `name` that was found already (in a macro) stands in front of the index.
        """
        tokens = self.tokens
        index, pointers = (start, []) if name else self._pointers(start, end)
        type_name = spaced_type(base, pointers)
        found = Declarator(type_name=type_name)
        inner: tuple[int, int] | None = None
        text = tokens.at(index, end)
        if name:
            found.path = (name,)
        elif text == "(" and depth < _DEEPEST and self._nests(index, end):
            inner = (index + 1, tokens.closing[index])
            index = tokens.after(index, end)
        elif text == "..." or is_word(text) or text in ("~", "::"):
            if text == "...":
                found.words.add("...")
                index += 1
            index = self._name(index, end, found)
        index = self._suffixes(index, end, found)
        found.end = index
        if inner is not None:
            return self._nested(found, inner, depth)
        found.type_name += found.brackets
        return found

    def _nested(self, outer: Declarator, inner: tuple[int, int], depth: int) -> Declarator:
        """`(*name)(int)` and `(&name)[2]`: the pointer is to what stands around."""
        _, pointers = self._pointers(*inner)
        found = self.read(*inner, "", depth + 1)
        if not (pointers or found.parameters is not None or found.brackets):  # `(name)`
            outer.path, outer.arguments = found.path, found.arguments
            outer.type_name += outer.brackets
            return outer
        shape = found.type_name.strip()
        if outer.parameters is not None:
            tail = f"({self._types(outer.parameters)})"
        else:
            tail = outer.brackets
        if shape or tail:
            around = f"{outer.type_name} ({shape}){tail}"
            found.type_name = around if tail else spaced_type(outer.type_name, shape.split())
        found.words |= outer.words if found.parameters is None else set()
        found.end = outer.end
        return found

    @staticmethod
    def _types(parameters: tuple[Parameter, ...]) -> str:
        return ", ".join(each.type_name or "..." for each in parameters)

    def _pointers(self, index: int, end: int) -> tuple[int, list[str]]:
        """Behind the stars, with `const` and what a pointer to a member is of."""
        tokens, found = self.tokens, []
        while index < end:
            text = tokens.texts[index]
            if text in _POINTING:
                if text != "volatile":
                    found.append(text)
            elif text not in CONVENTIONS and not self._is_macro(index, end):
                after = self.specifiers.name_end(index, end) if is_word(text) else index
                if after == index or tokens.texts[after : after + 2] != ["::", "*"]:
                    break
                found.append(spaced(tokens.texts[index : after + 2]))
                index = after + 1
            index += 1
        return index, found

    def _is_macro(self, index: int, end: int) -> bool:
        """Whether a word stands between a star and the name: `char *KEY_API name()`."""
        text, following = self.tokens.texts[index], self.tokens.at(index + 1, end)
        return text.isupper() and is_word(following) and not following.isupper()

    def _nests(self, opening: int, end: int) -> bool:
        """Whether parentheses hold a declarator, and not parameters."""
        tokens = self.tokens
        closing = tokens.closing.get(opening)
        if closing is None or closing >= end:
            return False
        index, pointers = self._pointers(opening + 1, closing)
        if set(pointers) - {"const"}:
            return True
        is_name = is_word(tokens.at(index, closing)) and index + 1 == closing
        return is_name and tokens.at(closing + 1, end) in ("(", "[", "=", ";", ",", "")

    def _name(self, index: int, end: int, found: Declarator) -> int:
        """Read the declared name: `ns::Key::~Key`, `operator&`, `operator HCRYPTKEY`, `f<int>`."""
        tokens = self.tokens
        path: list[str] = []
        if tokens.at(index, end) == "::":
            index += 1
        while index < end:
            text = tokens.texts[index]
            if text == "operator":
                index = self._operator(index, end, path)
                break
            if text == "~":
                path.append("~" + tokens.at(index + 1, end))
                index += 2
                if tokens.at(index, end) == "<":
                    index = (tokens.angle_end(index, end) or index) + 1
                break
            if not is_word(text):
                break
            after = index + 1
            if tokens.at(after, end) == "<":
                after = (tokens.angle_end(after, end) or after - 1) + 1
            path.append(spaced(tokens.texts[index:after]))
            if tokens.at(after, end) != "::":
                if after > index + 1:
                    path[-1], found.arguments = self.specifiers.last_part(index, after)
                index = after
                break
            index = after + 1
        found.path = tuple(path)
        return index

    def _operator(self, index: int, end: int, path: list[str]) -> int:
        """Behind `operator` and what it is the operator of."""
        tokens = self.tokens
        start = index + 1
        text = tokens.at(start, end)
        if text in ("(", "["):
            index = start + 2
        elif is_word(text) and text not in _OPERATOR_WORDS:
            index = tokens.find(start, end, "(;") or end
            path.append("operator " + spaced(tokens.texts[start:index]))
            return index
        else:
            index = start
            while index < end and tokens.texts[index] not in ("(", ";"):
                index += 1
        name = "".join(tokens.texts[start:index])
        path.append(f"operator {name}" if is_word(text) else f"operator{name}")
        return index

    def _suffixes(self, index: int, end: int, found: Declarator) -> int:
        """Read the dimensions or the parameters behind a name."""
        tokens = self.tokens
        while index < end:
            text = tokens.texts[index]
            if text == "[" and tokens.at(index + 1, end) != "[":
                after = tokens.after(index, end)
                found.brackets += "".join(tokens.texts[index:after])
                index = after
            elif text == "[":
                index = tokens.after(index, end)
            elif text == "(" and found.parameters is None and index in tokens.closing:
                after = tokens.after(index, end)
                found.parameter_range = (index + 1, after - 1)
                found.parameters = self.parameters(index + 1, after - 1)
                index = self._behind(after, end, found)
            else:
                break
        return index

    # ------------------------------------------------------------ behind the parameters

    def _behind(self, index: int, end: int, found: Declarator) -> int:
        """Read `const noexcept override -> T = 0` and the like; stops at what begins a body."""
        tokens = self.tokens
        while index < end:
            text = tokens.texts[index]
            if text == "->":
                index = self._trailing_type(index + 1, end, found)
            elif text in ("noexcept", "throw") and tokens.at(index + 1, end) == "(":
                after = tokens.after(index + 1, end)
                inside = tokens.texts[index + 2 : after - 1]
                if inside in (["true"], []):
                    found.words.add("noexcept")
                index = after
            elif text == "[":
                index = tokens.after(index, end)
            elif text in _TRAILING:
                found.words.add(text)
                index += 1
            elif is_word(text) and (after := self._trailing_macro(index, end)):
                found.words.add(text)
                index = after
            else:
                break
        if tokens.at(index, end) == "=":
            value = tokens.at(index + 1, end)
            if value in ("0", "default", "delete", "NULL"):
                found.words.add("= " + ("0" if value == "NULL" else value))
                index += 2
                if tokens.at(index, end) == "(":  # = delete("why")
                    index = tokens.after(index, end)
        return index

    def _trailing_macro(self, index: int, end: int) -> int:
        """Behind `PURE` or `THROWS(x)`; 0 where a word begins something else."""
        tokens = self.tokens
        while index < end and _is_macro_name(tokens.texts[index]):
            index += 1
            if tokens.at(index, end) == "(":
                index = tokens.after(index, end)
            following = tokens.at(index, end)
            if following in _ENDING or following in _TRAILING or following == ":":
                return index
        return 0

    def _trailing_type(self, index: int, end: int, found: Declarator) -> int:
        stop = index
        while stop < end and self.tokens.texts[stop] not in ("{", ";", "=", "override", "final"):
            if self.tokens.texts[stop] == "<":
                stop = self.tokens.angle_end(stop, end) or stop
            stop = self.tokens.after(stop, end)
        found.type_name = self.type_in(index, stop)
        return stop

    # ------------------------------------------------------------ parameters and types

    def type_in(self, start: int, end: int) -> str:
        """The type that is all that stands between two indices, in one spelling."""
        specifiers = self.specifiers.read(start, end)
        if not specifiers.type_name or specifiers.head is not None:
            return spaced(self.tokens.texts[start:end])
        return self._with_const(specifiers.end, end, specifiers.text())

    def _with_const(self, index: int, end: int, base: str) -> str:
        found = self.read(index, end, base)
        if found.end < end or found.path:
            return spaced([base, *self.tokens.texts[index:end]])
        if found.parameters is not None:
            return f"{found.type_name}({self._types(found.parameters)})"
        return found.type_name

    def parameters(self, start: int, end: int) -> tuple[Parameter, ...]:
        """The parameters between two parentheses."""
        if self._depth > _DEEPEST:
            return ()
        self._depth += 1
        found = [self._parameter(*piece) for piece in self.tokens.split(start, end)]
        self._depth -= 1
        parameters = tuple(each for each in found if each is not None)
        if len(parameters) == 1 and parameters[0] == Parameter("", "void"):
            return ()
        return parameters

    def _parameter(self, start: int, end: int) -> Parameter | None:
        texts = tuple(self.tokens.texts[start:end])
        return self.one_parameter(start, end) if _NESTING & set(texts) else _plain_parameter(texts)

    def one_parameter(self, start: int, end: int) -> Parameter | None:
        """The parameter that is all that stands between two indices."""
        tokens = self.tokens
        if tokens.texts[start:end] == ["..."]:
            return Parameter("", "", variadic=True)
        equals = tokens.find(start, end, "=")
        stop = end if equals is None else equals
        specifiers = self.specifiers.read(start, stop)
        if not specifiers.type_name:
            written = spaced(tokens.texts[start:stop])
            return Parameter("", written) if written else None
        found = self.read(specifiers.end, stop, specifiers.text())
        type_name = found.type_name
        if found.parameters is not None:  # a function is passed as a pointer
            type_name = f"{type_name} (*)({self._types(found.parameters)})"
        elif found.brackets and not type_name.endswith(")" + found.brackets):
            type_name = _decayed(type_name)
        default = "" if equals is None else tokens.written(equals + 1, end)
        return Parameter(found.name, type_name, default, variadic="..." in found.words)


@lru_cache(maxsize=4096)
def _plain_parameter(texts: tuple[str, ...]) -> Parameter | None:
    """A parameter without a default or anything in brackets: the same few stand all over a file,
    each time a declaration is read as the head of a body, and again for what it declares."""
    tokens = Tokens(" ".join(texts))  # not always the same ones: a lone quote takes what follows
    return DeclaratorReader(tokens).one_parameter(0, len(tokens))


def _decayed(type_name: str) -> str:
    """`BYTE[16]` as `BYTE *`; the inner dimensions stay."""
    element, _, dimensions = type_name.partition("[")
    return spaced_type(element, ["*"]) + dimensions.partition("]")[2]


def _is_macro_name(text: str) -> bool:
    """Whether a word behind parameters may be a macro, or a word that compilers know there."""
    if text.isupper() or text.startswith("_") or text in ("abstract", "sealed", "requires"):
        return True
    return NO_RETURN.fullmatch(text) is not None


def spaced_type(base: str, pointers: list[str]) -> str:
    """`HCRYPTKEY`, `* const` -> `HCRYPTKEY * const`; stars stand together."""
    parts = [base] if base else []
    for pointer in pointers:
        if parts and not (pointer in ("*", "&", "&&") and parts[-1][-1:] in "*&"):
            parts.append(" ")
        parts.append(pointer)
    return "".join(parts)
