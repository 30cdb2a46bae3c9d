"""The events of a path, with those of one handle at hand: paths of many handles are long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from capilint.engine.domain.escapes import newest
from capilint.engine.domain.events import Event
from capilint.engine.domain.values import Symbol


class Events(tuple[Event, ...]):
    """All events on a path, oldest first; defects of one end share them."""

    def about(self, symbol: Symbol) -> Sequence[int]:
        """The numbers of those in which a handle, or an older one of its name, has a role."""
        return self._about.get(newest(symbol), ())

    @cached_property
    def _about(self) -> dict[Symbol, list[int]]:
        found: defaultdict[Symbol, list[int]] = defaultdict(list)
        for number, event in enumerate(self):
            for symbol in dict.fromkeys(newest(role.symbol) for role in event.roles):
                found[symbol].append(number)
        return found
