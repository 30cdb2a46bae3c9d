"""The edits of a whole run: each finding's own, or all of them one after the other.

    Report ── a file at a time ── on its own (cheap) ──┐
                    │                                  ├── confirmed in the whole program ── Fix
                    └── or, where that says too little ┘
                        with the whole program

A finding that shows in its file alone is mended there, for a file is checked much faster than a
program. What was found so is then looked at in the program, for all files at once: only where that
does not hold, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from capilint.check import Report
from capilint.config.settings import Settings
from capilint.edits.bench import Bench, Key, View, key_of, of_key
from capilint.edits.draft import changes
from capilint.edits.mending import Mended, Mender, Texts
from capilint.edits.proposals import Proposals
from capilint.edits.validation import agrees
from capilint.files.rewriting import Original
from capilint.files.source import Input, UnreadableError, read_bytes
from capilint.finding import Finding, Fix
from capilint.rulebook.book import RuleBook
from capilint.rulebook.book import load as load_rules

SettingsOf = Callable[[str], Settings]


class Rewritten(NamedTuple):
    """A file's content before and after its findings were mended."""

    path: str
    old: bytes
    new: bytes


class Outcome(NamedTuple):
    """All that was mended: the files, and how many findings are gone."""

    files: tuple[Rewritten, ...]
    fixed: int


