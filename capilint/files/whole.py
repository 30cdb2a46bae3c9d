"""A file's content put in its place whole: what is cut off, nobody could tell from what is right.

bytes ── a new file beside it ── takes its name
         no room: gone again, and what was there is as it was

A named pipe is written to, where somebody reads it: to open one that nobody reads waits for ever.
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH101, PTH105, PTH108, PTH116, PTH118
import errno
import os
import stat
import time
from contextlib import suppress

_LONGEST = 100  # characters of a name; most systems allow 255 bytes
_PATIENCE = 5.0  # seconds for a reader of a pipe to come, who may have been started with the run
_PAUSE = 0.05
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
    with open(path, "wb", opener=_opened) as stream:
        stream.write(data)


def _opened(path: str, flags: int) -> int:
    """The descriptor of what is written to as it stands; of a pipe once somebody reads it."""
    try:
        is_pipe = stat.S_ISFIFO(os.stat(path).st_mode)
    except FileNotFoundError:
        is_pipe = False
    if not is_pipe:
        return os.open(path, flags, 0o666)
    tries = int(_PATIENCE / _PAUSE)
    for number in range(tries):
        try:
            descriptor = os.open(path, flags | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            time.sleep(_PAUSE if number < tries - 1 else 0)
        else:
            os.set_blocking(descriptor, True)  # a slow reader is waited for
            return descriptor
    raise OSError(errno.ENXIO, "a named pipe that nobody reads")


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
