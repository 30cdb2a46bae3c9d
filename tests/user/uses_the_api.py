"""A program that uses the Python API with types: mypy checks it (`make lint`), a test runs it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import assert_type

import capilint
from capilint import Finding, Report, SettingsError, Severity, Step, check, check_text, render


def errors(report: Report) -> Iterator[str]:
    """The findings that matter most, as this program shows them."""
    for finding in report.findings:
        assert_type(finding, Finding)
        if finding.severity is Severity.ERROR:
            yield f"{finding.path}:{finding.span.line}: {finding.code} {finding.handle}"


def last_step(finding: Finding) -> Step | None:
    """Where it goes wrong."""
    return finding.steps[-1] if finding.steps else None


def main(folder: Path) -> int:
    """Check a folder, and a text that stands in no file."""
    try:
        report = check(folder, "missing.c", ignore=["handle-lost"], fail_on="error", isolated=True)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    assert_type(report, Report)
    assert_type(report.unreadable, tuple[capilint.Unreadable, ...])
    print(*errors(report), sep="\n")
    text = (folder / "leak.c").read_text(encoding="utf-8")
    again = check_text(text, "unsaved.c", isolated=True, include=[folder])
    print(*(step.message for each in again.findings if (step := last_step(each))))
    print(render(report, "jsonl").count("\n"), len(capilint.FORMATS) > 3, capilint.__version__)
    return 1 if report.failing else 0


def wrong() -> None:
    """What mypy refuses: were it not refused, the comments would be."""
    check("a.c", selekt=["CAP1"])  # type: ignore[call-arg]
    check("a.c", fail_on="fatal")  # type: ignore[arg-type]
    check(3)  # type: ignore[arg-type]
    capilint.nonsense  # type: ignore[attr-defined]  # noqa: B018


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
