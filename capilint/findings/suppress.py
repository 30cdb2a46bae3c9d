"""Suppression comments: `capilint: ignore[CAP101] reason`, `NOLINT(CAP101)`, `# noqa: CAP101`.

A comment that means to suppress and does not name codes as it should suppresses nothing of what
is wrong with it: it never counts for all codes. Only real comments count: a small tokenizer per
language steps over strings, and does not mind code that is broken elsewhere.

    text ── comments ── directives ── Suppressions.of(finding) -> Directive | None
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

from capilint.language import Language
from capilint.rulebook.code_names import code_prefix

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
_BEGIN = r"(?:^|//|\#|/\*)[ \t*/!]{0,200}+"
_OWN = re.compile(
    _BEGIN + r"capilint(?::\s*+|(?P<gap>[ \t]++)(?=ignore(?:-file)?\[))"
    r"(?P<kind>ignore-file\b|ignore\b(?!-\w)|[\w-]++(?=\s*+\[\s*+CAP\d))"
    r"(?:\[(?P<codes>[^\]\n]*)\])?(?P<reason>[^\n]*)",
    re.MULTILINE,
)
_NOLINT = re.compile(
    r"\b(?P<kind>NOLINT(?:NEXTLINE|BEGIN|END)?)\b(?:\((?P<codes>[^)\n]*)\))?(?P<reason>[^\n]*)"
)
_NOQA = re.compile(
    r"\#\s*(?P<kind>noqa)\b(?:\s*:\s*(?P<codes>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*))?"
    r"(?P<reason>[^\n]*)",
    re.IGNORECASE,
)
_HINTS = ("capilint", "nolint", "noqa")  # a pattern that minds no case is slow
_BARE_CODES = re.compile(r"\s*+[:=]?\s*+CAP\d|[\[(]", re.IGNORECASE)  # where brackets are due
_MOST_PROBLEMS = 5  # told of one comment
_OURS = re.compile(r"CAP\d", re.IGNORECASE)  # in the spelling of another linter


@dataclass(frozen=True, slots=True)
class Directive:
    """One suppression comment.

    `codes` are prefixes; None suppresses all. `lines` are those that it covers, or None for the
    whole file. `own` is set for capilint's own spelling, not that of another linter. `problem`
    says what is wrong with it, and what would be right; what is wrong suppresses nothing.
    """

    line: int
    column: int
    end_column: int
    text: str
    codes: tuple[str, ...] | None
    lines: range | None
    reason: str
    own: bool
    problem: str = ""

    def covers(self, code: str) -> bool:
        """Whether the directive names `code`."""
        return self.codes is None or code.startswith(self.codes)


def directives(text: str, language: Language) -> tuple[Directive, ...]:
    """All suppression comments of a source text, in order."""
    lower = text.lower()
    if not any(hint in lower for hint in _HINTS):
        return ()
    line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
    blocks = _Blocks()
    found = [
        directive
        for start, comment in _comments(text, language)
        for kind, directive in _in_comment(comment, start, line_starts, language)
        for directive in blocks.seen(kind, directive)
    ]
    found += blocks.unclosed()
    return tuple(sorted(found, key=lambda directive: (directive.line, directive.column)))


def matching(
    known: tuple[Directive, ...], code: str, lines: frozenset[int]
) -> tuple[Directive, ...]:
    """The directives that suppress a finding of `code` that may be suppressed at `lines`."""
    return tuple(
        directive
        for directive in known
        if (directive.lines is None or any(line in directive.lines for line in lines))
        and directive.covers(code)
    )


class _Blocks:
    """Pairs each NOLINTEND with the last NOLINTBEGIN of the same codes, as clang-tidy does."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, ...] | None, list[Directive]] = {}

    def seen(self, kind: str, directive: Directive) -> Iterator[Directive]:
        """The directives that are whole with this one."""
        if kind == "NOLINTBEGIN":
            self._open.setdefault(directive.codes, []).append(directive)
        elif kind == "NOLINTEND":
            same = self._open.get(directive.codes)
            if same:
                begin = same.pop()
                yield replace(begin, lines=range(begin.line, directive.line + 1))
            else:
                yield from _unpaired(directive, "no NOLINTBEGIN with the same codes")
        else:
            yield directive

    def unclosed(self) -> Iterator[Directive]:
        """The blocks that nobody ends."""
        for begin in chain.from_iterable(self._open.values()):
            yield from _unpaired(begin, "no NOLINTEND with the same codes")


def _unpaired(directive: Directive, missing: str) -> Iterator[Directive]:
    """Half a block suppresses nothing; where it names no code of ours, clang-tidy will say so."""
    if any(map(_OURS.match, directive.codes or ())):
        problem = directive.problem or f"there is {missing}"
        yield replace(directive, codes=(), lines=range(0), problem=problem)


def _comments(text: str, language: Language) -> Iterator[tuple[int, str]]:
    token = _PYTHON_TOKEN if language is Language.PYTHON else _C_TOKEN
    for match in token.finditer(text):
        if match["comment"] is not None:
            yield match.start(), match[0]


def _in_comment(
    comment: str, start: int, line_starts: list[int], language: Language
) -> Iterator[tuple[str, Directive]]:
    """The kind of each directive in a comment, and what it says."""
    foreign = _NOQA if language is Language.PYTHON else _NOLINT
    for pattern in (_OWN, foreign):
        own = pattern is _OWN
        for match in pattern.finditer(comment):
            offset = start + match.start()
            line = bisect_right(line_starts, offset)
            column = offset - line_starts[line - 1] + 1
            codes, problem = _codes(match["codes"], match["reason"], own)
            misspelt = _misspelt(match) if own else ""
            if misspelt:
                codes, problem = (), misspelt
            yield (
                match["kind"],
                Directive(
                    line=line,
                    column=column,
                    end_column=column + len(match[0].rstrip()),
                    text=match[0].strip(),
                    codes=codes,
                    lines=_lines(match["kind"], line),
                    reason=match["reason"].removesuffix("*/").strip(" \t:-"),
                    own=own,
                    problem=problem,
                ),
            )


def _misspelt(own: re.Match[str]) -> str:
    """What is wrong with the words in front of the codes."""
    if own["gap"] is not None:
        return f"a colon is missing: capilint: {own['kind']}[...]"
    if own["kind"] not in ("ignore", "ignore-file"):
        return f"`{own['kind']}` is no such word: ignore[...] and ignore-file[...] are"
    return ""


def _lines(kind: str, line: int) -> range | None:
    if kind == "ignore-file":
        return None
    first = line + 1 if kind == "NOLINTNEXTLINE" else line
    return range(first, first + 1)


def _codes(text: str | None, rest: str, own: bool) -> tuple[tuple[str, ...] | None, str]:
    """The code prefixes in brackets, and what is wrong with them.

    clang-tidy's globs `CAP1*` and `*` are prefixes, too.
    """
    if text is None:
        if own and _BARE_CODES.match(rest):
            return (), "codes stand in brackets: ignore[CAP101]"
        return None, ""
    words = [word for word in re.split(r"[,\s]+", text.strip()) if word]
    if own and not words:
        return (), "it names no code"
    if "*" in words:
        return None, ""
    codes, problems = [], []
    for word in words:
        try:
            codes.append(code_prefix(word.rstrip("*")))
        except ValueError as error:
            if own or _OURS.match(word):
                problems.append(str(error))
                if len(problems) == _MOST_PROBLEMS:
                    problems.append("and more")
                    break
            else:
                codes.append(word.rstrip("*").upper())
    return tuple(codes), "; ".join(problems)
