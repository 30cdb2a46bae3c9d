"""Declarations in another order: what is declared first dies last.

KeyHolder key;               ProvHolder prov;
ProvHolder prov;     ──►     KeyHolder key;
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, islice

from capilint.edits.c_layout import Layout
from capilint.edits.draft import Draft, Piece
from capilint.edits.spelling import base_name
from capilint.finding import Finding
from capilint.frontends.c.sites import Function, Site

_MOST = 6  # drafts for one finding
_WORD = re.compile(r"[A-Za-z_]\w*")


def reordered(
    path: str, layout: Layout, finding: Finding, function: Function | None
) -> Iterator[Draft]:
    """One local variable or member of a class at a time, moved before an earlier one.

    Those that the handle is in are moved behind first; where no declaration is known to hold it,
    it may be that of any owner.
    """
    lists = [_locals(layout, function)] if function is not None else []
    name = base_name(finding.handle.replace("this->", ""))
    lists += layout.sites.members(name)
    moves = (move for each in lists for move in _moves(layout, each, name))
    for title, at, pieces in islice(moves, _MOST):
        yield Draft(path, title, at, pieces)


def _locals(layout: Layout, function: Function) -> list[Site]:
    return [
        site
        for site in layout.sites.statements(function)
        if site.kind == "declaration" and site.listed and site.block == function.body
    ]


def _moves(
    layout: Layout, declarations: Sequence[Site], name: str
) -> Iterator[tuple[str, int, tuple[Piece, ...]]]:
    names = {site: layout.sites.declares(site) for site in declarations}
    pairs = sorted(combinations(declarations, 2), key=lambda pair: name not in names[pair[0]])
    for earlier, later in pairs:
        between = [each for each in declarations if earlier.start <= each.start < later.start]
        used = set(_WORD.findall(layout.source(later)))
        if not names[later] or any(used & set(names[each]) for each in between):
            continue
        dropped = layout.without(later)
        if dropped:
            moved = layout.before(earlier, [layout.source(later)])
            title = f"declare {names[later][0]} before line {{line}}"
            yield title, earlier.start, (*dropped, *moved)
