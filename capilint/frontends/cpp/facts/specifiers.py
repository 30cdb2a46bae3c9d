"""Reads what stands in front of a declarator: `static const ns::Holder<int>`.

Words that no grammar knows (export macros, calling conventions) are told from types by where they
stand: of several names before a declarator, one is the type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from capilint.frontends.c.parsing.outline import NO_RETURN
from capilint.frontends.cpp.facts.tokens import Tokens, is_word, spaced

CONVENTIONS = frozenset(
    {"WINAPI", "CALLBACK", "APIENTRY", "WINAPIV", "PASCAL", "CDECL", "NTAPI", "WSAAPI", "FAR"}
    | {"__stdcall", "__cdecl", "__fastcall", "__thiscall", "__vectorcall", "__clrcall", "_cdecl"}
    | {"_stdcall", "STDMETHODCALLTYPE", "__restrict", "__RPC_FAR", "__unaligned", "__ptr32"}
    | {"__ptr64", "__extension__", "volatile", "_Noreturn", "__forceinline", "__inline"}
    | {"FORCEINLINE", "afx_msg", "NEAR", "cdecl", "__w64", "__single_inheritance"}
)
STORAGE = frozenset(
    {"static", "virtual", "inline", "constexpr", "consteval", "constinit", "explicit", "friend"}
    | {"extern", "mutable", "typedef", "register", "thread_local", "_Thread_local"}
)
BUILTIN = frozenset(
    {"void", "bool", "char", "short", "int", "long", "float", "double", "signed", "unsigned"}
    | {"wchar_t", "char8_t", "char16_t", "char32_t", "__int8", "__int16", "__int32", "__int64"}
    | {"auto"}
)
CLASS_KEYS = frozenset({"class", "struct", "union"})
ACCESS = frozenset({"public", "private", "protected"})
BEGINNING = ACCESS | {"namespace", "template", "using", "static_assert"}
_ELABORATING = CLASS_KEYS | {"enum", "typename"}
_CALLED = frozenset({"alignas", "explicit", "__pragma", "_Pragma", "__attribute__"})
_KEYWORDS = STORAGE | CONVENTIONS | BUILTIN | _ELABORATING | _CALLED | {"const", "decltype"}
_TRAILING = frozenset({"const", "volatile", "noexcept", "override", "final", "throw", "try"})
_AROUND_NAMES = re.compile(r"(?i)(api|export|import|decl|call|inline|return|deprecated|public)")


@dataclass(slots=True)
class Specifiers:
    """What was read; `end` is where the declarators begin, `head` that of a class.

    `names` are those that may be the type, `builtin` its keywords; `last` is where the last name
    that was read begins.
    """

    end: int
    last: int
    words: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    builtin: list[str] = field(default_factory=list)
    is_const: bool = False
    type_name: str = ""
    head: ClassHead | None = None
    is_enum: bool = False
    macro_name: str = ""

    def text(self) -> str:
        """The type, `const` in front."""
        return f"const {self.type_name}" if self.is_const and self.type_name else self.type_name


@dataclass(frozen=True, slots=True)
class ClassHead:
    """`class EXPORT Key<int> final : public Base {`, by the indices of its parts.

    `bases` is the clause behind its colon, empty where there is none; `body` is the opening brace.
    """

    key: str
    name: str
    arguments: tuple[str, ...]
    final: bool
    bases: tuple[int, int]
    body: int


class SpecifierReader:
    """Reads specifiers from tokens. `class_name` is that of the class around, for constructors."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens

    def read(self, start: int, end: int, class_name: str = "") -> Specifiers:
        """The specifiers of the declaration that begins at an index."""
        texts, found = self.tokens.texts, Specifiers(end=start, last=start)
        while found.end < end:
            text = texts[found.end]
            if text in _KEYWORDS:
                after = self._keyword(text, found.end, end, found)
            elif text == "[" and self.tokens.at(found.end + 1, end) == "[":
                after = self.tokens.after(found.end, end)
            else:
                after = found.end
            if after == found.end and (is_word(text) or text == "::") and text not in BEGINNING:
                after = self._name(after, end, class_name, found)
            if after == found.end:
                break
            found.end = after
        found.type_name = " ".join(found.builtin) or found.type_name or chosen(found.names)
        if self.tokens.say_no_return and any(map(NO_RETURN.fullmatch, texts[start : found.end])):
            found.words.add("noreturn")
        return found

    def _keyword(self, text: str, index: int, end: int, found: Specifiers) -> int:
        """Behind a word that is no name; the index itself where it may be one, or begins
        something else."""
        tokens = self.tokens
        if text in STORAGE or text in CONVENTIONS:
            found.words.add(text)
            is_called = text in _CALLED and tokens.at(index + 1, end) == "("
            return tokens.after(index + 1, end) if is_called else index + 1
        if text == "const":
            found.is_const = True
            return index + 1
        if text in BUILTIN:
            found.builtin.append(text)
            return index + 1
        if text in _ELABORATING:
            return self._elaborated(index, end, found)
        if tokens.at(index + 1, end) != "(":
            return index
        after = tokens.after(index + 1, end)
        if text == "decltype":
            found.names.append(spaced(tokens.texts[index:after]))
        return after

    def _name(self, index: int, end: int, class_name: str, found: Specifiers) -> int:
        """Behind a name in the type; the index itself where it is what is declared."""
        tokens = self.tokens
        after = self.name_end(index, end)
        has_type = bool(found.names or found.builtin or found.type_name or found.head)
        if after == index:
            return index
        if self._declares(index, after, end, class_name, has_type):
            if found.names and self._is_attribute(index, after, end, found):
                found.names.pop()
                found.end = found.last
            return found.end
        found.last = index
        if tokens.at(after, end) == "(" and not self._points(after, end):
            return self._past_macro(index, after, end, found)
        found.names.append(spaced(tokens.texts[index:after]))
        return after

    def name_end(self, index: int, end: int) -> int:
        """The index behind a name with its qualifications and template arguments.

        An `operator`, a `~` or the `*` of a pointer to a member ends it before its `::`.
        """
        tokens, last = self.tokens, index
        texts = tokens.texts
        if index < end and texts[index] == "::":
            index += 1
        while index < end and is_word(texts[index]):
            if texts[index] == "operator":
                return last
            index += 1
            if index < end and texts[index] == "<":
                closing = tokens.angle_end(index, end)
                if closing is None:
                    return index
                index = closing + 1
            last = index
            if index >= end or texts[index] != "::":
                break
            index += 2 if tokens.at(index + 1, end) == "template" else 1
        return last

    def past_requirement(self, index: int, end: int) -> int:
        """Behind `requires A<T> && (B<T>)`."""
        tokens = self.tokens
        while index < end:
            if tokens.texts[index] == "requires":  # an expression
                index = tokens.after(index + 1, end) if tokens.at(index + 1) == "(" else index + 1
                after = tokens.after(index, end)
            else:
                after = self.name_end(index, end)
                after = after if after > index else tokens.after(index, end)
            if tokens.at(after, end) not in ("&&", "||"):
                return after
            index = after + 1
        return end

    def _declares(self, index: int, after: int, end: int, class_name: str, has_type: bool) -> bool:
        """Whether a name is what is declared, and not (a part of) its type."""
        tokens = self.tokens
        following = tokens.at(after, end)
        if following == "::":  # an operator, a destructor or a pointer to a member comes
            return True
        if following != "(":
            return has_type and (following in "=;,[{:)" or not following)
        if self._points(after, end):
            return has_type and tokens.at(tokens.after(after, end), end) not in ("(", "[")
        if has_type or after > index + 1 or tokens.texts[index] == class_name:
            return True
        behind = tokens.at(tokens.after(after, end), end)
        return not (behind == "(" or behind == "[" or self._begins(behind))

    def _is_attribute(self, index: int, after: int, end: int, found: Specifiers) -> bool:
        """Whether a name is a macro behind the declared one: `HCRYPTKEY m_key GUARDED_BY(lock)`."""
        tokens, names = self.tokens, found.names
        if tokens.at(after, end) != "(" or not tokens.texts[index].isupper():
            return False
        if not names[-1].isidentifier() or names[-1].isupper():
            return False
        has_type = bool(found.builtin) or any(not _AROUND_NAMES.search(name) for name in names[:-1])
        return has_type and tokens.at(tokens.after(after, end), end) in (";", "=", ",")

    def _points(self, opening: int, end: int) -> bool:
        """Whether parentheses hold the declarator of a pointer: `(WINAPI *name)`, `(&r)`."""
        index = opening + 1
        while self.tokens.at(index, end) in CONVENTIONS:
            index += 1
        if self.tokens.at(index, end) in ("*", "&", "&&", "^"):
            inner = self.tokens.at(index + 1, end)
            return is_word(inner) or inner in ("*", ")", "&")
        after = self.name_end(index, end)
        return after > index and self.tokens.texts[after : after + 2] == ["::", "*"]

    @staticmethod
    def _begins(text: str) -> bool:
        """Whether a declaration may begin with a token, so that what came before was a macro."""
        return text == "~" or (is_word(text) and text not in _TRAILING)

    def _past_macro(self, index: int, opening: int, end: int, found: Specifiers) -> int:
        """Behind `DECLARE_DYNAMIC(Key)`; `STDMETHOD_(ULONG, Release)(void)` names a method."""
        after = self.tokens.after(opening, end)
        if self.tokens.at(after, end) == "(" and after - opening > 2:
            pieces = list(self.tokens.split(opening + 1, after - 1))
            found.macro_name = spaced(self.tokens.texts[slice(*pieces[-1])])
            returns = [spaced(self.tokens.texts[slice(*piece)]) for piece in pieces[:-1]]
            found.type_name = returns[0] if returns else self.tokens.texts[index]
        return after

    def _elaborated(self, index: int, end: int, found: Specifiers) -> int:
        """`struct Key`, `enum class Mode`, `typename T::type`, or the head and body of a class."""
        tokens, key = self.tokens, self.tokens.texts[index]
        if key in CLASS_KEYS:
            found.head = self._class_head(index, end)
            if found.head is not None:
                found.type_name = found.head.name
                return tokens.after(found.head.body, end)
        index += 1
        if key == "enum":
            return self._enumeration(index, end, found)
        after = self._attributes(index, end)
        last = self.name_end(after, end)
        behind = self.name_end(last, end)
        is_pair = key in CLASS_KEYS and behind > last and tokens.at(behind, end) == ";"
        if is_pair and _AROUND_NAMES.search(tokens.texts[after]):  # `class KEY_EXPORT Key;`
            after, last = last, behind
        if last > after:
            found.names.append(spaced(tokens.texts[after:last]))
        return max(last, index)

    def _attributes(self, index: int, end: int) -> int:
        """Behind `[[..]]`, conventions and macros with arguments."""
        tokens = self.tokens
        while index < end:
            text = tokens.texts[index]
            if text == "[" or (text in _CALLED and tokens.at(index + 1, end) == "("):
                index = tokens.after(index if text == "[" else index + 1, end)
            elif is_word(text) and tokens.at(index + 1, end) == "(":
                after = tokens.after(index + 1, end)
                if not is_word(tokens.at(after, end)):
                    return index
                index = after
            elif text in CONVENTIONS:
                index += 1
            else:
                break
        return index

    def _class_head(self, index: int, end: int) -> ClassHead | None:
        """The head of a class that has its body here."""
        tokens, key = self.tokens, self.tokens.texts[index]
        index = self._attributes(index + 1, end)
        names: list[tuple[int, int]] = []
        final = False
        while (after := self.name_end(index, end)) > index:
            if tokens.texts[index] in ("final", "sealed", "abstract") and names:
                final = final or tokens.texts[index] != "abstract"
            else:
                names.append((index, after))
            index = self._attributes(after, end)
        body = index
        bases = (index, index)
        if tokens.at(index, end) == ":":
            found = tokens.find(index, end, "{;")
            if found is None or tokens.texts[found] == ";":
                return None  # a bit field
            bases, body = (index + 1, found), found
        if tokens.at(body, end) != "{" or (len(names) > 1 and not self._has_members(names, body)):
            return None
        name, arguments = self.last_part(*names[-1]) if names else ("", ())
        return ClassHead(key, name, arguments, final, bases, body)

    def _has_members(self, names: list[tuple[int, int]], body: int) -> bool:
        """Whether `struct A b {..}` is a class with a macro before its name, and no variable."""
        after = self.tokens.closing.get(body, len(self.tokens))
        inside = self.tokens.texts[body + 1 : after]
        return ";" in inside or ":" in inside or self.tokens.texts[names[0][0]].isupper()

    def last_part(self, start: int, end: int) -> tuple[str, tuple[str, ...]]:
        """The last part of a name, its template arguments apart (with the qualification)."""
        tokens = self.tokens
        if tokens.texts[end - 1] == ">":
            opening = start
            while tokens.angle_end(opening, end) != end - 1:
                opening += 1
            pieces = tokens.split(opening + 1, end - 1)
            arguments = tuple(spaced(tokens.texts[slice(*piece)]) for piece in pieces)
            return spaced(tokens.texts[start:opening]), arguments
        return spaced(tokens.texts[start:end]), ()

    def _enumeration(self, index: int, end: int, found: Specifiers) -> int:
        """Behind `enum class Mode : int {..}`."""
        tokens = self.tokens
        if tokens.at(index, end) in ("class", "struct"):
            index += 1
        index = self._attributes(index, end)
        after = self.name_end(index, end)
        while (behind := self.name_end(after, end)) > after and tokens.at(behind, end) in "{:":
            index, after = after, behind
        name = spaced(tokens.texts[index:after])
        body = after
        if tokens.at(body, end) == ":":
            body = tokens.find(body, end, "{;") or body
        found.is_enum = tokens.at(body, end) == "{"
        found.type_name = name or "int"
        if found.is_enum:
            return tokens.after(body, end)
        return max(after, index)


def chosen(names: list[str]) -> str:
    """The type among the names before a declarator: not an export macro, else the last."""
    if len(names) < 2:
        return names[0] if names else ""
    likely = [name for name in names if not _AROUND_NAMES.search(name)]
    return (likely or names)[-1]
