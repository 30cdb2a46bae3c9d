"""The C front end: source text to IR, without a compiler and without building anything.

    text ─ #ifs settled ─ outline ── function regions ─ macros expanded ─ parsing ─┐
       └── headers ── macros, facts of the file ────────┴──────────────── lowering ─┴─ graph

Every function is parsed on its own, so that what one function's text breaks stays there.
"""

from capilint.frontends.c.facts.headers import Headers
from capilint.frontends.c.module import lower

__all__ = ["Headers", "lower"]
