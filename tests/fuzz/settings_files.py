"""Broken configurations, rules, ignore files, comments, baselines: an error with a line, or none.

sample ── some edits (seeded) ── a file in a scratch folder ── its reader ── what it may raise
"""

from __future__ import annotations

import os
import random
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from capilint.checking import SettingsError, check
from capilint.config.loading import ConfigError, Configuration, effective
from capilint.config.settings import Settings
from capilint.files.discover import discover
from capilint.files.source import Input, UnreadableError, load_input
from capilint.finding import Finding, Span
from capilint.findings.baseline import compared
from capilint.findings.baseline_file import BaselineError, read
from capilint.findings.triage import Triage, Triager
from capilint.language import Language
from capilint.rulebook.book import load
from capilint.rulebook.codes import load as load_codes
from capilint.rulebook.tomlfile import RuleError
from tests.doors import C_LEAK
from tests.fuzz.edits import EDITS, MOST_EDITS, WrongInput
from tests.tools import ROOT

CONFIGURATION = """\
select = ["CAP1", "cap201", "handle-leaked"]
extend-select = ["CAP401"]
ignore = ["CAP102"]
exclude = ["third_party/", "*.gen.c", "!keep.c", "/a/**/b", "[ab]?"]
resources = ["key", "hash"]
fail-on = "error"
noreturn = ["Die"]
include = ["include", "../x"]
define = ["UNICODE", "WINVER=0x0601", "EMPTY="]
compile-commands = ""

[per-file-ignores]
"tests/**" = ["CAP101"]

[severity]
CAP2 = "note"
CAP301 = "off"

[functions.MyGenKey]
params = ["hProv", "out"]
creates = { into = "out", resource = "key", owner = "hProv" }
uses = { hProv = "context" }

[functions."package.make_key"]
params = ["p"]
creates = { result = true, resource = "key" }
"""
IGNORED = (
    "# all\n*.o\n!keep.c\nbuild/\n/top.c\na/**/b.c\n**/x\nd?r[0-9]\n\\!odd\n\\ \nname \n*.c*.*\n"
)
COMMENTS = """\
// capilint: ignore-file[CAP103] why
/* capilint: ignore[CAP101, CAP2] because */
// NOLINTNEXTLINE(CAP101,clang-*)
// NOLINT
/* NOLINTBEGIN(CAP1*) */ int x; /* NOLINTEND(CAP1*) */
char *s = "// capilint: ignore[CAP101]";
"""
BASELINE = """\
{
  "version": 1,
  "findings": [
    {"path": "a.c", "code": "CAP101", "function": "f", "resource": "key", "handle": "k",
     "text": "CryptGenKey(p, 1, 0, &k);", "places": 1, "count": 2},
    {"path": "b.c", "code": "CAP201", "function": "", "resource": "", "handle": "", "text": "",
     "places": 3, "count": 1}
  ]
}
"""
_LEAK = Input("a.c", Language.C, C_LEAK.encode())
PATHS = ("a.c", "keep.c", "a/b.c", "a/x/b.c", "build/a.c", "dir1/a.c", "!odd/a.c", "name/a.c")
_PIECES = (
    *(
        "[",
        "]",
        "{",
        "}",
        '"',
        "'",
        '"""',
        "'''",
        "=",
        ",",
        ".",
        "#",
        "\n",
        "\\",
        "*",
        "**",
        "/",
        "!",
    ),
    *(
        "\0",
        "\ufeff",
        "\x85",
        "\u2028",
        "\r",
        "é",
        "\ud800",
        "0x",
        "9" * 5_000,
        "1e999",
        "nan",
        "-",
    ),
    *("true", "false", "null", "[functions.X]\n", "[a.b]\n", "params = 3\n", "CAP", "CAP9", "key"),
    *("<<<<<<<", "capilint:", "ignore", "NOLINT(", "1979-05-27T07:32:00Z", "[" * 2_000, "a." * 900),
)


_LINE_END = re.compile(rb"\r\n|\r|\n|[\x0b\x0c\x1c-\x1e]|\xc2\x85|\xe2\x80[\xa8\xa9]")


class SettingsFile(NamedTuple):
    """A file of a kind; `number` is what it came out of."""

    kind: str
    number: str
    data: bytes

    @property
    def path(self) -> str:
        """A name for the file."""
        return f"{self.number}.{self.kind}"


