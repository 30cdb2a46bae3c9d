"""What executes a function of a program: with its callees' summaries, as far as they are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from operator import is_not

from capilint.engine.checks.learned import Learned
from capilint.engine.domain.escapes import EscapeLog
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.typestate import Typestates
from capilint.engine.fixpoint import cyclic_blocks, single_entry_blocks
from capilint.engine.program.callgraph import Program
from capilint.engine.program.classes import Missing
from capilint.engine.program.handle_variables import handle_types
from capilint.engine.program.linkage import Definition
from capilint.engine.program.liveness import liveness
from capilint.engine.summaries.condensing import united
from capilint.engine.summaries.summary import Summary
from capilint.engine.transfer.interpreter import Interpreter
from capilint.engine.transfer.resolution import Callees
from capilint.ir import Language, Module
from capilint.rulebook.book import Bound

_Alternatives = tuple[Definition, ...]
_Summaries = tuple[Summary | None, ...]


@dataclass(slots=True)
class Interpreters:
    """Makes the interpreters of one program's functions.

    `summaries` are those known so far, `summary_of` finds one that is not. With `explain` each
    takes note of what becomes of handles.
    """

    program: Program
    summaries: Mapping[Definition, Summary | None]
    learned: Learned
    summary_of: Callable[[Definition], Summary | None]
    explain: bool
    _united: dict[_Alternatives, tuple[_Summaries, Summary | None]] = field(default_factory=dict)

    def of(self, definition: Definition) -> Interpreter:
        """What executes a function, with all that is known so far of those that it calls."""
        function, module = definition.function, definition.module
        rulebook = self.program.rulebook
        classes = self.program.classes_of(function)
        callees = Callees(
            api=cache(lambda name: self.api(name, module)),
            summary=cache(lambda name: self._summary_of(name, definition)),
            classes=classes,
            made=lambda call: classes.made_by(call, definition),
            makes_data=lambda name: classes.makes_data(name, module),
            pointer=lambda call: self.program.pointers.called(call, definition),
            reached_through=lambda callee: self.program.reached_through(callee, definition),
            of_object=lambda callee, given: self.program.names.method_of_object(
                callee, given, definition
            ),
            method=lambda owner, name: self._summary_of_method(classes.method(owner, name)),
            summary_of=self.summary_of,
            handle_types=handle_types(module, rulebook.handle_types),
            comes_back=lambda name: name in self.program.returning,
        )
        evaluator = Evaluator(
            rulebook.is_box_accessor,
            rulebook.constants.get,
            function.language is Language.PYTHON,
            lambda name: self.program.names.constant(name, module),
        )
        typestates = Typestates(
            rulebook.resources,
            definition.path,
            evaluator.boxes,
            self.learned.seen_by(function, module.path),
        )
        return Interpreter(
            function,
            rulebook,
            callees,
            liveness(function),
            evaluator,
            typestates,
            cyclic_blocks(function),
            single_entry_blocks(function),
            classes.abandons_object(definition),
            EscapeLog(definition.path) if self.explain else None,
        )

    def api(self, name: str, module: Module) -> Bound | None:
        """The API function of a name; a handle type with methods of its own is no plain box."""
        own = name in self.program.classes_of(module).with_methods
        return None if own else self.program.names.api(name, module)

    def _summary_of(self, name: str, caller: Definition) -> Summary | None:
        """One summary for all that a name may mean; worked out anew if one of theirs is."""
        targets = tuple(self.program.names.alternatives(name, caller.module))
        summaries = tuple(map(self.summaries.get, targets))
        known, whole = self._united.get(targets, (None, None))
        if known is None or any(map(is_not, known, summaries)):
            whole = united(summaries)
            self._united[targets] = summaries, whole
        return whole

    def _summary_of_method(self, found: Definition | Missing) -> Summary | Missing:
        if isinstance(found, Missing):
            return found
        return self.summaries.get(found) or Missing.UNKNOWN
