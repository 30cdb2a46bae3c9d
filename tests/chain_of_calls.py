"""A program of many files with leaks in a chain of calls: work for more than one process."""

from __future__ import annotations

from pathlib import Path

MANY = 30  # files, so that there is something left for others
CHAIN = """
static void helper_{n}(HCRYPTKEY key) {{ if (key) CryptDestroyKey(key); }}
int make_{n}(HCRYPTPROV prov, HCRYPTKEY *key) {{ return CryptGenKey(prov, CALG_RC4, 0, key); }}
int use_{n}(HCRYPTPROV prov) {{
    HCRYPTKEY key;
    if (!make_{n}(prov, &key)) return 0;
    if (prov == {n}) return 1;
    helper_{n}(key);
    return use_{m}(prov);
}}
"""


def lay(folder: Path) -> Path:
    """Write the program's files into a new folder; that folder."""
    folder.mkdir()
    for n in range(MANY):
        (folder / f"part_{n}.c").write_text(CHAIN.format(n=n, m=n + 1), encoding="utf-8")
    return folder
