"""Where an exception goes: to the clauses of a `try` that may be for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from capilint.engine.domain.events import Event, Path
from capilint.engine.domain.state import CAUGHT, POSSIBLE
from capilint.engine.transfer.assignments import Point
from capilint.engine.transfer.exceptions import Exceptions
from capilint.ir import Choose


def dispatched(
    path: Path, choice: Choose, exceptions: Exceptions, taken: Callable[[int], Event]
) -> Iterator[tuple[Point, Path]]:
    """The clauses that may catch the exception of a path, in their order, with a path for each.

    `taken` is the event of the way of that number. One that a clause may have caught gets past it
    as a mere possibility. What is no more than that to begin with goes to no clause that is not
    for it.
    """
    exception = path.state.exception
    guessed = path.state.raising == POSSIBLE and not exception
    for number, (target, names) in enumerate(zip(choice.targets, choice.catches, strict=True)):
        answers = [exceptions.catches(exception, name) for name in names or ()]
        if names is not None and not any(answer is not False for answer in answers):
            continue
        if names and guessed and not any(map(exceptions.may_be_unknown, names)):
            continue
        way = path.fork()
        if names is not None:
            way.state.raising = CAUGHT + path.state.raising
            way.state.catch_exception()
        way.emit(taken(number))
        yield (target, 0), way
        if True in answers:
            return
        if names is not None:
            path.state.raising = POSSIBLE
