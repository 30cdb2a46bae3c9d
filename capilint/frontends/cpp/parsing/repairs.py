"""Repairs of C++ text that does not parse, beside those of C: what macros of unseen headers open.

CONTRACT { CHECKED; }            a block
ON_EXIT { close(key); };         code that is given away, to run nobody knows when
ON_EXIT(if (key) close(key));    the same
EX_TRY { } EX_CATCH { } EX_END   exceptions
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from capilint.frontends.c.parsing.outline import blanked, matching_brace
from capilint.frontends.c.parsing.repairs import Repair

_KEYWORDS = (
    r"(?!(?:if|else|do|while|for|switch|case|default|return|goto|try|catch|throw|new|delete|struct"
    r"|class|union|enum|namespace|operator|const|noexcept|mutable|__try|__except|__finally)\b)"
)
_NO_BRACE = r"[^(){};]*"
_BLOCK = re.compile(
    rf"(?<=[;{{}}])\s*(?P<macro>{_KEYWORDS}\w+"
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


_WITH_STATEMENTS = re.compile(rf"(?<=[;{{}}])\s*+{_KEYWORDS}\w++[ \t]*+(?P<opening>\()")
_LONGEST_ARGUMENT = 4_000  # characters
_CONDITION = re.compile(r"\s*+if\s*+\(")

RUN_LATER = re.compile(
    r"scope_?(?:exit|guard|fail|success)|on_?(?:scope_?)?(?:exit|leave|return)|defer|finally"
    r"|out_?of_?scope|(?<![a-z])at_?(?:scope_?)?exit",
    re.IGNORECASE,
)
"""What a macro's name says where its block, or argument, is run when the scope is left."""


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
    """`MACRO(if (key) CryptDestroyKey(key));` as `MACRO([&]{if (key) CryptDestroyKey(key);});`:
    nobody knows when such a macro runs the statements that it is given."""
    plain = blanked(text)
    for macro in reversed(list(_WITH_STATEMENTS.finditer(plain))):
        start = macro.end()
        end = _end_of_argument(plain, start)
        inside = plain[start:end]
        if not end or not _ends_with_semicolon(plain, end + 1):
            continue
        first, last = plain.count("\n", 0, start), plain.count("\n", 0, end)
        holds_error = any(first <= row <= last for row in rows)
        if holds_error and (";" in inside or _CONDITION.match(inside)):
            text = f"{text[:start]}[&]{{{text[start:end]};}}{text[end:]}"
    return text


def _blocks_of_macros(text: str, rows: Set[int]) -> str:
    """`MACRO { statements }` without its word."""
    for macro, end in _blocks(text, rows):
        if not _ends_with_semicolon(text, end):
            start, behind = macro.span("macro")
            blank = re.sub(r"[^\n]", " ", text[start:behind])
            text = text[:start] + blank + text[behind:]
    return text


def _blocks(text: str, rows: Set[int]) -> Iterator[tuple[re.Match[str], int]]:
    """The blocks of statements behind unknown words that the parser took for lists of values,
    each with its end; a word inside of one is not looked at."""
    plain = blanked(text)
    position = 0
    while (macro := _BLOCK.search(plain, position)) is not None:
        position = macro.end()
        end, complete = matching_brace(plain, macro.start("brace"), None)
        first, last = (plain.count("\n", 0, at) for at in (macro.start("macro"), end))
        holds_error = any(first <= row <= last for row in rows)
        if complete and holds_error and ";" in plain[macro.end() : end]:
            position = end
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


def _end_of_argument(plain: str, start: int) -> int:
    """Where the parenthesis closes around one argument; 0 if it does not, or there are more."""
    depth = 0
    for position in range(start, min(len(plain), start + _LONGEST_ARGUMENT)):
        character = plain[position]
        if character in "([{":
            depth += 1
        elif character in ")]}":
            if not depth:
                return position
            depth -= 1
        elif character == "," and not depth:
            return 0
    return 0


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
