"""What front ends did not understand, as findings."""

from __future__ import annotations

from collections.abc import Iterable

from capilint.finding import Finding
from capilint.findings.triage import remark
from capilint.ir import Module
from capilint.rulebook.codes import load as load_codes


def problems(modules: Iterable[Module]) -> list[Finding]:
    """A CAP901 note for each place that a front end did not understand, whoever includes it."""
    found = (
        (each.path or module.path, each.span, each.function, each.reason)
        for module in modules
        for each in module.problems
    )
    code = load_codes()["CAP901"]
    return [
        remark(code, path, span, function, reason=reason)
        for path, span, function, reason in dict.fromkeys(found)
    ]
