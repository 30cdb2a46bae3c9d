"""Which variables the branches have asked about that a call stands in: a forward dataflow.

    if (!status) {
        report("CryptEncrypt", status);      only where `status` is zero: it is told that
        return 0;
    }
    check(status);                           both ways of the branch lead here: it is a check

A call that is told how something went, once that is decided, is no check of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush

from capilint.engine.program.liveness import written_by
from capilint.ir import (
    AddressOf,
    BasicBlock,
    Branch,
    Call,
    Constant,
    Function,
    Instruction,
    Jump,
    Method,
    Named,
    Operation,
    Place,
    Read,
    Scope,
    Value,
    Variable,
    places_in,
    successors,
    values_of,
)

Answers = dict[Variable, frozenset[tuple[int, int]]]
"""The variables that each way to a point has asked about, with the blocks that did and the ways
taken from there."""
_OUTCOMES = (0, 1, -1)  # what a status is compared with to learn whether it is a failure


@dataclass
class Tested:
    """The variables that one function's branches have asked about, call by call; `constants` are
    the named ones whose value is known."""

    function: Function
    constants: Callable[[str], int | None]

    def before(self, call: Call) -> frozenset[Variable]:
        """The variables that a call is told once a branch has decided by them; none where nothing
        in its branch follows it, so that it need not come back."""
        return self._before.get(id(call), frozenset())

    @cached_property
    def objects(self) -> frozenset[Variable]:
        """The variables that a branch asks about, or whose objects a method gives an answer for."""
        found: set[Variable] = set()
        for block in self.function.blocks:
            for instruction in block.instructions:
                match instruction:
                    case Call(Method(receiver), _, result) if result is not None:
                        found.update(place.root for place in places_in(receiver))
            if isinstance(block.terminator, Branch):
                found.update(place.root for place in places_in(block.terminator.condition))
        return frozenset(found)

    def next_after(self, call: Call) -> frozenset[Variable]:
        """The variables that the first branch behind a call asks about, or of whose objects a call
        on the way to it says something: `if (has_failed(job))`."""
        return self._next.get(id(call), frozenset())

    @cached_property
    def _next(self) -> dict[int, frozenset[Variable]]:
        """The same for every call that a branch follows in a straight line."""
        found: dict[int, frozenset[Variable]] = {}
        for block in self.function.blocks:
            line = list(self._line(block))
            if not isinstance(line[-1].terminator, Branch):
                continue
            asked = {place.root for place in places_in(line[-1].terminator.condition)}
            following = [each for part in line for each in part.instructions]
            for instruction in reversed(following):
                if not isinstance(instruction, Call):
                    continue
                if instruction in block.instructions:
                    found[id(instruction)] = frozenset(asked)
                if instruction.result is not None and instruction.result.root in asked:
                    asked.update(place.root for place in _whole(instruction))
        return found

    def _line(self, block: BasicBlock) -> Iterator[BasicBlock]:
        """A block, and those that are entered one after the other without a question."""
        seen: set[int] = set()
        while block.number not in seen:
            seen.add(block.number)
            yield block
            if isinstance(block.terminator, Jump):
                block = self.function.blocks[block.terminator.target]

    @cached_property
    def _before(self) -> dict[int, frozenset[Variable]]:
        """The same for each call that something follows in its branch."""
        found: dict[int, frozenset[Variable]] = {}
        for number, known in self._at_entry.items():
            answers = dict(known)
            instructions = self.function.blocks[number].instructions
            calls = (each for each in reversed(instructions) if isinstance(each, Call))
            ending = [each for each in calls if each.ends_branch]  # the next one last
            for each in instructions:
                if ending and each is ending[-1]:
                    ending.pop()
                if isinstance(each, Call) and not _may_be_the_end(each, ending):
                    found[id(each)] = frozenset(answers)
                _forget_written(answers, each)
        return found

    @cached_property
    def _at_entry(self) -> dict[int, Answers]:
        """The last answers about each variable on the ways to the head of each block."""
        entry: dict[int, Answers] = {0: {}}
        pending = [0] if any(self._asks) else []
        waiting = set(pending)
        while pending:
            block = self.function.blocks[heappop(pending)]
            waiting.discard(block.number)
            for target, answers in self._ways(block, entry[block.number]):
                known = entry.get(target)
                merged = answers if known is None else _on_both(known, answers)
                if known is None or len(merged) != len(known) or merged != known:
                    entry[target] = merged
                    if target not in waiting:
                        waiting.add(target)
                        heappush(pending, target)
        return entry

    @cached_property
    def _asks(self) -> list[frozenset[Variable]]:
        """For each block the variables that its branch decides by, and that calls are told of."""
        told = frozenset(
            place.root
            for block in self.function.blocks
            for each in block.instructions
            if isinstance(each, Call)
            for value in _given(each)
            for place in places_in(value)
        )
        return [told & self._asked(block) for block in self.function.blocks]

    def _ways(self, block: BasicBlock, answers: Answers) -> Iterator[tuple[int, Answers]]:
        if block.handler is not None:
            yield block.handler, {}
        answers = dict(answers)
        for instruction in block.instructions:
            _forget_written(answers, instruction)
        targets = successors(block)
        asked = self._asks[block.number] if len(set(targets)) > 1 else ()
        for target in targets:
            answer = frozenset({(block.number, target)})
            yield target, {**answers, **dict.fromkeys(asked, answer)} if asked else answers

    def _asked(self, block: BasicBlock) -> set[Variable]:
        """The variables that a block's branch decides by, also through a call: `FAILED(rc)`."""
        if not isinstance(block.terminator, Branch):
            return set()
        found = set(self._asked_by(block.terminator.condition))
        for instruction in reversed(block.instructions):
            target = written_by(instruction)
            if target in found and target is not None and target.scope is Scope.TEMPORARY:
                for value in values_of(instruction):
                    found.update(self._asked_by(value))
        return found

    def _asked_by(self, condition: Value) -> Iterator[Variable]:
        match condition:
            case Operation(("==" | "!="), operands):
                codes = [each for each in operands if isinstance(each, Constant | Named)]
                if codes and all(self._number(each) in _OUTCOMES for each in codes):
                    yield from (place.root for place in places_in(condition))
            case Operation(_, operands):
                for each in operands:
                    yield from self._asked_by(each)
            case _:
                yield from (place.root for place in places_in(condition))

    def _number(self, value: Constant | Named) -> object:
        if isinstance(value, Constant):
            return 0 if value.value is None else value.value
        known = self.constants(value.name)
        return value.value if known is None else known


