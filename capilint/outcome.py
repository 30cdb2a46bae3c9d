"""What a run came to: the frozen report that the renderers show."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from capilint.severity import Severity

if TYPE_CHECKING:
    from capilint.effects import Effects
    from capilint.files.source import Source, Unreadable
    from capilint.finding import Finding
    from capilint.findings.baseline import Gone
    from capilint.findings.triage import Suppressed
    from capilint.silence import Account


class Report(NamedTuple):
    """What a run found, sorted by place. Paths are those of the inputs.

    `analysed` counts the files that were parsed, of `seen`, and `unread` those that could not be;
    `unreadable` has headers that are no inputs, too. `sources` has the files that were
    read whole, by path. `failing` are the findings whose severity reaches their file's `fail_on`.
    `notes` tell people what the run did not do, and `troubles` what went wrong with others that
    worked for it, which changes nothing of what is found. On request `account` tells of which
    handles nothing is reported, and `effects` what the functions of the program do to handles.

    Where `baselines` hold, `findings` are the new ones, `known` those that a baseline has, and
    `gone` what it has and the run did not find. `unchanged` are findings that only concern lines
    which are as they were, where the changed ones alone are asked for. `interrupted` is the number
    of the signal that ended the run before its end; 0 for none. `headers` are the paths of those
    that were looked for and found.
    """

    findings: tuple[Finding, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    seen: int = 0
    analysed: int = 0
    unreadable: tuple[Unreadable, ...] = ()
    notes: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    failing: frozenset[Finding] = frozenset()
    sources: Mapping[str, Source] = MappingProxyType({})
    account: Account | None = None
    unread: int = 0
    baselines: tuple[str, ...] = ()
    known: tuple[Finding, ...] = ()
    gone: tuple[Gone, ...] = ()
    unchanged: tuple[Finding, ...] = ()
    interrupted: int = 0
    effects: tuple[Effects, ...] = ()
    headers: tuple[str, ...] = ()

    @property
    def everything(self) -> tuple[Finding, ...]:
        """All that was found and selected, reported or not."""
        silenced = (item.finding for item in self.suppressed)
        return (*self.findings, *self.known, *self.unchanged, *silenced)

    def shown(self, verbose: bool) -> list[Finding]:
        """What people are shown: of notes those only that make the run fail, unless `verbose`."""
        return [
            finding
            for finding in self.findings
            if verbose or finding.severity != Severity.NOTE or finding in self.failing
        ]


class Interrupted(KeyboardInterrupt):
    """Somebody did not want to wait; `report` has what was found so far."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report
