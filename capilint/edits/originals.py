"""The files of a run as they are: what their text is, and what they would be with another one."""

from __future__ import annotations

from collections.abc import Mapping

from capilint.files.rewriting import Original
from capilint.files.source import Input, Source, UnreadableError, is_notebook, read_bytes


class Originals:
    """The content of the run's own files, read where it is asked for."""

    def __init__(self, inputs: Mapping[str, Input], sources: Mapping[str, Source]) -> None:
        """`sources` are the files as they were checked."""
        self._inputs = inputs
        self._sources = sources
        self._known: dict[str, Original | None] = {}

    def get(self, path: str) -> Original | None:
        """A file's content; None where it is no file of the run, not what was checked, or could
        not be written back."""
        if path not in self._known:
            self._known[path] = self._read(path)
        return self._known[path]

    def encoded(self, path: str, text: str) -> bytes | None:
        """A file's content with another text; None where that cannot be."""
        original = self.get(path)
        return original.with_text(text) if original is not None else None

    def _read(self, path: str) -> Original | None:
        item, source = self._inputs.get(path), self._sources.get(path)
        if item is None or source is None or is_notebook(path):
            return None
        try:
            data = read_bytes(path) if item.data is None else item.data
            original = Original(data, source.language)
        except UnreadableError:
            return None
        return original if original.text == source.text.removeprefix("\ufeff") else None
