"""The codes: what each finding is called, says, and means; read from `rules/codes/*.md`.

---                                   front matter: one `key: value` a line
code: CAP101
message: {resource} `{handle}` ...    a template with the fields of FIELDS
---
## What it does                       the headings of HEADINGS, in this order
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from capilint.finding import Severity
from capilint.rulebook.folder import RuleError, rule_folder, texts_in

HEADINGS = ("What it does", "Why is this bad", "Example", "Use instead", "How to suppress")
FIELDS: Mapping[str, str] = {
    "resource": "the kind of handle: key, hash, context",
    "handle": "the handle as the source writes it",
    "function": "the function that the finding is in",
    "creator": "the API function that made the handle",
    "line": "the line of the other half: where the function is left, the first release ...",
    "released": "what is done to such a handle in the end: destroyed, released",
    "release": "the API function that does it",
    "ending": "what would end it: `give hKey to CryptDestroyKey`, `call key.close()`",
    "closing": "the call that ends the object or structure that holds it",
    "call": "the API function that is called here",
    "owner": "the owner of the handle, as the source writes it",
    "owned_by": "the kind of that owner: context, memory",
    "ended": "what is done to it: released, freed",
    "replacement": "the newer API's functions",
    "reason": "what was not understood",
    "codes": "the codes that a comment suppresses",
}
LANGUAGES = {"c": "C", "cpp": "C++", "python": "Python"}  # by the mark of an example's block
ALL_LANGUAGES = tuple(LANGUAGES.values())
OFF = "off"
_FACTS = ("code", "name", "severity", "cwe", "security_severity", "languages")
_KEYS = (*_FACTS, "message", "at_exit", "help")
_REQUIRED = ("code", "name", "severity", "message")
_FIELD = re.compile(r"\{(\w*)\}")
_SCORE = re.compile(r"\d\.\d|10\.0")
_EXAMPLE = re.compile(r"^```(c|cpp|python)\n((?:(?!^```).)*+)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    """A block of code: `language` is a key of LANGUAGES."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """What one code means.

    `default` is the severity that it reports with, or `off` where it must be selected by name.
    `cwe` is a number of the Common Weakness Enumeration, if one fits, and `security_severity` how
    bad that is for security: a base score of CVSS 3.1, from 0.0 to 10.0. `message`, `at_exit`
    (the message where the process ends with the function) and `help` are templates over FIELDS.
    `languages` are those it looks at. `sections` are the texts
    under HEADINGS, in Markdown.
    """

    code: str
    name: str
    default: str
    cwe: int | None
    security_severity: float | None
    message: str
    at_exit: str
    help: str
    languages: tuple[str, ...]
    sections: Mapping[str, str]

    @property
    def summary(self) -> str:
        """The first sentence of what it does, on one line."""
        text = " ".join(self.sections["What it does"].split())
        return text.partition(". ")[0].removesuffix(".") + "."

    @property
    def cwe_page(self) -> str:
        """The page of its weakness, or nothing."""
        return "" if self.cwe is None else f"https://cwe.mitre.org/data/definitions/{self.cwe}.html"

    @property
    def markdown(self) -> str:
        """The whole text, with a title, and a line on its severity, weakness and languages."""
        facts = ["off unless selected" if self.default == OFF else f"severity: {self.default}"]
        if self.cwe is not None:
            facts.append(f"[CWE-{self.cwe}]({self.cwe_page})")
        facts.append(", ".join(self.languages))
        parts = [f"## {heading}\n\n{self.sections[heading]}" for heading in HEADINGS]
        return "\n\n".join([f"# {self.code}: {self.name}", "; ".join(facts), *parts]) + "\n"

    def examples(self, heading: str) -> tuple[Example, ...]:
        """The blocks of code under a heading."""
        return tuple(Example(*found) for found in _EXAMPLE.findall(self.sections[heading]))


@functools.cache
def load() -> Mapping[str, Code]:
    """All codes in order. Raises RuleError where a file is wrong."""
    files = texts_in(f"{rule_folder()}/codes", ".md")
    return {found.code: found for path, text in files for found in [parse(path, text)]}


def parse(path: str, text: str) -> Code:
    """The code that a file describes. Raises RuleError with the file and the line."""
    values, start = _front_matter(path, text)
    if values["severity"] not in (*Severity, OFF):
        raise _wrong(path, text, "severity:", f"unknown severity `{values['severity']}`")
    if not values.get("cwe", "0").isdecimal():
        raise _wrong(path, text, "cwe:", "`cwe` must be a number")
    score = values.get("security_severity", "")
    if score and not _SCORE.fullmatch(score):
        raise _wrong(path, text, "security_severity:", "`security_severity` is 0.0 to 10.0")
    for key in ("message", "at_exit", "help"):
        for name in _FIELD.findall(values.get(key, "")):
            if name not in FIELDS:
                raise _wrong(path, text, f"{key}:", f"unknown field `{{{name}}}`")
    languages = tuple(values["languages"].split(", ")) if "languages" in values else ALL_LANGUAGES
    if not set(languages) <= set(ALL_LANGUAGES):
        raise _wrong(path, text, "languages:", f"languages are {', '.join(ALL_LANGUAGES)}")
    return Code(
        code=values["code"],
        name=values["name"],
        default=values["severity"],
        cwe=int(values["cwe"]) if "cwe" in values else None,
        security_severity=float(score) if score else None,
        message=values["message"],
        at_exit=values.get("at_exit", values["message"]),
        help=values.get("help", ""),
        languages=languages,
        sections=_sections(path, text, start),
    )


def _front_matter(path: str, text: str) -> tuple[dict[str, str], int]:
    """The keys before the body, and where in the text the body begins."""
    _, opening, rest = text.partition("---\n")
    block, closing, _ = rest.partition("---\n")
    if not opening or not closing:
        raise RuleError(path, 1, "the file must begin with front matter between lines of `---`")
    values: dict[str, str] = {}
    for line in block.splitlines():
        key, colon, value = line.partition(": ")
        if not colon or key not in _KEYS or key in values:
            raise _wrong(path, text, line, f"not a `key: value` with a key of {', '.join(_KEYS)}")
        values[key] = value.strip()
    if missing := [key for key in _REQUIRED if not values.get(key)]:
        raise RuleError(path, 1, f"the front matter has no `{missing[0]}`")
    return values, len(opening) + len(block) + len(closing)


def _sections(path: str, text: str, start: int) -> dict[str, str]:
    """The texts under the headings."""
    pieces = re.split(r"^## (.*)$", text[start:], flags=re.MULTILINE)
    sections = dict(zip(pieces[1::2], (piece.strip() for piece in pieces[2::2]), strict=True))
    if tuple(sections) != HEADINGS or len(pieces) != 2 * len(HEADINGS) + 1:
        raise RuleError(path, 1, f"the headings must be {', '.join(HEADINGS)}, each once")
    return sections


def _wrong(path: str, text: str, line: str, message: str) -> RuleError:
    """An error at the line that begins with `line`."""
    number = next(
        (number for number, found in enumerate(text.splitlines(), 1) if found.startswith(line)), 1
    )
    return RuleError(path, number, message)
