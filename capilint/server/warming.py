"""What is done once before anything can be stopped: every module imported, every language tried.

An import that is stopped half way would leave its module locked, for good.
"""

from __future__ import annotations

import pkgutil
from contextlib import suppress
from importlib import import_module

import capilint
from capilint.checking import check
from capilint.config.settings import Settings
from capilint.files.source import Input
from capilint.language import Language
from capilint.rulebook.shared import rule_book

_LEFT_OUT = ("capilint.__main__", "capilint.cli", "capilint.commands", "capilint.flake8_plugin")
_C = b"void f(HCRYPTPROV p) { HCRYPTKEY k; if (CryptGenKey(p, 1, 0, &k)) return; }\n"
_PYTHON = (
    b"import win32crypt\ndef f(p):\n    p.CryptReleaseContext(0)\n    p.CryptReleaseContext(0)\n"
)
_SAMPLES = (
    ("a.c", Language.C, _C),
    ("a.cpp", Language.CPP, _C),
    ("a.py", Language.PYTHON, _PYTHON),
)


def warm_up() -> None:
    """Import all that a check or an edit may import, and check a little of each language."""
    for module in pkgutil.walk_packages(capilint.__path__, "capilint.", onerror=lambda _: None):
        if not module.name.startswith(_LEFT_OUT):
            with suppress(ImportError):  # of an extra that is not installed
                import_module(module.name)
    rule_book(None).check()
    for path, language, data in _SAMPLES:
        check([Input(path, language, data, told=True)], lambda _: Settings(compile_commands=""))
