"""Suppression comments: `capilint: ignore[CAP101] reason`, `NOLINT(CAP101)`, `# noqa: CAP101`.

Only real comments count: a small tokenizer per language steps over strings, and does not mind
code that is broken elsewhere.

    text ── comments ── directives ── Suppressions.of(finding) -> Directive | None
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from capilint.language import Language

_C_TOKEN = re.compile(
    r"""
      (?P<comment> //(?:[^\\\n]|\\\n|\\.)* | /\*(?s:.*?)(?:\*/|\Z) )
    | \b(?:u8|[uUL])?R"(?P<delimiter>[^()\\\s]{0,16})\((?s:.*?)(?:\)(?P=delimiter)"|\Z)
    | "(?:[^"\\\n]|\\(?s:.))*"?
    | '(?:[^'\\\n]|\\(?s:.))*'      # a lone apostrophe (`#error don't`) opens nothing
    | \b\d(?:'?\w)*                 # C++'s digit separators are no quotes
    | \\(?s:.)
    """,
    re.VERBOSE,
)
_PYTHON_TOKEN = re.compile(
    r"""
      (?P<comment> \#[^\n]* )
    | (?P<quotes>\"{3}|'{3})(?s:\\.|.)*?(?:(?P=quotes)|\Z)
    | "(?:[^"\\\n]|\\(?s:.))*"?
    | '(?:[^'\\\n]|\\(?s:.))*'?
    """,
    re.VERBOSE,
)
# A comment's own text begins a directive at its start, at a line of its own, or after `//`, `#`.
_BEGIN = r"(?:^|//|\#|/\*)[ \t*/!]*"
_OWN = re.compile(
    _BEGIN + r"capilint:\s*(?P<kind>ignore-file|ignore)\b(?:\[(?P<codes>[^\]\n]*)\])?"
    r"(?P<reason>[^\n]*)",
    re.MULTILINE,
)
_NOLINT = re.compile(
    r"\b(?P<kind>NOLINTNEXTLINE|NOLINT)\b(?:\((?P<codes>[^)\n]*)\))?(?P<reason>[^\n]*)"
)
_NOQA = re.compile(
    r"\#\s*(?P<kind>noqa)\b(?:\s*:\s*(?P<codes>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*))?"
    r"(?P<reason>[^\n]*)",
    re.IGNORECASE,
)
_HINT = re.compile(r"capilint:|NOLINT|noqa", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Directive:
    """One suppression comment.

    `codes` are prefixes; None suppresses all. `applies_to` is the line that it covers, or None
    for the whole file. `own` is set for capilint's own spelling, not that of another linter.
    """

    line: int
    column: int
    end_column: int
    text: str
    codes: tuple[str, ...] | None
    applies_to: int | None
    reason: str
    own: bool

    def covers(self, code: str) -> bool:
        """Whether the directive names `code`."""
        return self.codes is None or code.startswith(self.codes)


def directives(text: str, language: Language) -> tuple[Directive, ...]:
    """All suppression comments of a source text, in order."""
    if not _HINT.search(text):
        return ()
    line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
    return tuple(
        directive
        for start, comment in _comments(text, language)
        for directive in _in_comment(comment, start, line_starts, language)
    )


def matching(
    known: tuple[Directive, ...], code: str, lines: frozenset[int]
) -> tuple[Directive, ...]:
    """The directives that suppress a finding of `code` that may be suppressed at `lines`."""
    return tuple(
        directive
        for directive in known
        if (directive.applies_to is None or directive.applies_to in lines)
        and directive.covers(code)
    )


def _comments(text: str, language: Language) -> Iterator[tuple[int, str]]:
    token = _PYTHON_TOKEN if language is Language.PYTHON else _C_TOKEN
    for match in token.finditer(text):
        if match["comment"] is not None:
            yield match.start(), match[0]


def _in_comment(
    comment: str, start: int, line_starts: list[int], language: Language
) -> Iterator[Directive]:
    foreign = _NOQA if language is Language.PYTHON else _NOLINT
    for pattern in (_OWN, foreign):
        for match in pattern.finditer(comment):
            offset = start + match.start()
            line = bisect_right(line_starts, offset)
            column = offset - line_starts[line - 1] + 1
            kind = match["kind"]
            applies_to = line + 1 if kind == "NOLINTNEXTLINE" else line
            yield Directive(
                line=line,
                column=column,
                end_column=column + len(match[0].rstrip()),
                text=match[0].strip(),
                codes=_codes(match["codes"]),
                applies_to=None if kind == "ignore-file" else applies_to,
                reason=match["reason"].removesuffix("*/").strip(" \t:-"),
                own=pattern is _OWN,
            )


def _codes(text: str | None) -> tuple[str, ...] | None:
    """The code prefixes in brackets; clang-tidy's globs `CAP1*` and `*` are prefixes too."""
    if text is None:
        return None
    codes = tuple(code.upper().rstrip("*") for code in re.split(r"[,\s]+", text.strip()) if code)
    return None if "" in codes else codes
