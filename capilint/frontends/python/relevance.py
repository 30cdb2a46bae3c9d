"""Which parts of a file are worth lowering, by the words in their source.

A unit is a function or a class of the module's own level, or the code outside of them. Wanted
are the units that the caller finds relevant, those that mention a wanted one (its callers), and
those that a wanted one mentions (what it calls).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import libcst as cst

from capilint.frontends.python.tree import descendants

_WORD = re.compile(r"[^\W\d]\w*")


def wanted_units(
    tree: cst.Module, text_of: Callable[[cst.CSTNode], str], relevant: Callable[[str], bool]
) -> set[cst.CSTNode]:
    """The functions and classes to lower; the tree itself stands for the module's own code."""
    nodes = descendants(tree.body, into_scopes=False)
    units = [node for node in nodes if isinstance(node, (cst.FunctionDef, cst.ClassDef))]
    texts: dict[cst.CSTNode, str] = {unit: text_of(unit) for unit in units}
    texts[tree] = _outside(text_of(tree), [texts[unit] for unit in units])
    words = {unit: set(_WORD.findall(text)) for unit, text in texts.items()}
    names: dict[cst.CSTNode, str] = {unit: unit.name.value for unit in units}
    wanted = {unit for unit, text in texts.items() if relevant(text)}
    _spread(wanted, lambda unit, other: names.get(unit, "") in words[other], list(texts))
    _spread(wanted, lambda unit, other: names.get(other, "") in words[unit], list(texts))
    return wanted


def _outside(whole: str, units: list[str]) -> str:
    """The text without its units."""
    pieces: list[str] = []
    for unit in units:
        piece, _, whole = whole.partition(unit)
        pieces.append(piece)
    return "\n".join([*pieces, whole])


def _spread(
    wanted: set[cst.CSTNode],
    leads_to: Callable[[cst.CSTNode, cst.CSTNode], bool],
    units: list[cst.CSTNode],
) -> None:
    """Add what wanted units lead to, over and over."""
    pending = list(wanted)
    while pending:
        unit = pending.pop()
        found = [other for other in units if other not in wanted and leads_to(unit, other)]
        wanted.update(found)
        pending.extend(found)
