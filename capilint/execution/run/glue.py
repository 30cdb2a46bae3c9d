"""The glue between a compiled program and the model: its text, and how it is connected.

Each API function notes where it was called, and calls through a table of addresses that `connect`
fills with the model's.

glue.c      goes into the program's library; macros in the headers tell the place of a call
glue.cpp    is a library of its own, with include/frames.cpp. Macros would be in the way of methods
            with an API function's name, and would not see the calls through pointers that deleters
            make: the place is the address where the program goes on
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from typing import Any

from capilint.execution.run import headers
from capilint.execution.run.marshal import Marshal
from capilint.language import Language
from capilint.rulebook.book import load as load_rules

PLACE = "capilint_place"
LIBRARY = "glue.so"  # the one of C++
FRAMES, HOOKS = "frames.cpp", "hooks.cpp"  # which include/ has
_TABLE = "capilint_table"
_WIDE_MAINS = ("wmain", "_Z5wmainiPPw", "_Z5wmainv")  # C++ mangles it
_SHOW_NORMAL = 1
_HEAD = """\
#define CAPILINT_GLUE
#include "capilint_api.h"

{declared}
CAPILINT_BEGIN_C
void *capilint_table[{size}];
void capilint_flush(void) {{ fflush(NULL); }}
DWORD GetLastError(void) {{ return ((DWORD (*)(void))capilint_table[{get}])(); }}
void SetLastError(DWORD dwErrCode) {{ ((void (*)(DWORD))capilint_table[{set}])(dwErrCode); }}

{bodies}
CAPILINT_END_C
"""
_IN_C = """\
typedef void (*capilint_noted)(const char *, int, const char *, const char *);
capilint_noted capilint_place;
"""
_C_FUNCTION = """\
{result} capilint_{name}(const char *file, int line, const char *caller, const char *texts,
                         {parameters})
{{
    capilint_place(file, line, caller, texts);
    return (({result} (*)({parameters}))capilint_table[{index}])({arguments});
}}
{result} {name}({parameters})
{{
    return capilint_{name}(0, 0, 0, 0, {arguments});
}}

"""
_IN_CPP = 'extern "C" __thread void *capilint_called;  // of frames.cpp\n'
_CPP_FUNCTION = """\
{result} {name}({parameters})
{{
    capilint_called = __builtin_return_address(0);
    return (({result} (*)({parameters}))capilint_table[{index}])({arguments});
}}

"""


def text(language: Language) -> str:
    """The glue for programs in that language."""
    names, book = headers.functions(), load_rules()
    in_c = language is Language.C
    form = _C_FUNCTION if in_c else _CPP_FUNCTION
    return _HEAD.format(
        declared=_IN_C if in_c else _IN_CPP,
        size=len(names) + 2,
        get=len(names),
        set=len(names) + 1,
        bodies="".join(
            form.format(index=index, **headers.parts(name, book))
            for index, name in enumerate(names)
        ),
    )


def connect(loaded: ctypes.CDLL, marshal: Marshal) -> None:
    """Fills the table of a loaded library with the model's functions."""
    names = headers.functions()
    table = (ctypes.c_void_p * (len(names) + 2)).in_dll(loaded, _TABLE)
    for index, name in enumerate(names):
        table[index] = marshal.address(name)
    machine = marshal.machine
    table[len(names)] = marshal.closure(ctypes.c_uint32, [], lambda: machine.last_error)

    def set_last_error(code: int) -> None:
        machine.last_error = code

    table[len(names) + 1] = marshal.closure(None, [ctypes.c_uint32], set_last_error)


def entry(loaded: Any, words: list[str]) -> Callable[[], int] | None:
    """What starts the program in a library with these arguments, its own name first."""
    count = len(words)
    if hasattr(loaded, "main"):
        narrow = (ctypes.c_char_p * (count + 1))(*map(os.fsencode, words), None)
        return lambda: loaded.main(count, narrow)
    for name in _WIDE_MAINS:
        if hasattr(loaded, name):
            wide = (ctypes.c_wchar_p * (count + 1))(*words, None)
            return lambda: getattr(loaded, name)(count, wide)
    line = " ".join(words[1:])
    if hasattr(loaded, "WinMain"):
        return lambda: loaded.WinMain(None, None, os.fsencode(line), _SHOW_NORMAL)
    if hasattr(loaded, "wWinMain"):
        return lambda: loaded.wWinMain(None, None, line, _SHOW_NORMAL)
    return None
