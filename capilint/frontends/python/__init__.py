"""Python source to IR, by libcst.

    text ── nesting ── libcst ─┬─ positions          (of text that it refuses: python2 ── libcst)
                               ├─ relevance          which functions are worth it
                               └─ scopes ── classes ── names
                                                         │
      context ── values ── calls ── conditions ── targets ── exits ── loops ── generators
                                       ir ── module ── statements ── patterns ── managers

Each stage from `context` to `statements` adds the lowering of one kind of syntax to the class
of the stage before it. libcst is slow to import, so it is first imported by a call of `lower`.
"""

from __future__ import annotations

from collections.abc import Callable

from capilint import ir


def lower(text: str, path: str, relevant: Callable[[str], bool] | None = None) -> ir.Module:
    """The IR of one Python file; never raises, whatever the text is.

    `path` gives the module's dotted name. With `relevant`, only functions whose source it accepts
    are lowered, with those of the file that they call or that call them. What could not be
    understood is in the module's `problems`.
    """
    from capilint.frontends.python.module import lower_module

    return lower_module(text, path, relevant)
