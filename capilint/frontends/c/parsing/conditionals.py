"""The conditions of `#if`: their normal form, and what they guard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from capilint.frontends.c.parsing.syntax import operands, text_of

_DIRECTIVE = re.compile(
    r"#[ \t]*(if|ifdef|ifndef|elif|elifdef|elifndef|else|endif)\b((?:[^\n\\]|\\.)*)", re.DOTALL
)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*|\\\r?\n", re.DOTALL)
_NEGATED = re.compile(r"! (\w+(?:\(\w+\))?)")
_TOKEN = re.compile(r"\w+|\S")

Guard = tuple[str, bool]
"""A condition in normal form, and whether it must hold."""


# What C compilers for Windows define, and what they never do: code that calls Windows's API is
# compiled by one.
WINDOWS_NAMES = ("_WIN32", "WIN32")
OTHER_NAMES = ("__unix__", "__unix", "__linux__", "linux", "__APPLE__", "__CYGWIN__")
ON_WINDOWS = {
    **{f"defined({name})": True for name in WINDOWS_NAMES},
    **{f"defined({name})": False for name in OTHER_NAMES},
}


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive of a conditional; `start` and `end` are offsets. `guard` is None for
    `#else` and `#endif`."""

    kind: str  # if, elif, else, endif
    guard: Guard | None
    start: int
    end: int


def directives(text: str) -> Iterator[Directive]:
    """The directives of a text's conditionals, in order."""
    position = 0
    while (match := _DIRECTIVE.search(text, position)) is not None:
        start = match.start()
        position = start + 1
        while start and text[start - 1] in " \t":
            start -= 1
        if start and text[start - 1] != "\n":
            continue  # in a comment, most likely
        position = match.end()
        word, condition = match.groups()
        kind = word[:4] if word.startswith("el") else word[:2] if word != "endif" else word
        guard = _guard(word, condition) if kind in ("if", "elif") else None
        yield Directive(kind, guard, start, match.end())


def decided(condition: str) -> bool | None:
    """Whether a condition in normal form always holds, or never; None where it depends."""
    literal = condition.strip("() ")
    return literal != "0" if literal.isdigit() else None


def guards_around(text: str, offsets: Iterable[int]) -> dict[int, tuple[Guard, ...]]:
    """The conditions that the conditionals around each of the ascending offsets ask for."""
    remaining = iter([*offsets, None])
    offset = next(remaining)
    found: dict[int, tuple[Guard, ...]] = {}
    open_: list[list[Guard]] = []  # per conditional: the guards of its branch so far
    for directive in directives(text):
        while offset is not None and offset < directive.start:
            found[offset] = tuple(guard for level in open_ for guard in level)
            offset = next(remaining)
        if directive.kind == "if":
            open_.append([])
        elif not open_:
            continue
        elif directive.kind == "endif":
            open_.pop()
        elif open_[-1]:
            condition, truth = open_[-1].pop()
            open_[-1].append((condition, not truth))
        if directive.guard is not None:
            open_[-1].append(directive.guard)
    while offset is not None:
        found[offset] = tuple(guard for level in open_ for guard in level)
        offset = next(remaining)
    return found


def guard_of(node: Node) -> Guard:
    """What a parsed `#if`, `#ifdef` or `#elif` asks for."""
    name = node.child_by_field_name("name")
    if name is not None:
        negated = any(child.type in ("#ifndef", "#elifndef") for child in node.children)
        return _guard("ifndef" if negated else "ifdef", text_of(name))
    condition = node.child_by_field_name("condition")
    return _guard("if", text_of(condition) if condition is not None else "")


def guarded_statements(node: Node) -> list[Node]:
    """What stands in one branch of a parsed conditional."""
    fields = [node.child_by_field_name(name) for name in ("name", "condition", "alternative")]
    own = {child.id for child in fields if child is not None}
    return [child for child in operands(node) if child.id not in own]


def is_refused(node: Node) -> bool:
    """Whether an `#error` stands in one branch of a parsed conditional: nobody compiles that."""
    said = (each for each in guarded_statements(node) if each.type == "preproc_call")
    return any(re.match(r"#\s*error\b", text_of(each)) for each in said)


def _guard(word: str, condition: str) -> Guard:
    text, truth = _unwrapped(_normal_form(condition)), True
    if word.endswith("def"):
        return f"defined({text})", not word.endswith("ndef")
    while (match := _NEGATED.fullmatch(text)) is not None:
        text, truth = match.group(1), not truth
    return text, truth


def conjuncts(condition: str) -> list[Guard]:
    """What a condition in normal form asks for all at once: `A & & B`, as its tokens stand."""
    parts, depth, start = [], 0, 0
    for match in re.finditer(r"[()]|& &|\| \||\?", condition):
        depth += {"(": 1, ")": -1}.get(match.group(), 0)
        if depth == 0 and match.group() == "& &":
            parts.append(condition[start : match.start()])
            start = match.end()
        elif depth == 0 and match.group() in ("| |", "?"):
            return [(condition, True)]
    return [_guard("if", part) for part in (*parts, condition[start:])]


def _unwrapped(condition: str) -> str:
    """A condition without parentheses around the whole of it."""
    tokens = condition.split(" ")
    closing: dict[int, int] = {}
    open_: list[int] = []
    for position, token in enumerate(tokens):
        if token == "(":
            open_.append(position)
        elif token == ")" and open_:
            closing[open_.pop()] = position
    first, last = 0, len(tokens) - 1
    while closing.get(first) == last:
        first, last = first + 1, last - 1
    return " ".join(tokens[first : last + 1])


def _normal_form(condition: str) -> str:
    """A condition's text such that equal conditions have equal texts.

    Comments and white space go, and `defined X` is `defined(X)`.
    """
    tokens = _TOKEN.findall(_COMMENT.sub(" ", condition))
    text = " ".join(tokens)
    return re.sub(r"\bdefined (?:\( (\w+) \)|(\w+))", r"defined(\1\2)", text)
