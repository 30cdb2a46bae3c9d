"""The source of the documentation's site: the pages of `docs/`, and those made from the program.

    docs/*.md ──────────────────────┐         rules/codes/ ─────▶ codes/CAP101.md ...
    parser ───────────▶ options.md  ├─ folder rules/families/ ──▶ functions.md
    schemas ──────────▶ settings.md │
    CHANGELOG, CONTRIBUTING ────────┘

`python docs/generate/pages.py FOLDER` fills the folder; `make docs` has Sphinx build it.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from capilint.commands.command_line import whole_parser
from capilint.commands.rules import function_rows
from capilint.rulebook import codes
from capilint.rulebook.book import load as load_rules

_ROOT = Path(__file__).resolve().parent.parent.parent
_NAVIGATION = {
    "Begin": ("install", "tutorial"),
    "Use": (
        *("checking", "configuration", "mending", "old-code", "ci", "reports", "editors"),
        *("running", "python", "speed", "scaling"),
    ),
    "Reference": ("options", "settings", "codes/index", "functions"),
    "Behind it": (
        "how-it-works",
        "faults",
        "comparison",
        "benchmarks",
        "contributing",
        "changelog",
    ),
}
_SITE = "https://example.com/capilint"
_SCHEMAS = {
    "report.json": "capilint/report/schema.json",
    "config.json": "capilint/config/schema.json",
    "rules.json": "capilint/rulebook/schema.json",
}


# ---------------------------------------------------------------- options


def _options() -> str:
    """Every option of every command, from the parser itself."""
    parser, subparsers = whole_parser()
    sections = [f"# Options\n\n```text\n{parser.format_help()}```\n"]
    for name, subparser in subparsers.items():
        sections.append(f"## {name}\n\n{_sentence(subparser.description)}\n")
        sections += _groups(subparser)
        if subparser.epilog:
            sections.append(f"```text\n{subparser.epilog.strip()}\n```\n")
    return "\n".join(sections)


def _groups(parser: argparse.ArgumentParser) -> Iterator[str]:
    for group in parser._action_groups:
        rows = [_option(each) for each in group._group_actions if each.dest != "help"]
        if rows:
            title = _sentence(group.title)
            yield "\n".join([f"### {title}\n", "| option | what it does |", "| --- | --- |", *rows])
            yield ""


def _option(action: argparse.Action) -> str:
    """A row of the table: the option's names with what they take, and its help."""
    value = action.metavar or ("{" + ",".join(action.choices) + "}" if action.choices else "")
    if action.nargs == 0:
        value = ""
    names = [f"`{name} {value}`".replace(" `", "`") for name in action.option_strings]
    shown = ", ".join(names) or f"`{value or action.dest}`"
    return f"| {_cell(shown)} | {_cell((action.help or '') % {'default': action.default})} |"


def _sentence(text: str | None) -> str:
    return (text or "")[:1].upper() + (text or "")[1:]


def _cell(text: str) -> str:
    """Text that stays in one cell of a table."""
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


# ---------------------------------------------------------------- settings


def _settings() -> str:
    """Every key of a configuration file, from the schema that judges one."""
    schema = json.loads((_ROOT / _SCHEMAS["config.json"]).read_text(encoding="utf-8"))
    lines = ["# Settings", "", schema["description"], "", "| key | value | what it does |"]
    lines.append("| --- | --- | --- |")
    for key, value in schema["properties"].items():
        lines.append(f"| `{key}` | {_kind(value)} | {_cell(value['description'])} |")
    lines += ["", "A function of your own is a table `functions.NAME` with these keys:", ""]
    rules = json.loads((_ROOT / _SCHEMAS["rules.json"]).read_text(encoding="utf-8"))
    lines += ["| key | what it says |", "| --- | --- |"]
    for key, value in rules["$defs"]["function"]["properties"].items():
        lines.append(f"| `{key}` | {_cell(value['description'])} |")
    lines += ["", "JSON Schemas: " + ", ".join(f"<{_SITE}/schemas/{n}>" for n in _SCHEMAS) + "."]
    return "\n".join(lines) + "\n"


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " ".join(f"`{word}`" for word in schema["enum"])
    if schema.get("type") == "array":
        return "list of strings"
    return "table" if schema.get("type") == "object" else str(schema.get("type", "text"))


# ---------------------------------------------------------------- what is known


def _functions() -> str:
    """What is known of each API function, with the page that says so."""
    sources = {name: protocol.source for name, protocol in load_rules().functions.items()}
    rows = iter(function_rows())
    header = next(rows)
    lines = [
        "# What is known of each function",
        "",
        "From `rules/families/`; the links lead to what each fact was taken from.",
        "",
        f"| {' | '.join(header)} |",
        "| --- | --- | --- | --- |",
    ]
    for name, *cells in rows:
        shown = f"[`{name}`]({sources[name]})" if sources.get(name) else f"`{name}`"
        lines.append(f"| {shown} | {' | '.join(map(_cell, cells))} |")
    return "\n".join(lines) + "\n"


def _codes(folder: Path) -> None:
    """A page for each code, and one with all of them."""
    folder.mkdir()
    known = codes.load()
    lines = ["# Codes", "", "| code | name | what it does | default |", "| --- | --- | --- | --- |"]
    for code in known.values():
        (folder / f"{code.code}.md").write_text(code.markdown, encoding="utf-8")
        row = (f"[{code.code}]({code.code}.md)", code.name, _cell(code.summary), code.default)
        lines.append(f"| {' | '.join(row)} |")
    lines += ["", _toctree("", known)]
    (folder / "index.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


# ---------------------------------------------------------------- the folder


def _toctree(caption: str, pages: Iterable[str]) -> str:
    """What Sphinx makes the navigation of."""
    title = f":caption: {caption}\n" if caption else ""
    return f"```{{toctree}}\n:hidden:\n{title}\n" + "\n".join(pages) + "\n```\n"


def _from_checkout(name: str) -> str:
    """A page from a file at the top; of its links those to the docs remain."""
    text = (_ROOT / name).read_text(encoding="utf-8")
    return _without_foreign_links(re.sub(r"\]\(docs/", "](", text))


def _without_foreign_links(text: str) -> str:
    """The text with its links to files of the checkout as plain text."""
    text = re.sub(
        r"\]\((?:\.\./)?(CONTRIBUTING|CHANGELOG)\.md\)", lambda m: f"]({m[1].lower()}.md)", text
    )
    return re.sub(r"\[([^\]]+)\]\((?!https?:|#|[\w/-]+\.(?:md|json)\b)[^)]*\)", r"\1", text)


def fill(folder: Path) -> None:
    """Write the whole source of the site into a folder, which is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(_ROOT / "docs" / "generate" / "conf.py", folder)
    pages = {page.name: page.read_text(encoding="utf-8") for page in (_ROOT / "docs").glob("*.md")}
    pages = {name: _without_foreign_links(text) for name, text in pages.items()}
    pages["index.md"] += "".join(f"\n{_toctree(*each)}" for each in _NAVIGATION.items())
    pages["changelog.md"] = _from_checkout("CHANGELOG.md")
    pages["contributing.md"] = _from_checkout("CONTRIBUTING.md")
    pages |= {"options.md": _options(), "settings.md": _settings(), "functions.md": _functions()}
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    _codes(folder / "codes")
    published = folder / "extra" / "schemas"
    published.mkdir(parents=True)
    for name, source in _SCHEMAS.items():
        shutil.copy(_ROOT / source, published / name)


if __name__ == "__main__":
    fill(Path(sys.argv[1]))
