"""The findings of all functions: each mistake is said once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf

from capilint.engine.checks.closing_calls import ClosingCalls, Held
from capilint.finding import Finding, Span
from capilint.rulebook.wording import Facts, help_text

_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A finding; `inside` is where callees do all that is wrong, if they do it alone.

    `around` are the calls there that the first act of it is inside of: who makes one may say so.
    `begins` is the first line of the function that it was found in. `closed` are, of a handle that
    callees made and is leaked, the places of that, each with a function that was called later: if
    that one is known to forget the handle, it is its mistake. With none ("") it is the maker's, if
    that one's is `unended`: put into an object that nothing ends. `calls` are, of a second release,
    the two calls in which callees release the handle.
    """

    finding: Finding
    inside: tuple[str | Span, ...] | None
    begins: int
    closed: frozenset[tuple[str, Span, str]] = frozenset()
    around: tuple[tuple[str, Span], ...] = ()
    held: Held | None = None
    calls: tuple[Span, Span] | None = None
    unended: bool = False

    @property
    def distance(self) -> float:
        """How far the finding is below the head of its function; endless if it is not below."""
        lines = self.finding.span.line - self.begins
        return lines if lines >= 0 else inf


def with_closing_call(candidate: Candidate, calls: ClosingCalls) -> Candidate:
    """The candidate, whose help names the call that ends what holds the handle."""
    closing = calls.of(candidate.held) if candidate.held is not None else ""
    if not closing:
        return candidate
    finding = candidate.finding
    told = replace(finding, help=help_text(finding.code, Facts(closing=closing)), closing=closing)
    return replace(candidate, finding=told)


def without_duplicates(candidates: Iterable[Candidate]) -> list[Finding]:
    """The findings, without those that callers have of a mistake that is their callee's own."""
    candidates = list(_called_once(_leaked_once(list(_elements_once(_at_home(candidates))))))
    own: set[tuple[str | Span, ...]] = {
        (each.finding.code, each.finding.path, each.finding.span)
        for each in candidates
        if each.inside is None
    }
    kept = []
    for each in candidates:
        if each.inside is not None:
            place = (each.finding.code, *each.inside)
            if place in own or any((place[0], *call) in own for call in each.around):
                continue
            own.add(place)
        kept.append(each.finding)
    return kept


def _leaked_once(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Of one handle's leaks that of its maker, else of what ends its structure, else of users."""
    forgotten = {
        (each.finding.path, each.finding.span, each.finding.ender)
        for each in candidates
        if each.finding.ender or each.unended
    }
    leaked = {
        _place(each)[1:]
        for each in candidates
        if each.finding.code in ("CAP101", "CAP103") and not each.finding.ender
    }
    return [
        each
        for each in candidates
        if forgotten.isdisjoint(each.closed)
        and not (each.finding.ender and _place(each)[1:] in leaked)
    ]


def _elements_once(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Of what is wrong in one place with several elements of an array the first: `keys[0]`."""
    first: dict[tuple[object, ...], str] = {}
    for each in candidates:
        handle = each.finding.handle
        place = (*_place(each)[:-1], _INDEX.sub("[]", handle))
        if first.setdefault(place, handle) == handle:
            yield each


def _called_once(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Of what two calls of closers release twice the first handle: the second call is one mistake,
    however many handles it ends."""
    told = set()
    for each in candidates:
        place = (each.finding.code, each.finding.path, each.finding.function, each.calls)
        if each.calls is None or place not in told:
            yield each
        told.add(place)


def _at_home(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Of the findings of one place those of the function that it stands in.

    A context manager's code is a part of every function that uses it, so each finds its mistakes.
    """
    candidates = list(candidates)
    nearest: dict[tuple[object, ...], float] = {}
    for each in candidates:
        nearest[_place(each)] = min(nearest.get(_place(each), inf), each.distance)
    return [each for each in candidates if each.distance == nearest[_place(each)]]


def _place(candidate: Candidate) -> tuple[object, ...]:
    finding = candidate.finding
    return (finding.code, finding.path, finding.span, finding.handle)
