"""Parses pieces of C by tree-sitter, the function bodies with repairs where they do not parse.

The repairs are tried in turn, each on top of the last, as long as the parse gets better.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node, QueryCursor

from capilint.frontends.c.parsing.grammar import KEYWORD_READ_AS, C, Grammar

_HEAD = "void f()\n"  # one row above the body
_CONSTRUCTOR_HEAD = "f()\n"  # of a body that begins with initialisers
_INITIALISERS = re.compile(r"\s*(?:try\s*)?:")
_WIDE = 1_000  # children; for each the query looks at all that follow, up to one with a name
_DO = re.compile(r"\sdo\b")
_WORD_BEFORE_DO = re.compile(r"\b(?!else\b)\w+\s+do\b")  # it parses as a function of that name
_GIVEN_STATEMENT = re.compile(r"\((?<=\w\()\s*+(?:if|for|while|switch|do)\b")  # as a declaration


def parse(text: str, grammar: Grammar = C) -> Node:
    """The syntax tree of a piece of text. Never fails; what it cannot read is an ERROR node."""
    return grammar.parser.parse(text.encode("utf-8", errors="replace")).root_node


class Body:
    """A parsed function body: its compound statement, None if there is none at all."""

    def __init__(self, text: str, grammar: Grammar = C) -> None:
        """`text` runs from the opening to the closing brace, on rows of its own."""
        self.is_respelt = False
        head = _CONSTRUCTOR_HEAD if _INITIALISERS.match(text) is not None else _HEAD
        self.parsed = (head + text).encode("utf-8", errors="replace")
        root = grammar.parser.parse(self.parsed).root_node
        self.statement = _body_of(root)
        self._control = grammar.control | {"{", "}"}
        self.errors = _errors_in(root)
        if self.errors or "#" in text or _may_misread(text):
            self.errors += _misread_keywords(root, grammar, self.errors)
        if root.child_count > 1 and sum(each.type != "comment" for each in root.children) > 1:
            self.statement = None  # the braces do not match

    def rows_with_errors(self) -> set[int]:
        """The 0-based rows of the text that hold something not understood."""
        rows: set[int] = set()
        for node in self.errors:
            rows.update(range(node.start_point.row - 1, node.end_point.row))
        return rows

    def structure_is_clear(self) -> bool:
        """Whether what was not understood leaves no doubt where control goes."""
        return not any(self._hides_control(node) for node in self.errors)

    def _hides_control(self, node: Node) -> bool:
        if node.is_missing:
            return node.type in _MISSING_STRUCTURE
        if not node.is_error:
            return True
        return any(child.type in self._control for child in node.children)

    def badness(self) -> tuple[bool, bool, int]:
        """How badly it parses; less is better."""
        return self.statement is None, not self.structure_is_clear(), len(self.errors)


def _may_misread(text: str) -> bool:
    if _GIVEN_STATEMENT.search(text) is not None:
        return True
    return _DO.search(text) is not None and _WORD_BEFORE_DO.search(text) is not None


def parse_body(text: str, grammar: Grammar = C) -> Body:
    """The best parse of a function body that the repairs can reach; `is_respelt` tells whether its
    lines are other ones than those of the text."""
    given = text
    text = grammar.respelt(text)
    best = Body(text, grammar)
    for repair in grammar.repairs:
        if not best.errors:
            break
        repaired = repair(text, best.rows_with_errors())
        if repaired == text:
            continue
        attempt = Body(repaired, grammar)
        if attempt.badness() < best.badness():
            best, text = attempt, repaired
    best.is_respelt = text != given
    return best


def parse_expression(text: str, grammar: Grammar = C) -> Node | None:
    """The expression that a macro stands for, None where it is none."""
    statements = _statements(f"({text}\n);", grammar)
    if statements is None or len(statements) != 1:
        return None
    child = statements[0].named_children
    return child[0] if statements[0].type == "expression_statement" and child else None


def parse_statements(text: str, grammar: Grammar = C) -> list[Node] | None:
    """The statements that a macro stands for, None where it stands for anything else."""
    return _statements(f"{text}\n;", grammar)


def _statements(text: str, grammar: Grammar) -> list[Node] | None:
    root = parse(f"{_HEAD}{{{text}}}", grammar)
    body = _body_of(root)
    if root.has_error or body is None:
        return None
    return body.named_children


def _body_of(root: Node) -> Node | None:
    for child in root.children:
        if child.type == "function_definition":
            last = child.children[-1]
            is_try = last.type == "try_statement"  # a constructor's, without a field
            return last if is_try else child.child_by_field_name("body")
    return None


_MISSING_STRUCTURE = frozenset({"{", "}", "#endif", "while"})


def _errors_in(root: Node) -> list[Node]:
    """The nodes that were not understood, and those that the parser made up."""
    found: list[Node] = []
    stack = [root] if root.has_error else []
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            found.append(node)
        stack += [child for child in node.children if child.has_error]
    return found


def _misread_keywords(root: Node, grammar: Grammar, errors: Iterable[Node]) -> list[Node]:
    """Keywords that stand where none may, such as an `else` after an `#if`: read as names."""
    if any(node.child_count > _WIDE for node in errors):
        found = list(_keywords_below(root, grammar))
    else:
        found = QueryCursor(grammar.misread_keywords).captures(root).get("keyword", [])
    return [node for node in found if not _is_argument(node)]


def _keywords_below(root: Node, grammar: Grammar) -> Iterator[Node]:
    """What the query finds, in a time that grows with the tree alone."""
    words = {word.encode() for word in grammar.control}
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type in KEYWORD_READ_AS and node.text in words:
            yield node
        stack += node.children


def _is_argument(node: Node) -> bool:
    """Whether a keyword stands in a macro's arguments: `CHECK(x, goto done)`."""
    around = node.parent
    if around is not None and (around.is_error or around.type == "call_expression"):
        around = around.parent  # `goto done` and `return(-1)`
    return around is not None and around.type == "argument_list"
