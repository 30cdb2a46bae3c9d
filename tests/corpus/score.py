"""`make corpus-score`: compare capilint's findings in the corpus with verdicts of people.

The verdicts are those of `../shared/labels/*.jsonl`, each about one handle in one function. They
measure; capilint knows nothing of them.

    right       the labelled bug is found: a finding on that handle, with the labelled line among
                its lines; or nothing is found on a handle that is clean or handed on
    other kind  found there, on that handle, as another kind of mistake
    missed      the labelled bug is not found
    false       a finding on a handle that is clean or handed on, of a kind that verdicts speak of
    unsure      the label is
    unread      the labelled file was not analysed
    not at hand the labelled file is not in the corpus

A verdict says of a handle that was made whether it is released once and in time. It does not say
whether its creation is checked, nor what is done to the variable where that failed, nor whether the
function called is a modern one: findings of CAP401, CAP402 and CAP501 speak neither for a verdict
nor against it, and are listed with those that no label speaks of.

`make corpus` does not fetch the C++ code, which is no package. It counts where
`../shared/tools/extract_cpp_corpus.py MIRROR corpus` has put it.

Findings that no label speaks of are printed at the end, to be read by hand. The last lines count
the creations of handles: how many capilint followed to their end, and why it let go of the rest.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tests.corpus.packages import CORPUS, ROOT, read_sources

LABELS = ROOT.parent / "shared" / "labels"
CODES = {
    "leak": {"CAP101", "CAP102", "CAP103"},
    "use-after-destroy": {"CAP201"},
    "double-destroy": {"CAP202"},
    "outlives-context": {"CAP301"},
}
BLAMELESS = {"clean", "escapes"}
BESIDE_VERDICTS = {"CAP401", "CAP402", "CAP501"}  # mistakes that no verdict speaks of
WORDS = ("right", "other kind", "missed", "false", "unsure", "unread", "not at hand")
NOTES = "CAP9"  # what could not be analysed says nothing about a handle

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Label:
    """One verdict: what a person says about one handle in one function."""

    package: str
    path: str
    function: str
    line: int
    handle: str
    verdict: str
    bug_line: int | None
    decidable: str

    @property
    def is_at_hand(self) -> bool:
        """Whether the file that it speaks of is in the corpus."""
        return (CORPUS / self.package / self.path).is_file()

    def __str__(self) -> str:
        where = f"{self.package}/{self.path}:{self.bug_line or self.line}"
        return f"{where} {self.function} `{self.handle}` {self.verdict} ({self.decidable})"


@dataclass(frozen=True, slots=True)
class Found:
    """One finding of `capilint check`, with every line that it touches."""

    package: str
    path: str
    line: int
    code: str
    function: str
    handle: str
    message: str
    lines: frozenset[tuple[str, int]]

    def __str__(self) -> str:
        return f"{self.package}/{self.path}:{self.line} {self.code} {self.message}"


@dataclass(frozen=True, slots=True)
class Checked:
    """What one run came to: `unreadable` are paths, `analysed` counts files.

    `creations` counts what became of them, `silences` those that were let go of, by the reason.
    """

    findings: tuple[Found, ...]
    unreadable: frozenset[str]
    analysed: int
    creations: Counter[str] = field(default_factory=Counter)
    silences: Counter[str] = field(default_factory=Counter)

    def was_analysed(self, label: Label) -> bool:
        """Whether the run's silence about a label's file means anything."""
        return self.analysed > 0 and label.path not in self.unreadable


def read_labels(folder: Path) -> list[Label]:
    """All verdicts, in the order of their files."""
    labels = []
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            words = entry["source"].split()  # "Debian curl 7.88.1", or "owner+repository"
            entry["package"] = words[1] if len(words) > 1 else words[0]
            labels.append(Label(**{each.name: entry[each.name] for each in fields(Label)}))
    return labels


def check(package: str) -> Checked:
    """One run of `capilint check` over a package's files: one program."""
    capilint = str(Path(sys.executable).with_name("capilint"))
    command = [capilint, "check", "--format", "json", "--explain-silence", "."]
    done = subprocess.run(
        command, cwd=CORPUS / package, capture_output=True, text=True, encoding="utf-8", check=False
    )
    if not done.stdout.startswith("{"):
        sys.exit(f"capilint check {package}: exit {done.returncode}\n{done.stderr[-2000:]}")
    if done.stderr:
        print(f"{package}: {done.stderr.strip()}", file=sys.stderr)
    report = json.loads(done.stdout)
    findings = tuple(
        Found(
            package,
            finding["path"],
            finding["line"],
            finding["code"],
            finding["function"],
            finding["handle"],
            finding["message"],
            frozenset(lines_of(finding)),
        )
        for finding in report["findings"]
    )
    files = report["files"]
    unreadable = frozenset(entry["path"] for entry in files["unreadable"])
    return Checked(
        findings,
        unreadable,
        files["analysed"],
        Counter(report["creations"]),
        Counter(silence["kind"] for silence in report["silences"]),
    )


