"""The second opinion on an edit: what the runtime model says of the functions of both texts."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from capilint import ir
from capilint.edits.draft import changes
from capilint.execution.validate.explore import validate
from capilint.files.source import Source
from capilint.finding import Finding
from capilint.lowering import lower
from capilint.rulebook.shared import rule_book


class Checked(NamedTuple):
    """A text of a file, and what the checker finds in it."""

    text: str
    findings: Sequence[Finding]


def agrees(source: Source, before: Checked, after: Checked) -> bool:
    """Whether the model finds in the edited functions no mistake that the checker does not see,
    save those that it found before. What cannot be run is left to the checker alone."""
    new = [change.line for change in changes(source.path, after.text, before.text)]
    found = _mistakes(source, after, new)
    if not found:
        return True
    old = [change.line for change in changes(source.path, before.text, after.text)]
    return not found - _mistakes(source, before, old)


def _mistakes(source: Source, checked: Checked, lines: Iterable[int]) -> Counter[tuple[str, str]]:
    book = rule_book(None)
    module = lower(Source(source.path, checked.text, source.language))
    begins = sorted({function.span.line for function in module.functions})
    changed = {begins[bisect_right(begins, line) - 1] for line in lines if begins}

    def is_changed(function: ir.Function) -> bool:
        return function.span.line in changed

    return Counter(
        (verdict.function.name, mistake.code)
        for verdict in validate(module, checked.findings, book, is_changed)
        for mistake in verdict.model_only
    )
