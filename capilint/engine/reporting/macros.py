"""What a macro asks where it branches: the source shows its use, and not the condition.

#define CHECK(e)  do { int r = (e); if (r != 0) goto done; } while (0)

    CHECK(other());       `CHECK(other())`: `r != 0` is true
"""

from __future__ import annotations

import re

from capilint.ir import Branch, Operation, Question
from capilint.ir.text import value_text

_NUMBERED = re.compile(r"(?<=\w)#\d+")
_NAMELESS = re.compile(r"%\d+")


def condition_of_macro(branch: Branch) -> str:
    """What stands behind the use of a macro in a step about a branch in its text; nothing where
    the use itself is the condition."""
    condition = branch.condition
    if branch.question is not Question.MACRO or not isinstance(condition, Operation):
        return ""
    text = value_text(condition).removeprefix("(").removesuffix(")")
    return f": `{_NAMELESS.sub('...', _NUMBERED.sub('', text))}`"
