"""The constructor that `dataclasses` makes for a class: each field gets its argument.

    @dataclass                                     def __init__(self, prov, name="a"):
    class Session:                                     self.prov = prov
        prov: HCRYPTPROV                               self.name = name
        name: str = "a"                                self.key = None
        key: object = field(init=False, default=None)  self.__post_init__()

A class that is more than its own fields is left alone: one with bases, with a constructor of its
own, with fields that are arguments by name alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import libcst as cst

from capilint import ir
from capilint.finding import Span
from capilint.frontends.python.parsing.tree import dotted_name

DECORATOR = "dataclasses.dataclass"
_AFTERWARDS = "__post_init__"
_OWN = frozenset({"__init__", "__new__", "__setattr__", "__getattr__"})
_NO_ARGUMENTS = ("ClassVar", "InitVar", "KW_ONLY")
_KEYWORDS = frozenset({"init", "kw_only"})  # that say which fields are arguments, and how


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its default, and whether the constructor has an argument for it."""

    name: str
    default: cst.BaseExpression | None
    is_argument: bool


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
                each = _field(small.target.value, small.value)
                if each is None or _says(small.annotation.annotation, _NO_ARGUMENTS):
                    return None
                found.append(each)
    return found


def _field(name: str, default: cst.BaseExpression | None) -> Field | None:
    """The field of that name; None where a keyword makes something else of its argument."""
    said = {
        each.keyword.value: each.value
        for each in (default.args if isinstance(default, cst.Call) else ())
        if each.keyword is not None
    }
    if not _KEYWORDS & said.keys():
        return Field(name, default, is_argument=True)
    if "kw_only" in said or dotted_name(said["init"]) != "False":
        return None
    return Field(name, said.get("default"), is_argument=False)


def _runs_afterwards(node: cst.ClassDef) -> bool:
    """Whether a method of the class goes on where the fields are set."""
    methods = (each for each in node.body.body if isinstance(each, cst.FunctionDef))
    return any(each.name.value == _AFTERWARDS for each in methods)


def _says(annotation: cst.BaseExpression, words: Sequence[str]) -> bool:
    named = annotation.value if isinstance(annotation, cst.Subscript) else annotation
    return dotted_name(named).rpartition(".")[2] in words


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
    for each in _fields(node) or ():
        unset = None if each.default is None else default(each.default)
        given = ir.Variable(each.name, ir.Scope.PARAMETER)
        value = ir.Read(ir.Place(given)) if each.is_argument else unset
        if each.is_argument:
            parameters.append(ir.Parameter(given, "", unset))
        if value is not None:
            stores.append(ir.Assign(ir.Place(own, ("*", f".{each.name}")), value, span))
    if _runs_afterwards(node):
        callee = ir.Direct(f"{name}.{_AFTERWARDS}")
        stores.append(ir.Call(callee, (ir.Read(ir.Place(own)),), None, span))
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
