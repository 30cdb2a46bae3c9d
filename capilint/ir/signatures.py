"""C++'s whole names, taken apart: `ns::Key::set(HCRYPTKEY,BOOL)`.

    scope      plain name's last part   parameter list
    ns::Key :: set                      (HCRYPTKEY,BOOL)

A name may lack its parameter list, where the front end does not know which function is meant.
Names of C have neither scope nor list, and are their own plain names.
"""

from __future__ import annotations

_OPENING, _CLOSING = "(<[{", ")>]}"
_OPERATOR = "operator"
_SEPARATOR = "::"


def plain_name(name: str) -> str:
    """The name without its parameter list: `ns::Key::set`."""
    return name[: _list_begins(name)]


def parameter_count(name: str) -> int | None:
    """How many parameters the list has; None for a name without one."""
    begin = _list_begins(name)
    inside = name[begin + 1 : -1]
    if begin == len(name):
        return None
    return 0 if inside in ("", "void") else 1 + inside.count(",") - _nested_commas(inside)


def scope_of(name: str) -> str:
    """The namespaces and classes that the name is in: `ns::Key`; empty for a name in none."""
    return plain_name(name)[: max(_last_begins(name) - len(_SEPARATOR), 0)]


def last_name(name: str) -> str:
    """The last part of the plain name: `set`, `~Key`, `operator==`, `operator ns::Id`."""
    return plain_name(name)[_last_begins(name) :]


def is_constructor(name: str) -> bool:
    """Whether a whole name is that of a constructor: `ns::Key::Key(HCRYPTKEY)`."""
    scope = scope_of(name)
    return bool(scope) and _template(last_name(name)) == _template(last_name(scope))


def _template(name: str) -> str:
    """The name of a class without the arguments of a template."""
    return name.partition("<")[0]


def _list_begins(name: str) -> int:
    """Where the parameter list begins; the name's length where there is none."""
    if not name.endswith(")"):
        return len(name)
    depth = 0
    for index in range(len(name) - 1, -1, -1):
        depth += (name[index] == ")") - (name[index] == "(")
        if not depth:
            is_operator = name[index:] == "()" and name[:index].endswith(_OPERATOR)
            return len(name) if is_operator else index
    return len(name)


def _last_begins(name: str) -> int:
    """Where the last part begins: after the last `::` that is in no template argument."""
    plain = plain_name(name)
    operator = plain.rfind(_SEPARATOR + _OPERATOR)
    if operator >= 0:
        return operator + len(_SEPARATOR)
    if plain.startswith(_OPERATOR):
        return 0
    depth = 0
    for index in range(len(plain) - 1, 0, -1):
        depth += (plain[index] in _CLOSING) - (plain[index] in _OPENING)
        if not depth and plain[index - 1 : index + 1] == _SEPARATOR:
            return index + 1
    return 0


def _nested_commas(text: str) -> int:
    found = depth = 0
    for character in text:
        depth += (character in _OPENING) - (character in _CLOSING)
        found += character == "," and depth > 0
    return found
