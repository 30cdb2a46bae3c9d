"""The C front end: source text to IR, without a preprocessor and without building anything.

    text ─ outline ── function regions ─ parsing (tree-sitter, repairs) ─ statements ─┐
       └── macros, facts of the file ─────────────────────────────────── expressions ─┴─ graph

Every function is parsed on its own, so that what one function's text breaks stays there.
"""

from capilint.frontends.c.module import lower

__all__ = ["lower"]
