"""Which variables are read later: a backward dataflow over bit sets, one pass per function.

It serves two ends. States forget what nobody asks for, so that they merge; and a call whose
result is never read is one whose success the code takes for granted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_

from capilint.ir import (
    AddressOf,
    Assign,
    BasicBlock,
    Branch,
    Call,
    Declare,
    Delete,
    Direct,
    Elements,
    Escape,
    Function,
    Indirect,
    Instruction,
    Method,
    Operation,
    Place,
    Read,
    Return,
    Scope,
    TupleOf,
    Unknown,
    Value,
    Variable,
    Yield,
    places_in,
    successors,
    values_of,
)

MOST_KEPT = 128  # answers at one point; a function of thousands of variables has as many points
MOST_VISITS = 40  # of a block; 1.7 are needed in real code


class Live(dict[Variable, bool]):
    """A set of variables, each a bit of a number: `live[variable]` tells whether one is in it.

    States ask for the same variables again and again: each is looked up once, if they are few.
    """

    __slots__ = ("bits", "numbering")

    def __init__(self, bits: int, numbering: Mapping[Variable, int]) -> None:
        super().__init__()
        self.bits = bits
        self.numbering = numbering

    def __missing__(self, variable: Variable) -> bool:
        number = self.numbering.get(variable)
        found = number is not None and self.bits >> number & 1 == 1
        if len(self) < MOST_KEPT:
            self[variable] = found
        return found

    __contains__ = None  # type: ignore[assignment]  # what was looked up is not what is in it


@dataclass(frozen=True, slots=True)
class Liveness:
    """What is read later.

    `at_entry`: for each block, the variables read at or after its start. `unread`: the calls
    whose result nobody reads. `last_reads`: for a call, the variables that only it still reads.
    `after_call`: for a call, the variables read after it. `reads`: for a call, what it may look at,
    and what of that even once its arguments are evaluated.
    """

    at_entry: tuple[Live, ...]
    unread: frozenset[tuple[int, int]]
    last_reads: dict[tuple[int, int], frozenset[Variable]]
    after_call: dict[tuple[int, int], Live]
    reads: dict[tuple[int, int], tuple[frozenset[Variable], frozenset[Variable]]]

    def at(self, block: int, index: int) -> Live | None:
        """The variables read at or after an instruction; None where that was not kept."""
        return self.at_entry[block] if index == 0 else self.after_call.get((block, index - 1))


def liveness(function: Function) -> Liveness:
    """Solve the dataflow equations of one function."""
    numbering: dict[Variable, int] = {}
    addressed = _addressed(function)
    facts = [_block_bits(block, numbering) for block in function.blocks]
    always = 0
    for variable in addressed:
        always |= 1 << numbering.setdefault(variable, len(numbering))
    at_entry = _solve(function, facts, always)
    unread: set[tuple[int, int]] = set()
    last_reads: dict[tuple[int, int], frozenset[Variable]] = {}
    after_call: dict[tuple[int, int], Live] = {}
    for block in function.blocks:
        after = always
        for target in (*successors(block), *_handler(block)):
            after |= at_entry[target]
        for index, bits in _scan_calls(block, numbering, after, unread, last_reads):
            after_call[block.number, index] = Live(bits, numbering)
    sets = tuple(Live(bits, numbering) for bits in at_entry)
    reads = {
        (block.number, index): (frozenset(reads_of(each)), lent_to(each))
        for block in function.blocks
        for index, each in enumerate(block.instructions)
        if isinstance(each, Call)
    }
    return Liveness(sets, frozenset(unread), last_reads, after_call, reads)


def _solve(function: Function, facts: list[tuple[int, int]], always: int) -> list[int]:
    predecessors: list[set[int]] = [set() for _ in function.blocks]
    following = [tuple(successors(block)) for block in function.blocks]
    handlers = [block.handler for block in function.blocks]
    for block in function.blocks:
        for target in (*following[block.number], *_handler(block)):
            predecessors[target].add(block.number)
    at_entry = [always] * len(function.blocks)
    visits = MOST_VISITS * len(function.blocks)
    pending = deque(reversed(range(len(function.blocks))))
    waiting = set(pending)
    while pending:
        visits -= 1
        if not visits:  # loops nested hundreds deep: what is read anywhere counts as read later
            return [reduce(or_, (reads for reads, _ in facts), always)] * len(function.blocks)
        number = pending.popleft()
        waiting.remove(number)
        after = always
        for target in following[number]:
            after |= at_entry[target]
        handler = handlers[number]
        reads, writes = facts[number]
        raised = 0 if handler is None else at_entry[handler]  # before anything is written
        before = reads | (after & ~writes) | raised | always
        if before != at_entry[number]:
            at_entry[number] = before
            sources = predecessors[number] - waiting
            pending += sorted(sources)
            waiting |= sources
    return at_entry


def _handler(block: BasicBlock) -> tuple[int, ...]:
    return () if block.handler is None else (block.handler,)


def _block_bits(block: BasicBlock, numbering: dict[Variable, int]) -> tuple[int, int]:
    """The variables read before any write in the block, and those written."""
    reads = writes = 0
    for instruction in block.instructions:
        for variable in reads_of(instruction):
            bit = 1 << numbering.setdefault(variable, len(numbering))
            if not writes & bit:
                reads |= bit
        target = _begun_by(instruction)
        if target is not None:
            writes |= 1 << numbering.setdefault(target, len(numbering))
    for variable in _terminator_reads(block):
        bit = 1 << numbering.setdefault(variable, len(numbering))
        if not writes & bit:
            reads |= bit
    return reads, writes


def _scan_calls(
    block: BasicBlock,
    numbering: dict[Variable, int],
    after: int,
    unread: set[tuple[int, int]],
    last_reads: dict[tuple[int, int], frozenset[Variable]],
) -> Iterator[tuple[int, int]]:
    """Walk a block backwards; gives for each call the variables that are read after it."""
    for variable in _terminator_reads(block):
        after |= 1 << numbering[variable]
    for index in range(len(block.instructions) - 1, -1, -1):
        instruction = block.instructions[index]
        target_variable = _begun_by(instruction)
        bit = 0 if target_variable is None else 1 << numbering[target_variable]
        if isinstance(instruction, Call):
            yield index, after
            if instruction.result is None or (
                target_variable is not None and is_private(target_variable) and not after & bit
            ):
                unread.add((block.number, index))
            last_reads[block.number, index] = frozenset(
                variable
                for variable in reads_of(instruction)
                if is_private(variable) and not (after & ~bit) & (1 << numbering[variable])
            )
        after &= ~bit
        for variable in reads_of(instruction):
            after |= 1 << numbering[variable]


def is_private(variable: Variable) -> bool:
    """Whether nobody outside the function can read the variable."""
    return variable.scope in (Scope.LOCAL, Scope.TEMPORARY)


def written_by(instruction: Instruction) -> Variable | None:
    """The variable that an instruction sets as a whole."""
    match instruction:
        case Assign(Place(root, ())):
            return root
        case Call(result=Place(root, ())) | Yield(result=Place(root, ())):
            return root
        case Elements(result=Place(root, ())):
            return root
        case _:
            return None


def _begun_by(instruction: Instruction) -> Variable | None:
    """The variable whose content before an instruction nobody reads after it."""
    return instruction.variable if isinstance(instruction, Declare) else written_by(instruction)


def written_variables(function: Function) -> set[Variable]:
    """The variables that some instruction of the function sets as a whole."""
    written = {
        written_by(instruction) for block in function.blocks for instruction in block.instructions
    }
    return {variable for variable in written if variable is not None}


def lent_to(call: Call) -> frozenset[Variable]:
    """What a call may still look into once its arguments are evaluated."""
    given = (each.place for each in call.arguments if isinstance(each, Read))
    return frozenset(reads_of(call)) - {place.root for place in given if not place.path}


def reads_of(instruction: Instruction) -> Iterator[Variable]:
    """The variables whose content an instruction may look at."""
    match instruction:
        case Assign(target, value):
            yield from _of_values((value,))
            yield from _of_target(target)
        case Call(callee, arguments, result, _, keywords):
            yield from _of_values(arguments)
            yield from _of_values(tuple(value for _, value in keywords))
            if isinstance(callee, Method):
                yield from _of_values((callee.receiver,))
            elif isinstance(callee, Indirect):
                yield from _of_values((callee.value,))
            if result is not None:
                yield from _of_target(result)
        case Escape(values):
            yield from _of_values(values)
        case Yield(value):
            yield from _of_values((value,))
        case Delete(place):
            yield place.root
        case Elements(container=container):
            yield container.root
            yield from _of_values(values_of(instruction))
        case _:
            return


def _of_values(values: tuple[Value, ...]) -> Iterator[Variable]:
    for value in values:
        for place in places_in(value):
            yield place.root


def _of_target(target: Place) -> Iterator[Variable]:
    if target.path:
        yield target.root


def _terminator_reads(block: BasicBlock) -> Iterator[Variable]:
    match block.terminator:
        case Branch(condition):
            yield from _of_values((condition,))
        case Return(value) if value is not None:
            yield from _of_values((value,))
        case _:
            return


def addressed_variables(function: Function) -> set[Variable]:
    """Every variable of which some instruction takes the address, or that a closure captures."""
    found: set[Variable] = set()
    for block in function.blocks:
        for instruction in block.instructions:
            for value in values_of(instruction):
                found.update(_pointed_at(value))
    return found


def _addressed(function: Function) -> set[Variable]:
    """Variables that a pointer or a closure may read behind the reader's back."""
    found: set[Variable] = set()
    for block in function.blocks:
        for instruction in block.instructions:
            if isinstance(instruction, Assign):
                found.update(_pointed_at(instruction.value))
            elif isinstance(instruction, Elements) and instruction.result is not None:
                found.add(instruction.container.root)  # the result may lead into it
            elif isinstance(instruction, Call) and _is_of_class(instruction):
                for value in instruction.arguments[1:]:  # its object may keep the address
                    found.update(_pointed_at(value))
    return found


def _is_of_class(call: Call) -> bool:
    """Whether a function of a C++ class is called, with its object or without one."""
    return isinstance(call.callee, Direct) and "::" in call.callee.name


def _pointed_at(value: Value) -> Iterator[Variable]:
    match value:
        case AddressOf(place):
            yield place.root
        case Operation(_, values) | TupleOf(values) | Unknown(values):
            for inner in values:
                yield from _pointed_at(inner)
        case _:
            if not hasattr(value, "place"):
                for place in places_in(value):
                    yield place.root
