"""Which functions are in which DLL, as far as the model has them."""

from __future__ import annotations

import ntpath
import os

_CRYPT32 = (
    "CryptImportPublicKeyInfo",
    "CryptImportPublicKeyInfoEx",
    "CryptAcquireCertificatePrivateKey",
    "CertFreeCertificateContext",
    "CertCloseStore",
    "CryptMsgClose",
)
_ELSEWHERE = {
    "CloseHandle": "kernel32",
    "FreeLibrary": "kernel32",
    "BCryptDestroyKey": "bcrypt",
    "BCryptDestroyHash": "bcrypt",
    "BCryptCloseAlgorithmProvider": "bcrypt",
    "BCryptDestroySecret": "bcrypt",
    "NCryptFreeObject": "ncrypt",
    "NCryptDeleteKey": "ncrypt",
    "CPDestroyKey": "rsaenh",
    "CPDestroyHash": "rsaenh",
    "CPReleaseContext": "rsaenh",
    **dict.fromkeys(_CRYPT32, "crypt32"),
}
KNOWN = frozenset({"advapi32", "cryptsp", *_ELSEWHERE.values()})
LAST_ERROR = ("GetLastError", "SetLastError")


class MissingLibrary(OSError):
    """The program loads a DLL that only Windows has."""


class MissingFunction(AttributeError):
    """The program asks a DLL for a function that is not here."""


def plain_name(name: object) -> str:
    """`advapi32` for `C:\\Windows\\System32\\ADVAPI32.dll`."""
    if not isinstance(name, (str, bytes, os.PathLike)):
        return ""
    return ntpath.basename(os.fsdecode(name)).lower().removesuffix(".dll")


def is_covered(function: str) -> bool:
    """Whether a program can call the function: the model knows more of some than of others."""
    from capilint.model.functions import SIGNATURES

    signature = SIGNATURES.get(function)
    return signature is not None and (signature.computed or signature.body is None)


def check_function(library: str, function: str) -> None:
    """Raises MissingFunction unless the DLL of that plain name has the function, and we do."""
    if library == "kernel32" and function in LAST_ERROR:
        return
    forms = [f"{function}{suffix}" for suffix in "AW"]
    if all(map(is_covered, forms)):
        raise MissingFunction(
            f"{library}.dll has no function {function}, only {forms[0]} and {forms[1]}"
        )
    home = _ELSEWHERE.get(function, "advapi32")
    if not is_covered(function):
        raise MissingFunction(
            f"`capilint run` has no {library}.{function}: the model covers CryptoAPI only"
        )
    if home != library and (home, library) != ("advapi32", "cryptsp"):
        raise MissingFunction(f"{library}.dll has no function {function}; {home}.dll has it")


def missing_library(name: object) -> MissingLibrary:
    """The error for a DLL that is not here."""
    known = ", ".join(sorted(KNOWN))
    return MissingLibrary(
        f"`capilint run` has no {plain_name(name) or name}.dll: the model covers {known} only"
    )
