"""Repairs of C++ text that does not parse, beside those of C: what macros of unseen headers open.

CONTRACT { CHECKED; }            a block, as in `if (failed) UNLIKELY { ... }`
ON_EXIT { close(key); };         code that is given away, to run nobody knows when
ON_EXIT(if (key) close(key));    the same
EX_TRY { } EX_CATCH { } EX_END   exceptions
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Set

from capilint.frontends.c.parsing.given import RUN_LATER, given_statements
from capilint.frontends.c.parsing.outline import blanked, matching_brace
from capilint.frontends.c.parsing.repairs import Repair

_KEYWORDS = (
    r"(?!(?:if|else|do|while|for|switch|case|default|return|goto|try|catch|throw|new|delete|struct"
    r"|class|union|enum|namespace|operator|const|noexcept|mutable|__try|__except|__finally)\b)"
)
_NO_BRACE = r"[^(){};]*"
_BLOCK = re.compile(
    rf"(?:(?<=[;{{}})])|(?<=\belse\b)|(?<=\bdo\b))\s*(?P<macro>{_KEYWORDS}\b\w+"
    rf"(?:[ \t]*\({_NO_BRACE}(?:\({_NO_BRACE}\){_NO_BRACE})*\))?)\s*(?P<brace>\{{)"
)
_INNER_THROW = re.compile(r"(?:[?:(,]|&&|\|\|)\s*(?P<word>throw)\b(?=\s*[^;\s])")
THROW = "throw_"  # the function that throws what it is given
_TRY = re.compile(r"\b(?!TRY\b)\w*_(TRY)(?=\s*\{)|\b(TRY)(?=\s*\{)")
_CATCH = re.compile(
    r"\b(?:\w+_)?CATCH(?:_ALL)?"
    r"(?:\s*+\(\s*+(?:(?P<type>[\w:]++)\s*+,\s*+(?P<name>\w++)\s*+|[^()]*+)\))?(?=\s*+\{)"
)
_END = re.compile(r"\b(?:\w+_)?END_(?:TRY|CATCH|CATCH_ALL)\b(?:[ \t]*\([^()\n]*\))?")


def _spell_exceptions(text: str, rows: Set[int]) -> str:
    """`TRY { } CATCH(E, e) { } END_CATCH` of MFC and its like as the language's own words."""
    if _TRY.search(text) is None or _CATCH.search(text) is None:
        return text
    text = _TRY.sub(lambda match: "try".rjust(len(match.group())), text)
    text = _CATCH.sub(_catch_clause, text)
    return _END.sub(lambda match: " " * len(match.group()), text)


def _catch_clause(match: re.Match[str]) -> str:
    kind, name = match.group("type"), match.group("name")
    return f"catch ({kind} *{name})" if kind else "catch (...)"


def _code_given_away(text: str, rows: Set[int]) -> str:
    """`MACRO { statements };` as `MACRO([&]{ statements });`: such a macro ends with the head of a
    lambda expression, which may run at once, at the end of the scope, or never. So does one that
    says by its name that its block is run later."""
    for macro, end in reversed(list(_blocks(text, rows))):
        opening = macro.start("brace")
        if _ends_with_semicolon(text, end):
            text = f"{text[:opening]}([&]{text[opening:end]}){text[end:]}"
        elif RUN_LATER.search(macro.group("macro")) is not None:
            text = f"{text[:opening]}([&]{text[opening:end]});{text[end:]}"
    return text


def _statements_given_away(text: str, rows: Set[int]) -> str:
    """`DBG(if (x) print(key));` as `DBG([&]{if (x) print(key);});`: such a macro may run what it is
    given at once, later, or never."""
    for _, _, opening, closing in given_statements(text, rows):
        inside = text[opening + 1 : closing]
        text = f"{text[:opening]}([&]{{{inside};}}){text[closing + 1 :]}"
    return text


def _blocks_of_macros(text: str, rows: Set[int]) -> str:
    """`MACRO { statements }` without its word."""
    for macro, end in _blocks(text, rows, nested=True):
        if not _ends_with_semicolon(text, end):
            start, behind = macro.span("macro")
            blank = re.sub(r"[^\n]", " ", text[start:behind])
            text = text[:start] + blank + text[behind:]
    return text


def _blocks(
    text: str, rows: Set[int], *, nested: bool = False
) -> Iterator[tuple[re.Match[str], int]]:
    """The blocks of statements behind unknown words that the parser took for lists of values,
    each with its end; a word inside of one is looked at for `nested` only."""
    plain = blanked(text)
    position, counted, row, broken = 0, 0, 0, sorted(rows)
    while (macro := _BLOCK.search(plain, position)) is not None:
        position = macro.end()
        end, complete = matching_brace(plain, macro.start("brace"), None)
        row += plain.count("\n", counted, macro.start("macro"))
        counted = macro.start("macro")
        next_error = bisect_left(broken, row)
        last = row + plain.count("\n", counted, end)
        holds_error = next_error < len(broken) and broken[next_error] <= last
        if complete and holds_error and ";" in plain[macro.end() : end]:
            position = macro.end() if nested else end
            yield macro, end


def _ends_with_semicolon(text: str, end: int) -> bool:
    return text[end:].lstrip().startswith(";")


def _throw_in_expressions(text: str, rows: Set[int]) -> str:
    """`ok ? key : throw E(1)` as `ok ? key : throw_(E(1))`: the grammar knows but statements."""
    plain = blanked(text)
    for match in reversed(list(_INNER_THROW.finditer(plain))):
        if plain.count("\n", 0, match.start("word")) in rows:
            end = _operand_end(plain, match.end("word"))
            operand = text[match.end("word") : end]
            text = f"{text[: match.start('word')]}{THROW}({operand.lstrip()}){text[end:]}"
    return text


def _operand_end(plain: str, start: int) -> int:
    """Where an expression ends: at what separates it from the next, or closes what is around."""
    depth = 0
    for position in range(start, len(plain)):
        character = plain[position]
        if character in "([{":
            depth += 1
        elif character in ")]}" or (character in ",;" and not depth):
            if not depth:
                return position
            depth -= 1
        elif character == ":" and not depth and "::" not in plain[position - 1 : position + 2]:
            return position
    return len(plain)


REPAIRS: tuple[Repair, ...] = (
    _throw_in_expressions,
    _spell_exceptions,
    _code_given_away,
    _statements_given_away,
    _blocks_of_macros,
)
