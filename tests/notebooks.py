"""Notebooks for the tests, as Jupyter writes them."""

from __future__ import annotations

import json

SETUP = """\
import ctypes
from ctypes import byref, wintypes
advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
"""
USE = """\
%matplotlib inline
def has_provider(provider):
    !ls
    key = wintypes.HANDLE()
    return advapi32.CryptGenKey(provider, 0x6610, 0, byref(key)) != 0
"""


def notebook(*cells: str, language: str = "python", indent: int | None = 1) -> str:
    """A notebook of code cells, and of Markdown where a cell begins with `#md`."""
    document = {
        "cells": [
            {
                "cell_type": "markdown" if text.startswith("#md") else "code",
                "metadata": {"tags": []},
                "source": text.splitlines(keepends=True),
            }
            for text in cells
        ],
        "metadata": {"language_info": {"name": language, "version": "3.11"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, indent=indent) + "\n"
