"""Broken files: no internal error, every place inside of the file, the same result each time."""

from __future__ import annotations

import random

import pytest

from capilint.cache.store import Store
from capilint.checking import check
from capilint.config.settings import Settings
from capilint.files.source import Input
from tests.fuzz.caches import PROGRAMS, BrokenCache, broken_cache, hold_cache, whole_entries
from tests.fuzz.inputs import LANGUAGES, WrongInput, hold, inputs
from tests.fuzz.settings_files import KINDS, hold_settings, settings_file

LEAK = {
    ".c": "void f(HCRYPTPROV p)\n{\n    HCRYPTKEY k;\n    CryptGenKey(p, 1, 0, &k);\n}\n",
    ".py": "import ctypes\ndef f(p):\n    k = ctypes.c_void_p()\n"
    "    ctypes.windll.advapi32.CryptGenKey(p, 1, 0, ctypes.byref(k))\n",
}
LEAK[".cpp"] = LEAK[".c"]


@pytest.mark.parametrize("suffix", LANGUAGES)
def test_mutated_fixtures_hold(suffix: str) -> None:
    for number, item in enumerate(inputs(20261130, 12, [suffix])):
        hold(item, again=number % 10 == 0)


@pytest.mark.parametrize("kind", KINDS)
def test_broken_settings_hold(kind: str) -> None:
    for number in range(40):
        hold_settings(settings_file(20261130, number, [kind]), again=number % 10 == 0)


def test_broken_caches_hold() -> None:
    for number in range(60):
        hold_cache(broken_cache(20261130, number, random.Random(number)))


def test_entries_that_are_broken_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nothing would be tried by them."""
    asked: list[str] = []
    get = Store.get
    monkeypatch.setattr(Store, "get", lambda self, key: asked.append(key) or get(self, key))
    for program in range(PROGRAMS):
        names = whole_entries(program)
        hold_cache(BrokenCache("0", program, dict.fromkeys(names, b""), sealed=False))
        assert {name.replace("/", "") for name in names} <= set(asked)


@pytest.mark.parametrize("suffix", LANGUAGES)
@pytest.mark.parametrize(
    "before",
    [
        "\\\n",
        "\f",
        "\f\n",
        "\r",
        "\r\r\n",
        "\u2028",
        "\x85\n",
        "\x1c\n",
        "\t\t",
        "\ufeff",
        "\v\n",
        "",
    ],
    ids=ascii,
)
def test_places_are_an_editors_whatever_ends_lines(suffix: str, before: str) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        for text in (
            before + LEAK[suffix],
            LEAK[suffix].replace("\n", "\r"),
            LEAK[suffix] + before,
        ):
            hold(Input(f"a{suffix}", LANGUAGES[suffix], text.encode(encoding)))


def test_a_jump_in_a_call_to_no_label_has_the_place_of_the_call() -> None:
    text = "int f(HCRYPTPROV p)\n{\n    HCRYPTKEY k;\n    if (CryptGenKey(p, 1, 0, &k))\n"
    text += "        CryptDestroyKey(goto nowhere;k);\n    return 0;\n}\n"
    for suffix in (".c", ".cpp"):
        item = Input(f"a{suffix}", LANGUAGES[suffix], text.encode())
        hold(item)
        found = check([item], lambda _: Settings()).findings
        assert ("CAP901", 5) in [(each.code, each.span.line) for each in found]


def test_no_place_is_in_what_a_repair_inserts_or_behind_the_lines_that_it_joins() -> None:
    texts = {
        ".cpp": "HRESULT f(HCRYPTPROV p)\nCATCH_RETUR ()\nnoexcept\ntry\n{\n"
        "    HCRYPTKEY key = 0;\n    CHECK(CryptGenKey(p, 1, 0, &key));\n"
        "    if (p == 0)\n        throw bad();\n"
        "    CryptDestroyKey(key);\n    return 0;\n}\nCATCH_RETUR ()\n",
        ".c": "BOOL f(HCRYPTPROV p)\n{\n    HCRYPTKEY k;\n"
        "    if (!CryptGenKey(hPro\rv, 1, 0, &k))\n"
        "        return 0;\n    return CryptSetKeyParam(k, 1, 0, 0);\n}\n",
    }
    for suffix, text in texts.items():
        hold(Input(f"a{suffix}", LANGUAGES[suffix], text.encode()), again=True)


def test_it_notices_a_place_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("capilint.files.source.Source.lines", ("",))
    with pytest.raises(WrongInput, match="no place"):
        hold(Input("a.c", LANGUAGES[".c"], LEAK[".c"].encode()))
