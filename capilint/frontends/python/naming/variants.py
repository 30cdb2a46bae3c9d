"""Definitions of one name of which at most one is run: each is a thing of its own.

if HAS_CNG:                  try:
    class Key: ..  # Key@1       def free(h): ..   # free@1
else:                        except ImportError:
    class Key: ..  # Key@2       def free(h): ..   # free@2
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import libcst as cst

from capilint.frontends.python.naming.scopes import Kind, Scope, Site
from capilint.frontends.python.parsing.tree import children, opens_scope

_Definition = cst.FunctionDef | cst.ClassDef
_Arms = dict[cst.CSTNode, int]  # of the statements that choose around a node, the arm taken


def variants(scope: Scope, roots: Iterable[cst.CSTNode]) -> dict[_Definition, int]:
    """The definitions of a scope, below its roots, that exclude each other, numbered by name."""
    if scope.kind not in (Kind.MODULE, Kind.FUNCTION):
        return {}
    several = [found for found in map(_definitions, scope.bindings.values()) if len(found) > 1]
    if not several:
        return {}
    arms: dict[cst.CSTNode, _Arms] = {}
    for root in roots:
        _note_arms(root, {}, arms)
    numbers: dict[_Definition, int] = {}
    for found in several:
        pairs = combinations([arms.get(each, {}) for each in found], 2)
        if all(_exclude(one, two) for one, two in pairs):
            numbers.update((node, number) for number, node in enumerate(found, 1))
    return numbers


def _definitions(sites: list[Site]) -> list[_Definition]:
    return [site.definition for site in sites if site.definition is not None]


def _note_arms(node: cst.CSTNode, around: _Arms, arms: dict[cst.CSTNode, _Arms]) -> None:
    if opens_scope(node):
        arms[node] = around
        return
    chosen: list[cst.CSTNode] = []
    match node:
        case cst.If(body=body, orelse=orelse):
            chosen = [body] if orelse is None else [body, orelse]
        case cst.Try(body=body, handlers=handlers):
            chosen = [body, *handlers]
    for child in children(node):
        inner = {**around, node: chosen.index(child)} if child in chosen else around
        _note_arms(child, inner, arms)


def _exclude(one: _Arms, two: _Arms) -> bool:
    return any(two.get(node, arm) != arm for node, arm in one.items())
