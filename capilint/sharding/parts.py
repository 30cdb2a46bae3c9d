"""What a shard found, in a file; and what all shards found together.

    {"capilint": version, "text": digest, "shard": [2, 8], "given": {...},
     "programs": [{"files": {path: digest}, "joined": {path: digest},
                   "asked": [...], "failed": [...], "found": [...]}]}

A part is JSON, and reading it executes nothing. Whoever merges parts has the same files before him:
what is selected, suppressed and shown is worked out there, as one run would do it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from capilint import __version__
from capilint.cache import trace
from capilint.cache.records import RecordError
from capilint.cache.version import text_digest
from capilint.files.source import Source, Unreadable, content
from capilint.finding import Finding
from capilint.mistake import Mistake
from capilint.remembering.modules import described
from capilint.remembering.programs import Found, found_in, told
from capilint.rulebook.folder import rule_folder
from capilint.rulebook.tomlfile import RuleFile
from capilint.sharding.links import groups
from capilint.sharding.shard import Shard

if TYPE_CHECKING:
    from capilint.files.source import Input
    from capilint.lowering import FrontEnds
    from capilint.rulebook.namescan import NameScan

_KEYS = {"capilint", "text", "shard", "given", "programs"}
_ENTRY_KEYS = {"files", "joined", "asked", "failed", "found"}


class PartError(Mistake):
    """Files that are no parts of one run; the text says which, and what would be right."""


class Begun(NamedTuple):
    """A program whose files were read: the `sources` that it begins with, and those that are `left`
    and may join it, for they name no function of the API."""

    sources: Sequence[Source]
    left: Sequence[Input]
    names: NameScan
    rules: RuleFile | None
    front_ends: FrontEnds


class Known(NamedTuple):
    """What was found in a program elsewhere, and the files that failed."""

    found: Found
    failed: tuple[Unreadable, ...]


class Dealing:
    """A run that analyses one shard, and writes down what it finds."""

    def __init__(self, shard: Shard, given: Mapping[str, Any]) -> None:
        """`given` are the options of the run, as whoever merges is to understand them."""
        self._shard = shard
        self._given = given
        self._programs: list[dict[str, Any]] = []
        self._left: dict[str, Input] = {}
        self.own = self.all = 0

    def restart(self) -> None:
        """The run begins anew: what it came to so far is nothing."""
        self._programs.clear()
        self.own = self.all = 0

    def begin(self, program: Begun) -> Sequence[Source]:
        """The sources of the program that are to be analysed here."""
        ends = program.front_ends
        named = groups(program.sources, program.left, program.names.search, ends.included)
        own = [each for each in program.sources if self._shard.has(named[each.path])]
        self.own += len(own)
        self.all += len(program.sources)
        self._left = {each.path: each for each in program.left}
        entry = {"files": _files_of(program), "joined": {}, "asked": [], "failed": []}
        self._programs.append({**entry, "found": json.loads(told(Found((), (), ())))})
        return own

    def end(self, found: Found, failed: Iterable[Unreadable], front_ends: FrontEnds) -> None:
        """What the analysis of the program came to that began last. Raises PartError where that
        cannot be written."""
        try:
            record = json.loads(told(found))
        except RecordError as error:
            raise PartError(f"the findings cannot be written as a part: {error}") from None
        self._programs[-1] |= {
            "joined": {path: _digest_of(self._left[path]) for path in found.joined},
            "asked": [*front_ends.trace.answers.items()],
            "failed": [list(each) for each in failed],
            "found": record,
        }

    def text(self) -> str:
        """The part."""
        part = {
            "capilint": __version__,
            "text": text_digest(rule_folder()),
            "shard": list(self._shard),
            "given": self._given,
            "programs": self._programs,
        }
        return json.dumps(part, separators=(",", ":")) + "\n"


class Merging:
    """A run that analyses nothing: it takes over what all shards found."""

    def __init__(self, parts: Mapping[str, Mapping[str, Any]]) -> None:
        """`parts` are all shards of one run, by the path of the file that they were read from."""
        self._parts = parts
        self._next = 0

    def restart(self) -> None:
        """The run begins anew, with its first program."""
        self._next = 0

    def begin(self, program: Begun) -> Known:
        """What the shards found in the program. Raises PartError where they saw other files."""
        number, self._next = self._next, self._next + 1
        found: list[Found] = []
        failed: dict[Unreadable, None] = {}
        for path, part in self._parts.items():
            try:
                entry = part["programs"][number]
            except IndexError:
                raise PartError(f"{path}: the shard saw other files than are here") from None
            left = {each.path: each for each in program.left}
            joined = {each: _digest_of(left[each]) for each in entry["joined"] if each in left}
            _compare(path, entry["files"] | entry["joined"], _files_of(program) | joined)
            _ask_again(path, entry["asked"], program.front_ends)
            found.append(_found_in(path, entry["found"]))
            failed |= dict.fromkeys(Unreadable(*each) for each in entry["failed"])
        return Known(together(found), tuple(failed))

    def end(self, found: Found, failed: Iterable[Unreadable], front_ends: FrontEnds) -> None:
        """Nothing is analysed, so nothing comes to an end."""


Sharing = Dealing | Merging


def read(texts: Mapping[str, str]) -> dict[str, Mapping[str, Any]]:
    """The parts in some files, in the order of the shards. Raises PartError where they are not all
    parts of one run."""
    parts = {path: _part_in(path, text) for path, text in texts.items()}
    first = next(iter(parts))
    by_number: dict[int, str] = {}
    for path, part in parts.items():
        _check_version(path, part)
        _check_same(first, parts[first], path, part)
        number = part["shard"][0]
        if number in by_number:
            shard = Shard(*part["shard"])
            raise PartError(f"shard {shard} is given twice: {by_number[number]} and {path}")
        by_number[number] = path
    count = parts[first]["shard"][1]
    missing = [f"{number}/{count}" for number in range(1, count + 1) if number not in by_number]
    if missing:
        more = ", ..." if len(missing) > 8 else ""
        raise PartError(
            f"{len(missing)} of {count} shards are not given: {', '.join(missing[:8])}{more}"
        )
    return {by_number[number]: parts[by_number[number]] for number in sorted(by_number)}


def _part_in(path: str, text: str) -> Mapping[str, Any]:
    try:
        part = json.loads(text)
    except (ValueError, RecursionError):
        part = None
    if not isinstance(part, dict) or not _is_part(part):
        kind = "a report" if isinstance(part, dict) and "findings" in part else "no part of a run"
        raise PartError(f"{path}: {kind}; `capilint check --shard 1/8 -o {path}` writes parts")
    return part


def _is_part(part: dict[str, Any]) -> bool:
    if part.keys() != _KEYS or not isinstance(part["programs"], list):
        return False
    shard, given = part["shard"], part["given"]
    return (
        isinstance(shard, list)
        and len(shard) == 2
        and all(type(each) is int for each in shard)
        and 1 <= shard[0] <= shard[1]
        and isinstance(given, dict)
        and all(map(_is_entry, part["programs"]))
    )


def _is_entry(entry: object) -> bool:
    """Whether it has the form of what is said of a program."""
    if not isinstance(entry, dict) or entry.keys() != _ENTRY_KEYS:
        return False
    failed = entry["failed"]
    return (
        isinstance(entry["files"], dict)
        and isinstance(entry["joined"], dict)
        and isinstance(entry["asked"], list)
        and isinstance(failed, list)
        and all(isinstance(each, list) and len(each) == 3 for each in failed)
        and all(isinstance(word, str) for each in failed for word in each)
    )


def _check_version(path: str, part: Mapping[str, Any]) -> None:
    if part["capilint"] != __version__:
        raise PartError(
            f"{path}: written by capilint {part['capilint']}, and this is {__version__}; "
            "one version has to check all shards, and merge them"
        )
    if part["text"] != text_digest(rule_folder()):
        raise PartError(
            f"{path}: written by a capilint {__version__} with other code or rules than this"
        )


def _check_same(one: str, first: Mapping[str, Any], other: str, part: Mapping[str, Any]) -> None:
    if first["shard"][1] != part["shard"][1]:
        shards = f"{Shard(*first['shard'])} and {Shard(*part['shard'])}"
        raise PartError(f"{one} and {other} are of different runs: shards {shards}")
    if first["given"] != part["given"]:
        names = [each for each in first["given"] if first["given"][each] != part["given"].get(each)]
        option = f"--{names[0].replace('_', '-')}" if names[:1] != ["paths"] else "the paths"
        raise PartError(f"{one} and {other} are of different runs: {option} differ")


def _files_of(program: Begun) -> dict[str, str]:
    """Digests of the sources, of the user's rules, and of the names of the other files."""
    others = json.dumps([[each.path, each.language, each.told] for each in program.left])
    rules = "" if program.rules is None else program.rules.text
    named = {each.path: json.dumps(described(each)) for each in program.sources}
    given = {**named, "": others, "\0rules": rules}
    return {path: _digest(text) for path, text in given.items()}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def _digest_of(item: Input) -> str:
    return hashlib.sha256(content(item)).hexdigest()[:16]


