"""Which modules of a Python program a dotted name may begin with, in the module that says it.

    src/app.py            import lib             src/lib.py, lib.py; not tools/lib.py
    tests/test_app.py     from pkg import lib    src/pkg/lib.py, pkg/lib.py
    src/app.py            import threading       src/threading.py, if src is no package

A tree of modules begins in the folder of the importing file or above it, or in a folder of sources
there. Python's own modules come first, but for those beside a script.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cached_property

from capilint.ir import Language, Module, tails

_SOURCES = ("src", "lib", "python")  # folders that projects put on the path as a whole


class Imports:
    """The Python modules of a program, by what the others call them."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self._modules = [each for each in modules if each.language is Language.PYTHON]

    @cached_property
    def _by_tail(self) -> dict[str, list[Module]]:
        table: dict[str, list[Module]] = {}
        for module in self._modules:
            for tail in tails(module.name):
                table.setdefault(tail, []).append(module)
        return table

    @cached_property
    def _packages(self) -> frozenset[str]:
        return frozenset(each.name for each in self._modules if _is_package(each))

    def called(self, name: str, user: Module) -> list[Module]:
        """The modules that a dotted name may mean in a module."""
        return [each for each in self._by_tail.get(name, ()) if self.reaches(user, name, each)]

    def reaches(self, user: Module, name: str, module: Module) -> bool:
        """Whether `name`, a tail of a module's own name, leads there from another module."""
        root = module.name[: -len(name)].removesuffix(".")
        folder = user.name if _is_package(user) else user.name.rpartition(".")[0]
        top = name.partition(".")[0]
        own_tree = not root and folder.partition(".")[0] == top
        if module is user or own_tree:
            return True
        if top in sys.stdlib_module_names:
            return root == folder and not user.in_package and folder not in self._packages
        head, _, last = root.rpartition(".")
        return _is_within(folder, root) or (last in _SOURCES and _is_within(folder, head))


def _is_package(module: Module) -> bool:
    return module.path.replace("\\", "/").rpartition("/")[2] == "__init__.py"


def _is_within(folder: str, outer: str) -> bool:
    return not outer or folder == outer or folder.startswith(f"{outer}.")
