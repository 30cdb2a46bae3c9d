"""The note on a function that was not followed to its end, since it has too many paths: CAP902."""

from __future__ import annotations

from capilint.engine.program.linkage import Definition
from capilint.engine.reporting.duplicates import Candidate
from capilint.finding import Finding
from capilint.rulebook.wording import Facts, message, name_and_severity


def bounded(definition: Definition) -> Candidate:
    """The note on a function."""
    name, severity = name_and_severity("CAP902")
    function = definition.function
    facts = Facts(function=function.name, line=function.span.line)
    note = Finding(
        code="CAP902",
        name=name,
        severity=severity,
        path=definition.path,
        span=function.span,
        function=function.name,
        resource="",
        handle="",
        message=message("CAP902", facts),
    )
    return Candidate(note, None, function.span.line)
