"""What a function of the program does to handles, in words for an editor's hover."""

from __future__ import annotations

from typing import NamedTuple

from capilint.language import Language


class Effects(NamedTuple):
    """What a function of the program does to handles; its name is that of the reports, `line` the
    first of its text, and `sentences` are empty where it does nothing that its callers see."""

    name: str
    path: str
    line: int
    language: Language
    sentences: tuple[str, ...]