def _whole(call: Call) -> Iterator[Place]:
    """The variables whose objects a call is given as a whole, or by their address; or what another
    call answered: `SUCCEEDED(result.value())`."""
    receiver = (call.callee.receiver,) if isinstance(call.callee, Method) else ()
    for value in (*receiver, *call.arguments):
        if isinstance(value, Read | AddressOf):
            answer = value.place.root.scope is Scope.TEMPORARY
            if answer or not value.place.path:
                yield value.place


def _given(call: Call) -> tuple[Value, ...]:
    """All that a call is given, with what its method is called on."""
    receiver = (call.callee.receiver,) if isinstance(call.callee, Method) else ()
    return (*receiver, *values_of(call))


def _on_both(known: Answers, others: Answers) -> Answers:
    """What is answered on two ways to a block: not by a branch that leads here both ways."""
    found = {}
    for variable, one in known.items():
        other = others.get(variable)
        if other is one:
            found[variable] = one
        elif other is not None:
            both = one | other
            if len({block for block, _ in both}) == len(both):
                found[variable] = both
    return found


def _forget_written(answers: Answers, instruction: Instruction) -> None:
    target = written_by(instruction)
    if target is not None:
        answers.pop(target, None)


def _may_be_the_end(call: Call, following: Sequence[Call]) -> bool:
    """Whether nothing in a branch follows a call but one that is given its result, of those that
    end it."""
    if call.ends_branch:
        return True
    return call.result is not None and any(
        place.root == call.result.root
        for each in following
        for value in values_of(each)
        for place in places_in(value)
    )
