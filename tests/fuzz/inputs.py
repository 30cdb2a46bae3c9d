"""`make fuzz-inputs N=20000`: broken files, of which none may be more than the analysis can take.

    fixture ── some edits (seeded) ── bytes ── check ── no internal error; places inside the file;
                                                        the same again, whatever ran between

Each input is known by its seed and its number, and so comes out again. What goes wrong is written
to `fuzz-input-*`, to be kept as a fixture or a test once its cause is found.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from capilint.checking import Report, check
from capilint.config.settings import Settings
from capilint.files.source import Input
from capilint.language import Language
from capilint.report import Style, json_report, sarif
from tests.fixture_format import FIXTURES

LANGUAGES = {".c": Language.C, ".cpp": Language.CPP, ".py": Language.PYTHON}
MOST_EDITS = 4
LONGEST = 200  # characters of what is left out or said twice, mostly
SAME_AGAIN = 10  # one input of so many is checked twice
_STYLE = Style()
_PIECES = (
    *("(", ")", "[", "]", "{", "}", "<", ">", '"', "'", '"""', "/*", "*/", "//", "#", "\\", "\\\n"),
    *(
        "\r",
        "\r\n",
        "\f",
        "\v",
        "\x1c",
        "\x85",
        "\u2028",
        "\ufeff",
        "\t",
        "\n",
        "\n\n",
        " ",
        "é",
        "\U0001d4b3",
    ),
    *(
        ";",
        ":",
        "::",
        ",",
        ".",
        "->",
        "*",
        "&",
        "=",
        "==",
        "?",
        "?:",
        "@",
        "~",
        "!",
        "-",
        "...",
        "\0",
    ),
    *("if (", "else", "for", "while", "do", "switch (", "case 1:", "default:", "goto x;", "x:"),
    *(
        "return",
        "break;",
        "continue",
        "try",
        "except",
        "finally",
        "catch (...) {",
        "throw",
        "with x:",
    ),
    *("class X", "struct {", "enum {", "union", "typedef", "template <", "operator", "namespace {"),
    *(
        "#if 1\n",
        "#else\n",
        "#endif\n",
        "#define M(x) x\n",
        "#include <x.h>\n",
        "__try",
        "__except(",
    ),
    *(
        "def f(",
        "lambda:",
        "yield",
        "await",
        "async",
        "global x",
        "match x:",
        "print x",
        "f'{",
        "*a",
    ),
    *("0", "0x", "9" * 30, "1e", "CryptDestroyKey(", "CryptGenKey(p, 1, 0, &k)", "hKey", "sizeof"),
)

Edit = Callable[[random.Random, str], str]


class WrongInput(Exception):
    """What an input brings out; the text says what is wrong."""


def without_some(chance: random.Random, text: str) -> str:
    """The text without a stretch of it."""
    start, end = _stretch(chance, text)
    return text[:start] + text[end:]


def said_twice(chance: random.Random, text: str) -> str:
    """The text with a stretch of it a second time, there or elsewhere."""
    start, end = _stretch(chance, text)
    at = chance.choice((start, chance.randint(0, len(text))))
    return text[:at] + text[start:end] + text[at:]


def cut_off(chance: random.Random, text: str) -> str:
    """The text up to somewhere."""
    return text[: chance.randint(0, len(text))]


def with_piece(chance: random.Random, text: str) -> str:
    """The text with something put in, seldom many times."""
    at = chance.randint(0, len(text))
    return text[:at] + chance.choice(_PIECES) * chance.choice((1, 1, 1, 1, 2, 40)) + text[at:]


def with_other(chance: random.Random, text: str) -> str:
    """The text with a stretch of it in place of another."""
    start, end = _stretch(chance, text)
    first, last = _stretch(chance, text)
    return text[:start] + text[first:last] + text[end:]


EDITS: Sequence[Edit] = (without_some, said_twice, with_piece, with_piece, with_other, cut_off)


def _stretch(chance: random.Random, text: str) -> tuple[int, int]:
    start = chance.randint(0, len(text))
    length = chance.choice((1, 1, 2, 5, 20, LONGEST))
    return start, min(len(text), start + chance.randint(1, length))


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
    parser.add_argument("--only", choices=tuple(LANGUAGES), action="append")
    options = parser.parse_args()
    wrong = 0
    suffixes = options.only or tuple(LANGUAGES)
    for number, item in enumerate(inputs(options.seed, options.count, suffixes)):
        try:
            hold(item, again=number % SAME_AGAIN == 0)
        except Exception as error:  # whatever it is, it must not be
            wrong += 1
            kept = Path(f"fuzz-input-{item.path}")
            kept.write_bytes(item.data or b"")
            print(f"{kept}: {error!r}"[:1_000], flush=True)
    print(f"{options.count} inputs, {wrong} of them wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
