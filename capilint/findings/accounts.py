"""Of which handles nothing is reported, and why, once it is known which findings are reported.

Fate* ── findings? ── reported, suppressed, or not selected
            │ none
            └──────── let go of for a reason, or followed to its end
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from capilint.config.settings import Settings
from capilint.finding import Finding, Span
from capilint.findings.triage import Triage
from capilint.ir import Module
from capilint.silence import Account, Creation, Fate, FindingKey, Kind, Reason, Silence, key_of


def account(
    fates: Iterable[Fate],
    unclear: Iterable[Silence],
    found: Iterable[Finding],
    triage: Triage | None,
    settings_of: Callable[[str], Settings],
    passed_over: Iterable[tuple[str, int]],
) -> Account:
    """The account of a run.

    `unclear` are the places that nobody understood, `found` all findings that went into the
    triage. Of the files `passed_over`, and why, those count that there are.
    """
    triage = triage or Triage((), ())
    known = {key_of(finding) for finding in found}
    reported = {key_of(finding) for finding in triage.findings}
    suppressed = {
        key_of(item.finding): Reason(Kind.SUPPRESSED, path=item.path, line=item.line)
        for item in triage.suppressed
    }
    counts = {"reported": 0, "followed": 0}
    silences = list(unclear)
    in_sight: list[tuple[Creation, str, Span]] = []
    for fate in fates:
        in_sight += [(fate.creation, path, span) for path, span in sorted(fate.in_sight)]
        unseen = fate.findings & known
        if fate.findings and (not unseen or unseen & reported):
            counts["reported"] += 1  # a finding that is not known says what another one says
            continue
        reason = _unseen(unseen, suppressed) if unseen else fate.reason
        if reason is None:
            counts["followed"] += 1
            continue
        resource = fate.creation.resource
        if not settings_of(fate.creation.path).wants_resource(resource):
            reason = Reason(Kind.NOT_SELECTED, detail=f"the resource `{resource}`")
        silences.append(Silence(fate.creation, reason))
    silences.sort(key=_place)
    files = tuple((why, count) for why, count in passed_over if count > 0)
    return Account(counts["reported"], counts["followed"], tuple(silences), files, tuple(in_sight))


def _unseen(keys: Iterable[FindingKey], suppressed: Mapping[FindingKey, Reason]) -> Reason:
    """Why findings are not reported."""
    keys = sorted(keys)
    for key in keys:
        if key in suppressed:
            return suppressed[key]
    return Reason(Kind.NOT_SELECTED, detail=keys[0][0])


def not_understood(modules: Iterable[Module]) -> Iterator[Silence]:
    """The places that a front end did not understand: what is made there is not known."""
    found = (
        (Creation(each.path or module.path, each.span, each.function), each.reason)
        for module in modules
        for each in module.problems
    )
    for creation, reason in dict.fromkeys(found):
        yield Silence(creation, Reason(Kind.NOT_UNDERSTOOD, detail=f": {reason}"))


def _place(silence: Silence) -> tuple[object, ...]:
    return (silence.creation.path.split("/"), silence.creation.span, silence.text)
