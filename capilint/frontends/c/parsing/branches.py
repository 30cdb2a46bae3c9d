"""Makes text parse whose `#if`s cut through statements: one branch of each is kept.

    #ifdef UNICODE           ................
        if (wide) {              if (wide) {
    #else               ->   .....
        if (narrow) {        .................
    #endif                   ......

What goes becomes spaces, so that positions stay. The first branch is kept; the same condition
is then answered alike everywhere in the text, unless the branches are parts of an expression:
which of them is kept decides nothing about the statements elsewhere.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise

from capilint.frontends.c.parsing.conditionals import ON_WINDOWS, Directive, decided, directives
from capilint.frontends.c.parsing.outline import blanked
from capilint.frontends.c.parsing.positions import LineTable

_OTHER_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(?:pragma|error|warning|line|undef)\b[^\n]*", re.M)

_STATEMENT = re.compile(
    r";|\b(?:if|else|for|while|do|switch|case|default|return|goto|break|continue|try|catch)\b"
)


@dataclass(slots=True)
class _Conditional:
    """An `#if` up to its `#endif`, inside branch `branch` of its parent."""

    parent: _Conditional | None
    branch: int
    parts: list[Directive] = field(default_factory=list)
    kept: int | None = None  # the branch to keep; -1 for none
    untouched: bool = True
    gone: bool = False  # it stands in a branch that is not kept
    in_expression: bool = False

    def settle(self) -> None:
        """Learn from the parent whether it is gone."""
        if self.parent is not None:
            dropped = not self.parent.untouched and self.parent.kept != self.branch
            self.gone = self.parent.gone or dropped


def keep_cut_branches(text: str) -> str:
    """One branch of each conditional whose branches open or close what they do not end."""
    cut = _halves(blanked(text, directives=False))
    return _keep(text, lambda conditional: _cuts(conditional, cut))


def keep_branches_at(text: str, rows: Set[int]) -> str:
    """One branch of each conditional that touches one of the 0-based `rows`."""
    lines, asked = LineTable(text), sorted(rows)
    return _keep(text, lambda conditional: _touches(conditional, lines, asked))


def keep_branches_in_expressions(text: str, rows: Set[int]) -> str:
    """The same, of those whose branches are parts of an expression alone."""
    lines, asked = LineTable(text), sorted(rows)
    return _keep(text, lambda each: each.in_expression and _touches(each, lines, asked))


def keep_first_branches(text: str) -> str:
    """One branch of every conditional."""
    return _keep(text, lambda conditional: True)


def _keep(text: str, wanted: Callable[[_Conditional], bool]) -> str:
    """The text with the wanted conditionals replaced by one branch, and those that the answers
    to their conditions decide."""
    conditionals = _conditionals(text)
    plain = blanked(text, directives=False)
    cut = _halves(plain)
    for conditional in conditionals:
        conditional.in_expression = not _cuts(conditional, cut) and _has_no_statement(
            conditional, plain
        )
    answers = dict(ON_WINDOWS)
    asked = [wanted(each) for each in conditionals]
    for guess in (True, False):
        for conditional, is_wanted in zip(conditionals, asked, strict=True):
            conditional.settle()
            if conditional.untouched and not conditional.gone and (is_wanted or not guess):
                _choose(conditional, answers, guess)
    text = _without(text, [span for each in conditionals for span in _dropped(each)])
    return _OTHER_DIRECTIVE.sub(lambda match: " " * len(match.group()), text)


def _conditionals(text: str) -> list[_Conditional]:
    """All conditionals, outer ones first. What the text cuts off is closed at its ends."""
    found: list[_Conditional] = []
    open_: list[_Conditional] = []
    for directive in directives(text):
        if directive.kind == "if" or not open_:
            parent = open_[-1] if open_ else None
            branch = len(parent.parts) - 1 if parent else 0
            open_.append(_Conditional(parent, branch))
            found.append(open_[-1])
            if directive.kind != "if":  # its #if stands before the text
                open_[-1].parts.append(Directive("if", ("1", True), 0, 0))
        open_[-1].parts.append(directive)
        if directive.kind == "endif":
            open_.pop()
    for conditional in open_:
        conditional.parts.append(Directive("endif", None, len(text), len(text)))
    return found


def _halves(plain: str) -> Callable[[int, int], bool]:
    """Tells of a stretch of a text without its strings whether it holds halves of pairs."""
    depths: list[tuple[list[int], list[int]]] = []
    for left, right in ("{}", "()"):
        places, depth = [], [0]
        for match in re.finditer(f"[{left}{right}]", plain):
            places.append(match.start())
            depth.append(depth[-1] + (1 if match.group() == left else -1))
        depths.append((places, depth))

    def cut(begin: int, end: int) -> bool:
        return any(
            depth[bisect_left(places, begin)] != depth[bisect_left(places, end)]
            for places, depth in depths
        )

    return cut


def _cuts(conditional: _Conditional, cut: Callable[[int, int], bool]) -> bool:
    """Whether a branch holds one half of a pair."""
    branches = pairwise(conditional.parts)
    return any(cut(part.end, following.start) for part, following in branches)


def _has_no_statement(conditional: _Conditional, plain: str) -> bool:
    """Whether the branches are operands, arguments or elements, and nothing that control enters."""
    branches = pairwise(conditional.parts)
    return not any(_STATEMENT.search(plain, one.end, other.start) for one, other in branches)


def _touches(conditional: _Conditional, lines: LineTable, rows: Sequence[int]) -> bool:
    """Whether one of the `rows`, in their order, is one of the conditional's."""
    first = lines.line(conditional.parts[0].start) - 1
    last = lines.line(conditional.parts[-1].end) - 1
    following = bisect_left(rows, first)
    return following < len(rows) and rows[following] <= last


def _choose(conditional: _Conditional, answers: dict[str, bool], guess: bool) -> None:
    """Choose the branch to keep, by a guess where the answers do not tell."""
    for branch, part in enumerate(conditional.parts[:-1]):
        holds: bool | None = True
        if part.guard is not None:
            condition, wanted = part.guard
            answer = answers.get(condition, decided(condition))
            if answer is None and guess:
                answer = wanted
                if not conditional.in_expression:
                    answers[condition] = wanted
            holds = None if answer is None else answer == wanted
        if holds is None:
            return
        if holds:
            conditional.kept, conditional.untouched = branch, False
            return
    conditional.kept, conditional.untouched = -1, False


def _dropped(conditional: _Conditional) -> list[tuple[int, int]]:
    """The stretches of text that go: the directives, and the branches that are not kept."""
    if conditional.untouched:
        return []
    parts = conditional.parts
    spans = [(part.start, part.end) for part in parts]
    for branch, (part, following) in enumerate(pairwise(parts)):
        if branch != conditional.kept:
            spans.append((part.end, following.start))
    return spans


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    parts: list[str] = []
    position = 0
    for start, end in sorted(spans):
        if end > position:
            start = max(start, position)
            parts += [text[position:start], re.sub(r"[^\n]", " ", text[start:end])]
            position = end
    return "".join([*parts, text[position:]])
