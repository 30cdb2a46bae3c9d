"""A function's own way to clean up: a label that other error paths jump to.

    if (!CryptEncrypt(...))              if (!CryptEncrypt(...)) {
        return FALSE;             ──►        ok = FALSE;
    ...                                      goto done;
done:                                    }
    CryptDestroyKey(hKey);
    return ok;
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from capilint.edits.c_layout import Layout
from capilint.edits.draft import Piece
from capilint.edits.spelling import Spelling
from capilint.frontends.c.sites import Function, Site

_GOTO = re.compile(r"goto\s+(\w+)\s*;")
_NAME = re.compile(r"[A-Za-z_]\w*\Z")


class _Label(NamedTuple):
    """A label of a function's body: its statements, and those of them that are one call."""

    name: str
    tail: Sequence[Site]
    calls: Sequence[str]


class Labels:
    """The labels of one function that end a handle."""

    def __init__(self, layout: Layout, spelling: Spelling, function: Function) -> None:
        self._layout = layout
        self._spelling = spelling
        self._function = function
        self._statements = list(layout.sites.statements(function))

    def jumps(self, site: Site, handle: str) -> Iterator[tuple[str, tuple[Piece, ...]]]:
        """The labels that a `return` may go to instead, each with the pieces that make it so.

        Only those that a jump before it goes to: what they end is set there, and nothing that is
        declared in between may be needed.
        """
        if site.kind != "return_statement":
            return
        for label in self._labels(site):
            if not any(self._spelling.found_among(label.calls, handle)):
                continue
            value = self._value_set(site, label)
            if value is None or self._ended_by_hand(site, label):
                continue
            dropped = self._ended_beside(site, label)
            pieces = self._layout.rewritten(site, [*value, f"goto {label.name};"])
            if pieces and all(dropped):
                yield label.name, (*(piece for each in dropped for piece in each), *pieces)

    def _labels(self, site: Site) -> Iterator[_Label]:
        names = (
            found[1]
            for each in self._statements
            if each.kind == "goto_statement" and each.start < site.start
            for found in [_GOTO.match(self._layout.source(each))]
            if found is not None
        )
        for name in dict.fromkeys(names):
            at = self._layout.sites.label(self._function, name)
            if at is None or at.start < site.end or at.block != self._function.body:
                continue
            beside = self._layout.sites.beside(at)
            tail = [each for each in beside if each.start >= at.start]
            calls = [
                self._bare(each)
                for each in self._statements
                if each.kind == "expression_statement" and each.start >= at.start
            ]
            yield _Label(name, tail, calls)

    def _value_set(self, site: Site, label: _Label) -> list[str] | None:
        """What sets the result that the label's statements return; None where they return
        another one."""
        wanted = self._returned(site)
        last = label.tail[-1]
        given = self._returned(last) if last.kind == "return_statement" else ""
        if wanted == given:
            return []
        declared = self._layout.sites.declared(given, site.start) if _NAME.match(given) else None
        return [f"{given} = {wanted};"] if wanted and declared is not None else None

    def _returned(self, site: Site) -> str:
        return self._layout.source(site).removeprefix("return").rstrip(";").strip()

    def _ended_by_hand(self, site: Site, label: _Label) -> bool:
        """Whether what the label ends and no rule knows of (memory, files) may be ended by then."""
        unknown = {_flat(call) for call in label.calls if not self._spelling.releases(call)}
        return any(
            _flat(self._bare(each)) in unknown
            for each in self._statements
            if each.kind == "expression_statement" and each.start < site.start
        )

    def _ended_beside(self, site: Site, label: _Label) -> list[tuple[Piece, ...]]:
        """The pieces that drop what stands before the `return` and is done behind the label."""
        done = {_flat(call) for call in label.calls}
        beside = self._layout.sites.beside(site)
        return [
            self._layout.without(each)
            for each in beside
            if each.start < site.start and each.block != self._function.body
            and each.kind == "expression_statement" and _flat(self._bare(each)) in done
        ]  # fmt: skip

    def _bare(self, site: Site) -> str:
        return self._layout.source(site).removesuffix(";").strip()


def _flat(call: str) -> str:
    return re.sub(r"\s", "", call)
