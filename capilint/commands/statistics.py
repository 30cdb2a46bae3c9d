"""`--statistics`: what a run did and how long each phase took, on the standard error."""

from __future__ import annotations

from collections.abc import Iterator

from capilint.checking import Report
from capilint.commands.streams import say
from capilint.progress import Progress
from capilint.report.printable import plural


def print_statistics(progress: Progress, report: Report) -> None:
    """Say what a run went through."""
    for line in _lines(progress, report):
        say(f"capilint: {line}")


def _lines(progress: Progress, report: Report) -> Iterator[str]:
    counts = progress.counts
    yield f"{plural(report.seen, 'file')} seen, {report.analysed} of them analysed"
    followed = plural(counts["functions"], "function")
    yield f"{followed} followed, through {plural(counts['nodes'], 'state')}"
    for what in ("program", "file", "function"):
        if recalled := counts[f"recalled {what}s"]:
            yield f"{plural(recalled, what)} recalled from the cache"
    if counts["jobs"]:
        yield f"{plural(counts['jobs'], 'job')} at a time"
    if counts["batches done again"]:
        yield f"{counts['batches done again']} batches were done again, for they concern each other"
    if counts["unable"]:
        yield "1 job, for no processes can be started or asked"
    if counts["lost workers"]:
        yield "1 job in the end, for a process was lost; what it was at was done again"
    for name, seconds in progress.seconds.items():
        yield f"{seconds:8.3f} s  {name}"
    yield f"{sum(progress.seconds.values()):8.3f} s  in all"
