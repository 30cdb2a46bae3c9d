"""Files that those of a run import or include, and that are none of it: read for what they define.

flake8 and pre-commit hand over single files. What such a file names belongs to its program, but
nobody asked for findings there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from capilint.files.modules import ModuleSearch
from capilint.files.real_paths import RealPaths
from capilint.files.source import Input, content
from capilint.files.words import c_includes, python_imports
from capilint.language import Language

Included = Callable[[str, str, bool, str], str | None]
"""The path of the header that a file includes: the file's path, the name, whether it is quoted,
and the path of the file that all began with."""


class Beside:
    """Finds them, each once."""

    def __init__(
        self, run: Iterable[Input], included: Included, within: Sequence[str] = ()
    ) -> None:
        """`run` are the files that the run looks at anyway; `within` are the folders that modules
        are sought in, if these are bounded."""
        self._included = included
        self._within = within
        self._real = RealPaths()
        self._known = {item.path for item in run}
        self._modules = ModuleSearch()

    def of(self, items: Iterable[Input]) -> Iterator[Input]:
        """What the files import or include, what that does, and so on."""
        pending = [(item, item.path) for item in items]
        while pending:
            item, root = pending.pop()
            for path in self._named_by(item, root):
                if path not in self._known:
                    self._known.add(path)
                    found = Input(path, item.language)
                    yield found
                    pending.append((found, root))

    def _named_by(self, item: Input, root: str) -> Iterator[str]:
        if item.language is Language.PYTHON:
            for each in python_imports(content(item)):
                for module in self._modules.imported(item.path, each):
                    if not self._within or self._real.is_below(module, self._within):
                        yield module
        else:
            for name, quoted in c_includes(content(item)):
                path = self._included(item.path, name, quoted, root)
                if path is not None:
                    yield path
