"""More programs of a chosen size: what real code has much of in one function, or in one file."""

from __future__ import annotations

from collections.abc import Callable

PARAMETERS = "(HCRYPTPROV hProv, BYTE *data, DWORD length)"
CREATE = "CryptGenKey(hProv, CALG_RC4, 0, &{place})"


def switch_of_cases(count: int) -> str:
    """One switch in which each case calls something; one case returns."""
    cases = "".join(
        f"    case {i}:\n        CryptEncrypt(hKey, 0, TRUE, {i}, data, &length, 64);\n"
        f"        {'return FALSE' if i == count // 2 else 'break'};\n"
        for i in range(count)
    )
    return (
        f"\nBOOL dispatch{PARAMETERS}\n{{\n    HCRYPTKEY hKey = 0;\n"
        f"    if (!{CREATE.format(place='hKey')})\n        return FALSE;\n"
        f"    switch (length) {{\n{cases}    }}\n"
        "    CryptDestroyKey(hKey);\n    return TRUE;\n}\n"
    )


def chain_of_else(count: int) -> str:
    """One `if` ... `else if` ... with a call in each; one of them returns."""
    links = " else ".join(
        f"if (length == {i}) {{\n        CryptEncrypt(hKey, 0, TRUE, {i}, data, &length, 64);\n"
        f"{'        return FALSE;' if i == count // 2 else ''}\n    }}"
        for i in range(count)
    )
    return (
        f"\nBOOL choose{PARAMETERS}\n{{\n    HCRYPTKEY hKey = 0;\n"
        f"    if (!{CREATE.format(place='hKey')})\n        return FALSE;\n"
        f"    {links}\n    CryptDestroyKey(hKey);\n    return TRUE;\n}}\n"
    )


def handles_of_a_structure(count: int) -> str:
    """One structure of handles, all made, then all destroyed but one."""
    members = "".join(f"    HCRYPTKEY key_{i};\n" for i in range(count))
    made = "".join(f"    {CREATE.format(place=f'keys.key_{i}')};\n" for i in range(count))
    ended = "".join(f"    CryptDestroyKey(keys.key_{i});\n" for i in range(1, count))
    return (
        f"\nstruct keys {{\n{members}}};\n\nBOOL fill{PARAMETERS}\n{{\n"
        f"    struct keys keys;\n{made}{ended}    return TRUE;\n}}\n"
    )


def cases_that_fall_through(count: int) -> str:
    """One switch in which each case destroys the key, and goes on into the next."""
    cases = "".join(f"    case {i}:\n        CryptDestroyKey(hKey);\n" for i in range(count))
    return (
        f"\nBOOL fall{PARAMETERS}\n{{\n    HCRYPTKEY hKey;\n"
        f"    if (!{CREATE.format(place='hKey')})\n        return FALSE;\n"
        f"    switch (length) {{\n{cases}    }}\n    return TRUE;\n}}\n"
    )


def calls_of_many_outcomes(count: int) -> str:
    """One function that calls a helper, each time for members of its own, until one fails."""
    members = "".join(f"    int size_{i};\n    int kind_{i};\n" for i in range(count))
    calls = "".join(
        f"    if (measure(&out->size_{i}, &out->kind_{i}) < 0)\n        return FALSE;\n"
        for i in range(count)
    )
    return (
        "\nstatic int measure(int *size, int *kind)\n{\n    int length = next();\n"
        "    if (length < 0)\n        return -1;\n"
        "    if (length > 64) {\n        *size = 64;\n        return 0;\n    }\n"
        "    if (length > 32) {\n        *kind = 1;\n        return 0;\n    }\n"
        "    *size = 32;\n    *kind = 0;\n    return 0;\n}\n"
        f"\nstruct sizes {{\n{members}}};\n\n"
        "BOOL measure_all(HCRYPTPROV hProv, struct sizes *out)\n{\n"
        f"    HCRYPTKEY hKey;\n    if (!{CREATE.format(place='hKey')})\n        return FALSE;\n"
        f"{calls}    return CryptDestroyKey(hKey);\n}}\n"
    )


def pairs(count: int) -> str:
    """Keys that are made and destroyed one after the other, in a variable each; one is not."""
    declared = "".join(f"    HCRYPTKEY hKey_{i};\n" for i in range(count))
    pair = "    if (!{create})\n        return FALSE;\n    CryptDestroyKey(hKey_{i});\n"
    body = "".join(pair.format(i=i, create=CREATE.format(place=f"hKey_{i}")) for i in range(count))
    return (
        f"\nBOOL in_turn{PARAMETERS}\n{{\n{declared}{body}"
        f"    return {CREATE.format(place='hKey_0')};\n}}\n"
    )


def staged_labels(count: int) -> str:
    """Keys with a label each that destroys it and falls through to the one before."""
    declared = "".join(f"    HCRYPTKEY hKey_{i} = 0;\n" for i in range(count))
    made = "".join(
        f"    if (!{CREATE.format(place=f'hKey_{i}')})\n        goto undo_{i};\n"
        for i in range(count)
    )
    undone = "".join(
        f"{'' if i == count // 2 else f'    CryptDestroyKey(hKey_{i});'}\nundo_{i}:\n"
        for i in reversed(range(count))
    )
    return f"\nBOOL staged{PARAMETERS}\n{{\n{declared}{made}{undone}    return FALSE;\n}}\n"


def functions_that_call(count: int) -> str:
    """Functions that use the key, each of which calls two of those before it."""
    text = ""
    for i in range(count):
        calls = "".join(
            f"    if (!step_{j}(hKey, data, length))\n        return FALSE;\n"
            for j in sorted({i // 2, i - 1})
            if 0 <= j < i
        )
        text += (
            f"\nBOOL step_{i}(HCRYPTKEY hKey, BYTE *data, DWORD length)\n{{\n{calls}"
            "    return CryptEncrypt(hKey, 0, TRUE, 0, data, &length, 64);\n}\n"
        )
    return text + (
        f"\nBOOL all{PARAMETERS}\n{{\n    HCRYPTKEY hKey;\n"
        f"    if (!{CREATE.format(place='hKey')})\n        return FALSE;\n"
        f"    if (!step_{count - 1}(hKey, data, length))\n        return FALSE;\n"
        "    return CryptDestroyKey(hKey);\n}\n"
    )


MORE_SHAPES: dict[str, tuple[int, Callable[[int], str]]] = {
    "switch of 1,000 cases": (1000, switch_of_cases),
    "1,000 cases that fall on": (1000, cases_that_fall_through),
    "100 calls of 3 successes": (100, calls_of_many_outcomes),
    "1,000 else-ifs": (1000, chain_of_else),
    "300 handles in a struct": (300, handles_of_a_structure),
    "1,000 creations in turn": (1000, pairs),
    "200 staged labels": (200, staged_labels),
    "500 functions that call": (500, functions_that_call),
}
