"""Finds the functions of a C++ file by its braces, without parsing it.

As in C, but what encloses a function counts: namespaces and classes are looked into, and give the
functions in them their scope.

    namespace ns { class Key { ~Key() { ... } }; }      scope (ns, Key), name ~Key
    ns::Key::Key(HCRYPTKEY h) : m_h(h) { ... }          scope (ns, Key), name Key
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from capilint.frontends.c.parsing import outline as c
from capilint.frontends.c.parsing.branches import keep_cut_branches
from capilint.frontends.c.parsing.outline import Braces, blanked, brace_of, matching_brace
from capilint.frontends.cpp.facts.model import UNNAMED, Scope
from capilint.frontends.cpp.parsing.heads import (
    ClassHead,
    FunctionHead,
    Head,
    InExpression,
    Namespace,
    head_of,
    is_requirement,
    names_member,
    parameter_names,
)

_CATCH = re.compile(r"catch\s*\([^(){};]*(?:\([^(){};]*\)[^(){};]*)*\)\s*(?=\{)")
_CATCH_MACRO = re.compile(r"(?:[A-Z]+_)?CATCH_[A-Z_]+\s*\([^(){};]*(?:\([^(){};]*\)[^(){};]*)*\)")
_CLASS_MACRO = re.compile(r"[A-Z0-9_]*(?:CLASS|STRUCT|INTERFACE|FIXTURE)[A-Z0-9_]*")
_BLANK = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Definition(c.Definition):
    """Where a C++ function stands; positions are character offsets.

    `scope` has the namespaces and classes around it and in front of its name, `arguments` are
    those that a function template is specialised for. `template` is the text of its own template
    parameters, `class_template` that of its class's. `initialisers` are the offsets of what a
    constructor begins its members with, `cut` is where the head ends, `handlers_end` where the
    handlers of a function-try-block do.
    """

    scope: Scope = ()
    arguments: tuple[str, ...] = ()
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
    is_class: bool = False
    template: str = ""

    @property
    def class_name(self) -> str:
        return self.parts[-1].partition("<")[0] if self.is_class else ""


@dataclass(slots=True)
class _Header:
    """The text since the last brace or semicolon, which begins at `start`: blanked, with what
    stands in the braces of expressions left out. The next piece of it begins at `behind`."""

    start: int
    behind: int
    pieces: list[str] = field(default_factory=list)
    depth: int = 0
    in_initialisers: bool = False
    has_branches: bool = False

    def add(self, text: str) -> str:
        """Add a piece, up to a brace; give it as it counts."""
        piece = blanked(text)
        if self.has_branches and _depth(piece):
            piece = blanked(keep_cut_branches(text))
        self.pieces.append(piece)
        self.depth += _depth(piece)
        return piece

    def pass_over(self, opening: int, end: int) -> None:
        """Go on behind the braces of an expression."""
        self.pieces.append("{" + "}".rjust(end - opening - 1) if end > opening + 1 else "{")
        self.behind = end


def _depth(piece: str) -> int:
    return piece.count("(") - piece.count(")")


def definitions(text: str, braces: Braces | None = None) -> list[Definition]:
    """The function definitions of a C++ file, in order. Any text will do; O(n).

    `braces` tells of macros that open or close braces, where there are such.
    """
    return list(_Outline(text, braces).definitions())


class _Outline:
    """The way through a file: what is open, and the head that is being read."""

    def __init__(self, text: str, braces: Braces | None) -> None:
        self._text = text
        self._braces = braces
        self._open: tuple[_Open, ...] = ()
        self._saved: list[tuple[_Open, ...]] = []  # what was open at each #if
        self._header = _Header(0, 0)

    def definitions(self) -> Iterator[Definition]:
        pattern = c.TOP_LEVEL if self._braces is None else c.TOP_LEVEL_WORDS
        position = 0
        while (token := pattern.search(self._text, position)) is not None:
            position = token.end()
            match brace_of(token.group(), self._braces):
                case ";":
                    self._header = _Header(position, position)
                case "}":
                    self._open = self._open[:-1]
                    self._header = _Header(position, position)
                case "{":
                    opening = token.start()
                    head = self._head(opening)
                    if isinstance(head, FunctionHead):
                        found = self._located(head, opening)
                        position = found.handlers_end
                        yield found
                    elif not isinstance(head, Namespace | ClassHead):
                        position = matching_brace(self._text, opening, self._braces)[0]
                    if isinstance(head, InExpression):
                        self._header.pass_over(opening, position)
                    else:
                        self._header = _Header(position, position)
                case word:
                    self._directive(word)

    def _head(self, opening: int) -> Head:
        """What stands in front of a brace, and opens it."""
        header = self._header
        piece = header.add(self._text[header.behind : opening])
        if header.depth > 0 or is_requirement(piece):
            return InExpression()
        if header.in_initialisers and names_member(piece):
            return InExpression()
        whole = "".join(header.pieces)
        head = head_of(whole, self._open[-1].class_name if self._open else "")
        match head:
            case Namespace(parts):
                self._open += (_Open(() if parts is None else parts or (UNNAMED,)),)
            case ClassHead(parts, template):
                self._open += (_Open(parts, True, template),)
            case FunctionHead() if self._is_class(head, opening):
                name = re.match(r"\s*([^\W\d][\w$]*)\s*(?:,|\Z)", whole[slice(*head.parameters)])
                parts = (name.group(1) if name is not None else head.name,)
                self._open += (_Open(parts, is_class=True),)
                return ClassHead(parts, "")
            case FunctionHead(colon=int(colon)) if not header.in_initialisers:
                header.in_initialisers = True
                return InExpression() if names_member(whole[colon:]) else head
        return head

    def _is_class(self, head: FunctionHead, opening: int) -> bool:
        """Whether `TEST_CLASS(Keys) { ... };` says by its macro's name that it is a class."""
        if head.returns or head.path or not _CLASS_MACRO.fullmatch(head.name) or self._in_class:
            return False
        end, _ = matching_brace(self._text, opening, self._braces)
        return self._text.startswith(";", _after_blanks(self._text, end))

    @property
    def _in_class(self) -> bool:
        return bool(self._open) and self._open[-1].is_class

    def _directive(self, word: str) -> None:
        """Of the branches of an `#if` only one opens its braces."""
        directive = c.DIRECTIVE.match(word)
        if directive is None:
            return
        match directive.group(1):
            case "if":
                self._saved.append(self._open)
            case "el" if self._saved:
                self._open = self._saved[-1]
            case "endif" if self._saved:
                self._saved.pop()
        self._header.has_branches = True

    def _located(self, head: FunctionHead, opening: int) -> Definition:
        start = self._header.start
        end, complete = matching_brace(self._text, opening, self._braces)
        around = [each for each in self._open if not (each.is_class and head.friend)]
        outer = tuple(part for each in around for part in each.parts)
        in_class = self._in_class and not head.friend
        path, template, class_template = _qualified(head)
        if not path:
            class_template = next((each.template for each in around[::-1] if each.template), "")
        left, right = (start + each for each in head.parameters)
        cuts = [start + each for each in (head.colon, head.try_at) if each is not None]
        initialisers = None
        if head.colon is not None:
            begin = start + head.colon + 1
            initialisers = (begin, begin + len(self._text[begin:opening].rstrip()))
        handlers_end = end
        if head.try_at is not None:
            handlers_end = _handlers_end(self._text, end, self._braces)
        return Definition(
            name=head.name,
            start=start + head.begin,
            name_at=start + head.name_at,
            parameters=blanked(self._text[left:right]),
            declarations="",
            declarator_end=right + 1,
            body=opening,
            end=end,
            internal=UNNAMED in outer or (head.static and not in_class),
            complete=complete,
            scope=(*outer, *path),
            arguments=head.arguments,
            in_class=in_class,
            template=template,
            class_template=class_template,
            returns=head.returns,
            initialisers=initialisers,
            after=head.after,
            function_try=head.try_at is not None,
            static=head.static,
            cut=min(cuts, default=opening),
            handlers_end=handlers_end,
        )


