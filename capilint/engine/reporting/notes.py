"""Notes about functions that were not analysed to the end: what is in them may be missing."""

from __future__ import annotations

from capilint import internal_error
from capilint.engine.program.linkage import Definition
from capilint.engine.reporting.duplicates import Candidate
from capilint.finding import Finding
from capilint.rulebook.wording import Facts, message, name_and_severity


def bounded(definition: Definition) -> Candidate:
    """CAP902: a function with more paths than are followed."""
    return _note(definition, "CAP902")


def left_out(definition: Definition, error: Exception) -> Candidate:
    """CAP901: a function whose analysis ended with an error of capilint's own."""
    return _note(definition, "CAP901", internal_error.reason(error))


def _note(definition: Definition, code: str, reason: str = "") -> Candidate:
    name, severity = name_and_severity(code)
    function = definition.function
    facts = Facts(function=function.name, line=function.span.line, reason=reason)
    note = Finding(
        code=code,
        name=name,
        severity=severity,
        path=definition.path,
        span=function.span,
        function=function.name,
        resource="",
        handle="",
        message=message(code, facts),
    )
    return Candidate(note, None, function.span.line)
