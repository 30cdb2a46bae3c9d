"""What the tests of the doors share: leaking files, mended files, and the recipes of docs/ci.md."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.tools import ROOT

C_LEAK = """\
#include <windows.h>
#include <wincrypt.h>
BOOL encrypt(HCRYPTPROV hProv, BYTE *data, DWORD *length, DWORD capacity)
{
    HCRYPTKEY hKey;
    if (!CryptGenKey(hProv, CALG_AES_256, 0, &hKey))
        return FALSE;
    if (!CryptEncrypt(hKey, 0, TRUE, 0, data, length, capacity))
        return FALSE;
    CryptDestroyKey(hKey);
    return TRUE;
}
"""
C_MENDED = C_LEAK.replace(
    "capacity))\n        return FALSE;\n    CryptDestroyKey(hKey);\n    return TRUE;",
    "capacity))\n        *length = 0;\n    CryptDestroyKey(hKey);\n    return TRUE;",
)
PYTHON_LEAK = """\
import ctypes
from ctypes import byref, wintypes

advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)


def has_provider(provider):
    key = wintypes.HANDLE()
    return advapi32.CryptGenKey(provider, 0x6610, 0, byref(key)) != 0
"""
PYTHON_MENDED = PYTHON_LEAK.replace(
    "    return advapi32.CryptGenKey(provider, 0x6610, 0, byref(key)) != 0\n",
    "    if not advapi32.CryptGenKey(provider, 0x6610, 0, byref(key)):\n"
    "        return False\n"
    "    return advapi32.CryptDestroyKey(key) != 0\n",
)


def recipe(name: str) -> str:
    """The block of YAML in docs/ci.md that begins with a comment of that file name."""
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"^```yaml\n(# {re.escape(name)}\n.*?)^```$", text, re.M | re.S)
    return str(found)


def parsed(name: str) -> Any:
    """The recipe as the service reads it."""
    return yaml.safe_load(recipe(name))
