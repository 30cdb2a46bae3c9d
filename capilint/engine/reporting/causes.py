"""From where a handle was let go of to why: what the program knows of that place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from capilint.engine.domain.cause import Cause, How
from capilint.engine.domain.escapes import EscapeLog, newest
from capilint.engine.domain.values import Symbol
from capilint.engine.program.callgraph import Program, sorted_roots
from capilint.engine.program.linkage import Definition
from capilint.engine.program.names import calls_of
from capilint.engine.summaries.summary import Summary
from capilint.ir import (
    Call,
    Direct,
    Escape,
    FunctionReference,
    Indirect,
    Method,
    Module,
    Place,
    Return,
    Scope,
    Yield,
    callee_name,
    places_in,
    values_of,
)
from capilint.rulebook.book import Bound
from capilint.silence import Kind, Lack, Reason

_SIMPLE = {
    How.CAPTURED: Kind.CAPTURED,
    How.CONTAINER: Kind.CONTAINER,
    How.EXPRESSION: Kind.EXPRESSION,
    How.OBJECT: Kind.OBJECT,
    How.UNDECIDED: Kind.UNDECIDED,
    How.FLAG: Kind.FLAG,
    How.ROUNDS: Kind.ROUNDS,
    How.PROCESS: Kind.PROCESS_END,
    How.NOT_UNDERSTOOD: Kind.NOT_UNDERSTOOD,
}


@dataclass
class Causes:
    """Explains the causes of one program."""

    program: Program
    logs: Mapping[Definition, EscapeLog]
    summaries: Mapping[Definition, Summary | None]
    bounded: Collection[Definition]
    api: Callable[[str, Module], Bound | None]

    def reason(
        self, cause: Cause | None, definition: Definition, handed: Symbol | None = None
    ) -> Reason:
        """Why a handle was let go of in a function, or, where it is `handed`, by its callers."""
        if cause is None or cause.where is None:
            return Reason(Kind.LOST)
        line = getattr(cause.where, "span", definition.function.span).line
        return self._why(cause, definition, handed)._replace(path=cause.path, line=line)

    def _why(self, cause: Cause, definition: Definition, symbol: Symbol | None) -> Reason:
        where, how = cause.where, cause.how
        if how in _SIMPLE:
            return Reason(_SIMPLE[how])
        if how is How.ELEMENT:
            whole = cause.place.partition("[?]")[0]
            return Reason(Kind.ELEMENT, place=whole) if whole else Reason(Kind.UNKNOWN_PLACE)
        if how is How.STORED:
            return self._stored(cause, definition, symbol)
        match where:
            case Call():
                return self._given(where, cause)
            case Return():
                return self._handed(Kind.RETURNED, definition, symbol)
            case Yield():
                return Reason(Kind.YIELDED)
            case Escape() if self._is_problem(cause.path, where.span.line):
                return Reason(Kind.NOT_UNDERSTOOD)
        return _EXPRESSION

    def _is_problem(self, path: str, line: int) -> bool:
        module = self._modules.get(path)
        return module is not None and any(each.span.line == line for each in module.problems)

    @cached_property
    def _modules(self) -> dict[str, Module]:
        return {module.path: module for module in self.program.modules}

    # ------------------------------------------------------------ callees

    def _given(self, call: Call, cause: Cause) -> Reason:
        module = self._modules.get(cause.path)
        name = callee_name(call.callee)
        if isinstance(call.callee, Method):
            return Reason(Kind.UNKNOWN_METHOD, name)
        if isinstance(call.callee, Indirect) or module is None:
            return Reason(Kind.RUN_TIME_FUNCTION)
        if cause.how is How.JUDGED:
            return Reason(Kind.JUDGED, name)
        if self.api(call.callee.name, module) is not None:
            return Reason(Kind.API_FUNCTION, name)
        targets = self.program.names.alternatives(call.callee.name, module)
        classes = self.program.classes_of(module)
        if not targets and classes.named(call.callee.name, module) is not None:
            return Reason(Kind.UNFOLLOWED_FUNCTION, name, detail=Lack.OBJECTS)
        if not targets:
            known = name in self._defined
            headers = () if known else module.missing_headers
            kind = Kind.UNCERTAIN_FUNCTION if known else Kind.UNKNOWN_FUNCTION
            return Reason(kind, name, headers=headers)
        if cause.how is How.PASSED_ON:
            return Reason(Kind.PASSED_ON, name)
        own = any(each is call for target in targets for each in calls_of(target.function))
        rest = Lack.RECURSIVE if own else Lack.ARGUMENTS
        lack = next((lack for target in targets if (lack := self._lack(target))), rest)
        return Reason(Kind.UNFOLLOWED_FUNCTION, name, detail=lack)

    @cached_property
    def _defined(self) -> frozenset[str]:
        """The last names of all functions of the program."""
        return frozenset(
            each.function.qualified_name.rpartition(".")[2]
            for each in self.program.names.definitions
        )

    def _lack(self, target: Definition) -> Lack | None:
        """Why a function of the program has no summary, if it has none."""
        function = target.function
        if self.summaries.get(target) is not None:
            return None
        if target in self.bounded:
            return Lack.INTRICATE
        if function.generator:
            return Lack.GENERATOR
        if function.decorated:
            return Lack.DECORATED
        return Lack.RECURSIVE if self._calls_itself(target) else Lack.OUTCOMES

    def _calls_itself(self, target: Definition) -> bool:
        calls = self.program.calls
        pending, seen = [*calls[target][0]], set[Definition]()
        while pending:
            each = pending.pop()
            if each == target:
                return True
            if each not in seen:
                seen.add(each)
                pending += calls[each][0]
        return False

    # ------------------------------------------------------------ callers

    def _handed(self, kind: Kind, definition: Definition, symbol: Symbol | None) -> Reason:
        detail = self._lack(definition) or self._caller(definition, symbol)
        return Reason(kind, definition.function.name, detail=detail)

    def _caller(self, definition: Definition, symbol: Symbol | None) -> Lack:
        summary = self.summaries.get(definition)
        outcomes = () if summary is None else summary.outcomes
        if not any(newest(each) == symbol for known in outcomes for each, _ in known.handles):
            return Lack.INSIDE
        name = definition.function.qualified_name.rpartition(".")[2]
        return Lack.FOLLOWED_CALL if name in self._called else Lack.CALLER

    @cached_property
    def _called(self) -> frozenset[str]:
        """The last names of what any function of the program calls, or uses as a value."""
        found: set[str] = set()
        for definition in self.program.names.definitions:
            for call in calls_of(definition.function):
                if not isinstance(call.callee, Indirect):
                    found.add(callee_name(call.callee))
            for block in definition.function.blocks:
                for instruction in block.instructions:
                    for value in values_of(instruction):
                        if isinstance(value, FunctionReference):
                            found.add(value.name.rpartition(".")[2])
        return frozenset(found)

    # ------------------------------------------------------------ places

    def _stored(self, cause: Cause, definition: Definition, symbol: Symbol | None) -> Reason:
        if cause.member and cause.place:
            releasing = self._releasing.get(cause.member)
            if releasing is None:
                return Reason(Kind.NEVER_RELEASED_PLACE, place=cause.place)
            return Reason(Kind.RELEASED_PLACE, releasing.function.name, cause.place)
        if symbol is not None:
            return self._handed(Kind.GIVEN_TO_CALLER, definition, symbol)
        if not cause.place:
            return Reason(Kind.UNKNOWN_PLACE)
        return Reason(Kind.OTHER_PLACE, place=cause.place)

    @cached_property
    def _releasing(self) -> dict[str, Definition]:
        """The members and global variables whose content some function releases."""
        found: dict[str, Definition] = {}
        for definition in sorted_roots(frozenset(self.logs)):
            for name in (*self.logs[definition].members, *self._released_by(definition)):
                found.setdefault(name, definition)
        return found

    def _released_by(self, definition: Definition) -> Iterator[str]:
        """Those that a function's text gives to a release, whether or not a path gets there."""
        for call in calls_of(definition.function):
            if not isinstance(call.callee, Direct):
                continue
            bound = self.api(call.callee.name, definition.module)
            if bound is None or not bound.protocol.releases:
                continue
            for value in values_of(call):
                for place in places_in(value):
                    yield _last_name(place)


def _last_name(place: Place) -> str:
    """The member, or else the global variable, that a place of a source is; or nothing."""
    for accessor in reversed(place.path):
        if accessor.startswith(".") and accessor not in _BOX_CONTENTS:
            return accessor
    return place.root.name if place.root.scope is Scope.GLOBAL else ""


_BOX_CONTENTS = (".value", ".contents")
_EXPRESSION = Reason(Kind.EXPRESSION)
