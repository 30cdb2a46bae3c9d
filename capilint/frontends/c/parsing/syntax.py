"""Questions about C syntax trees that need no knowledge of what the names mean."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

_ACTING = frozenset(
    {
        "call_expression",
        "assignment_expression",
        "update_expression",
        "compound_statement",
        "gnu_asm_expression",
        "new_expression",
        "delete_expression",
        "throw_expression",
        "throw_statement",
    }
)
_ALTERNATIVE = {"not": "!", "and": "&&", "or": "||", "bitand": "&", "bitor": "|", "compl": "~"} | {
    "xor": "^",
    "not_eq": "!=",
    "and_eq": "&=",
    "or_eq": "|=",
    "xor_eq": "^=",
}  # tokens of C++
_UNEVALUATED = frozenset(
    {"sizeof_expression", "alignof_expression", "offsetof_expression", "type_descriptor"}
)


def text_of(node: Node) -> str:
    """The source text of a node."""
    return (node.text or b"").decode()


def is_constant_name(name: str) -> bool:
    """Whether a name that the file does not declare looks like a macro of an unseen header."""
    return re.fullmatch(r"[A-Z_][A-Z0-9_]*", name) is not None


def operands(node: Node) -> list[Node]:
    """The named children, comments left out."""
    return [child for child in node.named_children if child.type != "comment"]


def operator_of(node: Node) -> str:
    """The operator of a unary, binary, assignment or update expression; C++'s words (`not`) as
    the signs that they stand for."""
    operator = node.child_by_field_name("operator")
    return "" if operator is None else _ALTERNATIVE.get(operator.type, operator.type)


def field(node: Node, name: str) -> Node:
    """A field that the grammar promises; ValueError where a broken tree lacks it."""
    child = node.child_by_field_name(name)
    if child is None:
        raise ValueError(f"{node.type} without {name}")
    return child


def is_elvis(node: Node) -> bool:
    """Whether a node is `condition ?: other`: GNU's `?:` without its middle part."""
    conditional = node.type == "conditional_expression"
    return conditional and node.child_by_field_name("consequence") is None


def chosen_first(node: Node) -> Node:
    """What a conditional expression gives where its condition holds: that itself, if need be."""
    return field(node, "condition" if is_elvis(node) else "consequence")


def spine(node: Node, operator: str) -> list[Node]:
    """The operands of a chain `a && b && c`, in order; any length, without recursion."""
    chain: list[Node] = []
    while node.type == "binary_expression" and operator_of(node) == operator:
        chain.append(field(node, "right"))
        node = field(node, "left")
    chain.append(node)
    return chain[::-1]


def commas(node: Node) -> list[Node]:
    """The parts of `a, b, c`, in order; any length, without recursion."""
    parts: list[Node] = []
    stack = [node]
    while stack:
        part = stack.pop()
        if part.type == "comma_expression":
            stack += [field(part, "right"), field(part, "left")]
        else:
            parts.append(part)
    return parts


def within(node: Node) -> Iterator[Node]:
    """The node and all below it that C evaluates, in source order."""
    stack = [node]
    while stack:
        inner = stack.pop()
        yield inner
        if inner.type not in _UNEVALUATED:
            stack += reversed(inner.named_children)


def has_effects(node: Node) -> bool:
    """Whether evaluating an expression calls or changes anything."""
    return any(inner.type in _ACTING for inner in within(node))


class Effects:
    """What `has_effects` says of the expressions of a function, each looked through once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Node, bool]] = {}  # kept: no other has its id

    def of(self, node: Node) -> bool:
        """Whether evaluating an expression calls or changes anything."""
        stack, passed = [node], list[Node]()
        while stack:
            inner = stack.pop()
            if inner.id not in self._known:
                passed.append(inner)
                if inner.type not in _ACTING and inner.type not in _UNEVALUATED:
                    stack += inner.named_children
        for inner in reversed(passed):
            acts = inner.type in _ACTING or (
                inner.type not in _UNEVALUATED
                and any(self._known[child.id][1] for child in inner.named_children)
            )
            self._known[inner.id] = (inner, acts)
        return self._known[node.id][1]


def identifiers_in(node: Node) -> list[str]:
    """The identifiers below a node, each once, in source order."""
    kinds = ("identifier", "type_identifier")  # in broken text the parser takes one for the other
    names = (text_of(inner) for inner in within(node) if inner.type in kinds)
    return list(dict.fromkeys(names))
