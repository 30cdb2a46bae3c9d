"""The C++ front end against the C one, in time per line, on code of the same kind.

The first pairs are one text read as both languages; the others are what a programmer of each
language writes for the same purpose. Where one of the languages needs more lines for it, the ratio
of the times per line tells of the lines as well: that of the whole texts is then the one of the
same job. So it is with holders, which say in 15 lines what C by hand says in 25; gcc's attribute
`cleanup` says it in as many. A time is the CPU time of the front end alone in a whole `check`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.bench.phases import times_of
from tests.bench.programs import HEADER, ORDINARY, whole_file

COUNT = 100  # functions
TURNS = 15  # of a pair; on a virtual machine a third of them took up to twice the least
_IN_CLASSES = """
namespace jobs {{
class Job_{number} {{
public:
    explicit Job_{number}(HCRYPTPROV hProv) : m_hProv(hProv), m_hKey(0) {{}}
    BOOL run(BYTE *data, DWORD &length);

private:
    HCRYPTPROV m_hProv;
    HCRYPTKEY m_hKey;
}};

BOOL Job_{number}::run(BYTE *data, DWORD &length)
{{
    HCRYPTHASH hHash = 0;
    BOOL ok = FALSE;

    if (!CryptCreateHash(m_hProv, CALG_SHA1, 0, 0, &hHash))
        return FALSE;
    if (!CryptHashData(hHash, data, length, 0))
        goto done;
    if (!CryptDeriveKey(m_hProv, CALG_RC4, hHash, 0, &m_hKey))
        goto done;
    ok = CryptEncrypt(m_hKey, 0, TRUE, 0, data, &length, length);
done:
    if (m_hKey)
        CryptDestroyKey(m_hKey);
    if (hHash)
        CryptDestroyHash(hHash);
    return ok;
}}
}}
"""
_HOLDERS = """
template <typename Handle, BOOL(WINAPI *Close)(Handle)> class Holder {
public:
    Holder() : m_handle(0) {}
    ~Holder() { if (m_handle) Close(m_handle); }
    Holder(const Holder &) = delete;
    Handle *operator&() { return &m_handle; }
    operator Handle() const { return m_handle; }

private:
    Handle m_handle;
};
using Key = Holder<HCRYPTKEY, CryptDestroyKey>;
using Hash = Holder<HCRYPTHASH, CryptDestroyHash>;
"""
_WITH_HOLDERS = """
static void ordinary_{number}(HCRYPTPROV hProv, BYTE *data, DWORD length)
{{
    Key key;
    Hash hash;

    if (!CryptCreateHash(hProv, CALG_SHA1, 0, 0, &hash))
        throw std::runtime_error("no hash");
    if (!CryptHashData(hash, data, length, 0))
        throw std::runtime_error("no data");
    if (!CryptDeriveKey(hProv, CALG_RC4, hash, 0, &key))
        throw std::runtime_error("no key");
    if (!CryptEncrypt(key, 0, TRUE, 0, data, &length, length))
        throw std::runtime_error("not encrypted");
}}
"""

# What the holders do, by hand: each way out releases what there is by then.
_BY_HAND = """
static int ordinary_{number}(HCRYPTPROV hProv, BYTE *data, DWORD length)
{{
    HCRYPTKEY key = 0;
    HCRYPTHASH hash = 0;

    if (!CryptCreateHash(hProv, CALG_SHA1, 0, 0, &hash))
        return NO_HASH;
    if (!CryptHashData(hash, data, length, 0)) {{
        CryptDestroyHash(hash);
        return NO_DATA;
    }}
    if (!CryptDeriveKey(hProv, CALG_RC4, hash, 0, &key)) {{
        CryptDestroyHash(hash);
        return NO_KEY;
    }}
    if (!CryptEncrypt(key, 0, TRUE, 0, data, &length, length)) {{
        CryptDestroyKey(key);
        CryptDestroyHash(hash);
        return NOT_ENCRYPTED;
    }}
    CryptDestroyKey(key);
    CryptDestroyHash(hash);
    return DONE;
}}
"""

# The same, said to gcc: its attribute makes the call wherever the variable's scope is left.
_CLEANERS = """
static void close_key(HCRYPTKEY *key) { if (*key) CryptDestroyKey(*key); }
static void close_hash(HCRYPTHASH *hash) { if (*hash) CryptDestroyHash(*hash); }
"""
_CLEANED_UP = """
static int ordinary_{number}(HCRYPTPROV hProv, BYTE *data, DWORD length)
{{
    __attribute__((cleanup(close_key))) HCRYPTKEY key = 0;
    __attribute__((cleanup(close_hash))) HCRYPTHASH hash = 0;

    if (!CryptCreateHash(hProv, CALG_SHA1, 0, 0, &hash))
        return NO_HASH;
    if (!CryptHashData(hash, data, length, 0))
        return NO_DATA;
    if (!CryptDeriveKey(hProv, CALG_RC4, hash, 0, &key))
        return NO_KEY;
    if (!CryptEncrypt(key, 0, TRUE, 0, data, &length, length))
        return NOT_ENCRYPTED;
    return DONE;
}}
"""
_STATUSES = "enum {NO_HASH, NO_DATA, NO_KEY, NOT_ENCRYPTED, DONE};\n"


class Comparison(NamedTuple):
    """Microseconds a line of the C and of the C++ front end, each the least of several runs: what
    else the machine does makes a run slower, never faster. `ratio` is that of the second to the
    first, `whole` that of the whole texts, of as many functions, whatever their lines."""

    c: float
    cpp: float
    ratio: float
    whole: float


def texts() -> dict[str, tuple[str, str]]:
    """Pairs of a C and a C++ text, by what they are; of as many functions, mostly COUNT."""
    plain = HEADER + "".join(ORDINARY.format(number=number) for number in range(COUNT))
    classes = HEADER + "".join(_IN_CLASSES.format(number=number) for number in range(COUNT))
    by_hand = HEADER + _STATUSES
    by_hand += "".join(_BY_HAND.format(number=number) for number in range(COUNT))
    cleaned_up = HEADER + _STATUSES + _CLEANERS
    cleaned_up += "".join(_CLEANED_UP.format(number=number) for number in range(COUNT))
    holders = HEADER + "#include <stdexcept>\n" + _HOLDERS
    holders += "".join(_WITH_HOLDERS.format(number=number) for number in range(COUNT))
    return {
        "one text of 2,000 lines, read as C and as C++": (whole_file(0.1),) * 2,
        f"{COUNT} functions, read as C and as C++": (plain, plain),
        "functions in C, methods of classes in C++": (plain, classes),
        "gcc's cleanup attribute in C, RAII holders in C++": (cleaned_up, holders),
        "cleanup by hand in C, RAII holders in C++": (by_hand, holders),
    }


def compare(folder: Path, c: str, cpp: str) -> Comparison:
    """Lower the texts in turn, TURNS times."""
    per_line: list[tuple[float, float]] = []
    for number in range(TURNS + 1):
        pair = [
            times_of(_written(folder / name, text))[phase] * 1e6 / text.count("\n")
            for name, text, phase in (
                ("one.c", c, "C front end"),
                ("two.cpp", cpp, "C++ front end"),
            )
        ]
        if number:  # the first pair pays for what is made once
            per_line.append((pair[0], pair[1]))
    c_least, cpp_least = (min(each) for each in zip(*per_line, strict=True))
    ratio = cpp_least / c_least
    return Comparison(c_least, cpp_least, ratio, ratio * cpp.count("\n") / c.count("\n"))


def compared() -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The head and the rows of a table of all pairs of texts."""
    rows: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as name:
        for what, (c, cpp) in texts().items():
            found = compare(Path(name), c, cpp)
            times = (f"{found.c:.0f}", f"{found.cpp:.0f}")
            rows.append((what, *times, f"{found.ratio:.2f}", f"{found.whole:.2f}"))
    return ("code", "C, µs/line", "C++, µs/line", "C++ to C by lines", "by whole texts"), rows


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
