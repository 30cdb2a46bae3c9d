"""Expands macros in a text by tokens, as the compiler does (C11 6.10.3, Prosser's algorithm).

    row 4   CHECK(Crypt ## (k,   ->   if (!(CryptEncrypt(k, n))) goto done;
    row 5         n));                                                     <- the rest of row 5

An expansion stands on the row of its use, and the newlines of a use in several rows follow it,
so that rows stay; a ColumnMap leads from columns back to the source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from capilint.frontends.c.parsing.positions import ColumnMap
from capilint.frontends.c.preprocessing.macros import Macro
from capilint.frontends.c.preprocessing.substitution import Replacement
from capilint.frontends.c.preprocessing.tokens import Token, joined, next_token

Find = Callable[[str], Macro | None]
"""The macro that a name is, None where it is none."""

_WORDS = re.compile(
    r"""
    (?P<name>(?<![\w.])[^\W\d]\w*+)
  | (?P<text>(?:u8|[LuU])?"(?:[^"\\\n]|\\.)*+"? | (?:u8|[LuU])?'(?:[^'\\\n]|\\.)*+'?)
  | //(?:[^\n\\]|\\.)*+
  | /\*.*?(?:\*/|\Z)
  | ^[ \t]*+\#(?:[^\n\\/]|\\.|/\*.*?(?:\*/|\Z)|//(?:[^\n\\]|\\.)*+|/)*+
  | \d(?:[eEpP][-+]|[\w.'])*+
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_NAME = re.compile(r"[^\W\d]\w*+")  # and parts of what is none
_DIRECTIVE_AHEAD = re.compile(r"\n[ \t]*#")
_LEAST_BUDGET = 100_000  # characters of expansions in one text, and as many more
_BUDGET_PER_CHARACTER = 20  # for each character of it
_LONGEST_USE = 20_000  # characters
_DEEPEST = 60  # uses in the arguments of uses


class _Unexpandable(Exception):
    """A use that the compiler would not expand either, or that a directive cuts."""


class _TooMuch(Exception):
    """The budget is spent."""


class Use(NamedTuple):
    """The use of a macro from an offset `start` to `end`, on a row from 0; `text` is what it
    stands for."""

    name: str
    start: int
    end: int
    row: int
    text: str


@dataclass(frozen=True, slots=True)
class Expanded:
    """A text with its macros expanded, and what was expanded in it.

    `unexpanded` are the macros of the uses that were left because they would have stood for too
    much text.
    """

    text: str
    columns: ColumnMap
    uses: tuple[Use, ...]
    unexpanded: frozenset[str] = frozenset()


def expanded(text: str, find: Find) -> Expanded:
    """The text with all uses of macros expanded, as far as the budget goes."""
    if not any(map(find, set(_NAME.findall(text)))):
        return Expanded(text, ColumnMap(), ())
    return _Text(text, find).expanded()


def expanded_tokens(tokens: Sequence[Token], find: Find) -> list[Token] | None:
    """The tokens with all uses expanded, None where they stand for too much text."""
    try:
        return _Expansion(find, _LEAST_BUDGET, None).of(tokens)
    except (_TooMuch, _Unexpandable):
        return None


class _Text:
    """The text on its way from left to right."""

    def __init__(self, text: str, find: Find) -> None:
        self._text = text
        self._find = find
        self._budget = _LEAST_BUDGET + _BUDGET_PER_CHARACTER * len(text)
        self._parts: list[str] = []
        self._copied = 0  # the source up to here is in the parts
        self._columns = ColumnMap()
        self._row = self._row_start = 0  # of the source, where it is copied up to
        self._length = 0  # of the row that is written
        self._uses: list[Use] = []
        self._unexpanded: set[str] = set()

    def expanded(self) -> Expanded:
        position: int | None = 0
        while position is not None:
            position = self._behind_use(position)
        self._copy(len(self._text))
        text, unexpanded = "".join(self._parts), frozenset(self._unexpanded)
        return Expanded(text, self._columns, tuple(self._uses), unexpanded)

    def _behind_use(self, position: int) -> int | None:
        """Behind the next use of a macro, which is expanded; None where there is none."""
        for match in _WORDS.finditer(self._text, position):
            if match.lastgroup == "name" and self._find(match.group()) is not None:
                return self._use(match.group(), *match.span())
        return None

    def _use(self, name: str, start: int, end: int) -> int:
        """Expand one use; the position behind it."""
        source = _Source(self._text, end)
        expansion = _Expansion(self._find, self._budget, source)
        try:
            tokens = expansion.of([Token(name, is_name=True)])
        except _Unexpandable:
            return end
        except _TooMuch:
            self._budget = 0
            self._unexpanded.add(name)
            return end
        finally:
            self._budget = min(self._budget, expansion.budget)
        if [token.text for token in tokens] != [name] or source.position != end:
            self._replace(name, start, source.position, joined(tokens))
        return source.position

    def _replace(self, name: str, start: int, end: int, expansion: str) -> None:
        self._copy(start)
        self._uses.append(Use(name, start, end, self._row, expansion))
        used_at = (self._row, start - self._row_start)
        column = self._length
        self._write(f" {expansion} ")
        row, written = self._row, self._length
        self._advance(end)
        newlines = self._row - row
        self._write("\n" * newlines)
        self._length = 0 if newlines else written
        self._copied = end
        used_to = (self._row, end - self._row_start)
        self._columns.add(row, column, written, used_at, used_to, self._length)

    def _copy(self, end: int) -> None:
        """Write the source up to `end` as it is."""
        self._parts.append(self._text[self._copied : end])
        row = self._row
        start = self._copied
        self._advance(end)
        self._length = end - self._row_start if self._row != row else self._length + end - start
        self._copied = end

    def _advance(self, end: int) -> None:
        newlines = self._text.count("\n", self._copied, end)
        if newlines:
            self._row += newlines
            self._row_start = self._text.rfind("\n", self._copied, end) + 1

    def _write(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)


class _Source:
    """The tokens of the text behind a use."""

    def __init__(self, text: str, position: int) -> None:
        self.position = position
        self._text = text
        self._end = min(len(text), position + _LONGEST_USE)

    def opens(self) -> bool:
        """Whether a `(` follows."""
        token, end = next_token(self._text, self.position, self._end)
        if token is None or token.text != "(":
            return False
        return _DIRECTIVE_AHEAD.search(self._text, self.position, end) is None

    def take(self) -> Token:
        """The next token. Raises _Unexpandable at the end and at a directive."""
        token, end = next_token(self._text, self.position, self._end)
        if token is None or _DIRECTIVE_AHEAD.search(self._text, self.position, end) is not None:
            raise _Unexpandable
        self.position = end
        return token


class _Expansion:
    """The expansion of one use, or of one argument."""

    def __init__(self, find: Find, budget: int, source: _Source | None, depth: int = 0) -> None:
        self.budget = budget
        self._find = find
        self._source = source
        self._depth = depth
        self._pending: list[Token] = []  # in reverse

    def of(self, tokens: Iterable[Token]) -> list[Token]:
        """What the tokens stand for."""
        self._pending = list(tokens)[::-1]
        done: list[Token] = []
        while self._pending:
            token = self._pending.pop()
            self._spend(len(token.text) + 1)
            macro = self._find(token.text) if token.is_name else None
            if macro is None or token.text in token.hidden:
                done.append(token)
            elif macro.parameters is None:
                self._push(
                    Replacement(self.argument, macro, {}, token.hidden | {macro.name}), token
                )
            elif self._opens():
                arguments, closing = self._arguments()
                hidden = (token.hidden & closing.hidden) | {macro.name}
                values = _named(macro, arguments)
                self._push(Replacement(self.argument, macro, values, hidden), token)
            else:
                done.append(token)
        return done

    def argument(self, tokens: Sequence[Token]) -> list[Token]:
        """What the tokens of an argument stand for, on their own."""
        if not any(token.is_name and self._find(token.text) is not None for token in tokens):
            self._spend(sum(len(token.text) + 1 for token in tokens))
            return list(tokens)
        if self._depth >= _DEEPEST:
            raise _TooMuch
        inner = _Expansion(self._find, self.budget, None, self._depth + 1)
        try:
            return inner.of(tokens)
        finally:
            self.budget = inner.budget

    def _push(self, replacement: Replacement, use: Token) -> None:
        tokens = replacement.tokens()
        if tokens and use.spaced:
            tokens[0] = tokens[0]._replace(spaced=True)
        self._pending += reversed(tokens)

    def _spend(self, characters: int) -> None:
        self.budget -= characters
        if self.budget < 0:
            raise _TooMuch

    def _opens(self) -> bool:
        if self._pending:
            return self._pending[-1].text == "("
        return self._source is not None and self._source.opens()

    def _take(self) -> Token:
        if self._pending:
            return self._pending.pop()
        if self._source is None:
            raise _Unexpandable
        return self._source.take()

    def _arguments(self) -> tuple[list[list[Token]], Token]:
        """The arguments of a use, from its `(`, and its `)`."""
        self._take()
        arguments: list[list[Token]] = [[]]
        depth = 1
        while True:
            token = self._take()
            self._spend(len(token.text) + 1)
            match token.text:
                case "(":
                    depth += 1
                case ")":
                    depth -= 1
                    if depth == 0:
                        return arguments, token
                case "," if depth == 1:
                    arguments.append([])
                    continue
            arguments[-1].append(token)


_COMMA = Token(",", is_name=False)


def _named(macro: Macro, arguments: list[list[Token]]) -> dict[str, list[Token]]:
    """The arguments by parameter; one that takes the rest is missing where nothing is left.

    Raises _Unexpandable where they do not fit.
    """
    parameters = macro.parameters or ()
    fixed = len(parameters) - macro.variadic
    if arguments == [[]] and not fixed:
        arguments = []
    if len(arguments) < fixed or (len(arguments) > fixed and not macro.variadic):
        raise _Unexpandable
    values = dict(zip(parameters[:fixed], arguments, strict=False))
    if len(arguments) > fixed:
        rest = list(arguments[fixed])
        for argument in arguments[fixed + 1 :]:
            rest += [_COMMA, *argument]
        values[parameters[-1]] = rest
    return values
