"""Decides `#if`s by what is defined, from outside or in the text, and settles them there.

    #ifdef UNICODE  (-D UNICODE)    ................
        wide();                         wide();
    #else                     ->    .....
        narrow();                   ...........
    #endif                          ......

What goes becomes spaces, so that positions stay. A condition that hangs on a name of which
nothing is said stays as it is. What the text says of a name holds behind it:

    #define WIDE 1             WIDE is 1
    #ifndef TRACE
    #define TRACE 0            TRACE is something: what, may be said from outside
    #endif
    #ifdef DEBUG
    #undef WIDE                nobody knows, from here on
    #endif
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from capilint.frontends.c.preprocessing.arithmetic import Expression, NotAnExpression
from capilint.frontends.c.preprocessing.directives import Directive
from capilint.frontends.c.preprocessing.macros import macro_of, name_in
from capilint.frontends.c.preprocessing.tokens import Token, tokens_of

Defines = Mapping[str, str | None]
"""What is defined from outside: a value, or None for a name that is not defined."""

_DEEPEST_NAME = 20
_SOMETHING = "?"  # the value of a name that is defined as nobody knows what
_NOT_A_NEWLINE = re.compile(r"[^\n]")


def holds(directive: Directive, defines: Defines) -> bool | None:
    """Whether the condition of an `#if`, `#ifdef` or `#elif` holds; None where nobody knows."""
    word = directive.word
    if word.endswith("def"):
        name = name_in(directive.rest)
        if name not in defines:
            return None
        return (defines[name] is not None) is not word.endswith("ndef")
    return _truth(_without_defined(tokens_of(directive.rest), defines), defines)


def _truth(tokens: Sequence[Token], defines: Defines) -> bool | None:
    known: dict[str, int | None] = {"true": 1, "false": 0}

    def value_of(name: str, depth: int = 0) -> int | None:
        if name not in known:
            known[name] = None  # while it is looked for
            if name in defines and depth <= _DEEPEST_NAME:
                value = defines[name]
                known[name] = 0 if value is None else number_in(value, depth + 1)
        return known[name]

    def number_in(value: str, depth: int) -> int | None:
        return Expression(tokens_of(value), lambda inner: value_of(inner, depth)).value()

    try:
        value = Expression(tokens, value_of).value()
    except (NotAnExpression, RecursionError):
        return None
    return None if value is None else value != 0


def _without_defined(tokens: Sequence[Token], defines: Defines) -> list[Token]:
    """The tokens with each `defined X` answered, by a name that means nothing if need be."""
    found: list[Token] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        if token.text == "defined":
            parenthesised = position < len(tokens) and tokens[position].text == "("
            name = tokens[position + parenthesised : position + parenthesised + 1]
            position += 3 if parenthesised else 1
            known = defines.get(name[0].text, "") if name else ""
            if name and name[0].text in defines:
                token = Token("0" if known is None else "1", is_name=False)
        found.append(token)
    return found


@dataclass(slots=True)
class _Conditional:
    """An `#if` up to its `#endif`: its directives, and the truth of each branch's condition."""

    parts: list[Directive] = field(default_factory=list)
    truths: list[bool | None] = field(default_factory=list)

    def add(self, directive: Directive, defines: Defines) -> None:
        self.parts.append(directive)
        if directive.word != "endif":
            self.truths.append(True if directive.word == "else" else holds(directive, defines))

    @property
    def branch_is_dead(self) -> bool:
        """Whether the branch that the last directive opens is not compiled."""
        return self.truths[-1] is False or any(self.truths[:-1])

    @property
    def branch_is_sure(self) -> bool:
        """Whether the branch that the last directive opens is compiled, whatever is unknown."""
        return self.truths[-1] is True and all(truth is False for truth in self.truths[:-1])

    @property
    def tests_absence_of(self) -> str:
        """The name whose absence the open branch asks for: `#ifndef X`, `#if !defined(X)`."""
        first = self.parts[0]
        if len(self.truths) > 1:
            return ""
        if first.word == "ifndef":
            return name_in(first.rest)
        match = re.match(r"\s*+!\s*+defined\s*+\(?\s*+(\w++)[\s)]*+\Z", first.rest)
        return match.group(1) if match and first.word == "if" else ""


