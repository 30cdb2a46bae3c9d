"""The engine's one door: modules in, findings out.

    Analysis ── add(modules) ──▶ interface ── which other files matter? ──┐
        ▲                                                                 │
        └──────────────────────── their modules ◀─────────────────────────┘
        └── findings

A program may grow: what further modules do not change is not analysed again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any

from capilint.engine.ahead import Turns, size_of
from capilint.engine.asking import Asked, AskedOwners
from capilint.engine.checks.closers import Closers
from capilint.engine.checks.closing_calls import ClosingCalls
from capilint.engine.checks.deprecated import deprecated_calls
from capilint.engine.checks.learned import Learned
from capilint.engine.domain.budget import BoundReached
from capilint.engine.domain.events import Defect
from capilint.engine.domain.values import forget_interned
from capilint.engine.endings import Endings, Makers
from capilint.engine.fixpoint import Fixpoint, Graph
from capilint.engine.interpreters import Interpreters
from capilint.engine.outside import Outside, outside_of
from capilint.engine.program.callgraph import Program
from capilint.engine.program.linkage import Definition
from capilint.engine.recalling import Kept, Recalling, Result
from capilint.engine.repeating import Repeating, take_over
from capilint.engine.reporting.duplicates import Candidate, with_closing_call, without_duplicates
from capilint.engine.reporting.notes import bounded, left_out
from capilint.engine.reporting.silences import Fates, Followed
from capilint.engine.reporting.telling import told
from capilint.engine.shares import Shares
from capilint.engine.summaries.summary import Summary
from capilint.engine.summarising import summary_of
from capilint.engine.transfer.interpreter import Interpreter
from capilint.finding import Finding, Span
from capilint.ir import Language, Module
from capilint.progress import Progress
from capilint.rulebook.book import RuleBook
from capilint.silence import Fate

HELPER_NODES = 1_000
HELPER_PATIENCE = 4


def analyse(program: Sequence[Module], rulebook: RuleBook) -> list[Finding]:
    """Every finding in the functions of `program`, which are taken as one program."""
    analysis = Analysis(rulebook)
    analysis.add(program)
    return analysis.findings()


def _not_quoted(path: str, span: Span) -> str:
    return ""


class Analysis:
    """The program so far, the summaries of its functions, and what was found in them.

    One is in use at a time: a new one forgets the values of the one before it. With `explain` it
    takes note of what becomes of the handles that are made, for `fates`. `quoted` is the text of a
    stretch of the file of that path, where it is at hand. `progress` is told of functions.
    `kept` has results of earlier runs. With `routes` findings have the lines of their paths.
    """

    def __init__(
        self,
        rulebook: RuleBook,
        explain: bool = False,
        quoted: Callable[[str, Span], str] = _not_quoted,
        progress: Progress | None = None,
        kept: Kept | None = None,
        routes: bool = False,
    ) -> None:
        forget_interned()
        self.rulebook = rulebook
        self.summaries: dict[Definition, Summary | None] = {}
        self.learned = Learned()
        self.makers = Makers()
        self._found: dict[Definition, list[Candidate]] = {}
        self._explain = explain
        self._quoted = quoted
        self._routes = routes
        self._progress = progress or Progress()
        self._kept = None if explain else kept
        self._followed: dict[Definition, Followed] = {}
        self._asked_outside: set[str] = set()
        self._repeating = Repeating()
        self._shares = Shares()
        self._read(())

    def add(self, modules: Sequence[Module]) -> None:
        """Take further modules into the program, and analyse what they bring and change.

        A module of the path of an earlier one takes its place.
        """
        before = self.program
        new = {module.path for module in modules}
        kept = [module for module in before.modules if module.path not in new]
        self._read((*kept, *modules))
        if before.modules:
            changed = self.program.changed_since(before)
            self._forget(changed)
            for definition in changed:
                self._found.pop(definition, None)
        with self._progress.phase("functions", len(self._order)), self._turns or nullcontext():
            for definition, recursive in self._order:
                if definition not in self._found and self._is_to_follow(definition):
                    self._found[definition] = self._guarded(definition, self.function, recursive)
                self._progress.step()

    def read(self, modules: Sequence[Module]) -> None:
        """Take modules as the whole program, and analyse nothing; see `analyse_ahead`."""
        self._read(modules)

    def analyse_ahead(self, functions: Iterable[tuple[Definition, bool]]) -> None:
        """Analyse functions, and whether each calls itself through others, in this order, so that
        the results are kept."""
        for definition, recursive in functions:
            if definition not in self.summaries and self._is_to_follow(definition):
                self._guarded(definition, self.function, recursive)

    def _read(self, modules: Sequence[Module]) -> None:
        self.program = Program(modules, self.rulebook)
        self._order = list(self.program.bottom_up())
        self.interpreters = Interpreters(
            self.program,
            self.summaries,
            self.learned,
            self._summary_for_closing,
            self._explain,
            self._shares,
        )
        self._shares.forget_texts()
        self._recalling = self._turns = None
        if self._kept is not None:
            elsewhere = self._kept.elsewhere
            pays = elsewhere is not None and elsewhere.pays(size_of(self.program.touching))
            if self._kept.lasting or pays:
                self._recalling = Recalling(self._kept, self.program)
            if elsewhere is not None and pays:
                self._turns = Turns(elsewhere, self.program, self._is_open)

    def _is_open(self, definition: Definition, recursive: bool) -> bool:
        """Whether nothing is known of a function."""
        if definition in self._found or self._recalling is None:
            return False
        return not self._recalling.knows(definition, "function", recursive)

    def _guarded(
        self, definition: Definition, find: Callable[..., list[Candidate]], *given: object
    ) -> list[Candidate]:
        """What is found in a function; where that fails, no more is said of it than that."""
        try:
            return find(definition, *given)
        except Exception as error:
            self._progress.count("failures")
            self._forget([definition])
            self.summaries[definition] = None
            return [left_out(definition, error)]

    def _forget(self, changed: Iterable[Definition]) -> None:
        """Forget what the analysis of functions brought, besides what was found in them."""
        tables: list[dict[Definition, Any]]
        tables = [self.summaries, self.learned.released, self._followed, *self.makers.tables]
        for definition in changed:
            self._shares.forget(definition)
            for table in tables:
                table.pop(definition, None)

    def lacking(self, modules: Sequence[Module]) -> frozenset[tuple[Language, str]]:
        """What modules call that neither they nor the program define, before they are added."""
        program = Program((*self.program.modules, *modules), self.rulebook)
        return program.undefined_in(modules)

    def acting(self) -> list[Definition]:
        """The functions that do to handles what their callers have to answer for, or whose callers
        give them the API."""
        acts = (each for each, known in self.summaries.items() if known is not None and known.acts)
        return [*acts, *self.program.libraries.asking()]

    def findings(self) -> list[Finding]:
        """Every finding in the program."""
        order = dict(self._order)
        for definition in list(self._found):
            if definition in order and self.learned.more_for(definition):
                again = self._guarded(definition, self.function, order[definition])
                self._found[definition] = again
        summary_of, openers = self._summary_for_closing, self.makers.openers.keys()
        closers = Closers(self.program, summary_of, openers, self._asked_outside)
        endings = Endings(
            self.program,
            self.interpreters,
            self.makers,
            self.summaries,
            self._found,
            summary_of,
            self._candidates,
        )
        ended = [
            each
            for definition, find in endings.all(closers)
            for each in self._guarded(definition, find)
        ]
        deprecated = [
            finding
            for definition in self.program.touching_in_order
            for finding in deprecated_calls(self.program, definition)
        ]
        # The order of analysis may be that of rounds; what is reported is in the program's.
        calls = ClosingCalls(self.program, summary_of, closers)
        ordered = dict.fromkeys((*(each for each in order if each in self._found), *self._found))
        found = (found for each in ordered for found in self._found[each])
        candidates = [*ended, *(with_closing_call(each, calls) for each in found)]
        return [*without_duplicates(candidates), *deprecated]

    def outside(self) -> Outside:
        """What `findings` may hang on in other parts of the same program."""
        return outside_of(self.program, frozenset(self._asked_outside))

    def findings_so_far(self) -> list[Finding]:
        """What single functions showed, where nobody waits for the rest."""
        return without_duplicates([each for found in self._found.values() for each in found])

    def function(self, definition: Definition, recursive: bool) -> list[Candidate]:
        """Analyse a function that touches handles: note its summary, return what is wrong in it."""
        self.summaries[definition] = None
        for helper, recurs in list(self.program.callees_first(definition, self.summaries)):
            self._summarise_helper(helper, recurs)
        follow = partial(self._follow, definition, recursive)
        return self._recalled(definition, follow, "function", recursive)

    def _recalled(
        self, definition: Definition, follow: Callable[[], list[Candidate]], *how: object
    ) -> list[Candidate]:
        """What an analysis comes to: an earlier run's, or else found out."""
        outer = self.interpreters.asked
        if outer is not None:
            outer.nested = True
        if self._explain:
            return self._shares.following(definition, follow)[0]
        if self._turns is not None:
            self._turns.of(definition)
        doors = {**self.interpreters.doors(definition), "quoted": self._quoted}
        before = self._repeating.recall((definition, *how), doors, self.learned.owners)
        if before is not None and self._shares.suffice(definition, before.result.steps):
            return self._taken_over(definition, before.result, before.way)
        key = None if self._recalling is None else self._recalling.key(definition, *how)
        if self._recalling is not None and key is not None:
            known = self._recalling.recall(key, doors, self.learned.owners)
            if known is not None and self._shares.suffice(definition, known.steps):
                self._progress.count("recalled functions")
                return self._taken_over(definition, known)
        asked = self.interpreters.asked = Asked()
        try:
            found, steps, cut_short = self._shares.following(definition, follow)
        finally:
            self.interpreters.asked = outer
        if cut_short:
            return found
        _, released = self.learned.released.get(definition, (None, None))
        result = Result(self.summaries[definition], tuple(found), released, steps)
        self._repeating.keep((definition, *how), asked, result, self.makers.way_of(definition))
        asked_later = self.makers.are_asked_later(definition)
        if self._recalling is not None and key is not None and not asked_later:
            self._progress.count("kept functions", self._recalling.keep(key, asked, result))
        return found

    def _taken_over(
        self,
        definition: Definition,
        known: Result,
        way: tuple[Interpreter, Graph] | None = None,
    ) -> list[Candidate]:
        """The findings of a result that would be the same again, of which the rest is noted."""
        self.summaries[definition] = known.summary
        self._shares.take(definition, known.steps)
        if known.released is not None:
            self.learned.recall(definition, known.released)
        if way is not None:
            before, graph = way
            interpreter = self.interpreters.of(definition)
            take_over(interpreter, before)
            self.makers.note(definition, interpreter, graph)
        return list(known.candidates)

    def _follow(self, definition: Definition, recursive: bool) -> list[Candidate]:
        """See `function`, whose callees are known now."""
        interpreter = self.interpreters.of(definition)
        fixpoint = Fixpoint(interpreter)
        try:
            graph = self._solved(fixpoint)
        except BoundReached:
            graph = fixpoint.graph
            self._note_followed(definition, interpreter, bounded=True)
            return [
                bounded(definition),
                *self._candidates(definition, interpreter, graph, interpreter.typestates.defects),
            ]
        self._learned_by_notes().learn(definition, interpreter)
        if not recursive:
            self.summaries[definition] = summary_of(definition, interpreter, graph)
        self.makers.note(definition, interpreter, graph)
        self._note_followed(definition, interpreter, bounded=fixpoint.gave_up)
        defects = interpreter.typestates.defects
        found = self._candidates(definition, interpreter, graph, defects, lone=True)
        return [bounded(definition), *found] if fixpoint.gave_up else found

    def _summarise_helper(self, definition: Definition, recursive: bool) -> None:
        """Find out what a function that touches no handle gives back."""
        failed = self._guarded(definition, self._helper, recursive)
        if failed:
            self._found[definition] = failed

    def _helper(self, definition: Definition, recursive: bool) -> list[Candidate]:
        """Note the summary of a function in which nothing is to be found."""
        self.summaries[definition] = None
        follow = partial(self._follow_helper, definition, recursive)
        return self._recalled(definition, follow, "helper", recursive)

    def _learned_by_notes(self) -> Learned:
        """What members hold; what is learned is noted, too, where questions are."""
        asked = self.interpreters.asked
        if asked is None:
            return self.learned
        return Learned(AskedOwners(self.learned.owners, asked), self.learned.released)

    def _follow_helper(self, definition: Definition, recursive: bool) -> list[Candidate]:
        """See `_helper`."""
        interpreter = self.interpreters.of(definition)
        with suppress(BoundReached):
            graph = self._solved(Fixpoint(interpreter, HELPER_NODES, HELPER_PATIENCE))
            if not recursive:
                self.summaries[definition] = summary_of(definition, interpreter, graph)
        return []

    def _solved(self, fixpoint: Fixpoint) -> Graph:
        """The graph of a function, which is counted."""
        self._progress.count("functions")
        try:
            return fixpoint.solve()
        finally:
            self._progress.count("nodes", len(fixpoint.graph.points))

    def _summary_for_closing(self, definition: Definition) -> Summary | None:
        """A function's summary, also of one that touches no handle: it may free what holds them."""
        if definition not in self.summaries:
            for helper, recurs in list(self.program.callees_first(definition, self.summaries)):
                self._summarise_helper(helper, recurs)
            self._summarise_helper(definition, recursive=False)
        return self.summaries[definition]

    def _candidates(
        self,
        definition: Definition,
        interpreter: Interpreter,
        graph: Graph,
        defects: Sequence[Defect],
        lone: bool = False,
    ) -> list[Candidate]:
        """The defects as findings; `lone` ones are those that the function itself shows."""
        again = partial(self.interpreters.of, definition) if lone else None
        asked = self.interpreters.asked
        quoted = self._quoted if asked is None else asked.door("quoted", self._quoted)
        found = told(
            definition, interpreter, graph, defects, self.rulebook, quoted, again, self._routes
        )
        followed = self._followed.get(definition)
        if followed is not None:
            for symbols, each in found:
                for symbol in symbols:
                    followed.found(symbol, each.finding)
        return [each for _, each in found]

    def _note_followed(
        self, definition: Definition, interpreter: Interpreter, bounded: bool
    ) -> None:
        """Keep what is asked later, once for each function; the last analysis of one counts."""
        if interpreter.log is not None:
            origins = interpreter.typestates.origins
            texts = {symbol: origin.text for symbol, origin in origins.items()}
            self._followed[definition] = Followed(interpreter.log, texts, bounded)

    def fates(self) -> list[Fate]:
        """What becomes of each handle that the program makes; asked after `findings`."""
        return Fates(self.program, self._followed, self.summaries, self.interpreters.api).all()

    def _is_to_follow(self, definition: Definition) -> bool:
        """Whether something may be found in a function, or by what it does in its callers.

        Where each handle's fate is asked for, all that touch any are followed.
        """
        eventful = self._explain or definition in self.program.eventful
        return eventful and self.touches_handles(definition)

    def touches_handles(self, definition: Definition) -> bool:
        """Whether a function acts on handles itself, or calls one whose summary does."""
        calls = self.program.calls[definition]
        if calls.touches:
            return True
        summaries = (self.summaries.get(target) for target in calls.callees)
        return any(summary is not None and summary.acts for summary in summaries)
