"""The bench: what a check finds in a program some of whose files have another text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from capilint.checking import check
from capilint.config.settings import Settings
from capilint.files.source import Input
from capilint.finding import Finding
from capilint.progress import Progress
from capilint.silence import Account, Creation, Silence

_MOST_VIEWS = 16
_STATE = 40  # what following one state costs, in characters that are read
_EVENT = 2  # what telling one event of a finding's path costs
LEAKS = frozenset({"CAP101", "CAP102", "CAP103"})
Key = tuple[str, str, str, str, str]


class View(NamedTuple):
    """What a check says of a program: its findings, suppressed ones among them, and the handles
    that nothing is said of; both counted by what is alike in an edited file, too. `made` counts
    the handles, `in_sight` are those that are ended in a line of a file where others may have
    them. `failed` is set where
    a file could not be analysed."""

    findings: tuple[Finding, ...]
    keys: Counter[Key]
    silent: tuple[Silence, ...]
    silences: Counter[Key]
    in_sight: frozenset[tuple[Key, str, int]]
    made: int
    failed: bool = False


class Bench:
    """A program that can be checked again and again. Every code counts, whatever is selected.

    `looks` is how often it was, `work` what that cost in all, and `dearest` the most at once: the
    characters that were read, the states that were followed, and the events that were told.
    """

    def __init__(self, inputs: Iterable[Input], settings_of: Callable[[str], Settings]) -> None:
        self._inputs = tuple(inputs)
        self._settings_of = settings_of
        self._views: dict[frozenset[tuple[str, bytes]], View] = {}
        self.looks = self.work = self.dearest = 0

    def look(self, data: Mapping[str, bytes]) -> View:
        """The view where the files named have that content; of the others it is read."""
        known = frozenset(data.items())
        if known not in self._views:
            if len(self._views) >= _MOST_VIEWS:
                self._views.clear()
            self.looks += 1
            self._views[known] = self._view(data)
        return self._views[known]

    def _view(self, data: Mapping[str, bytes]) -> View:
        inputs = [item._replace(data=data.get(item.path, item.data)) for item in self._inputs]
        progress = Progress()
        report = check(inputs, self._settings, (), explain=True, progress=progress)
        read = sum(len(source.text) for source in report.sources.values())
        cost = read + _STATE * progress.counts["nodes"] + telling(report.everything)
        self.work, self.dearest = self.work + cost, max(self.dearest, cost)
        findings = (*report.findings, *(item.finding for item in report.suppressed))
        account = report.account or Account()
        return View(
            findings,
            Counter(map(key_of, findings)),
            account.silences,
            Counter(made_of(each.creation) for each in account.silences),
            frozenset((made_of(each), path, span.line) for each, path, span in account.in_sight),
            account.followed + account.reported + len(account.silences),
            bool(report.unreadable),
        )

    def _settings(self, path: str) -> Settings:
        settings = self._settings_of(path)
        return settings._replace(
            select=None,
            extend_select=(*(settings.select or ()), *settings.extend_select),
            ignore=(),
            per_file_ignores=(),
            severity=(),
            resources=None,
            baseline="",
        )


def telling(findings: Iterable[Finding]) -> int:
    """What it costs to tell findings, in characters that are read."""
    return _EVENT * sum(len(finding.trace) for finding in findings)


def made_of(made: Creation) -> Key:
    """What a creation has in common with the same one in an edited text."""
    return "", made.path, made.function, made.resource, made.handle


def key_of(finding: Finding) -> Key:
    """What a finding has in common with the same one in an edited text: a leak is a leak, however
    the handle gets lost."""
    code = "leak" if finding.code in LEAKS else finding.code
    return code, finding.path, finding.function, finding.resource, finding.handle


def of_key(findings: Sequence[Finding], key: Key) -> list[Finding]:
    """The findings with a key."""
    return [finding for finding in findings if key_of(finding) == key]
