"""Repairs of C text that does not parse, for what macros of unseen headers do to it.

A repair keeps every row, and every column up to what it inserts, so that positions stay right.
It changes only rows that hold an error, and is kept only where the parse gets better.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set

from capilint.frontends.c.parsing.branches import (
    keep_branches_at,
    keep_branches_in_expressions,
    keep_cut_branches,
    keep_first_branches,
)
from capilint.frontends.c.parsing.given import as_blocks

Repair = Callable[[str, Set[int]], str]

_ARGUMENTS = r"\([^()\n]*+(?:\([^()\n]*+\)[^()\n]*+)*+\)"
_ATTRIBUTE_BEHIND = re.compile(
    r"\b(\w++)(\s*+)(__attribute__\s*+\(\([^;\n]{0,200}?\)\s*+\))(?=\s*+[=;,\[])"
)
_KEYWORDS = (
    r"(?!(?:if|else|do|while|for|switch|case|default|return|goto|sizeof|struct|union|enum|throw|new"
    r"|delete|co_\w+)\b)"
)
_BARE_MACRO_LINE = re.compile(
    rf"^[ \t]*+(?:[A-Z_][A-Z0-9_]*+|{_KEYWORDS}\w++(?=[ \t]*+\())[ \t]*+(?:{_ARGUMENTS})?"
    r"(?=[ \t]*+$)(?!\s*+[-+*/&|=<>?:.,;)\]{])",
    re.MULTILINE,
)
_BARE_WORD = re.compile(
    rf"(?<=[;{{}}])(\s*+{_KEYWORDS}[A-Za-z_$][\w$]*+)([ \t]*+\n(?:\s++|//[^\n]*+\n)*+)"
    rf"(?={_KEYWORDS}[A-Za-z_][\w:]*+[\s*&]++{_KEYWORDS}[A-Za-z_]\w*+\s*+[=;,\[])"
)
_CONVENTION = re.compile(
    rf"\b{_KEYWORDS}\w++\s*+\**+\s*+\(\s*+([A-Za-z_]\w*+)"
    r"(?=\s*+\*++\s*+(?:const\s++)?+\w*+\s*+\)\s*+\()"
)
_MANY_ATTRIBUTES = 32
_ATTRIBUTES = re.compile(
    r"(?:\[\[[^\[\]]*+\]\]\s*+){" + str(_MANY_ATTRIBUTES) + r"}(?:\[\[[^\[\]]*+\]\]\s*+)*+"
)
_BETWEEN = re.compile(r"\)\s*+\(")
_ASSEMBLY = re.compile(
    r"\b__?asm\b(?:\s*\{[^{}]*\}|[ \t]+(?!(?:volatile|__volatile__|goto|inline)\b|[(\"])[^\n;{}]*)"
)
_LABEL_BEFORE_DIRECTIVE = re.compile(
    r"^([ \t]*(?!default\b)[A-Za-z_]\w*[ \t]*:)(?=[ \t]*\n\s*#)", re.MULTILINE
)
_NO_LINE_END = re.compile(r"[^\n]")
_BLANKS = re.compile(r"\s*")
_INDEX = re.compile(r"\[[^\[\]]*+\]")
_OFFSET = re.compile(r"\boffsetof\s*\(([^()]*(?:\[[^()\]]*\])[^()]*)\)")
_QUALIFIER = re.compile(  # of the SDK
    r"\b(?:CONST|VOLATILE|FAR|NEAR|UNALIGNED|__RPC_FAR|HUGEP|POINTER_32|POINTER_64)\b"
)
_DECLARING_MACRO = re.compile(
    r"\b\w++\(\s*+((?:const\s++)?+[A-Za-z_][\w:]*+(?:<[^;(){}<>]*+>)?+[\s*&]++)"
    r"(?=[A-Za-z_]\w*+\s*+,)"
)
_STORAGE_MACRO = re.compile(
    r"^[ \t]*+(?:static\s++|const\s++){0,4}+([A-Z_][A-Z0-9_]*+)"
    r"(?=\s++[A-Za-z_]\w*+[\s*]++[A-Za-z_]\w*+\s*+[\[;=,])",
    re.MULTILINE,
)
_PREFIX = re.compile(
    rf"(?:(?<=[;{{}}:)\n])[ \t]*|(?<=\belse)[ \t]+|(?<=\bdo)[ \t]+)({_KEYWORDS}[A-Za-z_]\w*"
    rf"(?:(?:[ \t]*\([^()\n]*\))?(?=\s+{_KEYWORDS}[A-Za-z_]\w*\s*\()|(?=\s*\{{)"
    r"|(?=\s+(?:do|if|for|while|switch)\b)))"
)
# How <rpc.h>, <excpt.h> and Wine's <exception.h> write structured exception handling.
_EXCEPTION_MACROS = tuple(
    (re.compile(rf"\b{pattern}"), replacement)
    for pattern, replacement in (
        (r"RpcTry(?:Except|Finally)\b", "__try {"),
        (r"RpcExcept(?=\s*\()(\s*\([^()\n]*(?:\([^()\n]*\))?[^()\n]*\))", r"} __except\1 {"),
        (r"RpcFinally\b", "} __finally {"),
        (r"RpcEnd(?:Except|Finally)\b", "}"),
        (r"__TRY\b", "__try"),
        (r"__EXCEPT_\w+", "__except(1)"),
        (r"__EXCEPT\b", "__except"),
        (r"__FINALLY(?:_CTX)?\s*\(([^()\n]*)\)", r"__finally { (\1)(1); }"),
        (r"__ENDTRY\b", ""),
        (r"try(?=\s*\{)", "__try"),
        (r"except(?=\s*\()", "__except"),
        (r"finally(?=\s*\{)", "__finally"),
        (r"leave(?=\s*;)", "__leave"),
    )
)


def respelt(text: str) -> str:
    """The text without what would parse as something else, or take too long to."""
    return _without_conventions(_without_long_attributes(text))


def _without_long_attributes(text: str) -> str:
    """`[[a]] [[b]] ..` in dozens: the parser's time grows with the square of their number."""
    if text.count("[[") < _MANY_ATTRIBUTES:
        return text
    return _ATTRIBUTES.sub(spaces, text)


