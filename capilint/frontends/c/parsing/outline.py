"""Finds the functions of a C file by its braces, without parsing it.

A raw file is full of macros that no parser understands without its headers; braces, comments,
strings and directives are enough to say where each function begins and ends. Branches of an
`#if` that open a brace each are counted once.

    BOOL WINAPI encrypt(HCRYPTPROV hProv) {  ...  }
    ^start      ^name  ^parameters        ^body    ^end
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_MOST_BLANKS = 8  # in front of a directive in the first line of a text
_FIRST_LINE = "|".join(rf"(?<=\A[ \t]{{{blanks}}}\#)" for blanks in range(_MOST_BLANKS + 1))
HASH = rf"(?:(?<=\n)[ \t]*+\#|{_FIRST_LINE})"
"""The `#` of a directive, behind the character that a scan finds first: a newline, if there is one.
To seek one of a set of characters is quick."""

_TRIVIA = rf"""
    (?<=/)(?:/(?:[^\n\\]|\\.)*+ | \*.*?(?:\*/|\Z))
  | (?<=")(?:[^"\\\n]|\\.)*+"?
  | (?<=')(?:[^'\\\n]|\\.)*+'?
  | {HASH}(?:[^\n\\/]|\\.|/\*.*?(?:\*/|\Z)|//(?:[^\n\\]|\\.)*+|/)*+
  | (?<!\w[RuUL])(?:(?<=R)|(?<=[uUL])R|(?<=u)8R)"(?P<raw>[^()\\\s"]{{0,16}})\(.*?(?:\)(?P=raw)"|\Z)
  | (?<=\d)(?<!\w\d)[\w.]*+'[\w.']*+
"""
_FLAGS = re.VERBOSE | re.DOTALL | re.MULTILINE


def _scanner(others: str = "", words: bool = False) -> re.Pattern[str]:
    """Finds comments, strings and directives, a newline in front of these; and other characters,
    and words."""
    first = others + (r"\w" if words else "")
    behind = (rf"(?<=[{others}]) |" if others else "") + _TRIVIA
    behind += r"| (?<=[^\W\d])\w*+" if words else ""
    return re.compile(rf"[/\"'\n\#RuUL\d{first}](?:{behind})", _FLAGS)


TRIVIA_PATTERN = _scanner()
TOP_LEVEL = _scanner("{};")
TOP_LEVEL_WORDS = _scanner("{};", words=True)
_BRACES = _scanner("{}")
_BRACES_WORDS = _scanner("{}", words=True)
_PARENTHESES = _scanner("()")
_IN_LINE = re.compile(r"[^\n]")
_OPENING = re.compile(r"\s*\(")
DIRECTIVE = re.compile(r"\s*#\s*(if|el|endif)?")
_COLUMN_ZERO_END = re.compile(r"^\}", re.MULTILINE)
_GROUP = re.compile(r"(?<!\w)([A-Za-z_]\w*+(?:\s*+::\s*+~?\s*+\w++){0,40}+)\s*+(\()|[()]")
_ATTRIBUTES = re.compile(r"__\w*|_[A-Z]\w*_|[A-Z][A-Z0-9_]*\Z")
NO_RETURN = re.compile(r"\b\w*no_?return\w*", re.IGNORECASE)
NO_FUNCTION = frozenset({"if", "for", "while", "switch", "return", "sizeof", "do", "else", "catch"})
_TRANSPARENT = re.compile(r"\bextern\s*\Z|\bnamespace\b|\bclass\b|\A\s*[A-Z_][A-Z0-9_]*\s*\Z")
_OLD_STYLE = re.compile(r"[\s\w,]*\Z")
_LOOK_BACK = 20  # declarations between an old-style head and its body


@dataclass(frozen=True, slots=True)
class Definition:
    """Where a function definition stands; all positions are character offsets.

    `declarations` are the parameter declarations of an old-style (K&R) definition.
    `complete` is False where its closing brace is missing.
    """

    name: str
    start: int
    name_at: int
    parameters: str
    declarations: str
    declarator_end: int
    body: int
    end: int
    internal: bool
    complete: bool = True


Braces = Callable[[str], int]
"""How many braces the use of a name opens, those that it closes taken away."""


def definitions(text: str, braces: Braces | None = None) -> list[Definition]:
    """The function definitions of a file, in order. Any text will do; O(n).

    `braces` tells of macros that open or close braces, where there are such.
    """
    found: list[Definition] = []
    chunks: list[int] = [0]  # where the declarations since the last brace begin
    position = 0
    pattern = TOP_LEVEL if braces is None else TOP_LEVEL_WORDS
    while (token := pattern.search(text, position)) is not None:
        position = token.end()
        match brace_of(token.group(), braces):
            case ";":
                chunks.append(position)
            case "}":
                chunks = [position]
            case "{":
                opening = token.start()
                definition = _definition(text, chunks, opening, braces)
                if definition is not None:
                    found.append(definition)
                    position = definition.end
                elif not _is_transparent(blanked(text[chunks[-1] : opening])):
                    position = matching_brace(text, opening, braces)[0]
                chunks = [position]
    return found


def without_bodies(text: str, functions: list[Definition]) -> str:
    """The file's other declarations: each function body replaced by a semicolon."""
    parts: list[str] = []
    position = 0
    for function in functions:
        parts += [text[position : function.body], ";"]
        position = function.end
    return "".join([*parts, text[position:]])


