"""C programs of a chosen size, shaped to hurt an analysis that is not near linear.

At size 1 the whole file has 20,000 lines: one function of 2,000 guarded calls in sequence, one of
500 nested blocks, a chain of 1,000 `if (flag_i)`, and ordinary functions for the rest. Each of the
first three leaks its key on one path, so that a result can be told from silence.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.bench.shapes import MORE_SHAPES

HEADER = "#include <windows.h>\n#include <wincrypt.h>\n"
CREATE = """\
    HCRYPTKEY hKey = 0;
    if (!CryptGenKey(hProv, CALG_RC4, 0, &hKey))
        return FALSE;
"""
USE = "CryptEncrypt(hKey, 0, TRUE, 0, data, &length, 64)"
ORDINARY = """
static BOOL ordinary_{number}(HCRYPTPROV hProv, BYTE *data, DWORD length)
{{
    HCRYPTKEY hKey = 0;
    HCRYPTHASH hHash = 0;
    BOOL ok = FALSE;

    if (!CryptCreateHash(hProv, CALG_SHA1, 0, 0, &hHash))
        goto done;
    if (!CryptHashData(hHash, data, length, 0))
        goto done;
    if (!CryptDeriveKey(hProv, CALG_RC4, hHash, 0, &hKey))
        goto done;
    ok = CryptEncrypt(hKey, 0, TRUE, 0, data, &length, length);
done:
    if (hKey)
        CryptDestroyKey(hKey);
    if (hHash)
        CryptDestroyHash(hHash);
    return ok;
}}
"""


def guarded_calls(count: int) -> str:
    """One function of `count` guarded calls in sequence; the last guard forgets the cleanup."""
    guard = f"    if (!{USE})\n        goto done;\n"
    return (
        "\nBOOL sequence(HCRYPTPROV hProv, BYTE *data, DWORD length)\n{\n    BOOL ok = FALSE;\n"
        f"{CREATE}{guard * (count - 2)}    if (!{USE})\n        return FALSE;\n"
        "    ok = TRUE;\ndone:\n    CryptDestroyKey(hKey);\n    return ok;\n}\n"
    )


def nested_blocks(depth: int) -> str:
    """One function of `depth` blocks, each inside the one before; the innermost returns early."""
    opening = "".join(f"{' ' * min(level + 4, 40)}if ({USE}) {{\n" for level in range(depth))
    closing = "".join(f"{' ' * min(level + 4, 40)}}}\n" for level in reversed(range(depth)))
    return (
        f"\nBOOL nested(HCRYPTPROV hProv, BYTE *data, DWORD length)\n{{\n{CREATE}{opening}"
        f"        return TRUE;\n{closing}    CryptDestroyKey(hKey);\n    return FALSE;\n}}\n"
    )


def chain_of_flags(count: int) -> str:
    """One function that tests `count` flags one after the other; the first flag skips cleanup."""
    flags = "".join(f"    int flag_{i} = options[{i}];\n" for i in range(count))
    tests = "".join(f"    if (flag_{i})\n        total += {i};\n" for i in range(count))
    return (
        "\nint flags(HCRYPTPROV hProv, const int *options)\n{\n    int total = 0;\n"
        f"{flags}{CREATE}{tests}    if (!flag_0)\n        CryptDestroyKey(hKey);\n    return"
        " total;\n"
        "}\n"
    )


def whole_file(size: float) -> str:
    """The file of the module's description, every part of it scaled by `size`."""
    text = HEADER + guarded_calls(int(2000 * size)) + nested_blocks(int(500 * size))
    text += chain_of_flags(int(1000 * size))
    missing = int(20_000 * size) - text.count("\n")
    fillers = missing // ORDINARY.count("\n")
    return text + "".join(ORDINARY.format(number=number) for number in range(fillers))


def scaled(count: int, program: Callable[[int], str]) -> Callable[[float], str]:
    """The file with that program, for a size of which 1 stands for `count`."""
    return lambda size: HEADER + program(int(count * size))


SHAPES: dict[str, Callable[[float], str]] = {
    "whole file (20,000 lines)": whole_file,
    "2,000 guarded calls": lambda size: HEADER + guarded_calls(int(2000 * size)),
    "500 nested blocks": lambda size: HEADER + nested_blocks(int(500 * size)),
    "1,000 if (flag_i)": lambda size: HEADER + chain_of_flags(int(1000 * size)),
    **{name: scaled(count, program) for name, (count, program) in MORE_SHAPES.items()},
}
