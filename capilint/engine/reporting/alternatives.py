"""A handle that is made at one place or at another, and leaked where both ways have met.

if (!CryptAcquireContext(&prov, .., 0))                       prov is leaked at the one return,
    if (!CryptAcquireContext(&prov, .., CRYPT_NEWKEYSET))     whichever call has made it: one
        return 0;                                             release is missing
return work(prov);
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from capilint.engine.domain.escapes import newest
from capilint.engine.domain.events import Origin
from capilint.engine.domain.values import Symbol
from capilint.engine.reporting.choosing import Witnessed
from capilint.engine.reporting.enders import LEFT
from capilint.finding import Span


def alternatives_once(
    witnesses: Sequence[Witnessed], origins: Mapping[Symbol, Origin]
) -> list[Witnessed]:
    """Of leaks that one release would end that of the handle made first, with the others'."""
    alike: defaultdict[object, list[Witnessed]] = defaultdict(list)
    for each in witnesses:
        origin = origins.get(newest(each.defect.symbol))
        if each.defect.code in LEFT and each.defect.ender is None and origin is not None:
            alike[each.defect.code, each.defect.resource, origin.text].append(each)
    told: dict[int, Witnessed | None] = {}
    for group in alike.values():
        for first, rest in _united(group, origins):
            told.update((id(each), None) for each in rest)
            told[id(first)] = replace(first, instead=[each.defect for each in rest])
    kept = (told.get(id(each), each) for each in witnesses)
    return [each for each in kept if each is not None]


def _united(
    group: Sequence[Witnessed], origins: Mapping[Symbol, Origin]
) -> Iterator[tuple[Witnessed, list[Witnessed]]]:
    """Each witness that stands for others, with those."""
    pending = sorted(group, key=lambda each: (-len(_leaves(each)), _made_at(each, origins)))
    while pending:
        first, *others = pending
        rest = [each for each in others if _is_alternative(first, each)]
        if rest:
            yield first, rest
        pending = [each for each in others if each not in rest]


def _is_alternative(one: Witnessed, other: Witnessed) -> bool:
    """Whether another handle is leaked nowhere else, and never made beside the one."""
    if not _leaves(other) <= _leaves(one):
        return False
    return not (_makes(one, other.defect.symbol) or _makes(other, one.defect.symbol))


def _leaves(witness: Witnessed) -> set[Span]:
    return {witness.defect.span, *(each.span for each in witness.others)}


def _makes(witness: Witnessed, symbol: Symbol) -> bool:
    return any(
        role.action == "create" and newest(role.symbol) == newest(symbol)
        for event in witness.events
        if event.succeeded is not False
        for role in event.roles
    )


def _made_at(witness: Witnessed, origins: Mapping[Symbol, Origin]) -> Span:
    return origins[newest(witness.defect.symbol)].span
