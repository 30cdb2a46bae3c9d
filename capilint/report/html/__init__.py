"""The report as one page of HTML that needs nothing else: no network, no other file.

    page.html ── with page.css, page.js and the data as JSON ── one file

Text from source files is data, never markup: it is JSON in which `<` is spelt out, and the script
makes text nodes of it. A content security policy forbids every script and style but these two, by
their hashes, and every request.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from html import escape
from importlib.resources import files

from capilint.checking import Report
from capilint.report import Style
from capilint.report.html.data import data_of
from capilint.report.printable import printable


def render(report: Report, style: Style) -> str:
    """All findings, the suppressed ones and those of a baseline apart. ASCII only."""
    page, css, script = _part("page.html"), _part("page.css"), _part("page.js")
    parts = {
        "policy": _policy(css, script),
        "style": css,
        "list": "\n".join(_plain(report)),
        "data": _json(data_of(report)),
        "script": script,
    }
    for name, text in parts.items():
        head, mark, tail = page.partition(f"<!--{name}-->")
        assert mark, name
        page = f"{head}{text}{tail}"
    return page


@cache
def _part(name: str) -> str:
    """A file beside this module."""
    return files(__package__).joinpath(name).read_text(encoding="ascii")


def _policy(css: str, script: str) -> str:
    """What the page may do: run its script, use its style sheet."""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(css)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    """As https://www.w3.org/TR/CSP3/#grammardef-hash-source has it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(data: dict[str, object]) -> str:
    """ASCII that cannot end the element that it stands in."""
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _plain(report: Report) -> Iterator[str]:
    """The findings as list items, for where no script runs, as on some build servers."""
    for each in report.findings:
        place = f"{each.path}:{each.span.line}:{each.span.column}"
        text = escape(printable(f"{place}: {each.severity.value}: {each.code} {each.message}"))
        yield "<li>" + text.encode("ascii", "xmlcharrefreplace").decode("ascii") + "</li>"
