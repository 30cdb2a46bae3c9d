"""Old findings and new ones: what a run found, compared with a baseline.

    Finding* ── same entry? ── as many as it counts ── known
                   │ no          │ more
                   └─────────────┴── new               entries left over ── gone, or not looked at

A finding is matched by its code, file, function, resource, handle and the text of its line, so that
moved lines do not matter. A file that was moved keeps its entries. What is not looked for (another
file, a code that is not selected) is not gone.
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH100, PTH118, PTH120
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from capilint.config.loading import shown_path
from capilint.config.settings import Settings
from capilint.files.source import Source
from capilint.finding import Finding
from capilint.findings.baseline_file import Entry, read
from capilint.findings.fingerprint import text_of
from capilint.rulebook.codes import load as load_codes

DEFAULT = "capilint-baseline.json"
_LONGEST_TEXT = 200  # characters of a line


class Gone(NamedTuple):
    """Findings that a baseline has and the run did not find; `path` is relative to the working
    directory."""

    entry: Entry
    times: int
    path: str
    baseline: str


class Compared(NamedTuple):
    """What became of findings and entries; `kept` are the entries that the baseline still needs."""

    new: tuple[Finding, ...]
    known: tuple[Finding, ...]
    gone: tuple[Gone, ...]
    kept: Counter[Entry]


class Baseline:
    """A baseline's place, and how findings are written there."""

    def __init__(self, path: str, sources: Mapping[str, Source]) -> None:
        self.path = path
        self._root = os.path.dirname(os.path.abspath(path))
        self._sources = sources
        self._relative = cache(self._relative_folder)

    def entry_of(self, finding: Finding) -> Entry:
        """The entry of a finding."""
        text = text_of(finding, self._sources)[:_LONGEST_TEXT]
        return Entry(
            self.place_of(finding.path),
            finding.code,
            finding.function,
            finding.resource,
            finding.handle,
            text,
        )

    def place_of(self, path: str) -> str:
        """A path as the baseline has it."""
        folder, slash, name = path.replace(os.sep, "/").rpartition("/")
        return self._relative(folder + slash) + name

    def path_of(self, entry: Entry) -> str:
        """The path of an entry's file, relative to the working directory where it is below."""
        return shown_path(os.path.normpath(os.path.join(self._root, entry.path)))

    def _relative_folder(self, folder: str) -> str:
        whole = os.path.abspath(folder)
        try:
            relative = os.path.relpath(whole, self._root)
        except ValueError:  # on another drive of Windows
            relative = whole
        return "" if relative == "." else relative.replace(os.sep, "/").rstrip("/") + "/"

    def compare(
        self,
        findings: Sequence[Finding],
        entries: Mapping[Entry, int],
        is_gone: Callable[[str, Entry], bool],
    ) -> Compared:
        """The findings, in the order of the source, sorted into new and known ones.

        `is_gone` tells of an entry that is left over, with its file's path, whether it was looked
        for.
        """
        left = Counter(entries)
        kept: Counter[Entry] = Counter()
        own = [self.entry_of(finding) for finding in findings]
        is_known = []
        for entry in own:
            is_known.append(left[entry] > 0)
            if is_known[-1]:
                left[entry] -= 1
                kept[entry] += 1
        moved = {} if all(is_known) else self._moved(left)
        for index, entry in enumerate(own):
            alike = () if is_known[index] else moved.get(entry[1:], ())
            old = next((each for each in alike if left[each] > 0), None)
            if old is not None:
                is_known[index] = True
                left[old] -= 1
                kept[entry] += 1
        gone, here = self._left_over(+left, is_gone)
        return Compared(
            tuple(each for each, known in zip(findings, is_known, strict=True) if not known),
            tuple(each for each, known in zip(findings, is_known, strict=True) if known),
            gone,
            kept + here,
        )

    def _left_over(
        self, left: Mapping[Entry, int], is_gone: Callable[[str, Entry], bool]
    ) -> tuple[tuple[Gone, ...], Counter[Entry]]:
        """Of the entries without a finding those that are gone, and those that stay."""
        gone, here = [], Counter[Entry]()
        for entry, count in left.items():
            path = self.path_of(entry)
            if is_gone(path, entry):
                gone.append(Gone(entry, count, path, self.path))
            else:
                here[entry] = count
        return tuple(gone), here

    def _moved(self, left: Counter[Entry]) -> dict[tuple[str, ...], list[Entry]]:
        """The entries whose files are no more, by all but their path."""
        found: dict[tuple[str, ...], list[Entry]] = {}
        exists = cache(os.path.lexists)
        for entry in +left:
            if not exists(self.path_of(entry)):
                found.setdefault(entry[1:], []).append(entry)
        return found


def compared(
    findings: Sequence[Finding],
    sources: Mapping[str, Source],
    settings_of: Callable[[str], Settings],
    paths: Iterable[str],
    looked_at: Iterable[str],
) -> dict[str, Compared]:
    """What the baselines of the files say of a run's findings, by the baseline's path.

    `paths` are all files of the run, `looked_at` those of which all was looked at. Raises
    BaselineError.
    """
    named = {(each.baseline, each.origins.get("baseline", "")) for each in map(settings_of, paths)}
    is_gone = gone_in(settings_of, looked_at)
    found = {}
    for path, origin in sorted(named):
        if path:
            own = [each for each in findings if settings_of(each.path).baseline == path]
            found[path] = Baseline(path, sources).compare(own, read(path, origin), is_gone)
    return found


def gone_in(
    settings_of: Callable[[str], Settings], looked_at: Iterable[str]
) -> Callable[[str, Entry], bool]:
    """Whether what an entry stands for was looked for, or its file is no more."""

    @cache
    def seen() -> set[str]:
        return {os.path.abspath(path) for path in looked_at}

    def is_gone(path: str, entry: Entry) -> bool:
        settings, code = settings_of(path), load_codes().get(entry.code)
        if code is None:
            return True  # no capilint reports it any more
        sought = (
            settings.selects(code.code, code.default)
            and (not entry.resource or settings.wants_resource(entry.resource))
            and not code.code.startswith(settings.ignores_in(path))
        )
        return sought and (os.path.abspath(path) in seen() or not os.path.lexists(path))

    return is_gone
