"""Finds the functions of a C++ file by its braces, without parsing it.

As in C, but what encloses a function counts: namespaces and classes are looked into, and give the
functions in them their scope.

    namespace ns { class Key { ~Key() { ... } }; }      scope (ns, Key), name ~Key
    ns::Key::Key(HCRYPTKEY h) : m_h(h) { ... }          scope (ns, Key), name Key
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from capilint.frontends.c.parsing import outline as c
from capilint.frontends.c.parsing.branches import keep_cut_branches
from capilint.frontends.c.parsing.outline import (
    Braces,
    after_arguments,
    blanked,
    brace_of,
    matching_brace,
)
from capilint.frontends.cpp.facts.model import UNNAMED, Parameter, Scope
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
from capilint.slotted import quickly_made

_CATCH = re.compile(r"catch\s*\([^(){};]*(?:\([^(){};]*\)[^(){};]*)*\)\s*(?=\{)")
_CATCH_MACRO = re.compile(r"(?:[A-Z]+_)?CATCH_[A-Z_]+\s*\([^(){};]*(?:\([^(){};]*\)[^(){};]*)*\)")
_CLASS_MACRO = re.compile(r"[A-Z0-9_]*(?:CLASS|STRUCT|INTERFACE|FIXTURE)[A-Z0-9_]*")
_FIRST_ARGUMENT = re.compile(r"\s*([^\W\d][\w$]*)\s*(?:,|\Z)")
_BRACE = re.compile(r"[{};]")
_BLANK = re.compile(r"\s*")


class BraceMacros(NamedTuple):
    """The macros that open or close braces: how many, and what a text is with them expanded."""

    braces: Braces
    expand: Callable[[str], str]


@quickly_made
@dataclass(frozen=True, slots=True)
class Definition(c.Definition):
    """Where a C++ function stands; positions are character offsets.

    `scope` has the namespaces and classes around it and in front of its name, `arguments` are
    those that a function template is specialised for. `template` is the text of its own template
    parameters, `class_template` that of its class's. `cut` is where the head ends: in front of a
    constructor's initialisers or of a `try`; `handlers_end` is where the handlers of that do.
    `declared` are the parameters, None where the head does not tell them for certain.
    """

    scope: Scope = ()
    arguments: tuple[str, ...] = ()
    in_class: bool = False
    template: str = ""
    class_template: str = ""
    returns: str = ""
    after: str = ""
    static: bool = False
    cut: int = 0
    handlers_end: int = 0
    declared: tuple[Parameter, ...] | None = None


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

    @property
    def whole(self) -> str:
        """What has been added."""
        return "".join(self.pieces)

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


def definitions(
    text: str,
    macros: BraceMacros | None = None,
    start: int = 0,
    end: int | None = None,
) -> list[Definition]:
    """The function definitions of a C++ file, or of a part of it, in order. Any text will do; O(n).

    `macros` are those that open or close braces, where there are such.
    """
    end = len(text) if end is None else end
    return list(_Outline(text, macros).definitions(start, end))


class _Outline:
    """The way through a file: what is open, and the head that is being read."""

    def __init__(self, text: str, macros: BraceMacros | None) -> None:
        self._text = text
        self._macros = macros
        self._braces = None if macros is None else macros.braces
        self._open: tuple[_Open, ...] = ()
        self._saved: list[tuple[_Open, ...]] = []  # what was open at each #if
        self._header = _Header(0, 0)

    def definitions(self, position: int, end: int) -> Iterator[Definition]:
        pattern = c.TOP_LEVEL if self._braces is None else c.TOP_LEVEL_WORDS
        self._header = _Header(position, position)
        while (token := pattern.search(self._text, position, end)) is not None:
            position = token.end()
            behind = None if self._macros is None else self._behind_macro(token)
            if behind is not None:
                position = behind
                continue
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

    def _behind_macro(self, token: re.Match[str]) -> int | None:
        """Behind the use of a macro that opens or closes namespaces and classes, which it does;
        None for all else."""
        word, macros = token.group(), self._macros
        if macros is None or not word.isidentifier() or not macros.braces(word):
            return None
        end = after_arguments(self._text, token.end())
        meaning = blanked(self._text[self._header.start : token.start()])
        meaning += blanked(macros.expand(self._text[token.start() : end]))
        before = self._open
        start = 0
        for brace in _BRACE.finditer(meaning):
            if brace.group() == "}":
                self._open = self._open[:-1]
            elif brace.group() == "{" and not self._enters(
                self._head_of(meaning[start : brace.start()])
            ):
                self._open = before
                return None
            start = brace.end()
        self._header = _Header(end, end)
        return end

    def _head(self, opening: int) -> Head:
        """What stands in front of a brace, and opens it."""
        header = self._header
        piece = header.add(self._text[header.behind : opening])
        if header.depth > 0 or is_requirement(piece):
            return InExpression()
        if header.in_initialisers and names_member(piece):
            return InExpression()
        whole = header.whole
        head = self._head_of(whole)
        if isinstance(head, FunctionHead) and self._is_class(head, opening):
            name = _FIRST_ARGUMENT.match(whole[slice(*head.parameters)])
            head = ClassHead((name.group(1) if name is not None else head.name,), "")
        colon = head.colon if isinstance(head, FunctionHead) else None
        if colon is not None and not header.in_initialisers and names_member(whole[colon:]):
            header.in_initialisers = True
            return InExpression()
        self._enters(head)
        return head

    def _head_of(self, text: str) -> Head:
        return head_of(text, self._open[-1].class_name if self._open else "")

    def _enters(self, head: Head) -> bool:
        """Open a namespace or a class; False for all else."""
        match head:
            case Namespace(parts):
                self._open += (_Open(() if parts is None else parts or (UNNAMED,)),)
            case ClassHead(parts, template):
                self._open += (_Open(parts, True, template),)
            case _:
                return False
        return True

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
        parameters = self._text[left:right]
        counted = self._header.whole[slice(*head.parameters)]
        if parameters != counted:
            parameters = blanked(parameters)
        is_all = counted == parameters
        is_certain = is_all and all(each.name or each.variadic for each in head.declared)
        cuts = [start + each for each in (head.colon, head.try_at) if each is not None]
        handlers_end = end
        if head.try_at is not None:
            handlers_end = _handlers_end(self._text, end, self._braces)
        return Definition(
            name=head.name,
            start=start + head.begin,
            name_at=start + head.name_at,
            parameters=parameters,
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
            after=head.after,
            static=head.static,
            cut=min(cuts, default=opening),
            handlers_end=handlers_end,
            declared=head.declared if is_certain else None,
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


def without_bodies(
    text: str, functions: list[Definition], start: int = 0, end: int | None = None
) -> str:
    """The declarations of a file, or of a part of it: a semicolon in place of what makes each
    function a definition. All else keeps its row and column."""
    parts: list[str] = []
    for function in functions:
        body = text[function.cut : function.handlers_end]
        rows = body.count("\n")
        columns = len(body) - body.rfind("\n") - 1 if rows else len(body) - 1
        parts += [text[start : function.cut], ";", "\n" * rows, " " * columns]
        start = function.handlers_end
    return "".join([*parts, text[start:end]])
