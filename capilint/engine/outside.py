"""What the findings in one part of a program may hang on in the others, but for the names of
functions, types and files: by it is told, afterwards, whether parts could be analysed apart.
"""

from __future__ import annotations

from typing import NamedTuple

from capilint.engine.program.callgraph import Program


class Outside(NamedTuple):
    """The members and structures that were `asked` for, in whichever part they are used; and the
    variables and members of C that functions of the API are put into (`filled`), among all that
    anything is put into or that are called (`reached`)."""

    asked: frozenset[str] = frozenset()
    filled: frozenset[str] = frozenset()
    reached: frozenset[str] = frozenset()

    def concerns_pointers_of(self, other: Outside) -> bool:
        """Whether a pointer of one part may mean something else beside the other."""
        return not (self.filled.isdisjoint(other.reached) and other.filled.isdisjoint(self.reached))


def outside_of(program: Program, asked: frozenset[str]) -> Outside:
    """The same for a program that was analysed."""
    pointers = program.pointers
    return Outside(asked, pointers.filled_names, pointers.reached_names)
