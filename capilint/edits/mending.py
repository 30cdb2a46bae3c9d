"""Finds the edit for a finding: tries drafts on the bench until one holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from capilint.edits.bench import LEAKS, Bench, Key, View, key_of, made_of, of_key
from capilint.edits.draft import Draft, Lines, applied
from capilint.finding import Finding
from capilint.silence import Kind

MOST_LOOKS = 30  # for one finding; where a draft holds at all, that takes about a dozen
_BLIND = (
    Kind.NOT_UNDERSTOOD, Kind.TOO_INTRICATE, Kind.NO_END, Kind.NOT_REACHED, Kind.LOST, Kind.STOPPED,
)  # fmt: skip
_DEEPEST = 10  # places where one handle may leave a function

Texts = Mapping[str, str]
Drafts = Callable[[Finding, Texts], Iterator[Draft]]


class Mended(NamedTuple):
    """The texts of the files with a finding mended, what is found in them, and what was done."""

    texts: Texts
    view: View
    titles: tuple[str, ...]


@dataclass
class Mender:
    """Mends findings of one program.

    `drafts` proposes for a finding in given texts; `encode` gives the content of a file with
    another text, None where that cannot be.
    """

    bench: Bench
    drafts: Drafts
    encode: Callable[[str, str], bytes | None]

    def mend(
        self, finding: Finding, texts: Texts, view: View, most_looks: int = MOST_LOOKS
    ) -> Mended | None:
        """The program with a finding mended, and with nothing new found in it; None where no draft
        holds. `view` is what is found in `texts`; the program is checked `most_looks` times."""
        search = _Search(self, texts, view, key_of(finding), self.bench.looks + most_looks)
        return search.mend(Mended(texts, view, ()), finding, _DEEPEST)

    def look(self, texts: Texts) -> View | None:
        """What is found in the texts; None where a file cannot have its text."""
        data = {path: self.encode(path, text) for path, text in texts.items()}
        known = {path: content for path, content in data.items() if content is not None}
        return self.bench.look(known) if len(known) == len(data) else None


@dataclass
class _Search:
    """The search for the edit of one finding; what holds is measured at where it began."""

    mender: Mender
    texts: Texts
    base: View
    key: Key
    most_looks: int
    visited: set[tuple[Key, str, int]] = field(default_factory=set)

    def mend(self, state: Mended, finding: Finding, depth: int) -> Mended | None:
        for draft in self.mender.drafts(finding, state.texts):
            if self.mender.bench.looks >= self.most_looks:
                return None
            new = self._tried(state, draft, finding)
            if new is None:
                continue
            if self._holds(new.view):
                return new
            left = self._left(state, new, finding, draft.trades) if depth else None
            if left is not None:
                found = self.mend(new, left, depth - 1)
                if found is not None:
                    return found
        return None

    def _tried(self, state: Mended, draft: Draft, finding: Finding) -> Mended | None:
        old = state.texts[draft.path]
        new = applied(old, draft.pieces) if draft.pieces else None
        if new is None or new == old:
            return None
        texts = {**state.texts, draft.path: new}
        view = self.mender.look(texts)
        if view is None or view.failed or view.made < self.base.made - 1:
            return None
        if not self._as_clear(view, texts, draft.hands_over or _may_end_in_sight(finding), finding):
            return None
        if draft.probe and not self._always_alive(state, draft, finding):
            return None
        began = self.texts[draft.path]
        line = Lines(began, old).before(old.count("\n", 0, draft.at) + 1)
        return Mended(texts, view, (*state.titles, draft.title.replace("{line}", str(line))))

    def _as_clear(self, view: View, texts: Texts, in_sight: bool, finding: Finding) -> bool:
        """Whether every handle is still seen as well as before, and none is ended that others may
        have, save the finding's own where it may be `in_sight`. What a finding was told of may be
        let go of elsewhere, and nothing be said of that."""
        more = view.silences - self.base.silences
        if any(key[3:] != self.key[3:] for key in more):
            return False
        if not more and not view.in_sight:
            return True
        lines = {path: Lines(self.texts[path], text) for path, text in texts.items()}
        for key, path, line in view.in_sight:
            known = path not in lines or not lines[path].is_new(line)
            before = lines[path].before(line) if path in lines else line
            if known and (key, path, before) in self.base.in_sight:
                continue
            if key[3:] != self.key[3:] or not in_sight:
                return False
        return not any(
            each.reason.kind in _BLIND
            or (each.reason.path in lines and lines[each.reason.path].is_new(each.reason.line))
            for each in view.silent
            if made_of(each.creation) in more
            and not (finding.ender and each.reason.kind is Kind.RELEASED_PLACE)
        )

    def _always_alive(self, state: Mended, draft: Draft, finding: Finding) -> bool:
        """Whether a plain release is never one of a handle that was not made."""
        text = applied(state.texts[draft.path], (*draft.pieces, *draft.probe))
        view = self.mender.look({**state.texts, draft.path: text}) if text is not None else None
        return view is None or not any(
            each.code == "CAP402" and each.handle == finding.handle for each in view.findings
        )

    def _holds(self, view: View) -> bool:
        fewer = view.keys[self.key] < self.base.keys[self.key]
        return fewer and not view.keys - self.base.keys

    def _left(self, old: Mended, new: Mended, finding: Finding, trades: bool) -> Finding | None:
        """What of the finding is left to be mended, after a step that made things no worse."""
        more = new.view.keys - self.base.keys
        self.visited.add(self._place(finding, old.texts))
        if not more:
            same = of_key(new.view.findings, self.key)
            places = ((each, self._place(each, new.texts)) for each in same)
            return next((each for each, place in places if place not in self.visited), None)
        if not trades or more.total() > 1 or new.view.keys[self.key] >= self.base.keys[self.key]:
            return None
        (key,) = more
        leaks = [each for each in of_key(new.view.findings, key) if each.code in LEAKS]
        return next((each for each in leaks if each.function == finding.function), None)

    def _place(self, finding: Finding, texts: Texts) -> tuple[Key, str, int]:
        """Where a finding's path ends, in the texts that the search began with."""
        path, line = finding.path, finding.span.line
        if finding.steps:
            path, line = finding.steps[-1].path, finding.steps[-1].span.line
        if path in texts:
            line = Lines(self.texts[path], texts[path]).before(line)
        return key_of(finding), path, line


def _may_end_in_sight(finding: Finding) -> bool:
    """Whether the handle is ended for good where it is mended, whoever has it: in the function that
    ends its object, in the place of a wrong release, or where a constructor fails."""
    *scope, name = finding.function.split("::")
    constructor = scope[-1:] == [name] or name.endswith(".__init__")
    unmade = finding.code == "CAP102" and constructor
    return bool(finding.ender) or finding.code == "CAP203" or unmade
