"""The calls of generated programs: the API's own, and helpers that each text defines.

A helper is correct by itself, so that every mistake is its caller's.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operation:
    """One API call.

    `parameters` are the SDK's names of the handle parameters; `makes` is the out-parameter, with
    the kind letter of what it makes. `c` and `python` are the argument lists of the two texts,
    with `{0}`, `{1}` for the arguments and `{out}` for the address of the target.
    """

    function: str
    takes: str
    parameters: tuple[str, ...]
    text: str
    makes: str = ""
    into: str = ""
    releases: bool = False


OPERATIONS = {
    "acquire": Operation(
        "CryptAcquireContextA", "", (), "{out}, {null}, {null}, 24, 0xF0000000", "c", "phProv"
    ),
    "generate": Operation("CryptGenKey", "c", ("hProv",), "{0}, 0x6610, 0, {out}", "k", "phKey"),
    "fetch": Operation("CryptGetUserKey", "c", ("hProv",), "{0}, 1, {out}", "k", "phUserKey"),
    "duplicate": Operation(
        "CryptDuplicateKey", "k", ("hKey",), "{0}, {null}, 0, {out}", "k", "phKey"
    ),
    "hash": Operation(
        "CryptCreateHash", "c", ("hProv",), "{0}, 0x8004, 0, 0, {out}", "h", "phHash"
    ),
    "derive": Operation(
        "CryptDeriveKey", "ch", ("hProv", "hBaseData"), "{0}, 0x6610, {1}, 0, {out}", "k", "phKey"
    ),
    "set": Operation("CryptSetKeyParam", "k", ("hKey",), "{0}, 1, {null}, 0"),
    "hash key": Operation("CryptHashSessionKey", "hk", ("hHash", "hKey"), "{0}, {1}, 0"),
    "hash data": Operation("CryptHashData", "h", ("hHash",), "{0}, {null}, 0, 0"),
    "random": Operation("CryptGenRandom", "c", ("hProv",), "{0}, 0, {null}"),
    "add": Operation("CryptContextAddRef", "c", ("hProv",), "{0}, {null}, 0"),
    "destroy": Operation("CryptDestroyKey", "k", ("hKey",), "{0}", releases=True),
    "destroy hash": Operation("CryptDestroyHash", "h", ("hHash",), "{0}", releases=True),
    "release": Operation("CryptReleaseContext", "c", ("hProv",), "{0}, 0", releases=True),
    "wrong": Operation("CryptDestroyHash", "k", ("hHash",), "{0}", releases=True),
    "wrong hash": Operation("CryptDestroyKey", "h", ("hKey",), "{0}", releases=True),
    "close": Operation("CloseHandle", "k", ("hObject",), "{0}", releases=True),
}


@dataclass(frozen=True, slots=True)
class Helper:
    """A helper function: its texts, and what it does, as operations on its arguments.

    It runs `operation` on them: where `if_set` is given only if the first argument is not null.
    With `clears` the argument is given by its address and is null afterwards; with `returned`
    the new handle is what the helper returns, null for a failure.
    """

    operation: str
    c: str
    python: str
    if_set: bool = False
    clears: bool = False
    returned: bool = False


CLOSING = "clear"  # what ends a variable of a scope

HELPERS = {
    "drop": Helper(
        "destroy",
        "static void drop(HCRYPTKEY k) { CryptDestroyKey(k); }",
        "def drop(k):\n    advapi32.CryptDestroyKey(k)",
    ),
    "drop_set": Helper(
        "destroy",
        "static void drop_set(HCRYPTKEY k) { if (k) CryptDestroyKey(k); }",
        "def drop_set(k):\n    if k:\n        advapi32.CryptDestroyKey(k)",
        if_set=True,
    ),
    "clear": Helper(
        "destroy",
        "static void clear(HCRYPTKEY *k) { if (*k) { CryptDestroyKey(*k); *k = 0; } }",
        "def clear(k):\n    if k.value:\n        advapi32.CryptDestroyKey(k)\n"
        "        k.value = None",
        if_set=True,
        clears=True,
    ),
    "close_all": Helper(
        "release",
        "static void close_all(HCRYPTPROV c) { if (c) CryptReleaseContext(c, 0); }",
        "def close_all(c):\n    if c:\n        advapi32.CryptReleaseContext(c, 0)",
        if_set=True,
    ),
    "make": Helper(
        "generate",
        "static BOOL make(HCRYPTPROV c, HCRYPTKEY *k) { return CryptGenKey(c, 1, 0, k); }",
        "def make(c, k):\n    return advapi32.CryptGenKey(c, 1, 0, byref(k))",
    ),
    "make_checked": Helper(
        "generate",
        "static int make_checked(HCRYPTPROV c, HCRYPTKEY *k)"
        " { if (!CryptGenKey(c, 1, 0, k)) return 0; return 1; }",
        "def make_checked(c, k):\n    if not advapi32.CryptGenKey(c, 1, 0, byref(k)):\n"
        "        return 0\n    return 1",
    ),
    "fresh": Helper(
        "generate",
        "static HCRYPTKEY fresh(HCRYPTPROV c)"
        " { HCRYPTKEY k = 0; if (!CryptGenKey(c, 1, 0, &k)) return 0; return k; }",
        "def fresh(c):\n    k = ctypes.c_void_p()\n"
        "    if not advapi32.CryptGenKey(c, 1, 0, byref(k)):\n"
        "        return ctypes.c_void_p()\n    return k",
        returned=True,
    ),
    "look": Helper(
        "set",
        "static BOOL look(HCRYPTKEY k) { return CryptSetKeyParam(k, 1, NULL, 0); }",
        "def look(k):\n    return advapi32.CryptSetKeyParam(k, 1, None, 0)",
    ),
}


def operation_of(name: str) -> Operation:
    """The API operation that a call comes down to."""
    return OPERATIONS[HELPERS[name].operation if name in HELPERS else name]
