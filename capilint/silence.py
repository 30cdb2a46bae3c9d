"""Why nothing is reported of a handle: frozen values from the engine to the reports.

A *creation* is a call of an API function that makes a handle. Its *fate* is one of three: something
was found of the handle; it was followed to its end on every path; or it was let go of, for a
*reason*. A *silence* is a creation of the third kind, or one whose findings nobody gets to see.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from capilint.finding import Finding, Span

FindingKey = tuple[str, str, Span, str, str]


class Kind(StrEnum):
    """The kinds of reasons."""

    UNKNOWN_FUNCTION = "unknown-function"
    UNCERTAIN_FUNCTION = "uncertain-function"
    UNFOLLOWED_FUNCTION = "unfollowed-function"
    UNKNOWN_METHOD = "unknown-method"
    RUN_TIME_FUNCTION = "run-time-function"
    API_FUNCTION = "api-function"
    PASSED_ON = "passed-on"
    NEVER_RELEASED_PLACE = "never-released-place"
    RELEASED_PLACE = "released-place"
    OTHER_PLACE = "other-place"
    UNKNOWN_PLACE = "unknown-place"
    ELEMENT = "element"
    CONTAINER = "container"
    EXPRESSION = "expression"
    CAPTURED = "captured"
    OBJECT = "object"
    RETURNED = "returned"
    YIELDED = "yielded"
    GIVEN_TO_CALLER = "given-to-caller"
    JUDGED = "judged"
    STOPPED = "stopped"
    UNDECIDED = "undecided"
    FLAG = "flag"
    ROUNDS = "rounds"
    PROCESS_END = "process-end"
    NO_END = "no-end"
    NOT_REACHED = "not-reached"
    ARGUMENTS = "arguments"
    NOT_UNDERSTOOD = "not-understood"
    TOO_INTRICATE = "too-intricate"
    SUPPRESSED = "suppressed"
    NOT_SELECTED = "not-selected"
    LOST = "lost"


class Lack(StrEnum):
    """What keeps the calls of a function from being followed; the value says it of the function."""

    CALLER = "which no file of the run calls"
    FOLLOWED_CALL = "no call of which is followed"
    INSIDE = "inside something that its callers do not look into"
    RECURSIVE = "which calls itself"
    INTRICATE = "which is too intricate (CAP902)"
    GENERATOR = "which is a generator or a coroutine"
    DECORATED = "which a decorator replaces"
    OBJECTS = "whose objects are not followed"
    OUTCOMES = "which has too many outcomes to be followed"
    ARGUMENTS = "with arguments that are not followed"


_TEXTS = {
    Kind.UNKNOWN_FUNCTION: "given to `{name}`, which no file of the run defines",
    Kind.UNCERTAIN_FUNCTION: "given to `{name}`, of which the run has no certain definition",
    Kind.UNFOLLOWED_FUNCTION: "given to `{name}`, {detail}",
    Kind.UNKNOWN_METHOD: "given to the method `{name}`, whose definition is not known",
    Kind.RUN_TIME_FUNCTION: "given to a function that is only known at run time",
    Kind.API_FUNCTION: "given to `{name}`, where it is not followed",
    Kind.PASSED_ON: "given to `{name}`, which lets others see it",
    Kind.NEVER_RELEASED_PLACE: "stored in `{place}`, which no function of the run releases",
    Kind.RELEASED_PLACE: "stored in `{place}`; `{name}` releases what such a place holds",
    Kind.OTHER_PLACE: "stored in `{place}`, which other code can see",
    Kind.UNKNOWN_PLACE: "put where its place is not known",
    Kind.ELEMENT: "in an element of `{place}` that is not known",
    Kind.CONTAINER: "in a container that is used as a whole",
    Kind.EXPRESSION: "used in an expression that is not followed",
    Kind.CAPTURED: "captured by a function whose calls are not followed",
    Kind.OBJECT: "held by an object that is not followed to its end",
    Kind.RETURNED: "returned by `{name}`, {detail}",
    Kind.YIELDED: "yielded to code that is not followed",
    Kind.GIVEN_TO_CALLER: "given to the caller of `{name}`, {detail}",
    Kind.JUDGED: "whether it was made is for `{name}` to judge, which is not followed",
    Kind.STOPPED: "no path is followed past `{name}`, which judges a result",
    Kind.UNDECIDED: "what becomes of it hangs on a condition that the run does not decide",
    Kind.FLAG: "whether it has to be released is told by a flag that nobody looks at",
    Kind.ROUNDS: "made anew in a loop, where the handles of several rounds are not told apart",
    Kind.PROCESS_END: "alive when the process ends, which is no leak",
    Kind.NO_END: "no path that is followed leads from there to the end of the function",
    Kind.NOT_REACHED: "made where no path that is followed gets to",
    Kind.ARGUMENTS: "made with arguments that are not known",
    Kind.NOT_UNDERSTOOD: "not understood (CAP901){detail}",
    Kind.TOO_INTRICATE: "`{name}` is too intricate (CAP902)",
    Kind.SUPPRESSED: "a finding is suppressed",
    Kind.NOT_SELECTED: "{detail} is not selected",
    Kind.LOST: "the analysis lost sight of it",
}
_MOST_HEADERS = 3


class Creation(NamedTuple):
    """Where a handle is made. `handle` and `resource` are empty where that is not known."""

    path: str
    span: Span
    function: str
    resource: str = ""
    handle: str = ""
    creator: str = ""


class Reason(NamedTuple):
    """Why a handle is let go of, and in which line of which file (none: line 0).

    `headers` are those that were not found or could not be read, where one of them might tell more.
    """

    kind: Kind
    name: str = ""
    place: str = ""
    detail: str = ""
    path: str = ""
    line: int = 0
    headers: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The reason in words, without its line."""
        text = _TEXTS[self.kind].format(name=self.name, place=self.place, detail=self.detail)
        if not self.headers:
            return text
        names = ", ".join(f"`{name}`" for name in self.headers[:_MOST_HEADERS])
        more = len(self.headers) - _MOST_HEADERS
        names += f" and {more} more" if more > 0 else ""
        return f"{text}; header{'s' * (len(self.headers) > 1)} {names} not read"


