"""The conditions of `#if`: their normal form, and text with one branch of each kept."""

from __future__ import annotations

import re

from tree_sitter import Node

from capilint.frontends.c.declarators import text_of
from capilint.frontends.c.syntax import operands

_DIRECTIVE = re.compile(
    r"^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|elifdef|elifndef|else|endif)\b((?:[^\n\\]|\\.)*)",
    re.MULTILINE | re.DOTALL,
)
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|\\\r?\n", re.DOTALL)
_NEGATED = re.compile(r"! (\w+(?:\(\w+\))?)")
_TOKEN = re.compile(r"\w+|\S")


def normal_form(condition: str) -> str:
    """A condition's text such that equal conditions have equal texts.

    Comments and white space go, and `defined X` is `defined(X)`.
    """
    tokens = _TOKEN.findall(_COMMENT.sub(" ", condition))
    text = " ".join(tokens)
    return re.sub(r"\bdefined (?:\( (\w+) \)|(\w+))", r"defined(\1\2)", text)


def decided(condition: str) -> bool | None:
    """Whether a condition in normal form always holds, or never; None where it depends."""
    literal = condition.strip("() ")
    return literal != "0" if literal.isdigit() else None


def condition_of(node: Node) -> tuple[str, bool, bool | None]:
    """The condition of a parsed `#if`, `#ifdef` or `#elif`.

    Its normal form, whether the branch is taken where that does *not* hold, and its value
    where that is plain.
    """
    name = node.child_by_field_name("name")
    if name is not None:
        negated = any(child.type in ("#ifndef", "#elifndef") for child in node.children)
        return f"defined({text_of(name)})", negated, None
    condition = node.child_by_field_name("condition")
    text = normal_form(text_of(condition)) if condition is not None else ""
    negated = False
    while (match := _NEGATED.fullmatch(text)) is not None:
        text, negated = match.group(1), not negated
    return text, negated, decided(text)


def guarded_statements(node: Node) -> list[Node]:
    """What stands in one branch of a parsed conditional."""
    fields = [node.child_by_field_name(name) for name in ("name", "condition", "alternative")]
    own = {child.id for child in fields if child is not None}
    return [child for child in operands(node) if child.id not in own]


def guards_by_offset(text: str) -> list[tuple[int, tuple[tuple[str, bool], ...]]]:
    """Where the file's conditionals change, and what holds from there on.

    Each entry is an offset and the conditions in normal form, with whether they hold.
    """
    stack: list[list[tuple[str, bool]]] = []
    found: list[tuple[int, tuple[tuple[str, bool], ...]]] = [(0, ())]
    for match in _DIRECTIVE.finditer(text):
        kind, condition = match.group(1), match.group(2)
        if kind.startswith("if"):
            stack.append([])
        elif not stack:
            continue
        elif kind == "endif":
            stack.pop()
        else:
            last, truth = stack[-1].pop()
            stack[-1].append((last, not truth))
        if kind not in ("else", "endif"):
            stack[-1].append(_stated(kind, condition))
        found.append((match.end(), tuple(guard for level in stack for guard in level)))
    return found


def _stated(kind: str, condition: str) -> tuple[str, bool]:
    """A directive's condition in normal form, and whether its branch wants it to hold."""
    text, truth = normal_form(condition), True
    if kind.endswith("def"):
        return f"defined({text})", not kind.endswith("ndef")
    while (match := _NEGATED.fullmatch(text)) is not None:
        text, truth = match.group(1), not truth
    return text, truth


def keep_first_branches(text: str) -> str:
    """The text with each `#if` replaced by its first branch that is not `#if 0`.

    The other branches and the directives become spaces. An `#else` or `#endif` whose `#if`
    stands before the text is treated as if its first branch had been kept.
    """
    parts: list[str] = []
    position = 0
    open_: list[bool] = []  # per conditional: whether a branch has been kept already
    dropped = 0  # how many of the open conditionals are in a branch that goes
    dropping: list[bool] = []
    for match in _DIRECTIVE.finditer(text):
        piece = text[position : match.start()]
        parts += [_spaces(piece) if dropped else piece, _spaces(match.group())]
        position = match.end()
        kind, condition = match.group(1), match.group(2)
        if kind.startswith("if"):
            keep = kind != "if" or decided(normal_form(condition)) is not False
            open_.append(keep)
            dropping.append(not keep)
            dropped += not keep
        elif not open_:
            if kind != "endif":
                open_.append(True)
                dropping.append(True)
                dropped += 1
        elif kind == "endif":
            open_.pop()
            dropped -= dropping.pop()
        else:
            dropped += open_[-1] - dropping[-1]
            dropping[-1] = open_[-1]
            open_[-1] = True
    rest = text[position:]
    return "".join([*parts, _spaces(rest) if dropped else rest])


def _spaces(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
