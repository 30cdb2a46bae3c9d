"""Calls of an API that has a successor: CAP501, which needs no paths."""

from __future__ import annotations

from collections.abc import Iterator

from capilint.engine.program.callgraph import Program
from capilint.engine.program.linkage import Definition
from capilint.finding import Finding
from capilint.ir import Call, Direct
from capilint.rulebook.wording import Facts, message, name_and_severity

CODE = "CAP501"


def deprecated_calls(program: Program, definition: Definition) -> Iterator[Finding]:
    """A finding for each call in a function that a newer API's call replaces."""
    name, severity = name_and_severity(CODE)
    for block in definition.function.blocks:
        for call in block.instructions:
            if not isinstance(call, Call) or not isinstance(call.callee, Direct):
                continue
            bound = program.names.api(call.callee.name, definition.module)
            if bound is None or not bound.protocol.replaced_by:
                continue
            protocol = bound.protocol
            facts = Facts(call=protocol.name, replacement=protocol.replaced_by)
            yield Finding(
                code=CODE,
                name=name,
                severity=severity,
                path=definition.path,
                span=call.span,
                function=definition.function.name,
                resource="",
                handle="",
                message=message(CODE, facts),
            )
