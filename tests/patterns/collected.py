"""Every regular expression of capilint, found in its source text, and how it is applied."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import capilint

ROOT = Path(capilint.__file__).parent
_CALLS = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
_AT_ONE_PLACE = {"match", "fullmatch"}
_STANDS_FOR = "word"  # what is put into a pattern when it runs


@dataclass(frozen=True)
class Use:
    """A regular expression, where it is, and whether it is only tried at one place of a text."""

    where: str
    package: str
    pattern: str
    flags: int
    anchored: bool


def uses() -> Iterator[Use]:
    """Every regular expression that capilint's text has, also those put together at run time."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(ROOT.rglob("*.py"))}
    everywhere = _methods("\n".join(texts.values()))
    for path, text in texts.items():
        if "re." in text:
            name = ".".join(("capilint", *path.relative_to(ROOT).with_suffix("").parts))
            own = {each: found for each, found in _methods(text).items() if each[0] == "_"}
            methods = everywhere | own
            yield from _in_module(ast.parse(text), name.removesuffix(".__init__"), methods)


def _methods(text: str) -> dict[str, set[str]]:
    """By the last word of a name, the methods that a text calls on it."""
    found: dict[str, set[str]] = {}
    for name, method in re.findall(r"(\w+)\.(\w+)\b", text):
        if method in _CALLS:
            found.setdefault(name, set()).add(method)
    for argument in re.findall(r"\(\s*(_?[A-Z][A-Z_]+),", text):
        found.setdefault(argument, set()).add("search")  # given to a function that applies it
    return found


def _in_module(tree: ast.Module, name: str, methods: dict[str, set[str]]) -> Iterator[Use]:
    module = importlib.import_module(name)
    assigned = {
        id(node.value): target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and _is_of_re(node)):
            continue
        assert isinstance(node.func, ast.Attribute)
        method, where = node.func.attr, f"{name}:{node.lineno}"
        compiled = vars(module).get(assigned.get(id(node), ""))
        if isinstance(compiled, re.Pattern):
            applied = methods.get(assigned[id(node)], {"search"})
            yield _use(where, compiled.pattern, compiled.flags, applied <= _AT_ONE_PLACE)
            continue
        given = _value(node.args[0], module)
        if isinstance(given, re.Pattern):
            yield _use(where, given.pattern, given.flags, method in _AT_ONE_PLACE)
        else:
            yield _use(where, given, _flags(node), method in _AT_ONE_PLACE)


def _use(where: str, pattern: str | bytes, flags: int, anchored: bool) -> Use:
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
    return Use(where, where.partition(":")[0].split(".")[1], text, flags & ~re.DEBUG, anchored)


def _is_of_re(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.func.attr in _CALLS
    )


def _value(node: ast.expr, module: Any) -> Any:
    """What a pattern is; what is not known before it runs stands for a word."""
    match node:
        case ast.Constant(value=str() | bytes() as text):
            return text
        case ast.Name(id=name):
            known = vars(module).get(name)
            return known if isinstance(known, str | bytes | re.Pattern) else _STANDS_FOR
        case ast.JoinedStr(values=parts):
            return "".join(_text(_value(part, module)) for part in parts)
        case ast.FormattedValue(value=inner):
            return _value(inner, module)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(_value(left, module)) + _text(_value(right, module))
        case ast.BinOp(left=left, op=ast.Mod()):
            return re.sub("%[sb]", _STANDS_FOR, _text(_value(left, module)))
        case ast.Attribute(attr="pattern", value=inner):
            return _value(inner, module)
    return _STANDS_FOR


def _text(value: Any) -> str:
    if isinstance(value, re.Pattern):
        value = value.pattern
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _flags(call: ast.Call) -> int:
    given = [*call.args[2:], *(each.value for each in call.keywords if each.arg == "flags")]
    given += (
        call.args[1:2]
        if isinstance(call.func, ast.Attribute) and call.func.attr == "compile"
        else []
    )
    names = {
        node.attr for each in given for node in ast.walk(each) if isinstance(node, ast.Attribute)
    }
    flags = 0
    for name in names:
        flags |= getattr(re, name, 0)
    return flags
