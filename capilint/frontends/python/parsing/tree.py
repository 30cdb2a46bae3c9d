"""Walking libcst trees without their whitespace and punctuation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

import libcst as cst

_Node = TypeVar("_Node", bound=cst.CSTNode)

_NO_CODE = {
    "annotation", "asynchronous", "colon", "comma", "dot", "equal", "first_colon", "footer",
    "header", "indent", "lbrace", "lbracket", "leading_lines", "lines_after_decorators", "lpar",
    "operator", "posonly_ind", "rbrace", "rbracket", "returns", "rpar", "second_colon",
    "semicolon", "separator", "star", "trailing_comma", "type_parameters",
}  # fmt: skip
_NAMES_OF_OTHERS = {
    cst.Attribute: "attr",
    cst.Arg: "keyword",
    cst.MatchKeywordElement: "key",
}
_NOT_ENTERED = {cst.Import, cst.ImportFrom, cst.Global, cst.Nonlocal}
_WORDS = {cst.Name, cst.Integer, cst.Float, cst.Imaginary, cst.SimpleString}  # fields of text only

_OWN_SCOPE = {cst.FunctionDef, cst.ClassDef, cst.Lambda}
_ACTING = {
    cst.Call, cst.Await, cst.Yield, cst.NamedExpr,
    cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp,
}  # fmt: skip


@cache
def _field_names(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    if kind in _NOT_ENTERED or kind in _WORDS:
        return ()
    return tuple(
        field.name
        for field in fields(kind)
        if field.name not in _NO_CODE
        and not field.name.startswith(("whitespace", "__"))
        and _NAMES_OF_OTHERS.get(kind) != field.name
    )


@cache
def _fields_from_the_end(kind: type[cst.CSTNode]) -> Callable[[cst.CSTNode], tuple[Any, ...]]:
    """What takes the values of a node's fields that hold code, the last one first."""
    names = _field_names(kind)[::-1]
    if len(names) > 1:
        return attrgetter(*names)
    if not names:
        return lambda _: ()
    only = attrgetter(names[0])
    return lambda node: (only(node),)


_is_node_kind: dict[type, bool] = {}


def _is_node(value: object) -> bool:
    """`isinstance(value, CSTNode)`, remembered by type: the abstract class's check is slow."""
    kind = type(value)
    if kind not in _is_node_kind:
        _is_node_kind[kind] = issubclass(kind, cst.CSTNode)
    return _is_node_kind[kind]


def children(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes right below a node that are code, in source order."""
    for name in _field_names(type(node)):
        value = getattr(node, name)
        if _is_node(value):
            yield value
        elif type(value) in (tuple, list):
            yield from value


def descendants(roots: Iterable[cst.CSTNode], into_scopes: bool = True) -> Iterator[cst.CSTNode]:
    """The roots and everything below them, in source order.

    With `into_scopes` false, nested functions, lambdas and classes come out but are not entered.
    """
    stack = list(roots)[::-1]
    while stack:
        node = stack.pop()
        yield node
        kind = type(node)
        if kind in _WORDS or (not into_scopes and kind in _OWN_SCOPE):
            continue
        for value in _fields_from_the_end(kind)(node):
            if type(value) in (tuple, list):
                stack.extend(value[::-1])
            elif _is_node(value):
                stack.append(value)


def statements(suite: cst.BaseSuite | cst.Module) -> Iterator[cst.BaseStatement]:
    """The statements of a block; those on one line come as their `SimpleStatementLine`."""
    for statement in suite.body:
        if isinstance(statement, cst.BaseStatement):
            yield statement
        else:
            yield cst.SimpleStatementLine([statement])


def dotted_name(node: cst.CSTNode | None) -> str:
    """`a.b.c` as text; empty for anything else."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        base = dotted_name(node.value)
        return f"{base}.{node.attr.value}" if base else ""
    return ""


def text_literal(node: cst.CSTNode | None) -> str | None:
    """The value of a string literal; None for anything else, bytes included."""
    content = literal_content(node)
    return content if isinstance(content, str) else None


def literal_content(node: cst.CSTNode | None) -> str | bytes | None:
    """The value of a literal of text or bytes; None for anything else."""
    if isinstance(node, (cst.SimpleString, cst.ConcatenatedString)):
        with suppress(ValueError, SyntaxError, AttributeError):  # a part that is a t-string
            return node.evaluated_value
    return None


def is_pure(node: cst.CSTNode) -> bool:
    """Whether evaluating an expression calls nothing and assigns nothing."""
    return all(type(inner) not in _ACTING for inner in descendants([node], into_scopes=False))


def opens_scope(node: cst.CSTNode) -> bool:
    """Whether the node is a function, a lambda or a class."""
    return type(node) in _OWN_SCOPE


def of_kind(nodes: Iterable[cst.CSTNode], kind: type[_Node]) -> Iterator[_Node]:
    """Those nodes whose class is `kind`: the abstract classes' `isinstance` is slow to say no."""
    for node in nodes:
        if type(node) is kind:
            yield node
