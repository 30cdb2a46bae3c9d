"""The result of a whole program, as an earlier run had it.

    files of the program, those that are left, ── key ──▶ trace, result
    rules, version                                          │
                                           holds again? ────┴─ yes: the result
                                                               no: the analysis, and a new entry

A result hangs on the bytes of the files that are analysed, and of those that are left, for they
might join; on the rules, on capilint and its libraries; on whether findings are to have routes; and
on what its front ends asked: compile options, and the headers that were found and that were not
(`capilint.cache.trace`). What is selected, suppressed and shown is worked out anew each time.

The engine, the front ends and the IR are imported only where there is something to analyse: that
takes longer than to recall a program.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from capilint import finding
from capilint.cache import trace
from capilint.cache.records import RecordError, Records, records_in
from capilint.cache.store import opened
from capilint.cache.version import version
from capilint.effects import Effects
from capilint.files.source import Input, Source, UnreadableError, read_bytes
from capilint.finding import Finding
from capilint.language import Language
from capilint.progress import Progress
from capilint.remembering.modules import Modules, described, digest
from capilint.rulebook.folder import rule_folder
from capilint.rulebook.tomlfile import RuleFile
from capilint.severity import Severity

if TYPE_CHECKING:
    from capilint.engine import Kept
    from capilint.lowering import FrontEnds


class Found(NamedTuple):
    """What the analysis of a program came to: the paths of the files that joined it, in the order
    in which they were read, of those that were analysed, the findings, and the effects of the
    functions where they were asked for."""

    joined: tuple[str, ...]
    analysed: tuple[str, ...]
    findings: tuple[Finding, ...]
    effects: tuple[Effects, ...] | None = None


_CLASSES = (Found, Effects, Language, Severity, *records_in(finding))
_RECORDS = Records(_CLASSES, strict=_CLASSES)


def told(found: Found) -> bytes:
    """What was found, as JSON. Raises RecordError."""
    return _RECORDS.dumps(found)


def found_in(data: bytes) -> Found:
    """What was found, of such bytes. Raises RecordError."""
    found = _RECORDS.loads(data)
    if not isinstance(found, Found):
        raise RecordError("something else")
    return found


class Memory:
    """What earlier runs found in the programs of this one."""

    def __init__(
        self, folder: str, front_ends: FrontEnds, progress: Progress, routes: bool
    ) -> None:
        """`folder` is that of the cache; where it cannot be ours, nothing is remembered. With
        `routes` the findings are asked for with the lines of their paths. `salt` stands for all
        that decides about results besides the program that was asked for last."""
        self._store = opened(folder)
        self._front_ends = front_ends
        self._progress = progress
        self._routes = routes
        self._digests: dict[str, str] = {}
        self._changed = False  # a file, between two times that it was read
        self._key = self.salt = ""

    def note(self, path: str, data: bytes) -> None:
        """A file that may join a program, or does, was read."""
        if self._store is not None:
            digest = hashlib.sha256(data).hexdigest()
            self._changed |= self._digests.setdefault(path, digest) != digest

    def recall(
        self,
        sources: Iterable[Source],
        left: Iterable[Input],
        rules: RuleFile | None,
        effects: bool,
    ) -> Found | None:
        """What was found in a program, if all that it hangs on is as it was.

        `sources` are those that it begins with, `left` may join it. With `effects` it has these.
        """
        if self._store is None:
            return None
        own_rules = None if rules is None else [rules.path, rules.text]
        self.salt = digest(json.dumps([version(rule_folder()), own_rules]))
        self._front_ends.kept = Modules(self._store, self.salt, self._progress)
        given = [
            self.salt,
            self._routes,
            [described(each) for each in sources],
            [[each.path, each.language, each.told, self._digest_of(each)] for each in left],
        ]
        self._key = digest(json.dumps(given))
        questions, _, result = (self._store.get(self._key) or b"").partition(b"\n")
        if not result:
            return None
        try:
            asked = ((trace.question(each), answer) for each, answer in json.loads(questions))
            found = found_in(result) if trace.holds(asked, self._front_ends.ask) else None
        except (ValueError, TypeError, RecordError):
            return None
        if found is None or (effects and found.effects is None):
            return None
        return found

    @property
    def of_functions(self) -> Kept | None:
        """The results of functions, for the program that was asked for last."""
        if self._store is None:
            return None
        from capilint.engine import Kept

        return Kept(self._store, f"{self.salt} {self._routes}")

    def keep(self, found: Found) -> None:
        """Remember what was found in the program that was asked for last."""
        if self._store is None or self._changed:
            return
        try:
            result = told(found)
        except RecordError:
            return
        asked = [*self._front_ends.trace.answers.items()]
        questions = json.dumps(asked, separators=(",", ":")).encode()
        self._store.put(self._key, questions + b"\n" + result)
        if self._key.startswith("0"):  # now and then: a full cache has 200,000 entries to look at
            self._store.trim()

    def _digest_of(self, item: Input) -> str:
        """A digest of a file; another text where it cannot be read."""
        if item.path not in self._digests:
            try:
                self.note(item.path, read_bytes(item.path) if item.data is None else item.data)
            except UnreadableError as error:
                self._digests[item.path] = f"unreadable: {error}"
        return self._digests[item.path]
