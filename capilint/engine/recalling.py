"""Results of functions that earlier runs had, taken over where they would be the same again.

    function's text ── key ──▶ questions and answers, result
                                  │
                     all the same again? ── yes: the result, and what it tells of members
                                            no: the analysis, and a new variant

What is kept is what callers and reports get: the summary, the findings, and what the function
shows of members. As a program grows in rounds, and members are learned of, a function may be
analysed under other answers in one run: an entry has some variants. A function whose end states
are asked for later (`Makers`) is analysed each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import capilint.finding
from capilint.cache.records import RecordError, Records, Stand, records_in
from capilint.engine.ahead import Elsewhere
from capilint.engine.asking import Asked, Asking, Doors, answers_again
from capilint.engine.checks import closing_calls
from capilint.engine.domain import cause, escapes, events, handle, values
from capilint.engine.domain.ownership import MemberOwners, Tail
from capilint.engine.program import structures
from capilint.engine.program.callgraph import Program
from capilint.engine.program.linkage import Definition
from capilint.engine.reporting import duplicates
from capilint.engine.reporting.duplicates import Candidate
from capilint.engine.summaries import summary
from capilint.engine.summaries.summary import Summary
from capilint.ir import Function, Module, code
from capilint.ir import values as ir_values
from capilint.severity import Severity

_MODULES = (
    *(capilint.finding, code, ir_values, values, handle, cause, events, escapes, summary),
    *(duplicates, closing_calls, structures),
)
MOST_VARIANTS = 4


class Result(NamedTuple):
    """What the analysis of a function comes to; `released` are members that it ends, `steps` what
    it took."""

    summary: Summary | None
    candidates: tuple[Candidate, ...]
    released: set[tuple[Tail, str]] | None = None
    steps: int = 0


class Entries(Protocol):
    """Where results are kept."""

    def get(self, key: str) -> bytes | None:
        """What was put by a key."""

    def put(self, key: str, data: bytes) -> None:
        """Keep something."""


class Kept(NamedTuple):
    """What earlier runs, and others `elsewhere`, found out: `salt` is what decides about results
    besides the program. What is not `lasting` is kept for those elsewhere only."""

    entries: Entries
    salt: str
    elsewhere: Elsewhere | None = None
    lasting: bool = True


class Recalling:
    """The results of one program's functions, as far as they are kept."""

    def __init__(self, kept: Kept, program: Program) -> None:
        self._entries = kept.entries
        self._salt = kept.salt
        self._definitions: dict[tuple[object, ...], Definition | None] = {}
        self._modules = {module.path: module for module in program.modules}
        for definition in program.names.definitions:
            place = _place(definition)
            self._definitions[place] = None if place in self._definitions else definition
        self._functions = {id(each.function): each for each in program.names.definitions}
        # Findings go to the reports as they are; all else is looked at here, and fails here.
        strict = records_in(capilint.finding)
        self._records = Records((Severity, *records_in(*_MODULES)), self._stands(), strict)
        self._facts: dict[str, str] = {}
        self._digests: dict[int, tuple[object, str]] = {}
        self._keys: dict[tuple[Definition, tuple[object, ...]], str] = {}

    def knows(self, definition: Definition, *how: object) -> bool:
        """Whether there is a result of a function, right or not."""
        key = self.key(definition, *how)
        return key is not None and self._entries.get(key) is not None

    def key(self, definition: Definition, *how: object) -> str | None:
        """What a function's result is kept by; `how` says in which way it is analysed. None where
        its text has no digest: it is nested too deeply."""
        known = self._keys.get((definition, how))
        if known is None:
            try:
                known = self._keys[definition, how] = self._new_key(definition, *how)
            except RecordError:
                return None
        return known

    def _new_key(self, definition: Definition, *how: object) -> str:
        module = definition.module
        if module.path not in self._facts:
            facts = (module.typedefs, module.structures, module.own_structures, module.class_texts)
            self._facts[module.path] = self._records.digest((facts, module.own_variables))
        given = (module.path, module.language, self._facts[module.path], how)
        text = f"{self._salt} {given} {self._records.digest(_parts_of(definition.function))}"
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()

    def recall(self, key: str, doors: Doors, owners: MemberOwners) -> Result | None:
        """A result that would be the same again; `owners` then know what it tells of members."""
        for data in self._variants(key):
            found = self._recalled(data, doors, owners)
            if found is not None:
                return found
        return None

    def _variants(self, key: str) -> list[bytes]:
        """What was found under one set of answers, and under others; the newest first."""
        return (self._entries.get(key) or b"").splitlines()

    def _recalled(self, data: bytes, doors: Doors, owners: MemberOwners) -> Result | None:
        try:
            log, result = self._records.loads(data)
            same = answers_again([*map(Asking._make, log)], doors, owners, self._is_same)
            return Result(*result) if same else None
        except (RecordError, TypeError, ValueError, LookupError):
            return None

    def keep(self, key: str, asked: Asked, result: Result) -> bool:
        """Keep a result; whether that was possible."""
        if asked.nested:
            return False
        try:
            log = tuple((each.kind, each.given, self._answer(each)) for each in asked.log)
            data = self._records.dumps((log, tuple(result)))
        except RecordError:
            return False
        others = [each for each in self._variants(key) if each != data]
        self._entries.put(key, b"\n".join((data, *others[: MOST_VARIANTS - 1])))
        return True

    def _is_same(self, before: Asking, now: Any) -> bool:
        """Whether a question has its answer again."""
        return bool(self._answer(before._replace(answer=now)) == before.answer)

    def _answer(self, asking: Asking) -> object:
        """An answer as it is kept: itself where it is short, else a digest."""
        answer = asking.answer
        if answer is None or isinstance(answer, bool | int) or type(answer) is str:
            return answer
        known = self._digests.get(id(answer))
        if known is None:
            known = self._digests[id(answer)] = answer, f"#{self._records.digest(answer)}"
        return known[1]

    def _stands(self) -> Mapping[type, Stand]:
        """Functions and modules stand there by name and place: they are the program's own."""
        return {
            Definition: Stand(_place, self._meant),
            Function: Stand(
                lambda function: _place(self._functions[id(function)]),
                lambda *place: self._meant(*place).function,
            ),
            Module: Stand(lambda module: (module.path,), self._modules.__getitem__),
        }

    def _meant(self, *place: object) -> Definition:
        found = self._definitions[place]
        if found is None:
            raise LookupError("one of several")
        return found


def _place(definition: Definition) -> tuple[object, ...]:
    function = definition.function
    return definition.module.path, function.qualified_name, function.span


def _parts_of(function: Function) -> tuple[object, ...]:
    """All that a function is."""
    return tuple(getattr(function, name) for name in Function.__match_args__)
