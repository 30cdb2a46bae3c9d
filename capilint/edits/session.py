"""The edits of a whole run: each finding's own, or all of them one after the other.

    Report ── a finding at a time ── the files on its path ── holds there ──┐
                    │                                                       ├─ confirmed: the whole
                    └── else, in a small program, all of its files ─────────┘  run checked once

A few files are checked much faster than a program of hundreds. So drafts are tried on the files of
the witness alone; that nothing else changes in the run is looked at for all edits together, and for
each on its own only where that does not hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from capilint.checking import Report, check
from capilint.config.settings import Settings
from capilint.edits.bench import Bench, Key, View, key_of, of_key, telling
from capilint.edits.draft import applied_changes, changes
from capilint.edits.mending import MOST_LOOKS, Mended, Mender, Texts
from capilint.edits.originals import Originals
from capilint.edits.proposals import Proposals
from capilint.edits.validation import Checked, agrees
from capilint.files.source import Input
from capilint.finding import Change, Finding, Fix
from capilint.internal_error import reason
from capilint.rulebook.shared import rule_book

_SMALL = 12  # files: a program that may be checked as a whole for each draft


class Rewritten(NamedTuple):
    """A file's content before and after its findings were mended."""

    path: str
    old: bytes
    new: bytes


class Outcome(NamedTuple):
    """All that was mended: the files, and how many findings are gone; what went wrong on the
    way."""

    files: tuple[Rewritten, ...]
    fixed: int
    troubles: tuple[str, ...] = ()


