"""Which files of a run are analysed by one process: batches of groups that are of like size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from capilint.language import Language
from capilint.sharding.links import groups

if TYPE_CHECKING:
    from capilint.files.source import Input, Source
    from capilint.lowering import FrontEnds
    from capilint.rulebook.namescan import NameScan

ENOUGH = 150_000  # of `size_of`: a second and more; to begin a process costs a third of one
_OF_PYTHON = 3  # its characters take so many times as long as C's
_LARGEST = 0.75  # of the whole, by one process: beside more than that others are of no use
_PARTS = 4  # batches for each process, so that who is done early takes another


def size_of(sources: Iterable[Source]) -> int:
    """How much there is to do, in characters of C."""
    return sum(map(_size, sources))


def batches(
    sources: Sequence[Source],
    left: Sequence[Input],
    names: NameScan,
    front_ends: FrontEnds,
    jobs: int,
) -> list[list[Source]]:
    """The batches for so many processes, the largest first; none where that would not pay.

    What is in members of structures may still lead from one to another: see `groups`.
    """
    whole = size_of(sources)
    if whole < ENOUGH:
        return []
    named = groups(sources, left, names.search, front_ends.included, members_count=False)
    members: dict[str, list[Source]] = defaultdict(list)
    for source in sources:
        members[named[source.path]].append(source)
    found = sorted(members.values(), key=size_of, reverse=True)
    if size_of(found[0]) > _LARGEST * whole:
        return []
    place = {source.path: number for number, source in enumerate(sources)}
    packed = _packed(found, whole / (_PARTS * jobs))
    return [sorted(each, key=lambda source: place[source.path]) for each in packed]


def _packed(found: Iterable[list[Source]], most: float) -> list[list[Source]]:
    """Groups, the largest first, put together up to a size."""
    packed: list[list[Source]] = []
    sizes: list[int] = []
    for group in found:
        size = size_of(group)
        place = next((i for i, held in enumerate(sizes) if held + size <= most), None)
        if place is None:
            packed.append(list(group))
            sizes.append(size)
        else:
            packed[place] += group
            sizes[place] += size
    return sorted(packed, key=size_of, reverse=True)


def _size(source: Source) -> int:
    return len(source.text) * (_OF_PYTHON if source.language is Language.PYTHON else 1)
