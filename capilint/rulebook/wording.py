"""The words of findings: messages from the codes' templates."""

from __future__ import annotations

from dataclasses import dataclass, fields

from capilint.finding import Severity
from capilint.rulebook import codes

MODULE = "<module>"  # the function of what stands outside of all functions


@dataclass(frozen=True, slots=True)
class Facts:
    """What a message can speak of: the fields that `codes.FIELDS` describes."""

    resource: str = ""
    handle: str = ""
    function: str = ""
    creator: str = ""
    line: int = 0
    release: str = ""
    call: str = ""
    owner: str = ""
    owned_by: str = "context"
    ended: str = "released"
    released: str = "destroyed"
    replacement: str = ""
    closing: str = ""
    reason: str = ""


_FIELDS = tuple(field.name for field in fields(Facts))


def message(code: str, facts: Facts, at_exit: bool = False) -> str:
    """The one-line message of a finding; `at_exit`: where the process ends."""
    entry = codes.load()[code]
    return _filled(entry.at_exit if at_exit else entry.message, facts)


def help_text(code: str, facts: Facts) -> str:
    """What to do about a finding, in one line; empty where the code has no such text."""
    return _filled(codes.load()[code].help, facts)


def name_and_severity(code: str) -> tuple[str, Severity]:
    """A code's name, and the severity that it has unless the configuration says otherwise."""
    entry = codes.load()[code]
    default = Severity.WARNING if entry.default == codes.OFF else Severity(entry.default)
    return entry.name, default


def _filled(template: str, facts: Facts) -> str:
    known = {name: getattr(facts, name) for name in _FIELDS}  # `asdict` copies, and is slow
    if not facts.handle:  # no variable holds it: a result that is thrown away
        template = template.replace("{resource} `{handle}`", "{resource}")
        known["handle"] = f"the {facts.resource}"
    known["creator"] = facts.creator or "the caller"
    if facts.function == MODULE:
        template = template.replace("`{function}` returns", "the module ends")
        template = template.replace("`{function}`", "the module")
    giving = f"give {facts.handle}" if facts.handle else f"keep the {facts.resource}, and give it"
    ending = f"{giving} to {facts.release}"
    known["ending"] = f"call {facts.closing}" if facts.closing else ending
    known["owner"] = f"{facts.owned_by} `{facts.owner}`" if facts.owner else f"its {facts.owned_by}"
    return template.format(**known)
