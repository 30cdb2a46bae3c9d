"""Every function that the model covers: importing this module fills SIGNATURES.

The functions of other APIs are here for what people wrongly release CryptoAPI handles with:
they do nothing to them but fail.
"""

from __future__ import annotations

from capilint.model import (  # noqa: F401 - each registers its functions
    certificates,
    ciphering,
    contexts,
    hashes,
    keyblobs,
    keyparameters,
    keys,
)
from capilint.model.signature import SIGNATURES, register

_STATUS_INVALID_HANDLE = 0xC0000008
_NTE_INVALID_HANDLE = 0x80090026

for _name, _parameters, _failure in (
    ("CloseHandle", "hObject:-other", 0),
    ("CPDestroyKey", "hProv:number hKey:-other", 0),
    ("CPDestroyHash", "hProv:number hHash:-other", 0),
    ("CPReleaseContext", "hProv:-other dwFlags:number", 0),
    ("BCryptDestroyKey", "hKey:-other", _STATUS_INVALID_HANDLE),
    ("BCryptDestroyHash", "hHash:-other", _STATUS_INVALID_HANDLE),
    ("BCryptCloseAlgorithmProvider", "hAlgorithm:-other dwFlags:number", _STATUS_INVALID_HANDLE),
    ("NCryptFreeObject", "hObject:-other", _NTE_INVALID_HANDLE),
):
    register(_name, _parameters, None, _failure)

__all__ = ["SIGNATURES"]
