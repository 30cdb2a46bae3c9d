"""The IR of files that nothing but their own text decides about, as an earlier run made it."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING

from capilint.cache.records import RecordError
from capilint.cache.store import Store
from capilint.files.source import Source
from capilint.progress import Progress

if TYPE_CHECKING:
    from capilint.ir import Module
    from capilint.lowering import Relevance


class Modules:
    """The IR of such files in a store; `salt` stands for all that is the same for all of them."""

    def __init__(self, store: Store, salt: str, progress: Progress) -> None:
        self._store = store
        self._salt = salt
        self._progress = progress

    def recall(self, source: Source, relevant: Relevance | None) -> Module | None:
        """What was made of a text."""
        from capilint.ir import Module
        from capilint.ir.records import MODULE_RECORDS

        data = self._store.get(self._key(source, relevant))
        try:
            module = None if data is None else MODULE_RECORDS.loads(data)
        except RecordError:
            return None
        if not isinstance(module, Module):
            return None
        self._progress.count("recalled files")
        return module

    def keep(self, source: Source, relevant: Relevance | None, module: Module) -> None:
        """Remember what was made."""
        from capilint.ir.records import MODULE_RECORDS

        with suppress(RecordError):
            self._store.put(self._key(source, relevant), MODULE_RECORDS.dumps(module))

    def _key(self, source: Source, relevant: Relevance | None) -> str:
        matters = "" if relevant is None else relevant.key
        return digest(json.dumps([self._salt, *described(source), matters]))


def described(source: Source) -> list[str | None]:
    """All that decides about what is found in a source."""
    return [source.path, source.language, digest(source.text), source.problem]


def digest(text: str) -> str:
    """A digest of a text, which may have halves of characters."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
