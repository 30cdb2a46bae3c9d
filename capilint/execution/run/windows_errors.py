"""Windows' error numbers for Python programs: texts, and the exception that carries them."""

from __future__ import annotations

from capilint.model import constants

_NAMES = {
    value: name
    for name, value in vars(constants).items()
    if name.startswith(("ERROR_", "NTE_", "CRYPT_E_")) and isinstance(value, int)
}


class WindowsError(OSError):
    """An OSError as Windows' Python makes it: with `winerror`."""

    def __init__(self, code: int, text: str) -> None:
        """`code` is the last error, signed or not."""
        super().__init__(22, text)  # EINVAL, as for every number without a POSIX twin
        self.winerror = code

    def __str__(self) -> str:
        """As on Windows."""
        return f"[WinError {self.winerror}] {self.strerror}"


def text_of(code: int) -> str:
    """What FormatError says: the SDK's name of the error."""
    return _NAMES.get(code & 0xFFFFFFFF, f"error {code & 0xFFFFFFFF:#x}")


def signed(code: int) -> int:
    """A last error as Python's WinError shows it: an HRESULT is negative."""
    bits = code & 0xFFFFFFFF
    return bits - (1 << 32) if bits & 0x80000000 else bits