def _handlers_end(text: str, position: int, braces: Braces | None) -> int:
    """The offset behind the `catch` clauses that follow."""
    while True:
        start = _after_blanks(text, position)
        clause = _CATCH.match(text, start)
        if clause is None:
            macro = _CATCH_MACRO.match(text, start)
            return macro.end() if macro is not None else position
        position = matching_brace(text, clause.end(), braces)[0]


def _after_blanks(text: str, position: int) -> int:
    while True:
        blank = _BLANK.match(text, position)
        position = blank.end() if blank is not None else position
        comment = c.TRIVIA_PATTERN.match(text, position)
        if comment is None or not comment.group().startswith("/"):
            return position
        position = comment.end()


def _qualified(head: FunctionHead) -> tuple[Scope, str, str]:
    """The parts in front of a name, its own template parameters, and those of its class.

    Behind `template <class T>`, `Holder<T>` is the template itself, and `Holder<T *>` is not.
    """
    own = list(head.templates)
    class_template = ""
    path: list[str] = []
    for part in head.path:
        name, bracket, written = part.partition("<")
        given = re.findall(r"[\w$]+", written)
        if bracket and own and (not own[0] or set(parameter_names(own[0])) & set(given)):
            class_template = own.pop(0)
            if re.sub(r"[\s.]", "", written[:-1]).split(",") == parameter_names(class_template):
                part = name
        path.append(part)
    return tuple(path), own[-1] if own else "", class_template


def without_bodies(text: str, functions: list[Definition]) -> str:
    """The file's declarations: what makes each function a definition replaced by a semicolon."""
    parts: list[str] = []
    position = 0
    for function in functions:
        parts += [text[position : function.cut], ";"]
        position = function.handlers_end
    return "".join([*parts, text[position:]])
