"""A folder of entries, each a file that is there whole or not at all.

    <folder>/ab/cdef...      capilint-cache 1 <digest of the key and the rest>\\n<compressed bytes>

Whatever is wrong with the folder or an entry (another user's, cut short, changed, locked, a full
disk), it is as if there were none: a cache costs time, never a result. The folder is readable and
writable for its owner only, and one that is not is left alone. It may hold other files, which stay:
only one that was empty is marked as a cache. An entry is written beside its
place and moved there, so that runs at the same time do not see half of it. The entries that were
not asked for the longest go when there are too many bytes.
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH103, PTH105, PTH108, PTH118, PTH120, PTH123, PTH208
import hashlib
import os
import re
import stat
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress

MOST_BYTES = 512 * 1024 * 1024
LARGEST_ENTRY = 64 * 1024 * 1024
_MARK = b"capilint-cache 1 "
_HEAD = len(_MARK) + 65  # with the digest and a newline
_TOUCHED = 24 * 3600.0  # seconds until an entry that is asked for counts as asked for again
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# https://bford.info/cachedir/\n"
_PART = re.compile(r"[0-9a-f]{2}")
_ENTRY = re.compile(r"[0-9a-f]{62}|\w{8}\.new")  # the latter is left where a run was killed
_OPENING = os.O_RDONLY | sum(
    getattr(os, flag, 0) for flag in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK")
)


class Store:
    """The entries of one folder."""

    def __init__(self, folder: str, most_bytes: int = MOST_BYTES) -> None:
        """The folder has been `opened`."""
        self._folder = folder
        self._most_bytes = most_bytes

    def get(self, key: str) -> bytes | None:
        """What was put by that key, if it is still there."""
        path = self._path(key)
        try:
            descriptor = os.open(path, _OPENING)
            with open(descriptor, "rb") as stream:
                status = os.fstat(descriptor)
                if not _is_own(status, stat.S_ISREG) or status.st_size > LARGEST_ENTRY:
                    return None
                data = stream.read()
            found = _unsealed(key, data)
        except (OSError, ValueError, zlib.error, MemoryError):
            return None
        if found is not None and time.time() - status.st_mtime > _TOUCHED:
            with suppress(OSError):
                os.utime(path)
        return found

    def put(self, key: str, data: bytes) -> None:
        """Keep something, if that can be."""
        from tempfile import mkstemp  # takes longer to import than an entry to be read

        entry = sealed(key, data)
        if len(entry) > LARGEST_ENTRY:
            return
        path = self._path(key)
        written = ""
        try:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            descriptor, written = mkstemp(".new", "", os.path.dirname(path))
            with open(descriptor, "wb") as stream:
                stream.write(entry)
            os.replace(written, path)
            written = ""
        except OSError:
            pass
        finally:
            if written:
                with suppress(OSError):
                    os.unlink(written)

    def trim(self) -> None:
        """Drop what was not asked for the longest, where there are too many bytes."""
        entries = sorted(self._entries())
        left = sum(size for _, size, _ in entries)
        if left <= self._most_bytes:
            return
        for _, size, path in entries:
            if left <= self._most_bytes * 3 // 4:
                return
            with suppress(OSError):
                os.unlink(path)
                left -= size

    def _entries(self) -> Iterator[tuple[float, int, str]]:
        """When each entry was last asked for, about; its bytes; its path."""
        with suppress(OSError), os.scandir(self._folder) as parts:
            for part in parts:
                if _PART.fullmatch(part.name) and part.is_dir(follow_symlinks=False):
                    with suppress(OSError), os.scandir(part.path) as entries:
                        for entry in entries:
                            if _ENTRY.fullmatch(entry.name):
                                status = entry.stat(follow_symlinks=False)
                                yield status.st_mtime, status.st_size, entry.path

    def _path(self, key: str) -> str:
        return os.path.join(self._folder, key[:2], key[2:])


def opened(folder: str) -> Store | None:
    """The store in a folder, which is made if need be; None where it cannot be ours."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        status = os.lstat(folder)
        if not _is_own(status, stat.S_ISDIR):
            return None
        if not os.listdir(folder):
            _mark(folder)
    except (OSError, ValueError):
        return None
    return Store(folder)


def _mark(folder: str) -> None:
    """Tell backups and git that a folder is a cache."""
    for name, text in (("CACHEDIR.TAG", _TAG), (".gitignore", "*\n")):
        with (
            suppress(FileExistsError),  # by a run at the same time
            open(os.path.join(folder, name), "x", encoding="ascii") as stream,
        ):
            stream.write(text)


def _is_own(status: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    """Whether nobody but the user can have written it; Windows answers by where it is."""
    if not is_kind(status.st_mode):
        return False
    if not hasattr(os, "getuid"):
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def sealed(key: str, data: bytes) -> bytes:
    """The entry of a key: what is found elsewhere than it was put is no entry."""
    packed = zlib.compress(data, 1)
    return _head(key, packed) + packed


def _unsealed(key: str, entry: bytes) -> bytes | None:
    """The bytes of an entry; None where it is not what was written by that key."""
    packed = entry[_HEAD:]
    return zlib.decompress(packed) if entry[:_HEAD] == _head(key, packed) else None


def _head(key: str, packed: bytes) -> bytes:
    return _MARK + hashlib.sha256(key.encode() + packed).hexdigest().encode() + b"\n"