@cache
def _rules() -> tuple[str, ...]:
    """Each description of a function in the project's own rules, as a user's."""
    files = sorted((ROOT / "rules" / "families").glob("*.toml"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    found = re.findall(r"^\[function\..*?(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    return tuple(each.replace("[function.", "[functions.") for each in found)


def _sample(kind: str, chance: random.Random) -> str:
    if kind == "rules":
        return "\n".join(chance.choice(_rules()) for _ in range(chance.randint(1, 4)))
    return {
        "configuration": CONFIGURATION,
        "ignored": IGNORED,
        "comments": COMMENTS,
        "baseline": BASELINE,
    }[kind]


def settings_file(seed: int, number: int, kinds: Sequence[str]) -> SettingsFile:
    """A broken file, the same for the same seed and number."""
    chance = random.Random(f"{seed}.{number}.settings")
    kind = chance.choice(kinds)
    text = _sample(kind, chance)
    for _ in range(chance.randint(1, MOST_EDITS)):
        if chance.random() < 0.4:
            at = chance.randint(0, len(text))
            text = text[:at] + chance.choice(_PIECES) + text[at:]
        else:
            text = chance.choice(EDITS)(chance, text)
    return SettingsFile(kind, f"{seed}-{number}", text.encode("utf-8", errors="surrogatepass"))


def hold_settings(item: SettingsFile, again: bool = False) -> None:
    """Read a file as its kind is read; `again` twice, with a whole check. Raises WrongInput where
    that breaks a law."""
    here = Path.cwd()
    os.chdir(_scratch(item.kind).name)
    try:
        first = _outcome(item, again)
        if again and first != _outcome(item, again):
            raise WrongInput(f"not the same again: {first[:300]}")
    finally:
        os.chdir(here)


@cache
def _scratch(kind: str) -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory()
    for path in PATHS if kind == "ignored" else ():
        (Path(folder.name) / path).parent.mkdir(parents=True, exist_ok=True)
        (Path(folder.name) / path).touch()
    return folder


def _outcome(item: SettingsFile, whole: bool) -> str:
    """What comes out, as text."""
    try:
        return _READERS[item.kind](item.data, whole)
    except (ConfigError, RuleError, SettingsError, BaselineError) as error:
        said = str(error)
        found = re.search(r"(?:toml|json):(\d+): ", said)
        lines = len(
            re.findall(rb"\r\n|\r|\n|[\x0b\x0c\x1c-\x1e]|\xc2\x85|\xe2\x80[\xa8\xa9]", item.data)
        )
        if found and not 1 <= int(found[1]) <= lines + 1:
            raise WrongInput(f"no line of the file: {said[:300]}") from error
        if not found and "UTF-8" not in said and "unknown resource" not in said:
            raise WrongInput(f"names no line: {said[:300]}") from error
        return said


def _configuration(data: bytes, whole: bool) -> str:
    Path("capilint.toml").write_bytes(data)
    configuration = Configuration()
    settings = configuration.settings_of("a.c")
    excluded = [configuration.excluded(path) for path in PATHS]
    report = check([_LEAK], configuration.settings_of) if whole else _triaged(_LEAK, settings)
    return repr((list(effective(settings)), report.findings, excluded))


def _described(data: bytes, whole: bool) -> str:
    Path("capilint.toml").write_bytes(data)
    settings = Configuration().settings_of("a.c")
    book = load([settings.rules] if settings.rules else [])
    if whole:
        check([_LEAK], lambda _: settings)
    return repr(sorted(map(repr, book.own_functions.items())))


def _ignored(data: bytes, _: bool) -> str:
    Path(".gitignore").write_bytes(data)
    return repr(discover(["."]))


def _commented(data: bytes, whole: bool) -> str:
    """Comments before a leak; where it is not checked, the findings of it without them."""
    before = data + b"\n"
    item = Input("a.c", Language.C, before + C_LEAK.encode())
    if not whole:
        try:
            found = _triaged(item, Settings(), before.count(b"\n"))
        except UnreadableError as error:
            return str(error)
        return repr((found.findings, found.suppressed))
    report = check([item], Configuration(isolated=True).settings_of)
    if any("internal error" in each.reason for each in report.unreadable):
        raise WrongInput(report.unreadable[0].detail)
    return repr((report.findings, report.suppressed, report.unreadable))


def _known(data: bytes, whole: bool) -> str:
    Path("b.json").write_bytes(data)
    entries = read("b.json")
    settings = Settings(baseline="b.json")
    if whole:
        report = check([_LEAK], lambda _: settings)
        return repr((sorted(entries.items()), report.findings, report.known, report.gone))
    sources = {_LEAK.path: load_input(_LEAK, C_LEAK.encode())}
    found = compared(_findings(), sources, lambda _: settings, [_LEAK.path], {_LEAK.path})
    return repr((sorted(entries.items()), found))


def _triaged(item: Input, settings: Settings, down: int = 0) -> Triage:
    """What is reported of the leak's findings, so many lines further down."""
    findings = [replace(each, span=_lower(each.span, down)) for each in _findings()]
    assert item.data is not None
    source = load_input(item, item.data)
    return Triager({item.path: source}, lambda _: settings, load_codes()).triage(findings)


def _lower(span: Span, down: int) -> Span:
    return replace(span, line=span.line + down, end_line=span.end_line + down)


@cache
def _findings() -> tuple[Finding, ...]:
    return check([_LEAK], lambda _: Settings()).findings


_READERS: dict[str, Callable[[bytes, bool], str]] = {
    "configuration": _configuration,
    "rules": _described,
    "ignored": _ignored,
    "comments": _commented,
    "baseline": _known,
}
KINDS = tuple(_READERS)
