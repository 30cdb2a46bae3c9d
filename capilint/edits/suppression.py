"""The comment that suppresses a finding, put where it holds: at the end of one of its lines.

A comment may stand in a string, or end a macro too early: what is told is what the reader of
comments (`capilint.findings.suppress`) takes for one.
"""

from __future__ import annotations

from collections.abc import Iterator

from capilint.files.source import Source, is_notebook
from capilint.finding import Change, Finding
from capilint.findings.suppress import directives, matching
from capilint.language import Language

REASON = "TODO: say why"


def suppression(finding: Finding, source: Source, reason: str = REASON) -> Change | None:
    """The change of the finding's file that suppresses it, with a reason; None where none can.

    `source` is that file as it was checked.
    """
    if is_notebook(source.path):
        return None
    lines = source.lines
    for number in dict.fromkeys((finding.span.line, finding.span.end_line)):
        if number > len(lines):
            continue
        for text in _with_comment(lines[number - 1], finding.code, reason, source.language):
            changed = "\n".join((*lines[: number - 1], text, *lines[number:]))
            if _holds(changed, source.language, finding.code, number):
                return Change(finding.path, number, number + 1, f"{text}\n")
    return None


def _with_comment(line: str, code: str, reason: str, language: Language) -> Iterator[str]:
    """The line with a comment behind it; in C before a backslash that continues it."""
    words = f"capilint: ignore[{code}] {reason}"
    rest = line.rstrip()
    if not rest.endswith("\\"):
        yield f"{rest}  {'#' if language is Language.PYTHON else '//'} {words}"
    elif language is not Language.PYTHON:
        yield f"{rest[:-1].rstrip()} /* {words} */ \\"


def _holds(text: str, language: Language, code: str, line: int) -> bool:
    known = directives(text, language)
    return bool(matching(known, code, frozenset((line,))))
