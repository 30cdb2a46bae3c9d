"""From what the monitor saw in a child process to findings as `check` reports them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from capilint.execution.run.launch import Outcome
from capilint.execution.run.places import Place, from_json
from capilint.finding import Finding, Span, Step
from capilint.rulebook.book import RuleBook
from capilint.rulebook.book import load as load_rules
from capilint.rulebook.wording import Facts, help_text, message, name_and_severity

_LEAKS = ("CAP101", "CAP102", "CAP103")
_STRONGER = {"CAP102": ("CAP101", "CAP103"), "CAP103": ("CAP101",)}
Refine = Callable[[Place, str], Place]


def findings_of(outcomes: Iterable[Outcome], refine: Refine) -> list[Finding]:
    """One finding for each mistake and place, whatever the number of handles and runs.

    `refine` is given a place and the name of the API function called there, and completes the
    place from the source.
    """
    found: dict[tuple[str, str, Span, str], Finding] = {}
    book = load_rules()
    for outcome in outcomes:
        for verdict in outcome.verdicts:
            finding = _Story(verdict, outcome, refine, book).finding()
            if finding is not None:
                key = (finding.code, finding.path, finding.span, finding.handle)
                found.setdefault(key, finding)
    places = {(each.code, each.path, each.span) for each in found.values()}
    return [
        each  # a handle that is left alive in several ways is one mistake
        for each in found.values()
        if not any((code, each.path, each.span) in places for code in _STRONGER.get(each.code, ()))
    ]


class _Story:
    """One verdict, with its stacks."""

    def __init__(
        self, verdict: dict[str, Any], outcome: Outcome, refine: Refine, book: RuleBook
    ) -> None:
        self._outcome = outcome
        self._refine = refine
        self.code = str(verdict["code"])
        self.resource = str(verdict["resource"])
        self.handle = str(verdict["handle"])
        self.creator = str(verdict["creator"])
        self.owner = str(verdict["owner"])
        self.number = int(verdict["number"])
        self.moment = str(verdict["moment"])
        kind = book.resources[self.resource]
        self.done, self.releaser = kind.released, kind.release
        self.creation = self._stack(verdict["creation"], self.creator)
        self.release = self._stack(verdict["release"], self.releaser)
        self.owner_release = self._stack(verdict["owner_release"], "CryptReleaseContext")
        self.now = self._stack(verdict["now"], self.moment)

    def _stack(self, values: list[dict[str, Any]], function: str) -> tuple[Place, ...]:
        places = from_json(values)
        return (self._refine(places[0], function), *places[1:]) if places else ()

    def finding(self) -> Finding | None:
        """The finding, or None where the program's own frames are unknown."""
        primary = self._primary()
        if not primary:
            return None
        facts = self._facts(primary[0])
        name, severity = name_and_severity(self.code)
        return Finding(
            code=self.code,
            name=name,
            severity=severity,
            path=primary[0].path,
            span=_span(primary[0]),
            function=primary[0].function,
            resource=self.resource,
            handle=self.handle,
            message=self._message(facts),
            steps=tuple(self._steps()),
            help=self._help(facts),
            confirmed=True,
        )

    def _primary(self) -> Sequence[Place]:
        if self.code in _LEAKS:
            return self.creation
        return self.owner_release if self.code == "CAP301" else self.now

    def _facts(self, primary: Place) -> Facts:
        other = self.now if self.code in _LEAKS else self.release
        return Facts(
            resource=self.resource,
            handle=self.handle,
            function=other[0].function if self.now and self.code in _LEAKS else primary.function,
            creator=self.creator,
            line=other[0].line if other else 0,
            release=self.releaser,
            released=self.done,
            call=self.moment,
            owner=self.owner,
        )

    def _message(self, facts: Facts) -> str:
        if self.code in _LEAKS and not facts.line:
            named = f" `{self.handle}`" if self.handle else ""
            made = f"{self.resource}{named} from {self.creator}"
            return f"{made} is not {self.done} when the program ends"
        return message(self.code, facts)

    def _help(self, facts: Facts) -> str:
        if self.code in _LEAKS and not facts.line:
            return f"give {self.handle or 'it'} to {facts.release} before the program ends"
        return help_text(self.code, facts)

    def _steps(self) -> Iterator[Step]:
        """The moments in their order, each with the calls that the one before did not show."""
        shown: Sequence[Place] = ()
        for kind, stack, words in self._moments():
            outer = list(reversed(stack[1:]))
            for depth, place in enumerate(outer):
                if list(shown[: depth + 1]) != outer[: depth + 1]:
                    yield Step("call", place.path, _span(place), f"called in {place.function}")
            words = f"{words}, in {stack[0].function}"
            yield Step(kind, stack[0].path, _span(stack[0]), words)
            shown = outer

    def _moments(self) -> Iterator[tuple[str, Sequence[Place], str]]:
        name = self.handle or f"the {self.resource}"
        owner = self.owner or "its context"
        call = self._outcome.injected
        moments = [("create", self.creation, f"{name} is created here")]
        if call is not None:
            stack = self._stack(call["stack"], str(call["function"]))
            words = f"{call['function']} fails (--fail {self._outcome.failed})"
            earlier = self._outcome.failed < self.number
            moments.insert(0 if earlier else 1, ("fail", stack, words))
        if self.code == "CAP301":
            words = f"{owner} is released with {name} alive"
            moments.append(("release", self.owner_release, words))
        if self.code in ("CAP201", "CAP202"):
            moments.append(("release", self.release, f"{name} is {self.done} here"))
        if self.code in _LEAKS:
            raised = self.code == "CAP102"
            words = f"{'an exception ' if raised else ''}leaves with {name} alive"
            moments.append(("raise" if raised else "leave", self.now, words))
        else:
            moments.append(("use", self.now, f"{self.moment} is called with {name}"))
        return (moment for moment in moments if moment[1])


def _span(place: Place) -> Span:
    column = max(place.column, 1)
    return Span(place.line, column, place.end_line or place.line, place.end_column or column + 1)
