"""Where the nodes of a tree stand in the text.

libcst's own PositionProvider takes longer than the parse, because it keeps line and column at
every token. Here one run of the code generator counts tokens only; a node's line and column are
worked out when somebody asks.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import accumulate
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState

from capilint.finding import Span

_NEWLINE = re.compile(r"\r\n?|\n")


class _TokenCounter(CodegenState):
    """Notes for each node the tokens at which its text begins and ends, without whitespace.

    Nodes are known by their `id`, because libcst hashes them in Python code.
    """

    def __init__(self, tree: cst.Module) -> None:
        super().__init__(tree.default_indent, tree.default_newline)
        self.extents: dict[int, tuple[int, int]] = {}
        self.__dict__.update(_noting(self.extents, self.tokens))

    def record_syntactic_position(
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> Any:  # libcst's is a generator's context manager; any other serves as well
        return _Recording(self, node, start_node, end_node)


def _noting(
    extents: dict[int, tuple[int, int]], tokens: list[str]
) -> dict[str, Callable[[cst.CSTNode], None]]:
    """What the code generator calls before and after each node, ten times a line: functions of
    their own, for a method would look up what it needs at each call."""
    starts: list[int] = []

    def before_codegen(_: cst.CSTNode) -> None:
        starts.append(len(tokens))

    def after_codegen(node: cst.CSTNode) -> None:
        start, known = starts.pop(), id(node)
        if known not in extents:
            extents[known] = start, len(tokens)

    return {"before_codegen": before_codegen, "after_codegen": after_codegen}


class _Recording(AbstractContextManager[None]):
    """The `with` block in which libcst generates a node's text without its whitespace."""

    __slots__ = ("_counter", "_end_node", "_node", "_start", "_start_node")

    def __init__(
        self,
        counter: _TokenCounter,
        node: cst.CSTNode,
        start_node: cst.CSTNode | None,
        end_node: cst.CSTNode | None,
    ) -> None:
        self._counter, self._node = counter, node
        self._start_node, self._end_node = start_node, end_node

    def __enter__(self) -> None:
        self._start = len(self._counter.tokens)

    def __exit__(self, *_: object) -> None:
        extents = self._counter.extents
        start, end = self._start, len(self._counter.tokens)
        if self._start_node is not None:
            start = extents[id(self._start_node)][0]
        if self._end_node is not None:
            end = extents[id(self._end_node)][1]
        extents[id(self._node)] = start, end


class Positions:
    """The spans of one tree's nodes: 1-based lines and columns, columns in characters.

    `column` is given for a tree of translated text: it tells the column in the file of an offset
    into that text, and the line, which is the same in both.
    """

    def __init__(self, tree: cst.Module, column: Callable[[int, int], int] | None = None) -> None:
        counter = _TokenCounter(tree)
        tree._codegen(counter)
        self._tree = tree  # keeps the nodes, and so their ids, alive
        self._extents = counter.extents
        self._offsets = [0, *accumulate(map(len, counter.tokens))]
        self._text = "".join(counter.tokens)
        self._lines = [0, *(match.end() for match in _NEWLINE.finditer(self._text))]
        self._column = column or self._untranslated_column

    def text(self, node: cst.CSTNode) -> str:
        """The source of a node."""
        start, end = self._range(node)
        return self._text[start:end]

    def span(self, node: cst.CSTNode) -> Span:
        """The stretch of a node."""
        return self._span(*self._range(node))

    def head(self, node: cst.CSTNode) -> Span:
        """The first word of a node: the keyword of a compound statement."""
        start, _ = self._range(node)
        word = re.compile(r"\w*").match(self._text, start)
        return self._span(start, word.end() if word else start)

    def end(self, node: cst.CSTNode) -> Span:
        """Behind the last line of a node that is not blank: nothing stands there."""
        start, end = self._range(node)
        end = start + len(self._text[start:end].rstrip())
        return self._span(end, end)

    def _range(self, node: cst.CSTNode) -> tuple[int, int]:
        start, end = self._extents.get(id(node), (0, 0))
        return self._offsets[start], self._offsets[end]

    def _span(self, start: int, end: int) -> Span:
        return Span(*self._line_and_column(start), *self._line_and_column(end))

    def _line_and_column(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._lines, offset)
        return line, self._column(line, offset)

    def _untranslated_column(self, line: int, offset: int) -> int:
        return offset - self._lines[line - 1] + 1
