"""The grammar of C++, and what repairs its text."""

from __future__ import annotations

import tree_sitter_cpp

from capilint.frontends.c.parsing.grammar import CONTROL, Grammar
from capilint.frontends.c.parsing.repairs import REPAIRS as C_REPAIRS
from capilint.frontends.c.parsing.repairs import respelt
from capilint.frontends.cpp.parsing.repairs import REPAIRS
from capilint.frontends.cpp.parsing.spellings import SPELLINGS, with_range_loops


def _respelt(text: str) -> str:
    return with_range_loops(respelt(text))


CPP = Grammar(
    tree_sitter_cpp.language,
    CONTROL | {"try", "catch", "throw"},
    _respelt,
    (*SPELLINGS, *REPAIRS, *C_REPAIRS),
)