def may_say_no_return(text: str) -> bool:
    """Whether a word of a text may say that a function never returns."""
    lowered = text.lower()
    return "noreturn" in lowered or "no_return" in lowered


def never_returning(declarations: str) -> set[str]:
    """The functions that a file declares with an attribute (or a macro) named `noreturn`."""
    names: set[str] = set()
    if not may_say_no_return(declarations):
        return names
    plain = blanked(declarations)
    for word in NO_RETURN.finditer(plain):
        start = max(plain.rfind(end, 0, word.start()) for end in ";}{") + 1
        signature = signature_of(plain[start : plain.find(";", word.end())])
        if signature is not None and signature[0] != word.group():
            names.add(signature[0])
    return names


def blanked(text: str, *, directives: bool = True) -> str:
    """The text with comments, strings and directives replaced by spaces; positions stay."""

    def spaces(match: re.Match[str]) -> str:
        found = match.group()
        keep = not directives and found.lstrip().startswith("#")
        if keep:
            return found
        if "\n" not in found:
            return " " * len(found)
        return _IN_LINE.sub(" ", found)

    return TRIVIA_PATTERN.sub(spaces, text)


def brace_of(token: str, braces: Braces | None) -> str:
    """A token, or the brace that a macro opens or closes for it."""
    opened = braces(token) if braces is not None and token.isidentifier() else 0
    return token if not opened else "{" if opened > 0 else "}"


def _definition(
    text: str, chunks: list[int], opening: int, braces: Braces | None
) -> Definition | None:
    start = chunks[-1]
    header = blanked(text[start:opening])
    if not header.strip():
        return _old_style_definition(text, chunks, opening, braces)
    signature = signature_of(header)
    if signature is None or is_initialiser(header, signature):
        return None
    return _located(text, start, header, signature, opening, braces)


def _old_style_definition(
    text: str, chunks: list[int], opening: int, braces: Braces | None
) -> Definition | None:
    """`int f(a, b) int a; char *b; {`: the head is some declarations above the brace."""
    for start in chunks[-2 : -_LOOK_BACK - 2 : -1]:
        header = blanked(text[start:opening])
        signature = signature_of(header.partition(";")[0])
        if signature is None:
            continue
        _, _, left, right = signature
        if _OLD_STYLE.match(header, left + 1, right) and header[right + 1 :].strip(" \t\n;"):
            return _located(text, start, header, signature, opening, braces)
        return None
    return None


SignatureAt = tuple[str, int, int, int]  # name, its offset, "(", ")"


def _located(
    text: str,
    start: int,
    header: str,
    signature: SignatureAt,
    opening: int,
    braces: Braces | None,
) -> Definition:
    name, name_at, left, right = signature
    end, complete = matching_brace(text, opening, braces)
    declarations = header[right + 1 :] if ";" in header[right + 1 :] else ""
    return Definition(
        name=re.sub(r"\s+", "", name),
        start=start + len(header) - len(header.lstrip()),
        name_at=start + name_at,
        parameters=header[left + 1 : right],
        declarations=declarations,
        declarator_end=start + right + 1,
        body=opening,
        end=end,
        internal=re.search(r"\bstatic\b", header[:name_at]) is not None,
        complete=complete,
    )


