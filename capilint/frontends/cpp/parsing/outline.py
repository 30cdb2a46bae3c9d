"""Finds the functions of a C++ file by its braces, without parsing it.

As in C, but what encloses a function counts: namespaces and classes are looked into, and give the
functions in them their scope.

    namespace ns { class Key { ~Key() { ... } }; }      scope (ns, Key), name ~Key
    ns::Key::Key(HCRYPTKEY h) : m_h(h) { ... }          scope (ns, Key), name Key
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from capilint.frontends.c.parsing import outline as c
from capilint.frontends.c.parsing.outline import Braces, blanked, brace_of, matching_brace
from capilint.frontends.cpp.facts.model import UNNAMED, Scope
from capilint.frontends.cpp.parsing.heads import (
    ClassHead,
    FunctionHead,
    Namespace,
    OpenInitialiser,
    head_of,
)

_CATCH = re.compile(r"\s*catch\s*\([^{}]*\)\s*(?=\{)")


@dataclass(frozen=True, slots=True)
class Definition(c.Definition):
    """Where a C++ function stands; positions are character offsets.

    `scope` has the namespaces and classes around it and in front of its name. `template` is the
    text of its own template parameters, `class_template` that of its class's. `initialisers` are
    the offsets of what a constructor begins its members with, `cut` is where the head ends,
    `handlers_end` where the handlers of a function-try-block do.
    """

    scope: Scope = ()
    in_class: bool = False
    template: str = ""
    class_template: str = ""
    returns: str = ""
    initialisers: tuple[int, int] | None = None
    after: str = ""
    function_try: bool = False
    static: bool = False
    cut: int = 0
    handlers_end: int = 0


@dataclass(frozen=True, slots=True)
class _Open:
    """What is open around a point: a namespace's or a class's part of the scope."""

    parts: Scope
    is_class: bool
    template: str = ""


def definitions(text: str, braces: Braces | None = None) -> list[Definition]:
    """The function definitions of a C++ file, in order. Any text will do.

    `braces` tells of macros that open or close braces, where there are such.
    """
    return list(_definitions(text, braces))


def _definitions(text: str, braces: Braces | None) -> Iterator[Definition]:
    pattern = c.TOP_LEVEL if braces is None else c.TOP_LEVEL_WORDS
    open_: list[_Open] = []
    start = position = 0
    while (token := pattern.search(text, position)) is not None:
        position = token.end()
        match brace_of(token.group(), braces):
            case ";":
                start = position
            case "}":
                start = position
                if open_:
                    open_.pop()
            case "{":
                opening = token.start()
                header = blanked(text[start:opening])
                match head_of(header):
                    case Namespace(None):
                        open_.append(_Open((), False))
                    case Namespace(parts):
                        open_.append(_Open(parts or (UNNAMED,), False))
                    case ClassHead(name, template, _) if name:
                        open_.append(_Open((name,), True, template))
                    case FunctionHead() as head:
                        found = _located(text, start, opening, header, head, open_, braces)
                        position = found.handlers_end
                        yield found
                    case OpenInitialiser():
                        position = matching_brace(text, opening, braces)[0]
                        continue
                    case _:
                        position = matching_brace(text, opening, braces)[0]
                start = position


def _located(
    text: str,
    start: int,
    opening: int,
    header: str,
    head: FunctionHead,
    open_: list[_Open],
    braces: Braces | None,
) -> Definition:
    end, complete = matching_brace(text, opening, braces)
    around = tuple(part for each in open_ for part in each.parts)
    in_class = bool(open_) and open_[-1].is_class
    own, class_template = head.templates, ""
    if head.path and own and not in_class:
        class_template, own = own[0], own[1:]
    elif not head.path:
        class_template = next((each.template for each in reversed(open_) if each.template), "")
    path = tuple(_without_own_arguments(part, class_template) for part in head.path)
    first = len(header) - len(header.lstrip())
    handlers_end = end
    while head.function_try and (clause := _CATCH.match(text, handlers_end)) is not None:
        handlers_end = matching_brace(text, clause.end(), braces)[0]
    cut = opening
    initialisers = None
    if head.initialisers is not None:
        initialisers = (start + head.initialisers[0], start + head.initialisers[1])
        cut = start + head.initialisers[0] - 1
    if head.function_try:
        cut = min(cut, start + header.index("try", head.right))
    return Definition(
        name=head.name,
        start=start + first,
        name_at=start + head.name_at,
        parameters=head.parameters,
        declarations="",
        declarator_end=start + head.right + 1,
        body=opening,
        end=end,
        internal=UNNAMED in around or (head.static and not in_class),
        complete=complete,
        scope=(*around, *path),
        in_class=in_class,
        template=own[-1] if own else "",
        class_template=class_template,
        returns=head.returns,
        initialisers=initialisers,
        after=head.after,
        function_try=head.function_try,
        static=head.static,
        cut=cut,
        handlers_end=handlers_end,
    )


def _without_own_arguments(part: str, template: str) -> str:
    """`Holder<T>` behind `template <class T>` is the template itself."""
    name, bracket, arguments = part.partition("<")
    if not bracket or not template:
        return part
    own = [re.split(r"[\s.]+", each.partition("=")[0].strip())[-1] for each in template.split(",")]
    return name if [each.strip(" .") for each in arguments[:-1].split(",")] == own else part


def without_bodies(text: str, functions: list[Definition]) -> str:
    """The file's declarations: what makes each function a definition replaced by a semicolon."""
    parts: list[str] = []
    position = 0
    for function in functions:
        parts += [text[position : function.cut], ";"]
        position = function.handlers_end
    return "".join([*parts, text[position:]])
