"""What the drafts for a file of any language have in common.

    Finding ── its steps ── statements of the file ── pieces around them ── Draft

A language adds where a leaked handle may be released, and how its statements are written.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import ClassVar, Generic, Protocol, TypeVar

from capilint.edits.draft import Draft, Piece
from capilint.edits.spelling import Spelling, arguments, is_expression
from capilint.finding import Finding, Span


class Statement(Protocol):
    """A statement: its kind, its first character and the one behind it, and the list it is in."""

    @property
    def kind(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def block(self) -> Hashable: ...


S = TypeVar("S", bound=Statement)
S_co = TypeVar("S_co", covariant=True, bound=Statement)


class Statements(Protocol[S_co]):
    """The statements of a text."""

    def statement(self, offset: int) -> S_co | None: ...
    def function(self, offset: int) -> Hashable | None: ...


class Layout(Protocol[S]):
    """Pieces that keep to the layout of a text."""

    @property
    def sites(self) -> Statements[S]: ...
    def offset(self, line: int, column: int) -> int: ...
    def source(self, site: S) -> str: ...
    def lines_of(self, site: S) -> list[str]: ...
    def begins_line(self, offset: int) -> bool: ...
    def unit_of(self, site: S) -> S: ...
    def guarded(self, condition: str, lines: Sequence[str]) -> list[str]: ...
    def rewritten(self, site: S, lines: Sequence[str]) -> tuple[Piece, ...]: ...
    def after(self, site: S, lines: Sequence[str]) -> tuple[Piece, ...]: ...
    def without(self, site: S) -> tuple[Piece, ...]: ...


class OneFile(Generic[S]):
    """Drafts for one file; `path` is its own.

    `EXPRESSION` is the kind of a statement that is an expression, `NOTHING` a handle that is none,
    `FAILED` what tells by a result of 0 that a call failed, and `END` what a simple statement ends
    with.
    """

    EXPRESSION: ClassVar[str]
    NOTHING: ClassVar[str]
    FAILED: ClassVar[str]
    END: ClassVar[str] = ""

    def __init__(self, path: str, layout: Layout[S], spelling: Spelling) -> None:
        self._path = path
        self._layout = layout
        self._spelling = spelling

    def drafts(self, finding: Finding) -> Iterator[Draft]:
        """What may mend a finding, the most likely first."""
        if not is_expression(finding.handle):
            return
        match finding.code:
            case "CAP101" | "CAP102":
                yield from self._leaks(finding)
            case "CAP103":
                yield from self._loses(finding)
            case "CAP201":
                yield from self._uses_dead(finding)
            case "CAP202":
                yield from self._releases_twice(finding)
            case "CAP203":
                yield from self._releases_wrongly(finding)
            case "CAP301":
                yield from self._outlives(finding)
            case "CAP401":
                yield from self._unchecked(finding)
            case "CAP402":
                yield from self._never_set(finding)

    def _leaks(self, finding: Finding) -> Iterator[Draft]:
        raise NotImplementedError

    def _loses(self, finding: Finding) -> Iterator[Draft]:
        raise NotImplementedError

    def _uses_dead(self, finding: Finding) -> Iterator[Draft]:
        raise NotImplementedError

    def _releases_wrongly(self, finding: Finding) -> Iterator[Draft]:
        raise NotImplementedError

    def _outlives(self, finding: Finding) -> Iterator[Draft]:
        raise NotImplementedError

    def _never_set(self, finding: Finding) -> Iterator[Draft]:
        yield from ()

    # ------------------------------------------------------------ a creation that may fail

    def _unchecked(self, finding: Finding) -> Iterator[Draft]:
        """The function left where the creation fails, as it is left elsewhere."""
        site = self._site(finding.span)
        if site is None or site.kind != self.EXPRESSION:
            return
        call = self._bare(site).removeprefix("(void)").strip()
        failed = self._spelling.failed(call, self.FAILED)
        for way in self._ways_out(site) if failed else ():
            lines = self._layout.guarded(failed, [way])
            title = f"`{way.removesuffix(self.END)}` where the call in line {{line}} fails"
            pieces = self._layout.rewritten(site, lines)
            yield Draft(self._path, title, site.start, pieces, trades=True)

    def _ways_out(self, site: S) -> Iterator[str]:
        """The statements that may leave a function at a place where the API fails."""
        raise NotImplementedError

    # ------------------------------------------------------------ two releases

    def _releases_twice(self, finding: Finding) -> Iterator[Draft]:
        first, second = self._step_site(finding, "release"), self._site(finding.span)
        last = self._step_site(finding, "release", last=True)
        if (
            first is not None
            and second is not None
            and not self._in_one_life(finding, first, second)
        ):
            yield from self._told_by_nothing(finding, first, second)
            return
        if second is not None and first != second:
            yield from self._dropped(second, trades=False)
        for site in (first, last) if first != last else (first,):
            if site is not None and site != second:
                yield from self._dropped(site, trades=False)
        if first is not None and second is not None:
            yield from self._told_by_nothing(finding, first, second)
        for site in (second, first) if first != second else (second,):
            if site is not None:
                yield from self._dropped(site, trades=True)

    def _in_one_life(self, finding: Finding, first: S, second: S) -> bool:
        """Whether both releases are those of one call of a function: what another call leaves in a
        member needs each of them."""
        made_here = any(step.kind == "create" for step in finding.steps)
        sites = self._layout.sites
        same = sites.function(first.start) == sites.function(second.start)
        return same and (made_here or first.block == second.block or "." not in finding.handle)

    def _told_by_nothing(self, finding: Finding, first: S, second: S) -> Iterator[Draft]:
        """The handle set to nothing behind the first release, and tested before the second."""
        if first.kind != self.EXPRESSION:
            return
        layout, handle = self._layout, finding.handle
        if not (self._in_scope(handle, first.start) and self._in_scope(handle, second.start)):
            return
        clear = f"{handle} = {self.NOTHING}{self.END}"
        cleared = layout.after(first, [clear])
        title = f"set {handle} to {self.NOTHING} after line {{line}}"
        if second.kind == self.EXPRESSION and layout.unit_of(second) == second:
            if first == second:
                both = layout.rewritten(
                    first, layout.guarded(handle, [*layout.lines_of(first), clear])
                )
            else:
                guarded = layout.guarded(handle, layout.lines_of(second))
                both = (*cleared, *layout.rewritten(second, guarded))
            tested = f"{title}, and test it before it is released"
            yield Draft(self._path, tested, first.start, both)
        yield Draft(self._path, title, first.start, cleared)

    def _in_scope(self, handle: str, offset: int) -> bool:
        """Whether a handle's name, if it is that of a local variable, means that at a character."""
        raise NotImplementedError

    def _dropped(self, site: S, trades: bool) -> Iterator[Draft]:
        """A statement that is one call, taken out with the `if` that is there for it."""
        if site.kind != self.EXPRESSION or arguments(self._bare(site)) is None:
            return
        pieces = self._layout.without(self._layout.unit_of(site))
        if pieces:
            title = f"drop {self._named(site)} in line {{line}}"
            yield Draft(self._path, title, site.start, pieces, trades=trades)

    # ------------------------------------------------------------ what stands where

    def _bare(self, site: S) -> str:
        return self._layout.source(site).removesuffix(self.END).strip()

    def _named(self, site: S) -> str:
        return self._bare(site).split("\n")[0]

    def _before(self, site: S) -> str:
        """In words: in front of a statement, which may have others on its line."""
        if self._layout.begins_line(site.start):
            return "before line {line}"
        return f"before `{self._named(site)}` in line {{line}}"

    def _step_site(self, finding: Finding, kind: str, last: bool = False) -> S | None:
        steps = [
            step for step in finding.steps[:-1] if step.kind == kind and step.path == self._path
        ]
        return self._site(steps[-1 if last else 0].span) if steps else None

    def _site(self, span: Span) -> S | None:
        return self._layout.sites.statement(self._offset(span))

    def _offset(self, span: Span) -> int:
        return self._layout.offset(span.line, span.column)

    def _end(self, span: Span) -> int:
        return self._layout.offset(span.end_line, span.end_column)
