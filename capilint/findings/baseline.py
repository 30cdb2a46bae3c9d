"""Old findings and new ones: what a run found, compared with a baseline.

    Finding* ── same entry? ── as many as it counts ── known
                   │ no          │ more
                   └─────────────┴── new               entries left over ── gone, or not looked at

A finding is matched by its code, file, function, resource, handle and the text of its line, so that
moved lines do not matter; a handle that leaves alive at more places than before is new. A file that
was moved keeps its entries. What is not looked for (another file, a code that is not selected) is
not gone.
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH100, PTH118, PTH120
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from operator import attrgetter
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
            1 + len(finding.also),
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
        left, kept = Counter(entries), Counter[Entry]()
        own = [self.entry_of(finding) for finding in findings]
        same = _alike(left, lambda entry: entry[:-1])
        is_known = [_take(left, same.get(entry[:-1], ()), entry) for entry in own]
        if not all(is_known):
            exists = cache(os.path.lexists)
            moved = _alike(
                (each for each in +left if not exists(self.path_of(each))),
                lambda entry: entry[1:-1],
            )
            is_known = [
                known or _take(left, moved.get(entry[1:-1], ()), entry)
                for entry, known in zip(own, is_known, strict=True)
            ]
        kept.update(entry for entry, known in zip(own, is_known, strict=True) if known)
        grown = {entry[:-1] for entry, known in zip(own, is_known, strict=True) if not known}
        gone = []
        for entry, count in (+left).items():
            path = self.path_of(entry)
            if entry[:-1] not in grown and is_gone(path, entry):
                gone.append(Gone(entry, count, path, self.path))
            else:
                kept[entry] += count
        return Compared(
            tuple(each for each, known in zip(findings, is_known, strict=True) if not known),
            tuple(each for each, known in zip(findings, is_known, strict=True) if known),
            tuple(gone),
            kept,
        )


def _alike(
    entries: Iterable[Entry], key: Callable[[Entry], tuple[object, ...]]
) -> dict[tuple[object, ...], list[Entry]]:
    """Entries with the same key, those of the fewest places first."""
    found: dict[tuple[object, ...], list[Entry]] = {}
    for entry in sorted(entries, key=attrgetter("places")):
        found.setdefault(key(entry), []).append(entry)
    return found


def _take(left: Counter[Entry], alike: Sequence[Entry], wanted: Entry) -> bool:
    """Use up the first of entries that are alike that there is enough of; whether there is one."""
    for entry in alike:
        if left[entry] > 0 and entry.places >= wanted.places:
            left[entry] -= 1
            return True
    return False


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
