"""JSON Lines: each finding as the JSON report has it, on a line of its own, for `jq` and logs.

`kind` tells findings from files that could not be analysed. https://jsonlines.org
"""

from __future__ import annotations

import json

from capilint.checking import Report
from capilint.report import Style
from capilint.report.json_report import finding_objects


def render(report: Report, style: Style) -> str:
    """All findings, notes among them, then the files that could not be analysed. ASCII only."""
    objects: list[dict[str, object]] = [
        {"kind": "finding", **each} for each in finding_objects(report, report.findings)
    ]
    objects += [
        {"kind": "unreadable", "path": item.path, "reason": item.reason}
        for item in report.unreadable
    ]
    return "".join(f"{json.dumps(each)}\n" for each in objects)
