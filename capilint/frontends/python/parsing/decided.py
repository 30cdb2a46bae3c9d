"""Conditions that are decided before the program runs: by who reads it, and by the platform.

if TYPE_CHECKING:                 false: only type checkers read the branch
if sys.platform == "darwin":      false: the API is on Windows only
if os.name == "nt":               true
"""

from __future__ import annotations

import libcst as cst

from capilint.frontends.python.parsing.tree import dotted_name, text_literal

# What each tells on Windows. Cygwin's Python has the API as well, and says something else.
_ON_WINDOWS = {
    "sys.platform": "win32",
    "platform": "win32",
    "os.name": "nt",
    "platform.system": "Windows",
}
_ALSO = ("cygwin", "msys")


def truth(test: cst.BaseExpression) -> bool | None:
    """What a condition always is where the program runs; None where that is not decided."""
    match test:
        case cst.UnaryOperation(operator=cst.Not(), expression=inner):
            inverted = truth(inner)
            return None if inverted is None else not inverted
        case cst.BooleanOperation(left=left, operator=operator, right=right):
            decisive = isinstance(operator, cst.Or)
            either = (truth(left), truth(right))
            if decisive in either:
                return decisive
            return None if None in either else not decisive
        case cst.Comparison(left=left, comparisons=[cst.ComparisonTarget() as only]):
            return _compared(left, only)
        case cst.Call(func=cst.Attribute(value=value, attr=attr), args=[cst.Arg(value=begin)]):
            told, text = _told(value), text_literal(begin)
            if attr.value != "startswith" or told is None or text is None:
                return None
            return True if told.startswith(text) else _unless_also((text,), False)
    return False if dotted_name(test).rpartition(".")[2] == "TYPE_CHECKING" else None


def unrun(node: cst.If) -> cst.CSTNode | None:
    """The branch of an `if` that never runs, if there is one."""
    decided = truth(node.test)
    return None if decided is None else node.orelse if decided else node.body


def _compared(left: cst.BaseExpression, target: cst.ComparisonTarget) -> bool | None:
    told = _told(left)
    if told is None:
        return None
    many = target.comparator
    elements = many.elements if isinstance(many, cst.Tuple | cst.List | cst.Set) else ()
    values = [each.value for each in elements] if elements else [many]
    texts = tuple(text for each in values if (text := text_literal(each)) is not None)
    if len(texts) != len(values):
        return None
    match target.operator:
        case cst.Equal() | cst.In():
            return True if told in texts else _unless_also(texts, False)
        case cst.NotEqual() | cst.NotIn():
            return False if told in texts else _unless_also(texts, True)
    return None


def _told(node: cst.BaseExpression) -> str | None:
    """What an expression is on Windows, if it tells the platform."""
    if isinstance(node, cst.Call):
        if isinstance(node.func, cst.Attribute) and node.func.attr.value == "lower":
            told = _told(node.func.value)
            return None if told is None else told.lower()
        name = dotted_name(node.func)
        return _ON_WINDOWS.get(name) if name == "platform.system" and not node.args else None
    name = dotted_name(node)
    return _ON_WINDOWS.get(name) if name != "platform.system" else None


def _unless_also(texts: tuple[str, ...], answer: bool) -> bool | None:
    """An answer that does not hold where the API is there on another platform, too."""
    also = any(each.lower().startswith(text.lower()) for text in texts for each in _ALSO)
    return None if also else answer