def lines_of(finding: JsonObject) -> Iterator[tuple[str, int]]:
    """The lines of a finding's primary stretch, of its steps and of `also`, with their files."""
    for line in range(finding["line"], finding["end_line"] + 1):
        yield finding["path"], line
    for step in (*finding["steps"], *finding["also"]):
        yield step["path"], step["line"]


def same_handle(found: str, labelled: str) -> bool:
    """Whether a finding is on the handle that a label names, or on what an object of that name
    holds: `holder.m_key`.

    `*phKey` is `phKey`, `hKey (generated)` is `hKey`, and `key_pointer` holds what `key` names.
    """

    def bare(text: str) -> str:
        return re.sub(r"\s*\(.*\)|[*&\s]|_pointer$", "", text).replace("->", ".")

    name, wanted = bare(found), bare(labelled)
    return name == wanted or name.startswith(f"{wanted}.")


def judge(
    label: Label, findings: Iterable[Found], others: Iterable[Label] = ()
) -> tuple[str, list[Found]]:
    """The word for a label (see the module), and the findings that the word rests on.

    Of the `others` some may be on a handle of the same name in the same function: what begins on
    the line of one of them, and not on this one's, is about that one.
    """
    on_handle = [
        found
        for found in findings
        if found.package == label.package
        and found.code not in BESIDE_VERDICTS
        and (not label.handle or same_handle(found.handle, label.handle))
    ]
    if label.verdict in BLAMELESS:
        function = label.package, label.path, label.function
        elsewhere = {
            each.line
            for each in others
            if (each.package, each.path, each.function) == function
            and each.handle == label.handle
            and each.line != label.line
        }
        inside = [
            f
            for f in on_handle
            if (f.package, f.path, f.function) == function and f.line not in elsewhere
        ]
        return ("false" if inside else "right"), inside
    if label.bug_line is None:
        return "unsure", []
    there = [f for f in on_handle if (label.path, label.bug_line) in f.lines]
    of_kind = [f for f in there if f.code in CODES[label.verdict]]
    if of_kind:
        return "right", of_kind
    return ("other kind" if there else "missed"), there


def print_totals(words: list[tuple[str, Label]]) -> None:
    """How often each word fell, by what must be known to decide, and by verdict."""
    for title, key in (("decidable by", "decidable"), ("verdict", "verdict")):
        print(f"\n{title:18}" + "".join(f"{word:>12}" for word in WORDS))
        for value in sorted({getattr(label, key) for _, label in words}):
            row = Counter(word for word, label in words if getattr(label, key) == value)
            print(f"{value:18}" + "".join(f"{row[word]:12}" for word in WORDS))
    everything = Counter(word for word, _ in words)
    print(f"\n{len(words)} labels: " + ", ".join(f"{n} {w}" for w, n in everything.most_common()))


def print_creations(runs: Iterable[Checked]) -> None:
    """What became of the handles that the corpus makes."""
    runs = list(runs)
    creations = sum((run.creations for run in runs), Counter[str]())
    silences = sum((run.silences for run in runs), Counter[str]())
    print(
        f"\n{creations.total()} creations: {creations['followed']} followed to the end, "
        f"{creations['reported']} reported, {creations['silent']} let go of"
    )
    for kind, count in silences.most_common():
        print(f"{count:6} {kind}")


def main() -> int:
    """Print each label's word, the totals, and the findings that no label speaks of."""
    if not LABELS.is_dir():
        print(f"skipped: there are no labels at {LABELS}")
        return 0
    _, packages = read_sources()
    labels = read_labels(LABELS)
    names = dict.fromkeys([each.name for each in packages] + [label.package for label in labels])
    checked = {name: check(name) for name in names if (CORPUS / name).is_dir()}
    everything = [found for run in checked.values() for found in run.findings]
    findings = [found for found in everything if not found.code.startswith(NOTES)]
    words = []
    spoken_of: set[Found] = set()
    for label in labels:
        word, grounds = judge(label, findings, labels)
        if not label.is_at_hand:
            word = "not at hand"
        elif not checked[label.package].was_analysed(label):
            word = "unread"
        words.append((word, label))
        spoken_of.update(grounds)
        print(f"{word:10} {label}")
        for found in grounds:
            print(f"{'':12} {found}")
    labelled = {(label.package, label.path, label.function) for label in labels}
    rest = [found for found in findings if found not in spoken_of]
    inside = [f for f in rest if (f.package, f.path, f.function) in labelled]
    for title, group in (
        ("other findings in labelled functions", inside),
        ("findings elsewhere", [found for found in rest if found not in inside]),
    ):
        print(f"\n{len(group)} {title}, to be read by hand")
        for found in group:
            print(f"  {found} [{found.function}]")
    notes = Counter(found.code for found in everything if found.code.startswith(NOTES))
    print("\nnotes: " + (", ".join(f"{n} {code}" for code, n in sorted(notes.items())) or "none"))
    print_totals(words)
    print_creations(checked.values())
    return 0


if __name__ == "__main__":
    sys.exit(main())
