"""What the headers of a run declare, read once however many files include them."""

from __future__ import annotations

from capilint.files.compile_options import CompileOptions
from capilint.frontends.c.facts.gather import Facts, facts_of, merged
from capilint.frontends.c.facts.regions import in_text, regions
from capilint.frontends.c.parsing.outline import without_bodies
from capilint.frontends.c.preprocessing.includes import Closure, Finder, Includes, Text, Unit


class Headers:
    """The headers of one run."""

    def __init__(self, find: Finder) -> None:
        """`find` is given the path of the including file, the name that it includes, whether the
        name is quoted, and the folders to look in; it finds the header, or None."""
        self._includes = Includes(find)
        self._facts: dict[Text, Facts] = {}
        self._merged: dict[Closure, Facts] = {}

    def unit(self, path: str, text: str, options: CompileOptions) -> Unit:
        """A file with its headers."""
        return self._includes.unit(path, text, options)

    def facts(self, unit: Unit, folders: tuple[str, ...]) -> Facts | None:
        """What the headers of a file declare together, None where it has none."""
        closure = unit.closure
        if not closure.headers:
            return None
        if closure not in self._merged:
            parts = [self._facts_of(header, folders, unit) for header in closure.headers]
            self._merged[closure] = merged(parts, unit.macros)
        return self._merged[closure]

    def _facts_of(self, header: Text, folders: tuple[str, ...], includer: Unit) -> Facts:
        if header not in self._facts:
            unit = self._includes.unit_of(header, folders, includer.defines)
            found = regions(unit)
            facts = facts_of(without_bodies(header.text, in_text(found)), unit.macros)
            facts.functions.update(region.definition.name for region in found)
            self._facts[header] = facts
        return self._facts[header]
