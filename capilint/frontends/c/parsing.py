"""Parses pieces of C by tree-sitter, the function bodies with repairs where they do not parse.

A repair keeps every row, and every column up to what it inserts, so that positions stay right.
The repairs are tried in turn, each on top of the last, as long as the parse gets better.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import tree_sitter_c
from tree_sitter import Language, Node, Parser

from capilint.frontends.c.conditionals import keep_first_branches

_HEAD = "void f()\n"  # one row above the body


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_c.language()))


def parse(text: str) -> Node:
    """The syntax tree of a piece of C. Never fails; what it cannot read is an ERROR node."""
    return _parser().parse(text.encode("utf-8", errors="replace")).root_node


class Body:
    """A parsed function body: its compound statement, None if there is none at all."""

    def __init__(self, text: str) -> None:
        """`text` runs from the opening to the closing brace, on rows of its own."""
        self.parsed = (_HEAD + text).encode("utf-8", errors="replace")
        self.root = _parser().parse(self.parsed).root_node
        self.statement = _body_of(self.root)
        self.errors = error_count(self.root)

    def __bool__(self) -> bool:
        return self.statement is not None


def parse_body(text: str) -> Body:
    """The best parse of a function body that the repairs can reach."""
    best = Body(text)
    for repair in _REPAIRS:
        if not best.errors:
            break
        repaired = repair(text)
        if repaired == text:
            continue
        attempt = Body(repaired)
        if attempt.errors < best.errors:
            best, text = attempt, repaired
    return best


def parse_expression(text: str) -> Node | None:
    """The expression that a macro stands for, None where it is none."""
    statements = _statements(f"({text}\n);")
    if statements is None or len(statements) != 1:
        return None
    child = statements[0].named_children
    return child[0] if statements[0].type == "expression_statement" and child else None


def parse_statements(text: str) -> list[Node] | None:
    """The statements that a macro stands for, None where it stands for anything else."""
    return _statements(f"{text}\n;")


def _statements(text: str) -> list[Node] | None:
    root = parse(f"{_HEAD}{{{text}}}")
    body = _body_of(root)
    if root.has_error or body is None:
        return None
    return body.named_children


def _body_of(root: Node) -> Node | None:
    for child in root.children:
        if child.type == "function_definition":
            return child.child_by_field_name("body")
    return None


def error_count(root: Node) -> int:
    """How many nodes of a tree were not understood."""
    if not root.has_error:
        return 0
    count = 0
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            count += 1
        stack += [child for child in node.children if child.has_error]
    return count


# ---------------------------------------------------------------- repairs

_BARE_MACRO_LINE = re.compile(
    r"^([ \t]*[A-Z_][A-Z0-9_]*[ \t]*(?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\))?)[ \t]*$", re.M
)


def _end_macro_lines(text: str) -> str:
    """`TRACE_ENTER(x)` alone on a line gets the semicolon that its macro brings along."""
    return _BARE_MACRO_LINE.sub(r"\1;", text)


_REPAIRS: tuple[Callable[[str], str], ...] = (keep_first_branches, _end_macro_lines)
