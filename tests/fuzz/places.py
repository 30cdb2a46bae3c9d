"""Every place that a report names is one of the file, in each format and in its own unit.

JSON, JSON Lines    characters; a fix's changes whole lines
SARIF               what its `columnKind` says; results, related locations, flows, fixes
reviewdog           bytes of UTF-8
GitHub, Azure, Checkstyle    characters; GitLab    lines
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from capilint.checking import Report
from capilint.report import Style, render
from tests.fuzz.edits import WrongInput

_STYLE = Style(verbose=True)
_WITHOUT_COLUMNS = {"gitlab", "github"}  # GitHub's are within one line only
_COMMAND = re.compile(r"^::(?:error|warning|notice) ([^:]*)::", re.MULTILINE)
_ISSUE = re.compile(r"^##vso\[task\.logissue ([^\]]*)\]", re.MULTILINE)


class Place(NamedTuple):
    """A stretch of the file, from 1; a column of 0 is none."""

    line: int
    column: int
    end_line: int
    end_column: int


def hold_places(report: Report, path: str, formats: Iterable[str] = ()) -> None:
    """Raise WrongInput where a format, of all or of some, names a place that the file at `path`
    has not."""
    source = report.sources.get(path)
    for name in formats or _FORMATS:
        length = _bytes if name == "rdjson" else len
        for each in _FORMATS[name](render(name, report, _STYLE)):
            if source is None:
                raise WrongInput(f"{name}: a place in a file that was not read")
            _hold(name, each, source.lines, length)


def _hold(name: str, place: Place, lines: tuple[str, ...], length: Callable[[str], int]) -> None:
    line, column, end_line, end_column = place
    for at, where in ((line, column), (end_line, end_column)):
        least = 0 if name in _WITHOUT_COLUMNS else 1
        if not 1 <= at <= len(lines) or not least <= where <= length(lines[at - 1]) + 1:
            raise WrongInput(f"{name}: no place of the file: {at}:{where} in {place}")
    if (end_line, end_column) < (line, column):
        raise WrongInput(f"{name}: ends before it begins: {place}")


def _bytes(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    """All objects of a JSON document."""
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else ():
        yield from _objects(each)
    for each in value if isinstance(value, list) else ():
        yield from _objects(each)


def _json(text: str) -> Iterator[Place]:
    for each in _objects(json.loads(text)):
        if isinstance(each.get("line"), int):
            start, column = each["line"], each.get("column", 1)
            yield Place(start, column, each.get("end_line", start), each.get("end_column", column))
        if isinstance(each.get("text"), str) and each["text"] and not each["text"].endswith("\n"):
            raise WrongInput(f"json: a change of less than whole lines: {each}")


def _jsonl(text: str) -> Iterator[Place]:
    for line in text.splitlines():
        yield from _json(line)


def _sarif(text: str) -> Iterator[Place]:
    (run,) = json.loads(text)["runs"]
    if run["columnKind"] != "unicodeCodePoints":  # as Python counts
        raise WrongInput(f"sarif: columns of another kind: {run['columnKind']}")
    for each in _objects(run):
        for region in (each.get("region"), each.get("deletedRegion")):
            if region is not None:
                line, column = region["startLine"], region.get("startColumn", 1)
                end = region.get("endLine", line)
                yield Place(line, column, end, region.get("endColumn", column))


def _rdjson(text: str) -> Iterator[Place]:
    for each in _objects(json.loads(text)):
        if "range" in each:
            ends = (each["range"]["start"], each["range"]["end"])
            (line, column), (end, end_column) = ((at["line"], at["column"]) for at in ends)
            yield Place(line, column, end, end_column)


def _gitlab(text: str) -> Iterator[Place]:
    for each in json.loads(text):
        lines = each["location"]["lines"]
        yield Place(lines["begin"], 0, lines["end"], 0)


def _github(text: str) -> Iterator[Place]:
    for found in _COMMAND.finditer(text):
        said = dict(each.split("=", 1) for each in found[1].split(",") if "=" in each)
        if "line" in said:
            column, end_column = (int(said.get(key, "0")) for key in ("col", "endColumn"))
            yield Place(int(said["line"]), column, int(said["endLine"]), end_column)


def _azure(text: str) -> Iterator[Place]:
    for found in _ISSUE.finditer(text):
        said = dict(each.split("=", 1) for each in found[1].split(";") if "=" in each)
        if "linenumber" in said:
            line, column = int(said["linenumber"]), int(said.get("columnnumber", "0"))
            yield Place(line, column, line, column)


def _checkstyle(text: str) -> Iterator[Place]:
    for each in ET.fromstring(text).iter("error"):
        if "line" in each.attrib:
            line, column = int(each.attrib["line"]), int(each.attrib.get("column", "0"))
            yield Place(line, column, line, column)


_FORMATS: Mapping[str, Callable[[str], Iterator[Place]]] = {
    "json": _json,
    "jsonl": _jsonl,
    "sarif": _sarif,
    "rdjson": _rdjson,
    "gitlab": _gitlab,
    "github": _github,
    "azure": _azure,
    "checkstyle": _checkstyle,
}
