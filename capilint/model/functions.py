"""Every function that the model covers: importing this module fills SIGNATURES.

The functions of other APIs are here for what people wrongly release CryptoAPI handles with:
they do nothing to them but fail.
"""

from __future__ import annotations

from capilint.model import (  # noqa: F401 - each registers its functions
    certificates,
    ciphering,
    contexts,
    crypt32,
    hashes,
    keyblobs,
    keyparameters,
    keys,
)
from capilint.model.signature import SIGNATURES, register

_STATUS_INVALID_HANDLE = 0xC0000008
_NTE_INVALID_HANDLE = 0x80090026
_ERROR_INVALID_HANDLE = 6  # RegCloseKey returns its error

for _name, _parameters, _failure in (
    ("CloseHandle", "hObject:-other", 0),
    ("CPDestroyKey", "hProv:number hKey:-other", 0),
    ("CPDestroyHash", "hProv:number hHash:-other", 0),
    ("CPReleaseContext", "hProv:-other dwFlags:number", 0),
    ("BCryptDestroyKey", "hKey:-other", _STATUS_INVALID_HANDLE),
    ("BCryptDestroyHash", "hHash:-other", _STATUS_INVALID_HANDLE),
    ("BCryptCloseAlgorithmProvider", "hAlgorithm:-other dwFlags:number", _STATUS_INVALID_HANDLE),
    ("BCryptDestroySecret", "hSecret:-other", _STATUS_INVALID_HANDLE),
    ("NCryptFreeObject", "hObject:-other", _NTE_INVALID_HANDLE),
    ("NCryptDeleteKey", "hKey:-other dwFlags:number", _NTE_INVALID_HANDLE),
    ("CertFreeCertificateContext", "pCertContext:-other", 0),
    ("CertCloseStore", "hCertStore:-other dwFlags:number", 0),
    ("CryptMsgClose", "hCryptMsg:-other", 0),
    ("RegCloseKey", "hKey:-other", _ERROR_INVALID_HANDLE),
    ("FreeLibrary", "hLibModule:-other", 0),
):
    register(_name, _parameters, None, _failure, computed=False)

__all__ = ["SIGNATURES"]
