"""A file's content put in its place whole: what is cut off, nobody could tell from what is right.

bytes ── a new file beside it ── takes its name
         no room: gone again, and what was there is as it was
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH101, PTH105, PTH108, PTH116, PTH118, PTH123
import os
import stat
from contextlib import suppress

_LONGEST = 100  # characters of a name; most systems allow 255 bytes
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def put(path: str, data: bytes) -> None:
    """Make `data` the content of a file, all of it or nothing; its mode stays. Raises OSError.

    What is no regular file is written to, and so is a file in a folder where none may be made.
    """
    try:
        mode: int | None = os.stat(path).st_mode
    except FileNotFoundError:
        mode = None
    if mode is None or stat.S_ISREG(mode):
        folder, name = os.path.split(path)
        beside = os.path.join(folder, f".{name[:_LONGEST]}.{os.urandom(4).hex()}")
        try:
            descriptor = os.open(beside, _NEW, 0o666)
        except PermissionError:
            pass
        else:
            _replace(path, descriptor, beside, data, mode)
            return
    with open(path, "wb") as stream:
        stream.write(data)


def _replace(path: str, descriptor: int, beside: str, data: bytes, mode: int | None) -> None:
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if mode is not None:
            os.chmod(beside, stat.S_IMODE(mode))
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise
