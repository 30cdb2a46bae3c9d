"""What a report says of old findings: those that are known, unchanged or gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from capilint.report.printable import plural, printable

if TYPE_CHECKING:
    from capilint.checking import Report


def not_shown(report: Report) -> Iterator[str]:
    """`30 known findings not shown (capilint-baseline.json).`, and those on unchanged lines."""
    if report.known:
        names = printable(", ".join(report.baselines))
        yield f"{plural(len(report.known), 'known finding')} not shown ({names})."
    if report.unchanged:
        yield f"{plural(len(report.unchanged), 'finding')} on unchanged lines not shown."


def gone(report: Report) -> Iterator[str]:
    """What each baseline has and nobody finds any more, counted."""
    for name in report.baselines:
        count = sum(each.times for each in report.gone if each.baseline == name)
        if count:
            are = f"{plural(count, 'finding')} {'is' if count == 1 else 'are'}"
            drop = "`capilint baseline --update` drops what is gone"
            yield printable(f"{are} gone that {name} still has; {drop}")
