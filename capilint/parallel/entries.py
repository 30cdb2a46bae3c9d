"""Results on their way between machines that share no folder."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from threading import Lock

from capilint.engine.recalling import Entries


class Shared:
    """Entries, of which others are told what is new; see `capilint.engine.recalling.Entries`."""

    def __init__(self, entries: Entries | None = None) -> None:
        """Without `entries` all are in memory only."""
        self._entries = entries
        self._seen: dict[str, bytes] = {}
        self._news: dict[str, bytes] = {}
        self._lock = Lock()  # results come in by a thread of their own

    def get(self, key: str) -> bytes | None:
        """What was put by a key."""
        found = self._seen.get(key)
        if found is None and self._entries is not None:
            found = self._entries.get(key)
            if found is not None:
                self._note(key, found)
        return found

    def put(self, key: str, data: bytes) -> None:
        """Keep something."""
        self._note(key, data)
        if self._entries is not None:
            self._entries.put(key, data)

    def take(self, told: Mapping[str, bytes]) -> None:
        """Others told of these."""
        self._seen.update(told)

    def news(self) -> dict[str, bytes]:
        """What was put, or found, since this was asked last."""
        with self._lock:
            news, self._news = self._news, {}
        return news

    def _note(self, key: str, data: bytes) -> None:
        with self._lock:
            if self._seen.get(key) != data:
                self._seen[key] = self._news[key] = data


def packed(entries: Mapping[str, bytes], counts: Mapping[str, int]) -> bytes:
    """Entries as bytes, and what was counted while they were made."""
    texts = {key: data.decode("ascii") for key, data in entries.items()}
    return zlib.compress(json.dumps([texts, dict(counts)]).encode("ascii"), 1)


def unpacked(data: bytes) -> tuple[dict[str, bytes], dict[str, int]]:
    """See `packed`. Raises ValueError where they are none."""
    try:
        texts, counts = json.loads(zlib.decompress(data))
        entries = {str(key): text.encode("ascii") for key, text in texts.items()}
        return entries, {str(what): int(number) for what, number in counts.items()}
    except (zlib.error, TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error
