"""Nasty texts: each production of a grammar nested, or repeated, to a size.

before, n times `opening`, `middle`, n times `closing`, after      in a function with a handle
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

C_BEFORE = (
    "int f(HCRYPTPROV p, int x, int *y)\n{\n    HCRYPTKEY k;\n    CryptGenKey(p, 1, 0, &k);\n"
)
C_AFTER = "\n    CryptDestroyKey(k);\n    return x;\n}\n"
PYTHON_BEFORE = (
    "import ctypes\n\ndef f(p, x, y):\n    k = ctypes.c_void_p()\n"
    "    ctypes.windll.advapi32.CryptGenKey(p, 1, 0, ctypes.byref(k))\n"
)
PYTHON_AFTER = "\n    ctypes.windll.advapi32.CryptDestroyKey(k)\n    return x\n"


class Shape(NamedTuple):
    """A production; `alone` stands outside of any function, `{}` is the repetition's number."""

    name: str
    suffix: str
    opening: str
    middle: str = ""
    closing: str = ""
    before: str = ""
    after: str = ""
    alone: bool = False

    def text(self, size: int) -> str:
        """The shape as a file of about so many characters."""
        python = self.suffix == ".py"
        head = PYTHON_BEFORE if python else C_BEFORE
        tail = PYTHON_AFTER if python else C_AFTER
        count = max(1, size // len(self.opening + self.closing))
        inner = self.before + _times(self.opening, count) + self.middle
        inner += _times(self.closing, count) + self.after
        return f"{inner}\n{head}{tail}" if self.alone else f"{head}    {inner}{tail}"


def _times(unit: str, count: int) -> str:
    return (
        "".join(unit.replace("{}", str(n)) for n in range(count)) if "{}" in unit else unit * count
    )


_TABLES = (  # name|opening|middle|closing|before|after; line ends and the like are spelt out
    ("c", (".c", ".cpp"), False),
    ("c_alone", (".c", ".cpp"), True),
    ("cpp", (".cpp",), False),
    ("cpp_alone", (".cpp",), True),
    ("python", (".py",), False),
    ("python_alone", (".py",), True),
)
_HERE = Path(__file__).parent


def shapes() -> Iterator[Shape]:
    """All of them."""
    for table, suffixes, alone in _TABLES:
        for line in (_HERE / f"{table}.txt").read_text(encoding="utf-8").splitlines():
            name, *parts = (_plain(part) for part in _cells(line))
            opening, middle, closing, before, after = [*parts, "", "", "", "", ""][:5]
            for suffix in suffixes:
                yield Shape(name, suffix, opening, middle, closing, before, after, alone)


def _cells(line: str) -> list[str]:
    return line.replace(r"\|", "\0").split("|")


def _plain(cell: str) -> str:
    for written, meant in (("\0", "|"), (r"\n", "\n"), (r"\t", "\t"), (r"\f", "\f"), (r"\"", '"')):
        cell = cell.replace(written, meant)
    return cell.replace("\\\\", "\\")
