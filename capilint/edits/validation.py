"""The second opinion on an edit: what the runtime model says of the functions of both texts."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable

from capilint import ir
from capilint.edits.draft import changes
from capilint.engine import analyse
from capilint.execution.validate.explore import validate
from capilint.files.source import Source
from capilint.lowering import lower
from capilint.rulebook.book import load as load_rules


def agrees(source: Source, before: str, after: str) -> bool:
    """Whether the model finds in the edited functions no mistake that the checker does not see,
    save those that it found before. What cannot be run is left to the checker alone."""
    new = [change.line for change in changes(source.path, after, before)]
    found = _mistakes(source, after, new)
    if not found:
        return True
    old = [change.line for change in changes(source.path, before, after)]
    return not found - _mistakes(source, before, old)


def _mistakes(source: Source, text: str, lines: Iterable[int]) -> Counter[tuple[str, str]]:
    book = load_rules()
    module = lower(Source(source.path, text, source.language))
    begins = sorted({function.span.line for function in module.functions})
    changed = {begins[bisect_right(begins, line) - 1] for line in lines if begins}

    def is_changed(function: ir.Function) -> bool:
        return function.span.line in changed

    return Counter(
        (verdict.function.name, mistake.code)
        for verdict in validate(module, analyse([module], book), book, is_changed)
        for mistake in verdict.model_only
    )
