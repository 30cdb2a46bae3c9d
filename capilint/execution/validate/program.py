"""What is known of the file whose functions are walked: its functions, and its classes' bases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from capilint import ir
from capilint.ir.signatures import parameter_count, plain_name

_ROOTS = frozenset(["BaseException", "Exception", "..."])  # of clauses for everything


@dataclass(frozen=True)
class Program:
    """The functions by their qualified names, and the exception classes with their bases."""

    functions: Mapping[str, ir.Function]
    bases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def called(self, name: str, arguments: int) -> ir.Function | None:
        """The function that a direct call of so many arguments means; None for one elsewhere.

        Where the call does not tell which overload, the only one of that many parameters is it.
        """
        found = self.functions.get(name)
        if found is not None:
            return found
        meant = parameter_count(name)
        fitting = [
            each
            for each in self._by_plain_name.get(plain_name(name), ())
            if len(each.parameters) == arguments
            and (meant is None or parameter_count(each.qualified_name) is None)
        ]
        return fitting[0] if len(fitting) == 1 else None

    @cached_property
    def _by_plain_name(self) -> dict[str, list[ir.Function]]:
        found: dict[str, list[ir.Function]] = {}
        for function in self.functions.values():
            if function.language is ir.Language.CPP:
                found.setdefault(plain_name(function.qualified_name), []).append(function)
        return found

    def is_class(self, name: str) -> bool:
        """Whether a name is that of a class of Python: a call of it makes an object."""
        return any(
            function.owner_class == name
            for function in self.functions.values()
            if function.language is ir.Language.PYTHON
        )

    def catches(self, clause: Iterable[str], exception: str) -> bool | None:
        """Whether a clause for some classes takes an exception; None where that is not known."""
        names = set(clause)
        if exception in names or names & _ROOTS:
            return True
        if exception not in self.bases:
            return None
        pending, seen = [exception], set()
        while pending:
            name = pending.pop()
            seen.add(name)
            if name not in self.bases:
                return None
            pending += [base for base in self.bases[name] if base not in seen]
        return bool(seen & names)