def signature_of(header: str) -> SignatureAt | None:
    """The `name(...)` of a function header: the last one that is no attribute."""
    groups = list(_groups(header))
    while len(groups) > 1:
        name, at, _, _ = groups[-1]
        before_name, _, _, before_end = groups[-2]
        attribute = _ATTRIBUTES.match(name) and not _ATTRIBUTES.match(before_name)
        if not attribute or header[before_end + 1 : at].strip():
            break
        groups.pop()
    if not groups or groups[-1][0] in NO_FUNCTION or groups[-1][0].startswith("__attribute"):
        return None
    return groups[-1]


def _groups(header: str) -> Iterator[SignatureAt]:
    depth = 0
    name, name_at, left = "", 0, -1
    for token in _GROUP.finditer(header):
        if token.group() == ")":
            depth = max(depth - 1, 0)
            if depth == 0 and left >= 0:
                yield name, name_at, left, token.start()
                left = -1
            continue
        if depth == 0 and token.group(1):
            name, name_at, left = token.group(1), token.start(1), token.start(2)
        depth += 1


def is_initialiser(header: str, signature: SignatureAt) -> bool:
    """Whether an `=` outside of the parameters makes it a variable with a value."""
    _, name_at, _, right = signature
    outside = re.sub(r"\boperator\b.*", "", header[:name_at]) + header[right + 1 :]
    depth = 0
    for token in re.finditer(r"[()=]", outside):
        if token.group() == "=" and depth == 0:
            return True
        depth += {"(": 1, ")": -1}.get(token.group(), 0)
    return False


def _is_transparent(header: str) -> bool:
    """Whether definitions inside these braces belong to the file's level."""
    return _TRANSPARENT.search(header) is not None and "=" not in header


def matching_brace(text: str, opening: int, braces: Braces | None) -> tuple[int, bool]:
    """The offset after the brace that closes `opening`, and whether there is one.

    Without one, the next brace in column 1 is taken for it, or the end of the file.
    """
    depth = 0
    closed = -1
    saved: list[int] = []  # the depth at each open #if
    position = opening
    pattern = _BRACES if braces is None else _BRACES_WORDS
    while (token := pattern.search(text, position)) is not None:
        position = token.end()
        word = token.group()
        if word == "{":
            depth += 1
        elif word == "}":
            depth -= 1
            closed = position
        elif braces is not None and word.isidentifier():
            opened = braces(word)
            depth += opened
            closed = after_arguments(text, position) if opened < 0 else closed
        elif (directive := DIRECTIVE.match(word)) is not None and "#" in directive.group():
            position, depth = _after_directive(text, position, directive.group(1), saved, depth)
        if depth <= 0 and not saved and closed >= 0:
            return closed, True
    fallback = _COLUMN_ZERO_END.search(text, opening + 1)
    return (fallback.end() if fallback else len(text)), False


def after_arguments(text: str, position: int) -> int:
    """The offset after the parentheses that follow, if there are any."""
    opening = _OPENING.match(text, position)
    depth = 0
    for token in _PARENTHESES.finditer(text, opening.end() - 1) if opening else ():
        depth += {"(": 1, ")": -1}.get(token.group(), 0)
        if depth == 0 and token.group() == ")":
            return token.end()
    return position


def _after_directive(
    text: str, position: int, kind: str | None, saved: list[int], depth: int
) -> tuple[int, int]:
    """Where to go on after a directive, and at which depth."""
    if kind == "if":
        saved.append(depth)
    elif kind == "el":
        if not saved:
            return _end_of_conditional(text, position), depth
        depth = saved[-1]
    elif kind == "endif" and saved:
        saved.pop()
    return position, depth


def _end_of_conditional(text: str, position: int) -> int:
    """The offset after the `#endif` of a conditional that is open at `position`."""
    nesting = 1
    while nesting and (token := TRIVIA_PATTERN.search(text, position)) is not None:
        position = token.end()
        directive = DIRECTIVE.match(token.group())
        if directive is not None:
            nesting += {"if": 1, "endif": -1}.get(directive.group(1) or "", 0)
    return position
