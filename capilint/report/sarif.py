"""SARIF 2.1.0, for code scanning: https://docs.oasis-open.org/sarif/sarif/v2.1.0/

Report ─┬─ codes ────────────── tool.driver.rules, all of them
        ├─ findings ─────────── results, with the witness as a code flow
        ├─ suppressed findings ─ results with `suppressions`
        ├─ baselines ─────────── `baselineState`: new, unchanged, absent
        └─ unreadable, notes ── invocations: what the results say nothing about

No times and no absolute paths of the checkout: the same input gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from capilint import __version__
from capilint.checking import Report
from capilint.finding import Finding, Fix, Severity, Span, Step
from capilint.findings.baseline import Gone
from capilint.findings.baseline_file import Entry
from capilint.findings.fingerprint import fingerprints
from capilint.findings.triage import Suppressed
from capilint.report import Style
from capilint.report.location import BASE, artifact
from capilint.report.printable import printable
from capilint.rulebook.codes import OFF, Code, load

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_FINGERPRINT = "capilintHandle/v1"
# capilint has no site of its own yet: this is the page of the function that it is about.
_INFORMATION = "https://learn.microsoft.com/windows/win32/api/wincrypt/nf-wincrypt-cryptdestroykey"

_CATEGORY = "capilint/"  # what code scanning takes for the category of the upload: all before `/`

Json = dict[str, object]


def render(report: Report, style: Style) -> str:
    """All findings, notes and suppressed ones among them. ASCII only, as the JSON report."""
    codes = tuple(load().values())
    document: Json = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(report, codes)]}
    return json.dumps(document, indent=2) + "\n"


def _run(report: Report, codes: Sequence[Code]) -> Json:
    return {
        "automationDetails": {"id": _CATEGORY},
        "tool": {
            "driver": {
                "name": "capilint",
                "fullName": f"capilint {__version__}",
                "semanticVersion": __version__,
                "informationUri": _INFORMATION,
                "rules": [_rule(code) for code in codes],
            }
        },
        "invocations": [_invocation(report)],
        "originalUriBaseIds": {BASE: {"description": {"text": "The folder that was checked."}}},
        "results": list(_results(report, [code.code for code in codes])),
        "columnKind": "unicodeCodePoints",
    }


def _rule(code: Code) -> Json:
    tags = ["security", "correctness"]
    rule: Json = {
        "id": code.code,
        "name": code.name,
        "shortDescription": {"text": code.summary},
        "fullDescription": {"text": " ".join(code.sections["What it does"].split())},
        "help": {"text": code.markdown, "markdown": code.markdown},
        "defaultConfiguration": {"enabled": code.default != OFF, "level": _level(code.default)},
    }
    if code.cwe is not None:
        tags.append(f"external/cwe/cwe-{code.cwe}")
        rule["helpUri"] = code.cwe_page
    properties: Json = {"tags": tags, "precision": "high"}
    if code.security_severity is not None:  # read as a number, written as a text
        properties["security-severity"] = str(code.security_severity)
    rule["properties"] = properties
    return rule


def _level(severity: str) -> str:
    """SARIF's words for severities are ours; a code that is off by default would be a warning."""
    return Severity.WARNING.value if severity == OFF else severity


def _results(report: Report, codes: Sequence[str]) -> Iterable[Json]:
    suppressed = {id(item.finding): item for item in report.suppressed}
    known, untold = set(map(id, report.known)), set(map(id, report.unchanged))
    for finding, digest in fingerprints(report.everything, report.sources):
        if id(finding) in untold:
            continue
        item = suppressed.get(id(finding))
        result = _result(finding, codes.index(finding.code))
        result["partialFingerprints"] = {_FINGERPRINT: digest}
        result["suppressions"] = [] if item is None else [_suppression(item)]
        if report.baselines:
            result["baselineState"] = "unchanged" if id(finding) in known else "new"
        yield result
    for gone in report.gone:
        if gone.entry.code in codes:
            yield _absent(gone, codes.index(gone.entry.code))