class Session:
    """The edits for the findings of one run's report. Nothing is written."""

    def __init__(
        self, inputs: Sequence[Input], settings_of: SettingsOf, report: Report
    ) -> None:
        self._inputs = {item.path: item for item in inputs}
        self._settings_of = settings_of
        self._report = report
        self._originals: dict[str, Original | None] = {}
        self._benches: dict[str, Bench] = {}
        self._books: dict[str, RuleBook] = {}
        self._views: dict[frozenset[tuple[str, str]], View] = {}

    def with_fixes(self) -> Report:
        """The report with a fix for each finding for which one was found; each is for the files as
        they are."""
        fixes: dict[Finding, Fix] = {}
        for finding in self._candidates():
            found = self._mend_one(finding)
            if found is not None:
                fixes[finding] = found
        findings = (
            replace(each, fix=fixes[each], help=fixes[each].title) if each in fixes else each
            for each in self._report.findings
        )
        return self._report._replace(findings=tuple(findings))

    def mended(self) -> Outcome:
        """The files with every finding mended for which an edit was found, one after the other."""
        texts: dict[str, str] = {}
        for path in dict.fromkeys(each.path for each in self._candidates()):
            texts |= self._mend_file(path, texts)
        files = tuple(self._rewritten(texts))
        return Outcome(files, self._fixed(texts) if files else 0)

    # ------------------------------------------------------------ one finding

    def _mend_one(self, finding: Finding) -> Fix | None:
        for alone in (True, False) if len(self._inputs) > 1 else (False,):
            found = self._attempt(finding, alone, {})
            if found is not None and (not alone or self._holds_in_program(finding, found.texts, {})):
                return self._fix(found, {})
        return None

    def _attempt(self, finding: Finding, alone: bool, texts: Mapping[str, str]) -> Mended | None:
        """The finding mended in texts that differ from the files' own."""
        own = self._texts(finding, alone, texts)
        if finding.path not in own:
            return None
        bench = self._bench(finding.path if alone else "")
        mender = self._mender(bench, own)
        view = mender.look(own)
        if view is None or view.failed:
            return None
        here = _same(view.findings, finding)
        found = mender.mend(here, own, view) if here is not None else None
        return found if found is not None and self._agrees(own, found.texts) else None

    def _holds_in_program(
        self, finding: Finding, found: Texts, texts: Mapping[str, str]
    ) -> bool:
        """Whether the program has one finding less, and no other one, with the new texts."""
        before = self._look(texts)
        after = self._look({**texts, **found})
        key = key_of(finding)
        return after.keys[key] < before.keys[key] and not after.keys - before.keys

    # ------------------------------------------------------------ whole files

    def _mend_file(self, path: str, texts: Mapping[str, str]) -> dict[str, str]:
        """The texts of the files that change where a file's findings are mended."""
        given_up: set[Key] = set()
        new: dict[str, str] = {}
        while True:
            view = self._look({**texts, **new})
            wanted = {key_of(each) for each in self._candidates() if each.path == path}
            left = [each for each in view.findings if key_of(each) in wanted - given_up]
            if not left:
                return new
            finding = left[0]
            found = self._attempt_both(finding, {**texts, **new})
            if found is None:
                given_up.add(key_of(finding))
            else:
                new |= found

    def _attempt_both(self, finding: Finding, texts: Mapping[str, str]) -> dict[str, str] | None:
        for alone in (True, False) if len(self._inputs) > 1 else (False,):
            found = self._attempt(finding, alone, texts)
            if found is None:
                continue
            changed = {
                path: text for path, text in found.texts.items() if text != self._text(path, texts)
            }
            if not alone or self._holds_in_program(finding, changed, texts):
                return changed
        return None

    def _rewritten(self, texts: Mapping[str, str]) -> Iterator[Rewritten]:
        for path, text in texts.items():
            original = self._original(path)
            new = original.with_text(text) if original is not None else None
            if original is not None and new is not None and new != original.data:
                yield Rewritten(path, original.data, new)

    def _fixed(self, texts: Mapping[str, str]) -> int:
        """How many of the reported findings are gone."""
        before, after = self._look({}), self._look(texts)
        gone = before.keys - after.keys
        reported = {key_of(each) for each in self._candidates()}
        return sum(count for key, count in gone.items() if key in reported)

    # ------------------------------------------------------------ texts and benches

    def _candidates(self) -> list[Finding]:
        return [each for each in self._report.findings if each.resource and each.steps]

    def _look(self, texts: Mapping[str, str]) -> View:
        known = frozenset(texts.items())
        if known in self._views:
            return self._views[known]
        data: dict[str, bytes] = {}
        for path, text in texts.items():
            original = self._original(path)
            new = original.with_text(text) if original is not None else None
            if new is not None:
                data[path] = new
        view = self._views[known] = self._bench("").look(data)
        return view

    def _bench(self, path: str) -> Bench:
        """The bench of one file, or of the whole program where the path is empty."""
        if path not in self._benches:
            inputs: Iterable[Input] = self._inputs.values()
            if path:
                inputs = [self._inputs[path]._replace(named=False)]
            self._benches[path] = Bench(inputs, self._settings_of)
        return self._benches[path]

    def _mender(self, bench: Bench, texts: Texts) -> Mender:
        languages = {path: self._report.sources[path].language for path in texts}
        rules = self._settings_of(next(iter(texts))).rules
        name = rules.path if rules else ""
        if name not in self._books:
            self._books[name] = load_rules([rules] if rules else [])
        return Mender(bench, Proposals(languages, self._books[name]).drafts, self._encoded)

    def _encoded(self, path: str, text: str) -> bytes | None:
        original = self._original(path)
        return original.with_text(text) if original is not None else None

    def _texts(self, finding: Finding, alone: bool, texts: Mapping[str, str]) -> dict[str, str]:
        """The texts of the files that may be edited: those of the run that can be written back."""
        paths: Iterable[str] = [finding.path]
        if not alone:
            paths = dict.fromkeys([finding.path, *(step.path for step in finding.steps)])
        known = {path: self._text(path, texts) for path in paths if path in self._inputs}
        return {path: text for path, text in known.items() if text is not None}

    def _text(self, path: str, texts: Mapping[str, str]) -> str | None:
        original = self._original(path)
        return None if original is None else texts.get(path, original.text)

    def _original(self, path: str) -> Original | None:
        """A file's content; None where it is not what was checked, or cannot be written back."""
        if path not in self._originals:
            self._originals[path] = self._read(path)
        return self._originals[path]

    def _read(self, path: str) -> Original | None:
        item, source = self._inputs.get(path), self._report.sources.get(path)
        if item is None or source is None:
            return None
        try:
            data = read_bytes(path) if item.data is None else item.data
            original = Original(data, source.language)
        except UnreadableError:
            return None
        same = original.text.removeprefix("\ufeff") == source.text.removeprefix("\ufeff")
        return original if same else None

    def _agrees(self, before: Texts, after: Texts) -> bool:
        """Whether the runtime model finds nothing new in what was changed."""
        return all(
            agrees(self._report.sources[path], before[path], after[path])
            for path in after
            if after[path] != before[path]
        )

    def _fix(self, found: Mended, texts: Mapping[str, str]) -> Fix:
        made = [
            change
            for path, text in found.texts.items()
            for change in changes(path, self._text(path, texts) or "", text)
        ]
        return Fix("; ".join(dict.fromkeys(found.titles)), tuple(made))


def _same(findings: Sequence[Finding], finding: Finding) -> Finding | None:
    """The finding as another check tells it."""
    alike = of_key(findings, key_of(finding))
    return next((each for each in alike if each.span == finding.span), None) or next(
        iter(alike), None
    )
