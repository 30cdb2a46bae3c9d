"""What the function below the cursor does to handles: by the rules, or as the analysis found it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from capilint.effects import Effects
from capilint.language import Language
from capilint.rulebook.book import RuleBook
from capilint.rulebook.effects import effects
from capilint.rulebook.protocol import Protocol, Success

_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_MOST = 3  # functions of one name
_SUCCESS = {
    Success.NONZERO: "succeeds with a result that is not 0",
    Success.ZERO: "succeeds with 0",
    Success.NONNEGATIVE: "succeeds with 0 or more",
    Success.RAISES: "raises an exception where it fails",
}


def word_at(line: str, column: int) -> tuple[str, int, int] | None:
    """The word that a column from 1 touches, its first column, and the one behind it."""
    for found in _WORD.finditer(line):
        if found.start() < column <= found.end() + 1:
            return found[0], found.start() + 1, found.end() + 1
    return None


def hover_text(
    word: str, path: str, language: Language, book: RuleBook, program: Sequence[Effects]
) -> str | None:
    """What is known of a function's name in a file, in Markdown; None where nothing is."""
    named = [each for each in program if _last(each.name) == word and _fits(each, language)]
    here = [each for each in named if each.path == path]
    parts = [_of_program(each) for each in (here or named)[:_MOST]]
    protocol = book.own_functions.get(word) or book.functions.get(word)
    if not parts and protocol is not None:
        parts = list(_of_rules(protocol, book))
    return "\n\n---\n\n".join(parts) or None


def _last(name: str) -> str:
    return re.split(r"::|\.", name)[-1]


def _fits(each: Effects, language: Language) -> bool:
    return (each.language is Language.PYTHON) == (language is Language.PYTHON)


def _of_program(each: Effects) -> str:
    lines = [f"- {sentence}" for sentence in each.sentences]
    lines = lines or ["does nothing to handles that its callers see"]
    where = f"as capilint finds it: {each.path}:{each.line}"
    return "\n".join([f"**{each.name}**", "", *lines, "", where])


def _of_rules(protocol: Protocol, book: RuleBook) -> Iterator[str]:
    lines = [f"- {sentence}" for sentence in effects(protocol)]
    if not lines:
        return
    made = [book.resources[each.resource] for each in protocol.creates]
    for resource in dict.fromkeys(made):
        if resource.watched:
            lines.append(
                f"- the {resource.name} is to be {resource.released} by `{resource.release}`"
            )
    if protocol.success in _SUCCESS:
        lines.append(f"- {_SUCCESS[protocol.success]}")
    if protocol.replaced_by:
        lines.append(f"- deprecated for {protocol.replaced_by}")
    if protocol.source.startswith("https://"):
        lines += ["", f"[{protocol.name}]({protocol.source})"]
    yield "\n".join([f"**{protocol.name}**({', '.join(protocol.params)})", "", *lines])
