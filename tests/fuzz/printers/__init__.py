"""Generated programs as C, C++ and Python (ctypes), with the lines of each statement.

Program ── Printer ─┬─ CPrinter ── CppPrinter ── Text
                    └─ PythonPrinter ──────────── Text
"""

from capilint.language import Language
from tests.fuzz.printers.c import CPrinter
from tests.fuzz.printers.cpp import CppPrinter
from tests.fuzz.printers.python import PythonPrinter
from tests.fuzz.printers.text import Text
from tests.fuzz.program import Program

__all__ = ["Text", "text_of"]

_PRINTERS = {
    Language.C: CPrinter,
    Language.CPP: CppPrinter,
    Language.PYTHON: PythonPrinter,
}


def text_of(program: Program, language: Language) -> Text:
    """The program in one of the languages."""
    text = Text(language)
    _PRINTERS[language](text, program).program()
    return text