def _without_conventions(text: str) -> str:
    """`BOOL (WINAPI *callback)(HCRYPTKEY)` without `WINAPI`, with which it parses as a call."""
    return text if _BETWEEN.search(text) is None else _CONVENTION.sub(without_group, text)


def _without_assembly(text: str, rows: Set[int]) -> str:
    """`__asm { rdtsc }` and `__asm nop` of Microsoft's compiler, which touch no handle."""
    return edited(_ASSEMBLY, text, rows, lambda match: ";" + spaces(match)[1:])


def _spell_exceptions(text: str, rows: Set[int]) -> str:
    """Structured exception handling as the compiler's keywords."""
    for pattern, replacement in _EXCEPTION_MACROS:
        text = pattern.sub(replacement, text)
    return text


def _statements_behind_labels(text: str, rows: Set[int]) -> str:
    """`done:` in front of a directive labels an empty statement, as the grammar wants one."""
    return _LABEL_BEFORE_DIRECTIVE.sub(r"\1;", text)


def _cut_branches(text: str, rows: Set[int]) -> str:
    """An `#if` that cuts through a block: one branch is taken for all of it."""
    return keep_cut_branches(text)


def _first_branches(text: str, rows: Set[int]) -> str:
    """The same for all, where the parser noticed the cut elsewhere."""
    return keep_first_branches(text)


def _attributes_in_front(text: str, rows: Set[int]) -> str:
    """`int x __attribute__((unused)) = 1;` with the attribute where the grammar knows it."""
    return edited(_ATTRIBUTE_BEHIND, text, rows, lambda match: match.expand(r"\3\2\1"))


def _without_qualifiers(text: str, rows: Set[int]) -> str:
    """`static CONST HCRYPTKEY FAR *p` is a `static HCRYPTKEY *p`."""
    return edited(_QUALIFIER, text, rows, spaces)


def _without_storage_macros(text: str, rows: Set[int]) -> str:
    """`ALIGN16 BYTE iv[16];` declares `iv`, not `BYTE`."""
    return edited(_STORAGE_MACRO, text, rows, without_group)


def _without_declared_types(text: str, rows: Set[int]) -> str:
    """`ASSIGN_OR_RETURN(auto key, make());` is told a name: declared as what, nobody sees."""
    return edited(_DECLARING_MACRO, text, rows, without_group)


def _plain_offsets(text: str, rows: Set[int]) -> str:
    """`offsetof(struct blob, data[n])`, whose index the grammar does not know, without it."""
    return edited(_OFFSET, text, rows, lambda match: _INDEX.sub(spaces, match.group()))


def spaces(match: re.Match[str]) -> str:
    """Spaces in place of a match; its lines stay."""
    return _NO_LINE_END.sub(" ", match.group())


def _blank_prefixes(text: str, rows: Set[int]) -> str:
    """`todo_wine ok(x);`, `ATOMIC { ... }` or `else UNLIKELY { ... }`: the macro in front says
    nothing about handles."""
    return edited(_PREFIX, text, rows, without_group)


def _end_macro_lines(text: str, rows: Set[int]) -> str:
    """`TRACE_ENTER(x)` alone on a line gets the semicolon that its macro brings along."""
    return edited(_BARE_MACRO_LINE, text, rows, lambda match: match.group() + ";")


def _end_bare_words(text: str, rows: Set[int]) -> str:
    """`{TRACE` in front of a declaration on the next line is a statement of its own."""
    return edited(_BARE_WORD, text, rows, lambda match: match.expand(r"\1;\2"))


def without_group(match: re.Match[str]) -> str:
    """A match with spaces in place of its first group; its lines stay."""
    start, end = match.start(1) - match.start(), match.end(1) - match.start()
    whole = match.group()
    return whole[:start] + _NO_LINE_END.sub(" ", whole[start:end]) + whole[end:]


def edited(
    pattern: re.Pattern[str], text: str, rows: Set[int], edit: Callable[[re.Match[str]], str]
) -> str:
    """The text with each match edited that stands on one of the rows, or before its text."""
    row = position = 0

    def on_row(match: re.Match[str]) -> str:
        nonlocal row, position
        row += text.count("\n", position, match.start())
        position = match.start()
        behind = _BLANKS.match(text, match.end())
        end = behind.end() if behind else match.end()
        last = row + text.count("\n", match.start(), end)
        near = any(each in rows for each in range(row, last + 1))
        return edit(match) if near else match.group()

    return pattern.sub(on_row, text)


REPAIRS: tuple[Repair, ...] = (
    _without_assembly,
    _spell_exceptions,
    _statements_behind_labels,
    keep_branches_in_expressions,
    _cut_branches,
    keep_branches_at,
    _first_branches,
    _attributes_in_front,
    _without_qualifiers,
    _without_storage_macros,
    _without_declared_types,
    _plain_offsets,
    as_blocks,
    _end_macro_lines,
    _end_bare_words,
    _blank_prefixes,
)
