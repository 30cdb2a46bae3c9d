"""The events of a path, with those of one handle at hand: paths of many handles are long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import takewhile

from capilint.engine.domain.escapes import newest
from capilint.engine.domain.events import Event
from capilint.engine.domain.values import Symbol
from capilint.finding import Span
from capilint.ir import Choose


class Events(tuple[Event, ...]):
    """All events on a path, oldest first; defects of one end share them."""

    def about(self, symbol: Symbol) -> Sequence[int]:
        """The numbers of those in which a handle, or an older one of its name, has a role."""
        return self._about.get(newest(symbol), ())

    def changing(self, symbol: Symbol) -> Sequence[int]:
        """The numbers of those that do more to it than use it."""
        return self._changing.get(newest(symbol), ())

    def own(self, number: int) -> int:
        """The number of the function's own event that one inside of a callee belongs to."""
        number = min(number, len(self) - 1)
        return next((n for n in range(number, -1, -1) if not self[n].depth), number)

    def span_here(self, number: int) -> Span:
        """Where an event happens in this function: for one inside a callee, the call."""
        return self[self.own(number)].span

    def inside(self, number: int) -> Iterator[Event]:
        """What happens in a function that is entered at that number."""
        depth = self[number].depth
        return takewhile(lambda each: each.depth > depth, self[number + 1 :])

    @cached_property
    def branches(self) -> Sequence[int]:
        """The numbers of those that are branches."""
        return [number for number, event in enumerate(self) if event.kind == "branch"]

    @cached_property
    def exceptional(self) -> Sequence[int]:
        """The numbers of those at which an exception is raised or dispatched."""
        return [
            number
            for number, event in enumerate(self)
            if event.kind == "raise" or isinstance(event.at, Choose)
        ]

    @cached_property
    def answers(self) -> Sequence[int]:
        """The numbers of those that tell whether a call succeeded."""
        return [number for number, event in enumerate(self) if event.succeeded is not None]

    @cached_property
    def enters(self) -> bool:
        """Whether a function of the program is entered."""
        return any(event.kind == "enter" for event in self)

    @cached_property
    def assumes(self) -> bool:
        """Whether an exception comes that nothing shows."""
        return any(event.unseen for event in self)

    @cached_property
    def _about(self) -> dict[Symbol, list[int]]:
        return self._with_roles(used=True)

    @cached_property
    def _changing(self) -> dict[Symbol, list[int]]:
        return self._with_roles(used=False)

    def _with_roles(self, used: bool) -> dict[Symbol, list[int]]:
        found: defaultdict[Symbol, list[int]] = defaultdict(list)
        for number, event in enumerate(self):
            for role in event.roles:
                if used or role.action != "use":
                    symbol = role.symbol
                    numbers = found[newest(symbol) if symbol.age else symbol]
                    if not numbers or numbers[-1] != number:
                        numbers.append(number)
        return found
