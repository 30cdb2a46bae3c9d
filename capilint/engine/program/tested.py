"""Which variables the branches have asked about that a call stands in: a forward dataflow.

    if (!status) {
        report("CryptEncrypt", status);      only where `status` is zero: it is told that
        return 0;
    }
    check(status);                           both ways of the branch lead here: it is a check

A call that is told how something went, once that is decided, is no check of it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

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

Answer = tuple[Variable, int, int]  # a variable, the block that asks about it, the way taken
_OUTCOMES = (0, 1, -1)  # what a status is compared with to learn whether it is a failure
_UNASKED = -1


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
        for number, answers in self._at_entry.items():
            instructions = self.function.blocks[number].instructions
            for index, each in enumerate(instructions):
                if isinstance(each, Call) and not _may_be_the_end(each, instructions[index + 1 :]):
                    found[id(each)] = _decided(answers)
                answers = _after(answers, each)
        return found

    @cached_property
    def _at_entry(self) -> dict[int, frozenset[Answer]]:
        """The last answers about each variable on the ways to the head of each block."""
        variables = {each for block in self.function.blocks for each in self._asked(block)}
        entry = {0: frozenset((each, _UNASKED, 0) for each in variables)}
        pending = deque([0] if variables else [])
        while pending:
            block = self.function.blocks[pending.popleft()]
            for target, answers in self._ways(block, entry[block.number]):
                known = entry.get(target, frozenset())
                if target not in entry or not answers <= known:
                    entry[target] = known | answers
                    pending.append(target)
        return entry

    def _ways(
        self, block: BasicBlock, answers: frozenset[Answer]
    ) -> Iterator[tuple[int, frozenset[Answer]]]:
        if block.handler is not None:
            yield block.handler, frozenset((each, _UNASKED, 0) for each, _, _ in answers)
        for instruction in block.instructions:
            answers = _after(answers, instruction)
        targets = successors(block)
        asked = self._asked(block) if len(set(targets)) > 1 else set()
        others = frozenset(answer for answer in answers if answer[0] not in asked)
        for target in targets:
            yield target, others | {(each, block.number, target) for each in asked}

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


def _decided(answers: frozenset[Answer]) -> frozenset[Variable]:
    """The variables that were asked about on each way, if none of the branches leads here both
    ways."""
    ways = Counter((variable, block) for variable, block, _ in answers)
    open_still = {variable for (variable, block), count in ways.items() if count > 1}
    open_still |= {variable for variable, block, _ in answers if block == _UNASKED}
    return frozenset(variable for variable, _, _ in answers) - open_still


def _after(answers: frozenset[Answer], instruction: Instruction) -> frozenset[Answer]:
    target = written_by(instruction)
    if target is None or all(answer[0] != target for answer in answers):
        return answers
    others = {answer for answer in answers if answer[0] != target}
    return frozenset(others | {(target, _UNASKED, 0)})


def _may_be_the_end(call: Call, following: tuple[Instruction, ...]) -> bool:
    """Whether nothing in a branch follows a call but one that is given its result."""
    if call.ends_branch:
        return True
    return call.result is not None and any(
        isinstance(each, Call)
        and each.ends_branch
        and any(place.root == call.result.root for v in values_of(each) for place in places_in(v))
        for each in following
    )
