"""The constructor that `dataclasses` makes for a class: each field gets its argument.

    @dataclass                     def __init__(self, prov, key=...):
    class Session:                     self.prov = prov
        prov: HCRYPTPROV               self.key = key
        key: HCRYPTKEY = ...

A class that is more than its own fields is left alone: one with bases, with a constructor or a
`__post_init__` of its own, with fields that are no arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import libcst as cst

from capilint import ir
from capilint.finding import Span
from capilint.frontends.python.parsing.tree import dotted_name

DECORATOR = "dataclasses.dataclass"
_OWN = frozenset({"__init__", "__post_init__", "__new__", "__setattr__", "__getattr__"})
_NO_ARGUMENTS = ("ClassVar", "InitVar", "KW_ONLY")
_KEYWORDS = frozenset({"init", "kw_only"})  # that say which fields are arguments, and how

Field = tuple[str, cst.BaseExpression | None]  # with its default


def is_data_class(
    node: cst.ClassDef, canonical: Callable[[cst.BaseExpression], str | None]
) -> bool:
    """Whether a class is nothing but its fields and methods, made by `dataclass` alone."""
    if node.bases or node.keywords or len(node.decorators) != 1:
        return False
    decorator = node.decorators[0].decorator
    called = decorator.func if isinstance(decorator, cst.Call) else decorator
    options = decorator.args if isinstance(decorator, cst.Call) else ()
    plain = not any(each.keyword is None or each.keyword.value in _KEYWORDS for each in options)
    return canonical(called) == DECORATOR and plain and _fields(node) is not None


def _fields(node: cst.ClassDef) -> list[Field] | None:
    """The fields in their order; None where the constructor has to be another one."""
    found: list[Field] = []
    for statement in node.body.body:
        if isinstance(statement, cst.FunctionDef) and statement.name.value in _OWN:
            return None
        for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            if isinstance(small, cst.AnnAssign) and isinstance(small.target, cst.Name):
                if _says(small.annotation.annotation, _NO_ARGUMENTS) or _is_no_argument(
                    small.value
                ):
                    return None
                found.append((small.target.value, small.value))
    return found


def _says(annotation: cst.BaseExpression, words: Sequence[str]) -> bool:
    named = annotation.value if isinstance(annotation, cst.Subscript) else annotation
    return dotted_name(named).rpartition(".")[2] in words


def _is_no_argument(default: cst.BaseExpression | None) -> bool:
    """Whether `field(init=False)` or the like says so."""
    if not isinstance(default, cst.Call):
        return False
    return any(
        each.keyword is not None and each.keyword.value in _KEYWORDS for each in default.args
    )


def constructor(
    name: str,
    shown: str,
    node: cst.ClassDef,
    span: Span,
    default: Callable[[cst.BaseExpression], ir.Value],
) -> ir.Function:
    """The constructor of the data class of that name."""
    own = ir.Variable("self", ir.Scope.PARAMETER)
    parameters = [ir.Parameter(own)]
    stores: list[ir.Instruction] = []
    for each, value in _fields(node) or ():
        given = ir.Variable(each, ir.Scope.PARAMETER)
        parameters.append(ir.Parameter(given, "", None if value is None else default(value)))
        target = ir.Place(own, ("*", f".{each}"))
        stores.append(ir.Assign(target, ir.Read(ir.Place(given)), span))
    leave = ir.Return(None, span, implicit=True)
    return ir.Function(
        name=f"{shown}.__init__",
        qualified_name=f"{name}.__init__",
        language=ir.Language.PYTHON,
        parameters=tuple(parameters),
        blocks=(ir.BasicBlock(0, tuple(stores), leave),),
        span=span,
        owner_class=name,
        implicit=True,
    )