class Session:
    """The edits for the findings of one run's report. Nothing is written.

    With `most_work`, edits that would take longer are not sought. It is counted (see `Bench`) over
    all checks of all drafts, so that the same is found everywhere.
    """

    def __init__(
        self,
        inputs: Sequence[Input],
        settings_of: Callable[[str], Settings],
        report: Report,
        most_work: int | None = None,
    ) -> None:
        self._inputs = {item.path: item for item in inputs}
        self._settings_of = settings_of
        self._report = report
        self._candidates = [each for each in report.findings if each.resource and each.steps]
        self._originals = Originals(self._inputs, report.sources)
        self._benches: dict[tuple[str, ...], Bench] = {}
        self._troubles: dict[str, None] = {}
        self._work_left = most_work
        if most_work is not None and len(self._inputs) > 1:  # what holds is confirmed by the whole
            self._work_left = most_work - sum(len(each.text) for each in report.sources.values())

    def with_fixes(self) -> Report:
        """The report with a fix for each finding for which one was found; each is for the files as
        they are."""
        tried = ((finding, self._tried(finding)) for finding in self._candidates)
        fixes = self._confirmed({finding: fix for finding, fix in tried if fix is not None})
        findings = (
            replace(each, fix=fixes[each], help=fixes[each].title) if each in fixes else each
            for each in self._report.findings
        )
        troubles = (*self._report.troubles, *self._troubles)
        return self._report._replace(findings=tuple(findings), troubles=troubles)

    def fix_of(self, finding: Finding) -> Fix | None:
        """The fix for one finding of the report, if one is found."""
        fix = self._tried(finding) if finding in self._candidates else None
        return None if fix is None else self._confirmed({finding: fix}).get(finding)

    def mended(self) -> Outcome:
        """The files with every finding mended for which an edit was found, one after the other."""
        texts: dict[str, str] = {}
        # The newest handle of a function is ended first, and then what it was made with.
        for finding in dict.fromkeys(reversed(self._candidates)):
            texts = self._mended_too(finding, texts)
        if not texts:
            return Outcome((), 0, tuple(self._troubles))
        after = self._checked(texts)
        if after - self._keys():
            texts = self._one_by_one(texts)
            after = self._checked(texts)
        files = tuple(self._rewritten(texts))
        fixed = (self._keys() - after).total() if files else 0
        return Outcome(files, fixed, tuple(self._troubles))

    # ------------------------------------------------------------ one finding

    def _benches_for(self, finding: Finding) -> Iterator[tuple[str, ...]]:
        """The files to try a finding's drafts on: those of its path, then all of a few."""
        own = dict.fromkeys([finding.path, *(step.path for step in finding.steps)])
        paths = tuple(path for path in own if path in self._inputs)
        yield paths
        if len(paths) < len(self._inputs) and self._report.analysed <= _SMALL:
            yield tuple(self._inputs)

    def _tried(self, finding: Finding) -> Fix | None:
        """A fix that holds in the files that it was tried on, not yet in the whole run."""
        for paths in self._benches_for(finding):
            mended = self._attempt(finding, paths, {})
            if mended is not None:
                return self._fix(mended)
        return None

    def _attempt(
        self, finding: Finding, paths: tuple[str, ...], texts: Mapping[str, str]
    ) -> Mended | None:
        """The finding mended on a bench of files; `texts` are those that differ already. A mistake
        of ours costs that finding its edit."""
        try:
            return self._attempted(finding, paths, texts)
        except Exception as error:
            self._note(finding, error)
            return None

    def _note(self, finding: Finding, error: Exception) -> None:
        place = f"{finding.path}:{finding.span.line}:{finding.span.column}"
        self._troubles[f"{place}: no edit for {finding.code}: {reason(error)}"] = None

    def _attempted(
        self, finding: Finding, paths: tuple[str, ...], texts: Mapping[str, str]
    ) -> Mended | None:
        own = {path: text for path in paths if (text := self._text(path, texts)) is not None}
        if finding.path not in own:
            return None
        if self._work_left is not None and self._work_left < self._least(own):
            return None
        mender = self._mender(paths, own)
        before = mender.bench.work
        view = mender.look(own)
        here = _same(view.findings, finding) if view is not None and not view.failed else None
        found = None
        if here is not None and view is not None:
            found = mender.mend(here, own, view, self._looks_left(mender.bench, before))
        if self._work_left is not None:
            self._work_left -= mender.bench.work - before
        if found is None or view is None or not self._agrees(own, view, found):
            return None
        return found

    def _least(self, texts: Mapping[str, str]) -> int:
        """What it costs at least to check these texts of files once."""
        told = telling(each for each in self._report.everything if each.path in texts)
        return sum(map(len, texts.values())) + told

    def _looks_left(self, bench: Bench, before: int) -> int:
        """How often a program may still be checked for one finding; `before` was its work."""
        if self._work_left is None:
            return MOST_LOOKS
        left = self._work_left - (bench.work - before)
        return max(min(MOST_LOOKS, left // max(bench.dearest, 1)), 0)

    def _mended_too(self, finding: Finding, texts: dict[str, str]) -> dict[str, str]:
        """The texts with one more finding mended, if it can be."""
        for paths in self._benches_for(finding):
            found = self._attempt(finding, paths, texts)
            if found is not None:
                changed = {p: t for p, t in found.texts.items() if t != self._text(p, texts)}
                return {**texts, **changed}
        return texts

    # ------------------------------------------------------------ the whole run

    def _keys(self) -> Counter[Key]:
        return _keys(self._report)

    def _checked(self, texts: Texts) -> Counter[Key]:
        """What the run finds with other texts."""
        data = {path: self._originals.encoded(path, text) for path, text in texts.items()}
        inputs = [
            item._replace(data=data.get(path) or item.data) for path, item in self._inputs.items()
        ]
        return _keys(check(inputs, self._without_baseline))

    def _without_baseline(self, path: str) -> Settings:
        return self._settings_of(path)._replace(baseline="")

    def _one_by_one(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Those of the files with which the run finds nothing new."""
        kept: dict[str, str] = {}
        for path, text in texts.items():
            if not self._checked({**kept, path: text}) - self._keys():
                kept[path] = text
        return kept

    def _confirmed(self, fixes: Mapping[Finding, Fix]) -> dict[Finding, Fix]:
        """The fixes that hold in the whole run, not only in the files that they were tried on."""
        if not fixes or len(self._inputs) == 1:
            return dict(fixes)
        confirmed: dict[Finding, Fix] = {}
        left = dict(fixes)
        while left:
            layer = _apart(left)
            left = {finding: fix for finding, fix in left.items() if finding not in layer}
            if self._holds(layer):
                confirmed |= layer
            elif len(layer) > 1:
                confirmed |= {each: fix for each, fix in layer.items() if self._holds({each: fix})}
        return confirmed

    def _holds(self, fixes: Mapping[Finding, Fix]) -> bool:
        try:
            return self._held(fixes)
        except Exception as error:
            self._note(next(iter(fixes)), error)
            return False

    def _held(self, fixes: Mapping[Finding, Fix]) -> bool:
        made: dict[str, list[Change]] = {}
        for fix in fixes.values():
            for change in fix.changes:
                made.setdefault(change.path, []).append(change)
        texts = {p: applied_changes(self._text(p, {}) or "", each) for p, each in made.items()}
        before, after = self._keys(), self._checked(texts)
        wanted = Counter(map(key_of, fixes))
        return not after - before and not wanted - (before - after)

    # ------------------------------------------------------------ texts

    def _mender(self, paths: tuple[str, ...], texts: Texts) -> Mender:
        if paths not in self._benches:
            whole = len(paths) == len(self._inputs)
            inputs: Iterable[Input] = (self._inputs[path] for path in paths)
            if not whole:
                inputs = (item._replace(named=False) for item in inputs)
            self._benches[paths] = Bench(inputs, self._settings_of)
        languages = {path: self._report.sources[path].language for path in texts}
        drafts = Proposals(languages, rule_book(self._settings_of(paths[0]).rules)).drafts
        return Mender(self._benches[paths], drafts, self._originals.encoded)

    def _text(self, path: str, texts: Mapping[str, str]) -> str | None:
        original = self._originals.get(path)
        return None if original is None else texts.get(path, original.text)

    def _agrees(self, texts: Texts, view: View, found: Mended) -> bool:
        """Whether the runtime model finds nothing new in what was changed."""
        return all(
            agrees(
                self._report.sources[path],
                Checked(text, view.findings),
                Checked(found.texts[path], found.view.findings),
            )
            for path, text in texts.items()
            if found.texts[path] != text
        )

    def _fix(self, found: Mended) -> Fix:
        made = (
            changes(path, self._text(path, {}) or "", text) for path, text in found.texts.items()
        )
        title = "; ".join(dict.fromkeys(found.titles))
        return Fix(title, tuple(change for each in made for change in each))

    def _rewritten(self, texts: Mapping[str, str]) -> Iterator[Rewritten]:
        for path, text in texts.items():
            original, new = self._originals.get(path), self._originals.encoded(path, text)
            if original is not None and new is not None and new != original.data:
                yield Rewritten(path, original.data, new)


def _keys(report: Report) -> Counter[Key]:
    return Counter(map(key_of, report.everything))


def _apart(fixes: Mapping[Finding, Fix]) -> dict[Finding, Fix]:
    """Fixes no two of which change the same lines, or lines side by side."""
    taken: list[Change] = []
    chosen: dict[Finding, Fix] = {}
    for finding, fix in fixes.items():
        if not any(_touch(change, other) for change in fix.changes for other in taken):
            chosen[finding] = fix
            taken += fix.changes
    return chosen


def _touch(first: Change, second: Change) -> bool:
    same = first.path == second.path
    return same and first.line <= second.end_line and second.line <= first.end_line


def _same(findings: Sequence[Finding], finding: Finding) -> Finding | None:
    """The finding as another check tells it."""
    alike = of_key(findings, key_of(finding))
    exact = (each for each in alike if each.span == finding.span and each.code == finding.code)
    return next(exact, None) or next(iter(alike), None)
