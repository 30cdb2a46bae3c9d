"""Files that stand beside those of a run and that these import: read for what they define.

flake8 and pre-commit hand over single files. What such a file imports belongs to its program, but
nobody asked for findings there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from capilint.files.modules import ModuleSearch
from capilint.files.source import Input, content
from capilint.files.words import python_imports
from capilint.language import Language


class Beside:
    """Finds them, each once."""

    def __init__(self, run: Iterable[Input]) -> None:
        """`run` are the files that the run looks at anyway."""
        self._known = {item.path for item in run}
        self._modules = ModuleSearch()

    def of(self, items: Iterable[Input]) -> Iterator[Input]:
        """What the files import, what that imports, and so on."""
        pending = list(items)
        while pending:
            found = [each for each in self._named_by(pending.pop()) if each not in self._known]
            self._known.update(found)
            inputs = [Input(path, Language.PYTHON) for path in dict.fromkeys(found)]
            yield from inputs
            pending += inputs

    def _named_by(self, item: Input) -> Iterator[str]:
        if item.language is Language.PYTHON:
            for each in python_imports(content(item)):
                yield from self._modules.imported(item.path, each)