def settled(text: str, directives: Sequence[Directive], defines: Defines) -> str:
    """The text with the conditionals settled that are decided, in part or as a whole."""
    edits: list[tuple[int, int, str]] = []
    open_: list[_Conditional] = []
    known = dict(defines)
    for directive in directives:
        if directive.word in ("if", "ifdef", "ifndef"):
            open_.append(_Conditional())
        if not directive.is_conditional or not open_:
            if directive.word in ("define", "undef"):
                _learn(known, directive, open_)
            continue
        open_[-1].add(directive, known)
        if directive.word == "endif":
            edits += _edits(open_.pop())
    return _edited(text, edits) if edits else text


def _learn(known: dict[str, str | None], directive: Directive, around: list[_Conditional]) -> None:
    """Take what a `#define` or `#undef` says of a name into what is known."""
    if any(each.branch_is_dead for each in around):
        return
    name = name_in(directive.rest)
    unsure = [each for each in around if not each.branch_is_sure]
    defines = directive.word == "define"
    if not unsure:
        known[name] = _value(directive) if defines else None
    elif defines and (known.get(name) is not None or _gives_a_default(name, unsure)):
        known[name] = _SOMETHING
    else:
        known.pop(name, None)


def _value(definition: Directive) -> str:
    """What a `#define` makes of its name in an `#if`."""
    macro = macro_of(definition.rest)
    return _SOMETHING if macro is None or macro.parameters is not None else macro.body


def _gives_a_default(name: str, around: list[_Conditional]) -> bool:
    return len(around) == 1 and around[0].tests_absence_of == name


def _edits(conditional: _Conditional) -> Iterator[tuple[int, int, str]]:
    """The stretches of text that go, each with what stands there instead."""
    parts, truths = conditional.parts, conditional.truths
    decided = (t is not None for part, t in zip(parts, truths, strict=False) if part.word != "else")
    if not any(decided):
        return
    opened = closed = False
    for index, (part, truth) in enumerate(zip(parts, truths, strict=False)):
        if closed or truth is False:
            yield part.start, parts[index + 1].start, ""
        elif truth is None:
            if not opened and index:
                yield part.start, part.end, _as_if(part)
            opened = True
        else:
            if not opened:
                yield part.start, part.end, ""
            elif part.word != "else":
                yield part.start, part.end, "#else"
            closed = True
    if not opened:
        yield parts[-1].start, parts[-1].end, ""


def _as_if(part: Directive) -> str:
    """An `#elif` as the `#if` that it becomes."""
    return f"#{part.word.removeprefix('el')}{part.rest}"


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    parts: list[str] = []
    position = 0
    for start, end, instead in sorted(edits):
        if start < position:  # in a branch that goes as a whole
            continue
        blank = _NOT_A_NEWLINE.sub(" ", text[start:end])
        if "\n" not in instead:
            blank = instead + blank[len(instead) :]
        else:
            blank = instead + " " * (end - start - len(instead))
        parts += [text[position:start], blank]
        position = end
    return "".join([*parts, text[position:]])


class Compiled(NamedTuple):
    """A directive that is no conditional, the names whose absence the `#if`s around it ask for,
    and the branch of each of these: its number by the offset of the `#if`."""

    directive: Directive
    absent: frozenset[str]
    branches: Mapping[int, int]


def compiled(directives: Iterable[Directive], defines: Defines) -> Iterator[Compiled]:
    """The directives that are no conditionals, those left out in whose place nothing is
    compiled."""
    open_: list[_Conditional] = []
    for directive in directives:
        if directive.is_conditional:
            if directive.word in ("if", "ifdef", "ifndef"):
                open_.append(_Conditional())
            if open_:
                open_[-1].add(directive, defines)
                if directive.word == "endif":
                    open_.pop()
        elif not any(each.branch_is_dead for each in open_):
            absent = frozenset(each.tests_absence_of for each in open_)
            branches = {each.parts[0].start: len(each.parts) for each in open_}
            yield Compiled(directive, absent, branches)
