"""`make fuzz-inputs N=20000`: broken files, of which none may be more than the analysis can take.

    fixture ── some edits (seeded) ── bytes ── check ── no internal error; places inside the file,
                                                        in each format; soon; the same again
    some of them ── in another order, with other seeds of hashes ── the same bytes
    configurations, rules, ... (`tests.fuzz.settings_files`) ── read ── a result, or an error
    entries of a cache (`tests.fuzz.caches`) ── check ── what is found without a cache

Each input is known by its seed and its number, and so comes out again. What goes wrong is written
to `fuzz-input-*`, to be kept as a fixture or a test once its cause is found. Most inputs are a few
lines long, and what takes longer than to check one is done with a sample: a million inputs are a
matter of an hour.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from capilint.checking import Report, check
from capilint.commands.check import MOST_WORK
from capilint.config.settings import Settings
from capilint.edits.session import Session
from capilint.files.source import Input
from capilint.language import Language
from capilint.report import Style, json_report, sarif
from tests.fuzz.caches import BrokenCache, broken_cache, hold_cache
from tests.fuzz.edits import EDITS, MOST_EDITS, WrongInput
from tests.fuzz.order import hold_together
from tests.fuzz.places import hold_places
from tests.fuzz.settings_files import SettingsFile, hold_settings, settings_file
from tests.fuzz.texts import text_of

LANGUAGES = {".c": Language.C, ".cpp": Language.CPP, ".py": Language.PYTHON}
# Of a hundred inputs: so many of a kind. A comment or a pattern takes a fraction of a program.
SHARES = {
    ".c": 12,
    ".cpp": 9,
    ".py": 9,
    "configuration": 11,
    "rules": 13,
    "ignored": 13,
    "comments": 20,
    "baseline": 11,
    "cache": 2,
}
SAME_AGAIN = 25  # one input of so many is checked twice, and rendered as SARIF
KEPT = 50  # one file of so many is kept for
TOGETHER = 60  # files that are checked as one program, in several orders
LONGEST = 5.0  # seconds of CPU time for one input; more is as good as a hang
_STYLE = Style()
_SETTINGS = Settings()

Item = Input | SettingsFile | BrokenCache


def inputs(seed: int, count: int, suffixes: Sequence[str] = tuple(LANGUAGES)) -> Iterator[Input]:
    """So many broken files, the same for the same seed."""
    for number in range(count):
        chance = random.Random(f"{seed}.{number}")
        yield broken_file(seed, number, chance.choice(suffixes), chance)


def broken_file(seed: int, number: int, suffix: str, chance: random.Random) -> Input:
    """A broken file of a kind."""
    text = text_of(suffix, chance)
    for _ in range(chance.randint(1, MOST_EDITS)):
        text = chance.choice(EDITS)(chance, text)
    data = text.encode("utf-8", errors="surrogatepass")
    if chance.random() < 0.05:
        data = text.encode(chance.choice(("utf-16", "cp1252", "utf-8-sig")), errors="replace")
    return Input(f"{seed}-{number}{suffix}", LANGUAGES[suffix], data)


def hold(item: Input, again: bool = False) -> None:
    """Check a file; `again` twice, with edits, and in each format. Raises WrongInput where that
    breaks a law."""
    report = _checked(item)
    for each in report.unreadable:
        if "internal error" in each.reason:
            raise WrongInput(each.detail or each.reason)
    for finding in report.findings:
        if "internal error" in finding.message:
            raise WrongInput(finding.message)
    if report.findings or again:
        hold_places(report, item.path, ("json",))
    if again:
        edited = Session([item], lambda _: _SETTINGS, report, MOST_WORK).with_fixes()
        hold_places(edited, item.path)
        if _rendered(report) != _rendered(_checked(item)):
            raise WrongInput("not the same when it is checked again")


def _checked(item: Input) -> Report:
    return check([item], lambda _: _SETTINGS)


def _rendered(report: Report) -> tuple[str, str]:
    return json_report.render(report, _STYLE), sarif.render(report, _STYLE)


def mixed(seed: int, first: int, count: int, only: Sequence[str] | None = None) -> Iterator[Item]:
    """The inputs from a number on, so many, of some kinds."""
    kinds = [kind for kind in SHARES if not only or kind in only]
    shares = [SHARES[kind] for kind in kinds]
    for number in range(first, first + count):
        chance = random.Random(f"{seed}.{number}")
        kind = chance.choices(kinds, shares)[0]
        if kind in LANGUAGES:
            yield broken_file(seed, number, kind, chance)
        elif kind == "cache":
            yield broken_cache(seed, number, chance)
        else:
            yield settings_file(seed, number, [kind])


class Tally:
    """Tries inputs, counts them by kind, and keeps those that are wrong."""

    def __init__(self) -> None:
        self.tried: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self._together: list[Input] = []

    def take(self, item: Item) -> None:
        """Try an input, and now and then many together."""
        kind = Path(item.path).suffix if isinstance(item, Input) else item.kind
        self.tried[kind] += 1
        again = self.tried[kind] % SAME_AGAIN == 1
        before = time.process_time()
        try:
            if isinstance(item, SettingsFile):
                hold_settings(item, again)
            elif isinstance(item, BrokenCache):
                hold_cache(item)
            else:
                hold(item, again)
            if time.process_time() - before > LONGEST:
                raise WrongInput(f"{time.process_time() - before:.1f} s")
        except Exception as error:  # whatever it is, it must not be
            self._keep(kind, [item], error)
        if isinstance(item, Input) and self.tried[kind] % KEPT == 0:
            self._together.append(item)
        if len(self._together) == TOGETHER:
            self._hold_together()

    def _hold_together(self) -> None:
        self.tried["orders and hash seeds"] += 1
        try:
            hold_together(self._together)
        except Exception as error:  # whatever it is, it must not be
            self._keep("orders and hash seeds", self._together, error)
        self._together = []

    def _keep(self, kind: str, items: Sequence[Item], error: Exception) -> None:
        self.wrong[kind] += 1
        for item in items:
            Path(f"fuzz-input-{item.path}").write_bytes(item.data or b"")
        print(f"fuzz-input-{items[-1].path}: {error!r}"[:1_000], flush=True)
        if not isinstance(error, WrongInput):
            traceback.print_exception(error)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.inputs", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number to go on from")
    parser.add_argument("--only", choices=SHARES, action="append")
    options = parser.parse_args()
    tally = Tally()
    for item in mixed(options.seed, options.first, options.count, options.only):
        tally.take(item)
        if tally.tried.total() % 5_000 == 0:
            used = time.process_time()
            print(f"{dict(tally.tried)}, wrong: {dict(tally.wrong)}, {used:.0f} s", flush=True)
    print(f"{options.count} inputs, {tally.wrong.total()} of them wrong: {dict(tally.tried)}")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