class Fate(NamedTuple):
    """What becomes of a creation: `findings` are about it; without these and a `reason` it was
    followed to its end. `in_sight` are the places that end it although others may have it, each
    with the path of its file."""

    creation: Creation
    findings: frozenset[FindingKey]
    reason: Reason | None
    in_sight: frozenset[tuple[str, Span]] = frozenset()


class Silence(NamedTuple):
    """A creation of which nothing is reported, and why."""

    creation: Creation
    reason: Reason

    @property
    def text(self) -> str:
        """`a.c:31: key `h`: given to `queue_push`, which no file of the run defines (line 35)`."""
        made, reason = self.creation, self.reason
        handle = f"`{made.handle}`" if made.handle else f"from {made.creator}"
        subject = f"{made.resource} {handle}" if made.resource else f"in `{made.function}`"
        where = ""
        if reason.line and reason.path != made.path:
            where = f" ({reason.path}:{reason.line})"
        elif reason.line and reason.line != made.span.line:
            where = f" (line {reason.line})"
        return f"{made.path}:{made.span.line}: {subject}: {reason.text}{where}"


class Account(NamedTuple):
    """All creations of a run: how many were `reported`, how many `followed` to their end.

    `passed_over` counts the files that were seen and not analysed, by the reason. `in_sight` are
    the creations that are ended although others may have them, with the path and place of that.
    """

    reported: int = 0
    followed: int = 0
    silences: tuple[Silence, ...] = ()
    passed_over: tuple[tuple[str, int], ...] = ()
    in_sight: tuple[tuple[Creation, str, Span], ...] = ()


def key_of(finding: Finding) -> FindingKey:
    """What tells one finding from others, however often it was found."""
    return (finding.code, finding.path, finding.span, finding.resource, finding.handle)