def _compare(path: str, seen: Mapping[str, str], here: Mapping[str, str]) -> None:
    """Raises PartError where a shard saw other files than there are here."""
    if seen == here:
        return
    words = {"": "which files there are", "\0rules": "the functions that the configuration has"}
    other = next(each for each in (*here, *seen) if here.get(each) != seen.get(each))
    raise PartError(f"{path}: the shard saw another tree: {words.get(other, other)} differs here")


def _ask_again(path: str, asked: Any, front_ends: FrontEnds) -> None:
    """Raises PartError where what the shard's front ends asked has other answers here."""
    try:
        for question, answer in asked:
            if front_ends.ask(trace.question(question)) != answer:
                subject = question[2] if question[0] == "header" else question[1]
                raise PartError(f"{path}: the shard saw another tree: {question[0]} of {subject}")
    except (ValueError, TypeError, LookupError):
        raise PartError(f"{path}: the part is damaged") from None


def _found_in(path: str, record: Any) -> Found:
    try:
        found = found_in(json.dumps(record).encode())
    except RecordError:
        raise PartError(f"{path}: the part is damaged") from None
    if not all(isinstance(each, Finding) for each in found.findings):
        raise PartError(f"{path}: the part is damaged")
    return found


def together(parts: Sequence[Found]) -> Found:
    """What shards found; what two of them say alike, for both look at a file, is said once."""
    return Found(
        tuple(dict.fromkeys(sorted(path for each in parts for path in each.joined))),
        tuple(dict.fromkeys(path for each in parts for path in each.analysed)),
        tuple(dict.fromkeys(finding for each in parts for finding in each.findings)),
    )
