"""Faults of what configures a run: configuration, ignore files, compile commands, comments."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from tests.doors import C_LEAK
from tests.faults.inputs import needs, sparse
from tests.faults.register import fault
from tests.faults.situation import Fault, Outcome, Situation

FAULTS: list[Fault] = []
new = partial(fault, FAULTS)


def configured(run: Situation, text: str) -> Outcome:
    """A check with a configuration file."""
    Path("capilint.toml").write_text(text, encoding="utf-8")
    return run.check(".")


@new(
    "an ignore file with a million patterns",
    2,
    [".gitignore: 6888890 bytes: larger than the limit of 1 MiB; so nothing that it ignores is"],
)
def many_patterns(run: Situation) -> Outcome:
    Path(".gitignore").write_text("".join(f"{n}\n" for n in range(1_000_000)), encoding="utf-8")
    return run.check(".")


@new("an ignore file with 20,000 patterns", 2, [".gitignore: more than 10000 patterns; so nothing"])
def too_many_patterns(run: Situation) -> Outcome:
    Path(".gitignore").write_text("".join(f"*{n}*\n" for n in range(20_000)), encoding="utf-8")
    return run.check(".")


@new("an ignore file whose patterns would go back and forth")
def backtracking(run: Situation) -> Outcome:
    patterns = ("*a" * 100 + "b", "**/" * 100 + "b", "*[a]" * 60 + "b", "**/a/" * 60 + "b")
    Path(".gitignore").write_text("".join(f"{each}\n" for each in patterns), encoding="utf-8")
    deep = Path("/".join("a" * 60))
    deep.mkdir(parents=True)
    (deep / ("a" * 200 + ".c")).write_text("int x;\n", encoding="utf-8")
    return run.check(".")


@new("an ignore file of 3 GB", 2, [".gitignore: 3221225472 bytes: larger than the limit of 1 MiB"])
def huge_ignore_file(run: Situation) -> Outcome:
    sparse(".gitignore")
    return run.check(".")


@new("an ignore file that is a pipe", 2, [".gitignore: not a regular file; so nothing"])
def ignore_pipe(run: Situation) -> Outcome:
    needs("mkfifo")
    os.mkfifo(".gitignore")
    return run.check(".")


@new("a configuration of 3 GB", 2, ["capilint.toml: cannot be read: 3221225472 bytes"], [])
def huge_configuration(run: Situation) -> Outcome:
    sparse("capilint.toml")
    return run.check(".")


@new(
    "a configuration with 100,000 patterns",
    2,
    ["capilint.toml:2: `exclude` has more than 10000 patterns"],
    [],
)
def many_excluded(run: Situation) -> Outcome:
    patterns = ", ".join(f"'{n}'" for n in range(100_000))
    return configured(run, f"# all of them\nexclude = [{patterns}]\n")


@new("a configuration whose patterns would go back and forth")
def backtracking_exclude(run: Situation) -> Outcome:
    (Path("a" * 200)).mkdir()
    Path("a" * 200, "a.c").write_text("int x;\n", encoding="utf-8")
    hard = f"['{'*a' * 100}b', '{'*[a]' * 60}b', '{'**/a*/' * 60}b']"
    text = f"exclude = {hard}\n[per-file-ignores]\n'{'*?' * 100}b' = ['CAP1']\n"
    return configured(run, text)


@new("a configuration with deep nesting", 2, ["capilint.toml:1: not valid TOML: nested"], [])
def deep_toml(run: Situation) -> Outcome:
    return configured(run, "a = " + "[" * 100_000)


@new("a configuration with deep tables", 2, ["capilint.toml:1: a key with more than 100 p"], [])
def deep_tables(run: Situation) -> Outcome:
    return configured(run, "[" + ".".join("a" * 5_000) + "]\n")


@new("a configuration with a key of 250,000 parts", 2, ["capilint.toml:2: a key with more th"], [])
def long_key(run: Situation) -> Outcome:
    return configured(run, "\n" + ".".join(["a", '"b"'] * 125_000) + " = 1\n")


@new("a configuration with a huge number", 2, ["capilint.toml:2: a number with too many"], [])
def huge_number(run: Situation) -> Outcome:
    return configured(run, "\nfail-on = " + "9" * 500_000)


@new("a configuration that is no text", 2, ["capilint.toml: is not UTF-8"], [])
def binary_configuration(run: Situation) -> Outcome:
    Path("capilint.toml").write_bytes(b"\x7fELF\xff\xfe\0")
    return run.check(".")


@new("compile commands of 3 GB", 1, ["compile_commands.json: cannot be read: 3221225472 bytes"])
def huge_commands(run: Situation) -> Outcome:
    sparse("compile_commands.json")
    return run.check(".")


@new("compile commands that nest deeply", 1, ["compile_commands.json:1: not valid JSON: nested"])
def deep_commands(run: Situation) -> Outcome:
    Path("compile_commands.json").write_text("[" * 100_000, encoding="utf-8")
    return run.check(".")


@new("a baseline of 3 GB", 2, ["b.json: the baseline cannot be read: 3221225472 bytes"], [])
def huge_baseline(run: Situation) -> Outcome:
    sparse("b.json")
    return run.check("--baseline", "b.json", ".")


@new("a baseline that is cut off", 2, ["b.json:2: the baseline is not valid JSON"], [])
def cut_baseline(run: Situation) -> Outcome:
    Path("b.json").write_text('{"version": 1,\n "findings": [{"code"', encoding="utf-8")
    return run.check("--baseline", "b.json", ".")


@new("a comment that suppresses 20,000 codes")
def many_codes(run: Situation) -> Outcome:
    codes = ", ".join(f"CAP{n}" for n in range(101, 20_101))
    text = f"// capilint: ignore[{codes}] all of them\n{C_LEAK}"
    Path("other.c").write_text(text, encoding="utf-8")
    return run.check(".")
