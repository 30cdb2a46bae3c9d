"""A control-flow graph drawn in plain characters, so that it shows in any terminal and on GitHub.

           b0:
             branch %1 ? b1 : b2
    +--------  true
    | +------  false
    +-|----> b1:
      |        ...
      +----> b2:
               ...

The blocks stand below each other. Left of them is one lane for each block that control jumps to:
edges join the lane at the end of their block, and it leads to the head of the other, down or up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from capilint import ir
from capilint.ir.text import statement_text

_WIDTH = 100
_LANE = 2  # characters


@dataclass(slots=True)
class _Row:
    """One line of the picture; `head` is the block that begins here, `target` where it jumps."""

    text: str
    head: int | None = None
    target: int | None = None


@dataclass(frozen=True, slots=True)
class _Lane:
    """The rows that the edges to one block stretch over, and how far left of the text they run."""

    first: int
    last: int
    column: int


def function_picture(function: ir.Function) -> str:
    """The control-flow graph of one function as lines of ASCII."""
    rows = [row for block in function.blocks for row in _rows(block)]
    lanes = _lanes(rows)
    margin = _LANE * (1 + max((lane.column for lane in lanes.values()), default=-1)) + 3
    lines = [_line(number, row, lanes, margin) for number, row in enumerate(rows)]
    return "\n".join([f"function {function.qualified_name}", *lines]) + "\n"


def _rows(block: ir.BasicBlock) -> Iterator[_Row]:
    yield _Row(f"b{block.number}:", head=block.number)
    for instruction in block.instructions:
        yield _Row("  " + statement_text(instruction))
    terminator = block.terminator
    match terminator:
        case ir.Jump(target):
            yield _Row("  jump", target=target)
        case ir.Branch(_, if_true, if_false):
            yield _Row("  " + statement_text(terminator))
            yield _Row("    true", target=if_true)
            yield _Row("    false", target=if_false)
        case _:
            yield _Row("  " + statement_text(terminator))
            for target in ir.successors(block):
                yield _Row("    or", target=target)
    if block.handler is not None:
        yield _Row("  on an exception", target=block.handler)


def _lanes(rows: list[_Row]) -> dict[int, _Lane]:
    """A lane for each block that is a target; the short ones run next to the text."""
    heads = {row.head: number for number, row in enumerate(rows) if row.head is not None}
    ends: dict[int, list[int]] = {}
    for number, row in enumerate(rows):
        if row.target is not None:
            ends.setdefault(row.target, [heads[row.target]]).append(number)
    lanes: dict[int, _Lane] = {}
    for target, numbers in sorted(ends.items(), key=lambda item: max(item[1]) - min(item[1])):
        first, last = min(numbers), max(numbers)
        taken = {
            lane.column for lane in lanes.values() if lane.first <= last and first <= lane.last
        }
        free = next(column for column in range(len(rows)) if column not in taken)
        lanes[target] = _Lane(first, last, free)
    return lanes


def _line(number: int, row: _Row, lanes: dict[int, _Lane], margin: int) -> str:
    cells = [" "] * margin
    for lane in lanes.values():
        if lane.first <= number <= lane.last:
            cells[_position(lane, margin)] = "|"
    for block in (row.head, row.target):
        if block is not None and block in lanes:
            start = _position(lanes[block], margin)
            for position in range(start, margin - 1):
                cells[position] = "-" if cells[position] == " " else cells[position]
            cells[start] = "+"
            cells[margin - 2] = ">" if block == row.head else "-"
    line = "".join(cells) + row.text
    return line if len(line) <= _WIDTH else line[: _WIDTH - 3] + "..."


def _position(lane: _Lane, margin: int) -> int:
    return margin - 3 - _LANE * (lane.column + 1)
