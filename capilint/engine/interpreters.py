"""What executes a function of a program: with its callees' summaries, as far as they are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from operator import is_not

from capilint.engine.asking import (
    Asked,
    AskedOwners,
    Doors,
    ask_classes,
    asked_classes,
    with_notes,
)
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
from capilint.engine.shares import Shares
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
    takes note of what becomes of handles. `shares` are the steps that each may take. What is asked
    on the way is noted in `asked`, if there is one.
    """

    program: Program
    summaries: Mapping[Definition, Summary | None]
    learned: Learned
    summary_of: Callable[[Definition], Summary | None]
    explain: bool
    shares: Shares
    asked: Asked | None = None
    _united: dict[_Alternatives, tuple[_Summaries, Summary | None]] = field(default_factory=dict)

    def of(self, definition: Definition) -> Interpreter:
        """What executes a function, with all that is known so far of those that it calls."""
        function, module = definition.function, definition.module
        rulebook, asked = self.program.rulebook, self.asked
        classes = self.program.classes_of(function)
        doors = self.doors(definition)
        members = self.learned.seen_by(function, module.path)
        if asked is not None:
            classes = asked_classes(asked, doors["classes"])
            doors = with_notes(asked, doors)
            members = replace(members, known=AskedOwners(self.learned.owners, asked))
        callees = Callees(
            api=cache(doors["api"]),
            summary=cache(doors["summary"]),
            classes=classes,
            made=doors["made"],
            makes_data=doors["makes_data"],
            pointer=doors["pointer"],
            reached_through=doors["reached_through"],
            of_object=doors["of_object"],
            method=doors["method"],
            summary_of=doors["summary_of"],
            handle_types=doors["handle_types"](),
            comes_back=doors["comes_back"],
        )
        evaluator = Evaluator(
            rulebook.is_box_accessor,
            rulebook.constants.get,
            function.language is Language.PYTHON,
            doors["constant"],
        )
        typestates = Typestates(rulebook.resources, definition.path, evaluator.boxes, members)
        return Interpreter(
            function,
            rulebook,
            callees,
            liveness(function),
            evaluator,
            typestates,
            self.shares.budget(definition),
            cyclic_blocks(function),
            single_entry_blocks(function),
            doors["abandons_object"](),
            EscapeLog(definition.path) if self.explain else None,
        )

    def doors(self, definition: Definition) -> Doors:
        """What a function's analysis can ask of the program."""
        function, module = definition.function, definition.module
        program, classes = self.program, self.program.classes_of(function)
        return {
            "api": lambda name: self.api(name, module),
            "summary": lambda name: self._summary_of(name, definition),
            "classes": ask_classes(classes),
            "made": lambda call: classes.made_by(call, definition),
            "makes_data": lambda name: classes.makes_data(name, module),
            "pointer": lambda call: program.pointers.called(call, definition),
            "reached_through": lambda callee: program.reached_through(callee, definition),
            "of_object": lambda callee, given: program.names.method_of_object(
                callee, given, definition
            ),
            "method": lambda owner, name: self._summary_of_method(classes.method(owner, name)),
            "summary_of": self.summary_of,
            "handle_types": lambda: handle_types(module, program.rulebook.handle_types),
            "comes_back": lambda name: name in program.returning,
            "constant": lambda name: program.names.constant(name, module),
            "abandons_object": lambda: classes.abandons_object(definition),
        }

    def api(self, name: str, module: Module) -> Bound | None:
        """The API function of a name; a handle type with methods of its own is no plain box."""
        own = self.program.classes_of(module).has_methods(name)
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
