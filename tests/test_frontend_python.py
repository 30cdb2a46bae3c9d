"""The Python front end, read through the textual dump of its IR."""

from __future__ import annotations

from textwrap import dedent

from capilint import ir
from capilint.frontends.python import lower
from capilint.ir_text import function_text


def module_of(source: str, path: str = "pkg/mod.py") -> ir.Module:
    return lower(dedent(source), path)


def dump(source: str, name: str = "f") -> str:
    """The body of one function's dump, without positions."""
    module = module_of(source)
    assert not module.problems
    (function,) = [each for each in module.functions if each.name == name]
    text = function_text(function, positions=False)
    return "\n".join(line.rstrip() for line in text.splitlines()[1:])


def calls(source: str, name: str = "f") -> list[str]:
    """The calls of one function, in the order of the blocks."""
    lines = dump(source, name).splitlines()
    return [line.partition("call ")[2] for line in lines if "call " in line]


def lines(text: str) -> str:
    return dedent(text).strip("\n")


# ---------------------------------------------------------------- names


def test_library_aliases_resolve_to_one_canonical_name() -> None:
    found = calls("""
        import ctypes as c
        K = c.WinDLL("advapi32.dll", use_last_error=True)
        gen = K.CryptGenKey
        def f(prov, h):
            gen(prov, h)
            c.windll.advapi32.CryptGenKey(prov, h)
            c.windll["advapi32"].CryptGenKey(prov, h)
            getattr(K, "CryptDestroyKey")(h)
        """)
    assert found == [
        'ctypes.WinDLL("advapi32.dll").CryptGenKey(prov, h)',
        "ctypes.windll.advapi32.CryptGenKey(prov, h)",
        'ctypes.windll["advapi32"].CryptGenKey(prov, h)',
        'ctypes.WinDLL("advapi32.dll").CryptDestroyKey(h)',
    ]
