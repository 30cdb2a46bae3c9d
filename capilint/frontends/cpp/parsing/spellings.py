"""Repairs of C++ text that does not parse: what the grammar does not know, in words that it does.

BOOST_FOREACH(const Key& k, keys)      for          (const Key& k: keys)
if FAILED(hr)                          if(FAILED(hr))
delete[] *p;  alloc_new BYTE[n]        delete   *p;        new BYTE[n]
f(_T(__FUNCTION__) L": %d" TAIL)       f(                 L": %d"     )
ALLOC(p, BYTE[n])                      ALLOC(p, sizeof(BYTE[n]))
MY_DELETE[] p;  (this->*f)(x)             delete[] p;      (this->_f)(x)
key.operator HCRYPTKEY()               key.operator_HCRYPTKEY()
decltype(key)()                        decltype_key_{}
while ((hr = f(), hr))                 while (((hr = f()), hr))

As all repairs, these change only what stands on a row with an error; but for the loops.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set

from capilint.frontends.c.parsing.outline import blanked
from capilint.frontends.c.parsing.positions import LineTable
from capilint.frontends.c.parsing.repairs import Repair, edited, spaces, without_group

_Edit = tuple[int, int, str]
"""A stretch of a text, from its start to its end, and what stands there instead."""

_EACH = re.compile(r"\bfor(\s+each)(?P<head>\s*\([^();]*?[\w&*>^]\s+)in\b")
_FOREACH = re.compile(
    r"\b(?>\w*?foreach)\w*+\s*+(?P<opening>\()\s*+(?P<declared>[^(),;{}]*+)(?P<comma>,)",
    re.IGNORECASE,
)
_NO_STATEMENT = re.compile(r"\s*(?:[;,)]|\Z)")
_NAME = re.compile(r"[\w:]+")
_CONDITION = re.compile(r"\b(?:if|while)(?P<blank>\s+)(?!constexpr\b|consteval\b)[A-Za-z_]\w*\s*\(")
_LITERAL = r'(?:u8|[LuU])?"(?:[^"\\\n]|\\.)*+"'
_MACRO = rf"[A-Za-z_]\w*\s*\(\s*(?:{_LITERAL}|\w+)?\s*\)|PRI\w+|[A-Z_][A-Z0-9_]*"
_PIECE = rf"(?:{_LITERAL}|{_MACRO})(?!\w)"
_CHAIN = re.compile(rf"(?<=[(,=+<?&|])\s*(?P<chain>{_PIECE}(?:\s*{_PIECE})+)")
_FIRST_LITERAL = re.compile(_LITERAL)
_TYPENAME = re.compile(r"\b\w*(?:TYPENAME|typename)\b")
_DECLSPEC = re.compile(r"\b__declspec\s*\((?:[^()]|\([^()]*\))*\)")
_NEW_PREFIX = re.compile(
    r"(?:(?<=[=(,?:)])|(?<=\breturn)|(?<=\bthrow))\s*\b(?!new\b|NEW\b)(\w+(?:[nN]ew|NEW))\b"
    r"(?=\s*(?:\([^()]*\)\s*)?[A-Za-z_:])"
)
_NEW_MACRO = re.compile(r"\bnew\s+(?:\([^()]*\)\s*)?([A-Z_][A-Z0-9_]*)(?=\s+[A-Za-z_])")
_NEW_POINTERS = re.compile(r"\bnew\b[\w\s:<>,]{0,200}?[\w>]\s{0,20}(\*[\s*]{0,20})(?=\[)")
_DELETE = re.compile(r"\bdelete\s*(\[\s*\])(?=\s*[*&(])")
_DELETE_MACRO = re.compile(
    r"(?:(?<=[;{})])|(?<=\belse))\s*\b(?!delete\b)(\w*(?:delete|DELETE))\b(?=\s*\[\s*\]\s*[\w*&(])"
)
_POINTER_TO_MEMBER = re.compile(r"->\*(?=[A-Za-z_])")
_OWN_OPERATOR = re.compile(
    r"(?<![\w:.>])(?<!->)(?:this\s*->\s*)?\boperator\s*(?P<operator>[-+*/%&|^]?=)(?=\s*\()"
)
_NAMED_CONVERSION = re.compile(
    r"(?:\.|->)\s*(?:\w+\s*::\s*)*"
    r"(?P<name>operator[ \t]+[A-Za-z_][\w:<>,*& \t]{0,100}?)(?=\s*\(\s*\))"
)
_ALLOCATOR = re.compile(r"(?<=[;{}(=,])\s*(?P<name>operator[ \t]+(?:new|delete))(?=\s*\()")
_REFERENCE = re.compile(r"(?<=[;{}])\s*[\w:]+(?:\s+[\w:]+)*(?:\s*<[^<>();]{0,100}>)?\s*&&?\s*\w+\(")
_SEMICOLON = re.compile(r"\s*;")
_BUILTIN = (
    r"(?:(?:unsigned|signed|long|short)\b\s*)*"
    r"\b(?:void|bool|char|wchar_t|short|int|long|unsigned|float|double"
    r"|u?int(?:8|16|32|64|ptr)_t|s?size_t|ptrdiff_t|char(?:8|16|32)_t)\b[*&\s]*"
)
_POINTER = r"[A-Za-z_][\w:]*(?:\s*<[^<>()]{0,100}>)?(?:\s+const)?\s*[*&][*&\s]*"
_TYPE_ARGUMENT = re.compile(
    r"(?:(?<=,)|(?<=\w\()(?<!sizeof\()(?<!catch\())\s*"
    rf"(?P<type>(?:const\s+)?(?:{_BUILTIN}|{_POINTER})(?:\[[^\[\]]*\]\s*)?)(?=[,)])"
)
_ASSIGNMENT = re.compile(
    r"(?:(?<![\w)\]])|(?<=\bwhile)|(?<=\bif)|(?<=\bswitch)|(?<=\breturn))\("
    r"(?=\s*+[\w.>:*-]++(?:\[[^\[\]]*+\])?\s*+(?:[-+*/%&|^]|<<|>>)?=(?!=))"
)
_TYPE_OF_NAME = re.compile(r"(?<!\w)decltype\((\w++)\)(?:(?=\{)|(?P<nothing>\(\)))")
_SEPARATORS = re.compile(r"[()\[\]{};,]")
_BRACKETS = re.compile(r"[();{}]")
_CAUGHT = re.compile(
    r"(?<=\})\s*\b((?:[A-Z]+_)?CATCH_[A-Z_]+\s*\((?:[^(){};]|\([^(){};]*\))*\))"
    r"(?:[ \t]*;)?(?!\s*\{)"
)


def _clauses_of_macros(text: str, rows: Set[int]) -> str:
    """`try { } CATCH_RETURN()`: the macro is the whole clause, which does what it says."""

    def clauses() -> Iterator[_Edit]:
        for match in _CAUGHT.finditer(blanked(text)):
            macro = text[slice(*match.span(1))]
            name = macro.partition("(")[0]
            leaves = "return " if "RETURN" in name else "throw " if "THROW" in name else ""
            yield match.start(1), match.end(), f"catch (...) {{ {leaves}{macro}; }}"

    return _spliced(text, clauses())


def with_range_loops(text: str) -> str:
    """Loops over what a container holds, of Microsoft, Boost and Qt, as the language's own.

    One that names a variable from outside is any loop. Some parse as functions in the function.
    """
    if "each" not in text.lower():
        return text
    text = _EACH.sub(_range_for, text)
    return _spliced(text, _loops(blanked(text)))


def _loops(plain: str) -> Iterator[_Edit]:
    for match in _FOREACH.finditer(plain):
        opening, comma = match.start("opening"), match.start("comma")
        end = _closing(plain, opening)
        if end is None or _NO_STATEMENT.match(plain, end) is not None:
            continue  # a call
        declares = len(_NAME.findall(match.group("declared"))) > 1
        yield (
            match.start(),
            opening,
            ("for" if declares else "while").ljust(opening - match.start()),
        )
        yield comma, comma + 1, ":" if declares else ","


def _range_for(match: re.Match[str]) -> str:
    return f"for{' ' * len(match.group(1))}{match.group('head')} :"


def _conditions_of_macros(text: str, rows: Set[int]) -> str:
    """`if FAILED(hr)`: the macro brings the parentheses along."""
    plain = blanked(text)
    lines = LineTable(plain)

    def parentheses() -> Iterator[_Edit]:
        for match in _CONDITION.finditer(plain):
            end = _closing(plain, match.end() - 1)
            if end is not None and lines.line(match.start()) - 1 in rows:
                blank = match.end("blank")
                yield blank if plain[blank - 1] == "\n" else blank - 1, blank, "("
                yield end, end, ")"

    return _spliced(text, parentheses())


def _spliced(text: str, edits: Iterable[_Edit]) -> str:
    """The text with other text in place of some stretches, in order."""
    parts: list[str] = []
    position = 0
    for start, end, instead in edits:
        parts += [text[position:start], instead]
        position = end
    return "".join([*parts, text[position:]])


def _closing(plain: str, opening: int) -> int | None:
    """The offset behind the parenthesis that closes another in the same statement."""
    depth = 0
    for token in _BRACKETS.finditer(plain, opening):
        if token.group() not in "()":
            return None
        depth += 1 if token.group() == "(" else -1
        if depth == 0:
            return token.end()
    return None


def _one_literal(text: str, rows: Set[int]) -> str:
    """Of literals and macros that stand for such, side by side, the first literal is kept."""

    def first(match: re.Match[str]) -> str:
        literal = _FIRST_LITERAL.search(match.group())
        if literal is None:
            return match.group()
        rest = re.sub(r"[^\n]", " ", match.group())
        return rest[: literal.start()] + literal.group() + rest[literal.end() :]

    return edited(_CHAIN, text, rows, first)


def _known_words(text: str, rows: Set[int]) -> str:
    """`BOOST_DEDUCED_TYPENAME` is `typename`; `__declspec(align(8))` says nothing here."""
    text = edited(_TYPENAME, text, rows, lambda found: "typename".ljust(len(found.group())))
    return edited(_DECLSPEC, text, rows, spaces)


def _plain_news(text: str, rows: Set[int]) -> str:
    """`alloc_new BYTE[n]`, `new NOTHROW BYTE[n]`, `new BYTE *[n]`, `delete[] *p` and
    `MY_DELETE[] p`, of which the grammar knows the parts alone."""
    text = edited(_NEW_PREFIX, text, rows, _new)
    text = edited(_DELETE_MACRO, text, rows, _new)
    text = edited(_NEW_MACRO, text, rows, without_group)
    text = edited(_NEW_POINTERS, text, rows, without_group)
    return edited(_DELETE, text, rows, without_group)


def _new(match: re.Match[str]) -> str:
    start, name = match.start(1) - match.start(), match.group(1)
    word = "delete" if name.lower().endswith("delete") else "new"
    return match.group()[:start] + word.rjust(len(name))


def _pointers_to_members(text: str, rows: Set[int]) -> str:
    """`(this->*handler)(x)` calls nobody knows which method of the object: one that it has not."""
    return edited(_POINTER_TO_MEMBER, text, rows, lambda found: "->_")


def _own_operators(text: str, rows: Set[int]) -> str:
    """`operator=(other)` and `this->operator=(other)` assign to the object."""

    def assigned(match: re.Match[str]) -> str:
        operator = match.group("operator")
        return "*this".ljust(len(match.group()) - len(operator)) + operator

    return edited(_OWN_OPERATOR, text, rows, assigned)


def _named_operators(text: str, rows: Set[int]) -> str:
    """`key.operator HCRYPTKEY()` and `operator delete(p)`, by names that are one word."""

    def named(match: re.Match[str]) -> str:
        start, name = match.start("name") - match.start(), match.group("name")
        return match.group()[:start] + one_word(name)

    return edited(_ALLOCATOR, edited(_NAMED_CONVERSION, text, rows, named), rows, named)


def one_word(name: str) -> str:
    """The name of an operator as one word of the same length."""
    return re.sub(r"\W", "_", name)


def _types_of_names(text: str, rows: Set[int]) -> str:
    """`decltype(key){}` and `decltype(key)()` by a word that stands for the type."""

    def word(match: re.Match[str]) -> str:
        return f"decltype_{match.group(1)}_" + ("{}" if match.group("nothing") else "")

    return edited(_TYPE_OF_NAME, text, rows, word)


def _references(text: str, rows: Set[int]) -> str:
    """`const Key& key(holder.key());` with a `=`, without which it is half a function."""
    plain = blanked(text)
    lines = LineTable(plain)

    def values() -> Iterator[_Edit]:
        for match in _REFERENCE.finditer(plain):
            opening = match.end() - 1
            end = _closing(plain, opening)
            if end is None or _SEMICOLON.match(plain, end) is None:
                continue
            if lines.line(opening) - 1 in rows and plain[opening + 1 : end - 1].strip():
                yield opening, opening + 1, "="
                yield end - 1, end, " "

    return _spliced(text, values())


def _type_arguments(text: str, rows: Set[int]) -> str:
    """`ALLOC(p, BYTE *[n])`: only a macro takes a type, and its size is an expression."""

    def size(match: re.Match[str]) -> str:
        before = match.group()[: match.start("type") - match.start()]
        return f"{before}sizeof({match.group('type')})"

    return edited(_TYPE_ARGUMENT, text, rows, size)


def _assignments_before_commas(text: str, rows: Set[int]) -> str:
    """`(ok = f(), !ok)` as `((ok = f()), !ok)`, or else the grammar reads one assignment."""
    plain = blanked(text)
    lines = LineTable(plain)

    def parentheses() -> Iterator[_Edit]:
        for match in _ASSIGNMENT.finditer(plain):
            comma = _comma(plain, match.end())
            if comma is not None and lines.line(match.start()) - 1 in rows:
                yield match.end(), match.end(), "("
                yield comma, comma, ")"

    return _spliced(text, sorted(parentheses()))


def _comma(plain: str, start: int) -> int | None:
    """The offset of the comma that ends an operand."""
    depth = 0
    for token in _SEPARATORS.finditer(plain, start):
        if token.group() in "([":
            depth += 1
        elif token.group() in ")]":
            depth -= 1
        elif token.group() in ";{}":
            return None
        elif depth == 0:
            return token.start()
        if depth < 0:
            return None
    return None


SPELLINGS: tuple[Repair, ...] = (
    _clauses_of_macros,
    _conditions_of_macros,
    _one_literal,
    _known_words,
    _plain_news,
    _pointers_to_members,
    _own_operators,
    _named_operators,
    _types_of_names,
    _references,
    _type_arguments,
    _assignments_before_commas,
)
