"""`make fuzz-inputs N=20000`: broken files, of which none may be more than the analysis can take.

    fixture ── some edits (seeded) ── bytes ── check ── no internal error; places inside the file;
                                                        the same again, whatever ran between
    many of them ── in another order, with other seeds of hashes ── the same bytes
    configurations, rules, ... (`tests.fuzz.settings_files`) ── read ── a result, or an error

Each input is known by its seed and its number, and so comes out again. What goes wrong is written
to `fuzz-input-*`, to be kept as a fixture or a test once its cause is found.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from capilint.checking import Report, check
from capilint.config.settings import Settings
from capilint.files.source import Input
from capilint.language import Language
from capilint.report import Style, json_report, sarif
from tests.fixture_format import FIXTURES
from tests.fuzz.edits import EDITS, MOST_EDITS, WrongInput
from tests.fuzz.order import hold_together
from tests.fuzz.settings_files import KINDS, SettingsFile, hold_settings, settings_file

LANGUAGES = {".c": Language.C, ".cpp": Language.CPP, ".py": Language.PYTHON}
SAME_AGAIN = 10  # one input of so many is checked twice
TOGETHER = 200  # so many inputs are checked as one program, in several orders
_STYLE = Style()


@cache
def _texts(suffix: str) -> tuple[str, ...]:
    files = sorted(path for path in FIXTURES.rglob(f"*{suffix}") if path.is_file())
    return tuple(path.read_bytes().decode("utf-8", errors="replace") for path in files)


def inputs(seed: int, count: int, suffixes: Sequence[str] = tuple(LANGUAGES)) -> Iterator[Input]:
    """So many broken files, the same for the same seed."""
    for number in range(count):
        chance = random.Random(f"{seed}.{number}")
        suffix = chance.choice(suffixes)
        text = chance.choice(_texts(suffix))
        for _ in range(chance.randint(1, MOST_EDITS)):
            text = chance.choice(EDITS)(chance, text)
        data = text.encode("utf-8", errors="surrogatepass")
        if chance.random() < 0.05:
            data = text.encode(chance.choice(("utf-16", "cp1252", "utf-8-sig")), errors="replace")
        yield Input(f"{seed}-{number}{suffix}", LANGUAGES[suffix], data)


def hold(item: Input, again: bool = False) -> None:
    """Check a file. Raises WrongInput where that breaks one of the laws."""
    report = _checked(item)
    for each in report.unreadable:
        if "internal error" in each.reason:
            raise WrongInput(each.detail or each.reason)
    for finding in report.findings:
        if "internal error" in finding.message:
            raise WrongInput(finding.message)
    _hold_places(item, report)
    if again and _rendered(report) != _rendered(_checked(item)):
        raise WrongInput("not the same when it is checked again")


def _checked(item: Input) -> Report:
    return check([item], lambda _: Settings())


def _rendered(report: Report) -> tuple[str, str]:
    return json_report.render(report, _STYLE), sarif.render(report, _STYLE)


def _hold_places(item: Input, report: Report) -> None:
    """Every place is inside of the file, as an editor counts, and none ends before it begins."""
    assert item.data is not None
    source = report.sources.get(item.path)
    for each in _places(json.loads(json_report.render(report, _STYLE))):
        if source is None:
            raise WrongInput("a place in a file that was not read")
        first, last = (each["line"], each["column"]), (each["end_line"], each["end_column"])
        for line, column in (first, last):
            inside = 1 <= line <= len(source.lines)
            if not inside or not 1 <= column <= len(source.lines[line - 1]) + 1:
                raise WrongInput(f"no place of the file: {line}:{column} in {each}")
        if last < first:
            raise WrongInput(f"ends before it begins: {each}")
    sarif.render(report, _STYLE)


def _places(value: object) -> Iterator[dict[str, int]]:
    """All that has a line in a report, whatever it is."""
    if isinstance(value, dict):
        if isinstance(value.get("line"), int):
            start = {"line": value["line"], "column": value.get("column", 1)}
            end = {"end_line": start["line"], "end_column": start["column"]}
            yield {**start, **end, **{key: value[key] for key in end if key in value}}
        for each in value.values():
            yield from _places(each)
    elif isinstance(value, list):
        for each in value:
            yield from _places(each)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.inputs", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=(*LANGUAGES, *KINDS), action="append")
    options = parser.parse_args()
    wrong: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    together: list[Input] = []
    for number, item in enumerate(mixed(options.seed, options.count, options.only)):
        kind = item.kind if isinstance(item, SettingsFile) else Path(item.path).suffix
        tried[kind] += 1
        try:
            if isinstance(item, SettingsFile):
                hold_settings(item)
            else:
                hold(item, again=number % SAME_AGAIN == 0)
                together.append(item)
            if len(together) == TOGETHER:
                tried["orders and hash seeds"] += 1
                hold_together(together)
        except Exception as error:  # whatever it is, it must not be
            wrong[kind] += 1
            kept = Path(f"fuzz-input-{item.path}")
            kept.write_bytes(item.data or b"")
            print(f"{kept}: {error!r}"[:1_000], flush=True)
        if len(together) == TOGETHER:
            together = []
        if number % 10_000 == 9_999:
            print(f"{number + 1}: {dict(tried)}, wrong: {dict(wrong)}", flush=True)
    print(f"{options.count} inputs, {wrong.total()} of them wrong: {dict(tried)}")
    return 1 if wrong else 0


def mixed(
    seed: int, count: int, only: Sequence[str] | None = None
) -> Iterator[Input | SettingsFile]:
    """So many broken files of these kinds, one of six or so no source."""
    suffixes = [each for each in only or LANGUAGES if each in LANGUAGES]
    kinds = [each for each in only or KINDS if each in KINDS]
    sources = inputs(seed, count, suffixes) if suffixes else iter(())
    for number in range(count):
        if kinds and (not suffixes or number % 6 == 5):
            yield settings_file(seed, number, kinds)
        else:
            yield next(sources)


if __name__ == "__main__":
    sys.exit(main())