def _absent(gone: Gone, rule_index: int) -> Json:
    """A result that a baseline has and this run has not; its line is not known."""
    entry = gone.entry
    what = f"`{entry.handle}` in `{entry.function}`" if entry.handle else f"`{entry.function}`"
    return {
        "ruleId": entry.code,
        "ruleIndex": rule_index,
        "message": _message(f"gone: {what}: {entry.text}"),
        "locations": [{**_location(gone.path, None), "logicalLocations": [_logical(entry)]}],
        "occurrenceCount": gone.times,
        "suppressions": [],
        "baselineState": "absent",
    }


def _logical(of: Finding | Entry) -> Json:
    """The function that a finding is in."""
    kind = "module" if of.function == "<module>" else "function"
    return {"fullyQualifiedName": of.function, "kind": kind}


def _result(finding: Finding, rule_index: int) -> Json:
    result: Json = {
        "ruleId": finding.code,
        "ruleIndex": rule_index,
        "level": finding.severity.value,
        "message": _message(finding.message),
        "locations": [
            {
                **_location(finding.path, finding.span),
                "logicalLocations": [_logical(finding)],
            }
        ],
        "properties": {
            "resource": finding.resource,
            "handle": finding.handle,
            "confirmed": finding.confirmed,
            **({"help": printable(finding.help)} if finding.help else {}),
        },
    }
    if finding.steps:
        result["codeFlows"] = [{"threadFlows": [{"locations": _flow(finding.steps)}]}]
        result["relatedLocations"] = [
            {"id": number, **_location(step.path, step.span, step.message)}
            for number, step in enumerate((*finding.steps, *finding.also), start=1)
            if (step.path, step.span) != (finding.path, finding.span)
        ]
    if finding.fix is not None:
        result["fixes"] = [_fix(finding.fix)]
    return result


def _fix(fix: Fix) -> Json:
    """The changes of a fix, those of each file together."""
    files: dict[str, list[Json]] = {}
    for change in fix.changes:
        region = {
            "startLine": change.line,
            "startColumn": 1,
            "endLine": change.end_line,
            "endColumn": 1,
        }
        replacement: Json = {"deletedRegion": region, "insertedContent": {"text": change.text}}
        files.setdefault(change.path, []).append(replacement)
    return {
        "description": {"text": printable(fix.title)},
        "artifactChanges": [
            {"artifactLocation": artifact(path), "replacements": replacements}
            for path, replacements in files.items()
        ],
    }


def _flow(steps: Sequence[Step]) -> list[Json]:
    """The witness; each step is of importance, for the engine keeps no other."""
    return [
        {
            "location": _location(step.path, step.span, step.message),
            "kinds": [step.kind],
            "executionOrder": number,
            "importance": "essential",
        }
        for number, step in enumerate(steps, start=1)
    ]


def _location(path: str, span: Span | None, message: str = "") -> Json:
    physical: Json = {"artifactLocation": artifact(path)}
    if span is not None:
        physical["region"] = {
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        }
    location: Json = {"physicalLocation": physical}
    if message:
        location["message"] = _message(message)
    return location


def _suppression(item: Suppressed) -> Json:
    suppression: Json = {
        "kind": "inSource",
        "location": {
            "physicalLocation": {
                "artifactLocation": artifact(item.path),
                "region": {"startLine": item.line},
            }
        },
    }
    if item.reason:
        suppression["justification"] = printable(item.reason)
    return suppression


def _invocation(report: Report) -> Json:
    """How the run went: unsuccessful where a file was left out that should have been analysed."""
    notifications: list[Json] = [
        {
            "level": "error",
            "message": _message(f"not analysed: {item.reason}"),
            "locations": [_location(item.path, None)],
        }
        for item in report.unreadable
    ]
    notifications += [{"level": "note", "message": _message(note)} for note in report.notes]
    if report.interrupted:
        notifications.append({"level": "error", "message": _message("interrupted")})
    return {
        "executionSuccessful": not (report.unreadable or report.interrupted),
        "toolExecutionNotifications": notifications,
    }


def _message(text: str) -> Json:
    """A plain text message; `a[i](b)` in it must not become a link."""
    return {"text": printable(text).replace("](", "\\](")}
