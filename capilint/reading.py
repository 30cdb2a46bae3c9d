"""The files of a run, each read once: what is to be parsed, what is left, what cannot be read.

Input ── bytes ── a known name? ─┬─ yes: a Source, and the files beside it that it leads to
                                 └─ no: left, until a growing program asks for it
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from capilint.config.settings import OFF, Settings
from capilint.files.source import (
    Input,
    Source,
    Unreadable,
    UnreadableError,
    load_input,
    mentions,
    read_bytes,
)
from capilint.lowering import FrontEnds
from capilint.mistake import Mistake
from capilint.progress import Progress
from capilint.rulebook.namescan import NameScan
from capilint.severity import Severity

if TYPE_CHECKING:
    from capilint.finding import Span


class Noted(Protocol):
    """Is told of each file that was read: its path and bytes, and whether it is to be parsed."""

    def __call__(self, path: str, data: bytes, concerned: bool) -> None: ...


class Reading:
    """`sources` are the files that were read as text, by path; those of `beside` only inform about
    the run's own. `unreadable` are the files that failed, at whatever stage."""

    def __init__(
        self,
        settings_of: Callable[[str], Settings],
        front_ends: FrontEnds,
        within: Sequence[str],
        progress: Progress,
        noted: Noted,
    ) -> None:
        self._settings_of = settings_of
        self._front_ends = front_ends
        self._within = within
        self._progress = progress
        self._noted = noted
        self.sources: dict[str, Source] = {}
        self.beside: set[str] = set()
        self.joined: list[str] = []
        self.unreadable: list[Unreadable] = []

    def begin(self, program: Sequence[Input], names: NameScan, left: list[Input]) -> list[Source]:
        """The sources that a program begins with; what names nothing of it is added to `left`."""
        self.joined.clear()
        with self._progress.phase("reading", len(program)):
            sources = [source for item in program if (source := self._read(item, names, left))]
        if sources or any(item.named for item in program):
            sources += self._read_beside(program, sources, names, left)
        return sources

    def join(self, item: Input) -> Source | None:
        """The source of a file that joins the program; `joined` has its path from now on."""
        self.joined.append(item.path)
        try:
            data = read_bytes(item.path) if item.data is None else item.data
            self._noted(item.path, data, False)
            self.sources[item.path] = source = load_input(item, data)
        except UnreadableError as error:
            self._fail(item.path, str(error))
            return None
        except Mistake:
            raise
        except Exception as error:
            self.crashed(item.path, error)
            return None
        return source

    def quoted(self, path: str, span: Span) -> str:
        """The words of a source that a span covers."""
        source = self.sources.get(path)
        return "" if source is None else source.quoted(span)

    def crashed(self, path: str, error: Exception) -> None:
        """A file is left out, for capilint failed on it."""
        from traceback import format_exception

        from capilint import internal_error

        self._progress.count("failures")
        reason = f"this file was left out: {internal_error.reason(error)}"
        self._fail(path, reason, "".join(format_exception(error)))

    def _read(self, item: Input, names: NameScan, left: list[Input]) -> Source | None:
        """The source of a file that is to be parsed; of the others some are `left`."""
        self._progress.step()
        try:
            data = read_bytes(item.path) if item.data is None else item.data
            concerned = mentions(data, names.search)
            self._noted(item.path, data, concerned)
            if not concerned:
                left.append(item)
                if not self._has_comment(item.path, data):
                    return None
            self.sources[item.path] = source = load_input(item, data)
        except UnreadableError as error:
            self._fail(item.path, str(error))
            return None
        except Mistake:
            raise
        except Exception as error:
            self.crashed(item.path, error)
            return None
        return source if concerned else None

    def _read_beside(
        self, program: Sequence[Input], sources: list[Source], names: NameScan, left: list[Input]
    ) -> Iterator[Source]:
        """The sources that named files and those that are to be parsed lead to."""
        from capilint.files.beside import Beside

        concerned = {source.path for source in sources}
        roots = [item for item in program if item.named or item.path in concerned]
        for item in Beside(program, self._front_ends.included, self._within).of(roots):
            self.beside.add(item.path)
            source = self._read(item, names, left)
            if source is not None:
                yield source

    def _has_comment(self, path: str, data: bytes) -> bool:
        """Whether suppressions are to be judged in a file that names no function."""
        if b"capilint:" not in data:
            return False
        settings = self._settings_of(path)
        return settings.selects("CAP903", OFF) or settings.selects("CAP904", Severity.WARNING)

    def _fail(self, path: str, reason: str, detail: str = "") -> None:
        if path not in self.beside:
            self.unreadable.append(Unreadable(path, reason, detail))
