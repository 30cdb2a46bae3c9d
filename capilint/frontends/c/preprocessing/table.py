"""Which macro a name is in a file: what the file, its headers and the command line say of it.

A name that is defined twice, in different words, stands for nothing certain, unless one of the
definitions gives way: one under `#ifndef NAME` is for want of another, and one behind an
`#undef NAME`, under no condition, takes the place of all before it. In the two branches of one
`#if` neither gives way: who knows which of them is compiled with what else is in them. What only
hints at the likelier way is no difference.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from capilint.frontends.c.parsing.conditionals import OTHER_NAMES, WINDOWS_NAMES
from capilint.frontends.c.preprocessing.arithmetic import Expression, NotAnExpression
from capilint.frontends.c.preprocessing.conditions import Defines, compiled
from capilint.frontends.c.preprocessing.directives import Directive
from capilint.frontends.c.preprocessing.expansion import Find, expanded_tokens
from capilint.frontends.c.preprocessing.hints import agreed
from capilint.frontends.c.preprocessing.macros import (
    Macro,
    macro_from_outside,
    macro_of,
    name_in,
)
from capilint.frontends.c.preprocessing.tokens import Token

FOR_WANT, PLAIN, ANEW = range(3)
_NOTHING = Token("", is_name=False)
_DEEPEST = 50  # macros in the text of macros
_WINDOWS: Defines = {
    **dict.fromkeys(WINDOWS_NAMES, "1"),
    **dict.fromkeys(OTHER_NAMES),
    **dict.fromkeys(("RC_INVOKED", "__midl", "__cplusplus")),
}


class Entry(NamedTuple):
    """What is known of a name: how strongly it is defined, and as what, None for no macro or
    for nothing certain."""

    strength: int
    macro: Macro | None


Entries = Mapping[str, Entry]


class Changes(NamedTuple):
    """The macros of one text by name. `sequences` has those whose meaning changes on the way:
    the offset of each change, and what holds behind it."""

    entries: Entries
    sequences: Mapping[str, Sequence[tuple[int, Macro | None]]]

    def mentions(self) -> Iterator[tuple[str, frozenset[str]]]:
        """The macros that mean something, each with the names in its text."""
        for name, (_, macro) in self.entries.items():
            if macro is not None and macro.names:
                yield name, macro.names


def stronger(one: Entry, other: Entry) -> Entry:
    """What two definitions say together."""
    if one.strength != other.strength:
        return max(one, other, key=lambda entry: entry.strength)
    return Entry(one.strength, agreed(one.macro, other.macro))


def merged(layers: Iterable[Entries]) -> dict[str, Entry]:
    """What several texts say together."""
    known: dict[str, Entry] = {}
    for entries in layers:
        both = [name for name in known.keys() & entries.keys() if known[name] != entries[name]]
        decided = {name: stronger(known[name], entries[name]) for name in both}
        known.update(entries)
        known.update(decided)
    return known


def changes_of(directives: Sequence[Directive], defines: Defines) -> Changes:
    """The macros that a text defines for Windows, where the command line says no other."""
    seen: dict[str, list[tuple[int, Macro | None, bool]]] = {}
    entries: dict[str, Entry] = {}
    branches: defaultdict[str, defaultdict[int, set[int]]]  # of a name's definitions, by `#if`
    branches = defaultdict(lambda: defaultdict(set))
    for directive, absent, here in compiled(directives, {**_WINDOWS, **defines}):
        if directive.word not in ("define", "undef"):
            continue
        name = name_in(directive.rest)
        macro = macro_of(directive.rest) if directive.word == "define" else None
        always = absent <= seen.keys()  # but for the guard of a header
        before = seen.setdefault(name, [])
        anew = always and bool(before) and before[-1][1] is None
        before.append((directive.end, macro, always))
        if macro is not None:
            entry = Entry(FOR_WANT if name in absent else ANEW if anew else PLAIN, macro)
            known = entries.get(name, entry)
            if any(branches[name][start] - {branch} for start, branch in here.items()):
                # In different branches of one `#if` neither is for want of the other.
                entry = Entry(max(entry.strength, known.strength), agreed(macro, known.macro))
            for start, branch in here.items():
                branches[name][start].add(branch)
            entries[name] = stronger(known, entry)
    entries.update((name, Entry(ANEW, None)) for name in seen.keys() - entries.keys())
    sequences = {
        name: [(offset, macro) for offset, macro, _ in each]
        for name, each in seen.items()
        if len(each) > 1
        and all(always for _, _, always in each)
        and any(macro is None for _, macro, _ in each)
    }
    return Changes(entries, sequences)


def names_set(directives: Iterable[Directive]) -> frozenset[str]:
    """The names that a text defines or undefines itself, whatever is said from outside."""
    return frozenset(
        name
        for directive, absent, _ in compiled(directives, {})
        if directive.word in ("define", "undef") and (name := name_in(directive.rest)) not in absent
    )


class MacroTable:
    """The macros of one file, by name."""

    def __init__(self, own: Changes, included: Entries, defines: Defines) -> None:
        self._own = own
        self._included = included
        self._outside = {
            name: macro_from_outside(name, value)
            for name, value in defines.items()
            if value is not None
        }
        self._found: dict[str, Macro | None] = {}
        self._numbers: dict[str, int | None] = {}
        self._texts: dict[str, Macro | None] = {}
        self._braces: dict[str, int] = {}
        self._openers: dict[str, bool] = {}

    def find(self, name: str) -> Macro | None:
        """The macro that a name is, None where it is none or nothing certain."""
        try:
            return self._found[name]
        except KeyError:
            self._found[name] = found = self._find(name)
            return found

    def _find(self, name: str) -> Macro | None:
        own, included = self._own.entries.get(name), self._included.get(name)
        if own is not None and included is not None:
            return stronger(own, included).macro
        entry = own or included
        outside = self._outside.get(name)
        if entry is None or (outside is not None and entry.strength == FOR_WANT):
            return outside
        return entry.macro

    def at(self, offset: int) -> Find:
        """What `text_macro` is for a text that begins at an offset of the file."""
        now = {
            name: changes[at - 1][1] if (at := _position(changes, offset)) else self._before(name)
            for name, changes in self._own.sequences.items()
        }
        if not now:
            return self.text_macro
        return lambda name: now[name] if name in now else self.text_macro(name)

    def _before(self, name: str) -> Macro | None:
        """What a name is before the file says anything of it."""
        entry = self._included.get(name)
        return entry.macro if entry is not None else self._outside.get(name)

    def number(self, name: str) -> int | None:
        """The integer that a macro without parentheses stands for."""
        if name not in self._numbers:
            self._numbers[name] = None  # while it is looked for
            self._numbers[name] = self._number(name)
        return self._numbers[name]

    def _number(self, name: str) -> int | None:
        macro = self.find(name)
        if macro is None or macro.parameters is not None or not macro.tokens:
            return None
        try:
            return Expression(macro.tokens, self.number, casts=True).value()
        except (NotAnExpression, RecursionError):
            return None

    def text_macro(self, name: str) -> Macro | None:
        """The macro that is to be expanded where a name is used.

        A number keeps its name, by which the rule book may know it; 0 is the same under any. So
        does what stands for nothing but the use of an uncertain macro: `#define Sign WIDE(Sign)`.
        """
        try:
            return self._texts[name]
        except KeyError:
            macro = self.find(name)
            if macro is not None and (self.number(name) or self._is_uncertain(macro)):
                macro = None
            self._texts[name] = macro
            return macro

    def _is_uncertain(self, macro: Macro) -> bool:
        if macro.parameters is not None or "(" not in macro.body or not macro.tokens[0].is_name:
            return False
        tokens = expanded_tokens(macro.tokens, lambda name: self._unless(name, macro)) or [_NOTHING]
        wrapper = tokens[0].text
        texts = [token.text for token in tokens]
        if texts[1:2] != ["("] or texts[-1] != ")" or not tokens[0].is_name:
            return False
        known = wrapper in self._own.entries or wrapper in self._included
        return texts[2:-1] == [macro.name] or (known and self.find(wrapper) is None)

    def _unless(self, name: str, macro: Macro) -> Macro | None:
        return None if name == macro.name else self.find(name)

    def braces(self, name: str, depth: int = 0) -> int:
        """How many braces a use of a name opens and does not close."""
        if name not in self._braces:
            self._braces[name] = 0  # in its own text it is no macro
            macro = self.find(name) if depth < _DEEPEST else None
            if macro is not None:
                self._braces[name] = sum(
                    {"{": 1, "}": -1}.get(token.text, 0)
                    + (self.braces(token.text, depth + 1) if token.is_name else 0)
                    for token in macro.tokens
                )
        return self._braces[name]

    def opens_block(self, name: str, depth: int = 0) -> bool:
        """Whether a use with arguments opens a brace, be it closed in it or not."""
        if name not in self._openers:
            self._openers[name] = False  # in its own text it is no macro
            macro = self.find(name) if depth < _DEEPEST else None
            if macro is not None and macro.parameters is not None:
                inside = any(self.opens_block(each, depth + 1) for each in macro.names)
                self._openers[name] = inside or "{" in macro.body
        return self._openers[name]


def is_unbalanced(macro: Macro) -> bool:
    """Whether the text of a macro opens a brace that it does not close."""
    return macro.body.count("{") != macro.body.count("}")


def _position(changes: Sequence[tuple[int, Macro | None]], offset: int) -> int:
    return bisect_right(changes, offset, key=lambda change: change[0])
