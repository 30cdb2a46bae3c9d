"""What an analysis says: the frozen values that travel from the engine to the reports.

Lines and columns count from 1; columns count characters of the decoded line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

from capilint.severity import Severity as Severity
from capilint.slotted import quickly_made


@quickly_made
@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of source text; `end_column` is one past the last character."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Step:
    """One station of a witness path.

    `kind` is one of create, use, release, own, lose, fail, branch, call, raise, leave.
    """

    kind: str
    path: str
    span: Span
    message: str


class Outcome(StrEnum):
    """How an API call on a witness path ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


class TraceEvent(NamedTuple):
    """One thing that happens to handles on a witness path, as the replay needs it.

    `kind` is `call` (an API function is called), `lose` (the last reference to a handle is
    gone), `hand-out` (a handle is given to the caller), `show` (its memory gets one, for now) or
    `leave` (the function ends).
    `function` is the API function's SDK name for a call and empty otherwise.
    `handles` maps parameter names (or `return`) to handle numbers: the same number is the same
    handle all along the trace; a number not created on the trace was alive before it began.
    `owner` names, for handles first seen here, the context they belong to, where known.
    """

    kind: str
    function: str
    span: Span
    outcome: Outcome = Outcome.SUCCEEDED
    handles: tuple[tuple[str, int], ...] = ()
    resources: tuple[tuple[int, str], ...] = ()
    owners: tuple[tuple[int, int], ...] = ()


class Passage(NamedTuple):
    """A stretch of source that a witness path goes through, and what happens there.

    `depth` counts the calls around it. `state` is the handle's behind it: empty where there is
    none yet, given (it comes from elsewhere), maybe (the code has yet to look whether it was made),
    live, orphaned (its owner is gone), destroyed, or lost. `kind` is empty, or that of an event:
    branch, call, enter, exit, raise ...; `name` is then the function, `outcome` how it went on
    (`true`, `fails`), and `action` what that did to the handle (create, use, release ...).
    """

    path: str
    span: Span
    depth: int
    state: str
    kind: str = ""
    name: str = ""
    outcome: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of a file's text, and what stands there instead.

    It runs from the beginning of `line` to that of `end_line`: whole lines, none where both are
    equal. `text` is empty or ends with a newline.
    """

    path: str
    line: int
    end_line: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Changes that were tried together: with them a finding is gone, and no other one comes.

    `title` says in words what they do.
    """

    title: str
    changes: tuple[Change, ...]


Confirmed = Literal[True, False, "calls"] | None
"""What the replay on the runtime model says to a finding; see `Finding`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect: what, where, on which handle, along which path.

    `confirmed` says whether the replay on the runtime model came to the same verdict; None
    where the model does not cover the family or the finding is no handle's (CAP901, CAP902), and
    where the path is `merged`: nobody followed it with all that is known on it, so that its
    conditions may contradict each other. It is "calls" where the calls lead to the verdict, but the
    path is `assumed`: it takes an exception of code that nobody sees.
    `also` are the other places where the function leaves the same handle alive, or makes it.
    `subject` is the number that `trace` uses for the handle. `ender` is the method that ends an
    object, where the path goes on into it after the function, and `ender_handle` the handle as that
    method writes it. `closing` is the call that would end the object or structure that holds a
    leaked handle, if one is known. `fix` is there only where edits were asked for, and one was
    found. `route`, where it was asked for, is the witness path as its lines have it, in the
    function and in its callees; statements that concern no handle may be missing.
    """

    code: str
    name: str
    severity: Severity
    path: str
    span: Span
    function: str
    resource: str
    handle: str
    message: str
    steps: tuple[Step, ...] = ()
    also: tuple[Step, ...] = ()
    help: str = ""
    confirmed: Confirmed = None
    merged: bool = False
    assumed: bool = False
    trace: tuple[TraceEvent, ...] = ()
    subject: int | None = None
    ender: str = ""
    ender_handle: str = ""
    closing: str = ""
    fix: Fix | None = None
    route: tuple[Passage, ...] = field(default=(), compare=False)


def place_of(finding: Finding) -> tuple[object, ...]:
    """What findings are sorted by: file, place, code, and the rest to tell equals apart."""
    return (finding.path.split("/"), finding.span, finding.code, finding.handle, finding.message)
