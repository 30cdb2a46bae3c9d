"""The steps of a witness in words: what becomes of the handle, and what decides that it does.

create     CryptGenKey(...)       1. hKey is created here
branch     if (z > 3)             2. `z > 3` is true
leave          return FALSE;      3. leaves with hKey alive
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from capilint.engine.domain.events import ENDS, Defect, Event, Role
from capilint.engine.domain.values import Symbol
from capilint.engine.reporting.choosing import Witnessed
from capilint.engine.reporting.enders import LEAKS, acts, begin_of_ender, steps_to_ender
from capilint.engine.reporting.macros import condition_of_macro
from capilint.engine.reporting.raisers import raiser
from capilint.finding import Span, Step
from capilint.ir import Branch, Choose, Question, Raise
from capilint.rulebook.wording import MODULE, Facts

LONGEST_QUOTE = 60


@dataclass(frozen=True, slots=True)
class _Told:
    """A step, and the number of the event that it tells of."""

    number: int
    kind: str
    span: Span
    text: str


@dataclass(slots=True)
class Story:
    """The steps of one witness, found in a function of the file at `path`.

    `quoted` is the text of a stretch of a file, empty where that is not at hand.
    """

    path: str
    quoted: Callable[[str, Span], str]
    witness: Witnessed
    facts: Facts
    owner: Symbol | None

    @property
    def _handle(self) -> str:
        return self.facts.handle or f"the {self.facts.resource}"

    def steps(self) -> list[Step]:
        """The steps, in the order of the path."""
        defect, events = self.witness.defect, self.witness.events
        told = [*self._told(), self._final()]
        told = list(_without_cases_that_do_not_fit(told, events))
        steps = [Step(each.kind, self.path, each.span, each.text) for each in self._in_rounds(told)]
        final = steps.pop()
        steps += steps_to_ender(self.path, defect, events, self.facts, self.owner)
        path = defect.ender.path if defect.ender else self.path
        steps.append(Step(final.kind, path, final.span, final.message))
        return list(dict.fromkeys(steps))

    # ------------------------------------------------------------ on the way

    def _told(self) -> Iterator[_Told]:
        witness, events = self.witness, self.witness.events
        for number in self._of_note(begin_of_ender(witness.defect, events)):
            said = self._event(number) if number >= witness.made else None
            if said is None and number in witness.deciding:
                said = self._decision(number)
                if said is not None and said.kind == "call" and said.span == witness.defect.span:
                    continue  # the last step says so
            if said is not None:
                yield said

    def _of_note(self, end: int) -> list[int]:
        """The numbers of the events of which something may be told, up to one."""
        witness, events = self.witness, self.witness.events
        owner = () if self.owner is None else events.changing(self.owner)
        found = {witness.made, *witness.deciding, *events.exceptional, *owner}
        found.update(events.changing(witness.defect.symbol))
        return sorted(number for number in found if 0 <= number < end)

    def _event(self, number: int) -> _Told | None:
        """What an event does to the handle and its owner, as far as that belongs to the story."""
        defect, event = self.witness.defect, self.witness.events[number]
        span = self.witness.events.span_here(number)
        is_last = number == len(self.witness.events) - 1
        if acts(event.roles, defect.symbol, "create") or self._is_made_at(number):
            if number == self.witness.made:
                text = f"{self._handle} is created here{self._left_by_maker(number)}"
                return _Told(number, "create", span, text)
            return None
        if is_last and defect.code not in LEAKS and event.kind != "exit":
            return None
        if _ends(event.roles, defect):
            text = f"{self._handle} is {self.facts.released} here{self._inside(number)}"
            return _Told(number, "release", span, text)
        if self._is_end_of_owner(event) and not self._has_ended(number):
            name = self.facts.owner or f"its {self.facts.owned_by}"
            how = f"{self.facts.ended} here{self._inside(number)}"
            text = f"{name} is {how}, {self._handle} is still alive"
            return _Told(number, "release", span, text)
        if isinstance(event.at, Choose) and self._is_uncaught(event, event.at):
            text = f"the exception of line {self._raised_before(number).line} is not caught"
            return _Told(number, "branch", event.at.clauses[-1], text)
        if _raises_anew(event) and (event.at is not None or number == self._last_raise()):
            return self._decision(number)
        return None

    def _is_end_of_owner(self, event: Event) -> bool:
        owner = self.owner
        return owner is not None and any(acts(event.roles, owner, end) for end in ENDS)

    def _has_ended(self, number: int) -> bool:
        """Whether the handle was released before an event."""
        events = self.witness.events[:number]
        return any(_ends(each.roles, self.witness.defect) for each in events)

    def _is_made_at(self, number: int) -> bool:
        event = self.witness.events[number]
        return number == self.witness.made and any(role.action == "create" for role in event.roles)

    def _inside(self, number: int) -> str:
        """Which function does what happens inside of a call, and after what went wrong there."""
        events = self.witness.events
        if not events[number].depth:
            return ""
        open_: list[int] = []
        for index, event in enumerate(events[:number]):
            if event.kind == "enter":
                open_.append(index)
            elif event.kind == "exit" and open_:
                open_.pop()
        if not open_:
            return ""
        name = events[open_[-1]].function
        failed = [
            event.function for event in events[open_[-1] : number] if event.succeeded is False
        ]
        why = f"{failed[-1]} failed" if failed else self._parting(reversed(open_))
        return f" by {name}, where {why}" if why else f" by {name}"

    def _left_by_maker(self, number: int) -> str:
        """What fails in the function that makes the handle, after that: it comes all the same."""
        events = self.witness.events
        maker = events.own(number)
        if maker == number:
            return ""
        rest = list(events.inside(maker))[number - maker :]
        failed = [each.function for each in rest if each.succeeded is False]
        if not failed or any(_ends(each.roles, self.witness.defect) for each in rest):
            return ""
        return f" by {events[maker].function}, where {failed[-1]} then fails"

    def _parting(self, entered: Iterable[int]) -> str:
        """The branch in one of the functions entered there that decides whether the handle ends."""
        for number in entered:
            parted = self.witness.events[number].parted
            at = parted.at if parted is not None else None
            if parted is None or not isinstance(at, Branch | Choose):
                continue
            plain = at.question is not Question.ROUND and not (
                isinstance(at, Choose) and at.catches
            )
            said = self._branch(number, parted) if plain else None
            if said is not None and "`" in said.text:
                return said.text
        return ""

    def _is_uncaught(self, event: Event, choice: Choose) -> bool:
        taken = choice.catches[event.way] if choice.catches else ()
        leaves = self.witness.defect.code in LEAKS and self._leaves_by_exception()
        return taken is None and bool(choice.clauses) and leaves

    def _raised_before(self, number: int) -> Span:
        events = self.witness.events
        raised = (each for each in reversed(events[:number]) if _raises_anew(each))
        return next(raised, events[number]).span

    def _last_raise(self) -> int:
        if self.witness.defect.code != "CAP102":
            return -1
        raised = [n for n, each in enumerate(self.witness.events) if _raises_anew(each)]
        return raised[-1] if raised else -1

    # ------------------------------------------------------------ decisions

    def _decision(self, number: int) -> _Told | None:
        """A decision in the words of the source; None where they are missing."""
        event = self.witness.events[number]
        match event.at:
            case Branch() | Choose():
                return self._branch(number, event)
            case Raise(span):
                if span == self.witness.defect.span:
                    return None  # the last step says so
                return _Told(number, "raise", span, "an exception is raised here")
        if event.kind == "raise":
            text = f"{raiser(event, self.quoted)} raises an exception"
            return _Told(number, "raise", event.span, text)
        if event.kind == "call" and event.succeeded is not None:
            if self._raises_then(number, event.span):
                return None
            kind, ends = ("call", "succeeds") if event.succeeded else ("fail", "fails")
            return _Told(number, kind, event.span, f"{event.function} {ends}")
        return self._outcome(number, event) if event.kind == "enter" else None

    def _raises_then(self, number: int, span: Span) -> bool:
        """Whether the next that happens is that an exception is raised at that place."""
        following = self.witness.events[number + 1 : number + 2]
        return any(_raises_anew(each) and each.span == span for each in following)

    def _branch(self, number: int, event: Event) -> _Told | None:
        at, yes = event.at, event.way == 0
        assert isinstance(at, Branch | Choose)
        quote = self.quoted(event.path, at.span)
        if len(quote) > LONGEST_QUOTE:
            quote = quote[: LONGEST_QUOTE - 3].rstrip() + "..."
        name = f"`{quote}`" if quote else "the condition"
        if at.question is Question.ROUND:
            times = self._times(event, number)
            ended = "the loop ends" if times else "the loop has no round"
            text = f"the {_ordinal(times)} round" if yes else ended
        elif at.question is Question.CASE:
            text = f"case {name} fits" if yes else f"case {name} does not fit"
        elif isinstance(at, Branch) and yes and quote in (self.facts.handle, self.facts.owner):
            return None  # else there was no handle
        elif isinstance(at, Branch):
            name += condition_of_macro(at)
            text = f"{name} is true" if yes else f"{name} is false"
        elif at.catches:
            clause = next(iter(at.clauses[event.way :] or at.clauses[-1:]), at.span)
            line = self._raised_before(number).line
            caught = "caught here" if at.catches[event.way] is not None else "not caught"
            return _Told(number, "branch", clause, f"the exception of line {line} is {caught}")
        elif yes and self._raises_then(number, at.span):
            text = f"{name} raises an exception"
        else:
            text = f"{name} applies" if yes else f"{name} does not apply"
        return _Told(number, "branch", at.span, text)

    def _times(self, event: Event, number: int) -> int:
        """How often the path has gone another round of a loop up to here."""
        passed = self.witness.events[: number + 1]
        return sum(1 for each in passed if each.at is event.at and each.way == 0)

    def _outcome(self, number: int, event: Event) -> _Told | None:
        """How a function of the program ends: one of several ways."""
        inside = list(self.witness.events.inside(number))
        if any(_ends(each.roles, self.witness.defect) for each in inside):
            return None
        judged = [each for each in inside if each.succeeded is not None]
        if number in self.witness.spared:
            entered = (n for n, each in enumerate(inside, number + 1) if each.kind == "enter")
            why = self._parting([number, *entered])
            last = judged[-1] if judged else event
            if judged and (not last.succeeded or f"{last.function}(" in why):
                why = f"{last.function} {'succeeded' if last.succeeded else 'failed'}"
            returns = f"returns where {why}" if why else "returns"
            text = f"{event.function} {returns}, {self._handle} is still alive"
            return _Told(number, "call", event.span, text)
        after = number + len(inside) + 2
        if judged and not judged[-1].succeeded:
            if self._raises_then(after - 1, event.span):
                return None  # the next step says so
            return _Told(number, "fail", event.span, f"{event.function} fails")
        following = self.witness.events[after : after + 1]
        if following and following[0].kind == "raise":
            return self._decision(after)
        if following and isinstance(following[0].at, Branch):
            return self._branch(after, following[0])
        return None

    # ------------------------------------------------------------ the end

    def _final(self) -> _Told:
        defect, events = self.witness.defect, self.witness.events
        called, handle, owned_by = self.facts.call, self._handle, self.facts.owned_by
        taker = "the caller" if events and events[-1].kind in ("hand-out", "show") else called
        left = defect.ender.handle if defect.ender and defect.ender.handle else handle
        kind, text = {
            "CAP101": ("leave", f"leaves with {left} alive"),
            "CAP102": ("leave", f"an exception leaves with {handle} alive"),
            "CAP103": ("lose", f"the last reference to {handle} is gone here"),
            "CAP201": ("use", f"{taker} gets the dead handle"),
            "CAP202": ("release", f"{handle} is {self.facts.released} again"),
            "CAP203": ("release", f"{called} does not end the life of a {self.facts.resource}"),
            "CAP301": ("use", f"{handle} is {self._what_is_done()} here, after its {owned_by}"),
            "CAP402": ("release", f"{handle} may never have been set"),
            "CAP401": ("create", "nobody looks at the result"),
        }[defect.code]
        if defect.code == "CAP202" and events and events[-1].depth:
            text += f", by {called}"
        if defect.code == "CAP102" and not self._leaves_by_exception():
            text = f"leaves with {handle} alive, after an exception"
        if kind == "leave" and events and events[-1].kind == "end" and not defect.ender:
            ended = "the module" if self.facts.function == MODULE else self.facts.function
            text = text.replace("leaves", f"the end of {ended} is reached", 1)
        return _Told(len(events), kind, defect.span, text)

    def _what_is_done(self) -> str:
        """What the last event does to a handle whose context is gone."""
        events = self.witness.events
        if events and events[-1].kind in ("hand-out", "show"):
            return "handed out"
        if events and _ends(events[-1].roles, self.witness.defect):
            return self.facts.released
        return "used" if events and events[-1].kind == "call" else "left"

    def _leaves_by_exception(self) -> bool:
        events = self.witness.events
        return bool(events) and events[-1].kind == "raise"

    def _in_rounds(self, told: Sequence[_Told]) -> Iterator[_Told]:
        """The steps; what is said of a further round of a loop says so once."""
        said = 1
        for each in told:
            number = self._round_of(each)
            if number > said and not each.text.startswith("the loop "):
                said = number
                if not each.text.endswith(" round"):
                    text = f"{each.text}, in the {_ordinal(number)} round"
                    each = _Told(each.number, each.kind, each.span, text)
            yield each

    def _round_of(self, told: _Told) -> int:
        """The round of a loop that a step belongs to: the 2nd one where it stands above what was
        done before it."""
        witness, events = self.witness, self.witness.events
        if not 0 <= witness.made < told.number or witness.defect.ender:
            return 1
        branches = (events[each] for each in events.branches if each <= told.number)
        passed = Counter((id(event.at), event.way) for event in branches)
        if told.kind == "branch" and events[told.number].kind == "branch":
            number = passed[id(events[told.number].at), events[told.number].way]
            if number > 1:
                return number
        begin = events.span_here(witness.made)
        again = told.kind in ("fail", "lose")  # not what the call does that made the handle
        again = again and self._called_again(witness.made, told.number)
        if told.span.end_line < begin.line or (again and told.span == begin):
            return max([2, *passed.values()])
        return 1

    def _called_again(self, made: int, number: int) -> bool:
        """Whether the function makes another call after that one: the same can lose its result."""
        events = self.witness.events
        since = events[events.own(made) + 1 : number + 1]
        return any(not each.depth and each.kind in ("call", "enter") for each in since)


def _without_cases_that_do_not_fit(
    told: Sequence[_Told], events: Sequence[Event]
) -> Iterator[_Told]:
    """A `case` that fits says that the ones before it do not, and so do the parts of a pattern."""
    before: _Told | None = None
    for each, following in zip(told, [*told[1:], None], strict=True):
        is_next = following is not None and _is_case(following, events)
        skipped = is_next and _is_case(each, events) and events[each.number].way
        inside = before is not None and _is_case(before, events) and _lies_in(each, before)
        if not skipped and not (inside and _is_case(each, events)):
            yield each
            before = each


def _lies_in(inner: _Told, outer: _Told) -> bool:
    begin, end = (inner.span.line, inner.span.column), (inner.span.end_line, inner.span.end_column)
    around = outer.span
    return (around.line, around.column) <= begin and end <= (around.end_line, around.end_column)


def _is_case(told: _Told, events: Sequence[Event]) -> bool:
    at = events[told.number].at if told.number < len(events) else None
    return isinstance(at, Branch | Choose) and at.question is Question.CASE


def _ends(roles: Sequence[Role], defect: Defect) -> bool:
    """Whether a call releases the defect's handle as what it is."""
    return any(
        role.symbol == defect.symbol
        and role.action == "release"
        and role.resource == defect.resource
        for role in roles
    )


def _raises_anew(event: Event) -> bool:
    return event.kind == "raise" and not (isinstance(event.at, Raise) and event.at.again)


def _ordinal(number: int) -> str:
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number, 'th') }"
