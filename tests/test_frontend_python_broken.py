"""Python files that do not parse: what is around the broken part is analysed nevertheless."""

from __future__ import annotations

from textwrap import dedent

import pytest

from capilint.checking import Report, check
from capilint.config.settings import Settings
from capilint.files.source import Input
from capilint.language import Language
from tests.fuzz.inputs import hold

LEAK = """
import ctypes
advapi32 = ctypes.WinDLL("advapi32")

def leak(prov):
    key = ctypes.c_void_p()
    advapi32.CryptGenKey(prov, 1, 0, ctypes.byref(key))

"""
LEAKING = ("CAP101", 7)


def checked(text: str) -> Report:
    source = Input("a.py", Language.PYTHON, text.encode())
    report = check([source], lambda _: Settings())
    assert not report.unreadable, report.unreadable[0].detail
    return report


def found(text: str) -> set[tuple[str, int]]:
    return {(finding.code, finding.span.line) for finding in checked(text).findings}


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        ("def f(x):\n    g(x\n", 10),
        ("def f(x:\n    pass\n", 9),
        ("def f(x):\n    x = = 1\n    y = 2\n", 10),
        ("@one\n@two(\nasync def f():\n    pass\n", 10),
        ("class C:\n    def f(self):\n        return )\n", 11),
        ("class C(:\n    x = 1\n", 9),
        ("def outer():\n    def inner():\n        x y\n    return inner\n", 11),
        ("def f():\n    s = 'unterminated\n", 10),
        ("if True:\n    x y\nelse:\n    z = 1\n", 10),
        ("x = (1,\n     2\n", 9),
        ("for x in y\n    pass\n", 9),
        ("def f():\n  if x:\n    a\n   b\n", 12),
    ],
)
def test_what_is_around_a_broken_part_is_analysed(broken: str, line: int) -> None:
    below = LEAK + broken + "\n\ndef after(prov):\n    return leak(prov)\n"
    assert found(below) == {LEAKING, ("CAP901", line)}
    moved = LEAKING[1] + broken.count("\n")
    assert found(broken + LEAK) == {("CAP101", moved), ("CAP901", line - 8)}


def test_the_other_methods_of_a_class_stay() -> None:
    text = LEAK + dedent(
        """\
        class Key:
            def __init__(self, prov):
                self.key = ctypes.c_void_p()
                advapi32.CryptGenKey(prov, 1, 0, ctypes.byref(self.key))
            def end(self)
                advapi32.CryptDestroyKey(self.key)
            def twice(self):
                advapi32.CryptDestroyKey(self.key)
                advapi32.CryptDestroyKey(self.key)
        """
    )
    assert found(text) == {LEAKING, ("CAP901", 13), ("CAP202", 17)}


def test_python_2_is_mended_as_python_2() -> None:
    text = "print 'old'\n" + LEAK + "def f((a, b)):\n    print a\n\ndef g():\n    print 'x'\n"
    assert {("CAP101", 8), ("CAP901", 10)} == found(text)


def test_what_has_too_many_broken_parts_is_left_out_whole() -> None:
    text = LEAK + "".join(f"def f{number}(:\n    pass\n" for number in range(30))
    assert found(text) == {("CAP901", 9)}


def test_every_broken_part_is_said() -> None:
    text = LEAK + "def f(:\n    pass\ndef g():\n    x y\n"
    assert found(text) == {LEAKING, ("CAP901", 9), ("CAP901", 12)}


@pytest.mark.parametrize(
    "deep",
    [
        pytest.param(text, id=name)
        for name, text in {
            "brackets": "x = " + "[" * 150 + "]" * 150,
            "brackets, again and again": ("x = " + "f(" * 90 + ")" * 90 + "\n    ") * 100,
            "signs": "x = " + "-" * 12_000 + "1",
            "signs on lines": "x = (" + "-\n        " * 12_000 + "1)",
            "operators": "x = " + "1 + " * 1_200 + "1",
            "chains of calls": ("x = a" + "(int)" * 600 + "\n    ") * 3,
            "mappings in patterns": "match x:\n        case "
            + "{1: " * 14
            + "x"
            + "}" * 14
            + ": pass",
            "all in patterns": "match x:\n        case "
            + "({1: [A(" * 4
            + "x"
            + ")]})" * 4
            + ": pass",
        }.items()
    ],
)
def test_what_is_too_deep_for_the_parser_costs_its_function(deep: str) -> None:
    codes = {(code, line) for code, line in found(LEAK + f"def f(x):\n    {deep}\n")}
    assert LEAKING in codes
    assert {code for code, _ in codes} == {"CAP101", "CAP901"}
    (note,) = [
        each
        for each in checked(f"def f(x):\n    {deep}\n" + LEAK).findings
        if each.code == "CAP901"
    ]
    assert "nested too deeply" in note.message


def test_a_long_chain_of_calls_takes_no_time() -> None:
    assert found(LEAK + "x = a" + "(int)" * 400 + "\n") == {LEAKING}


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        ("def f(x):\n    y = a[b\\\n\\\n()\n", (2, 10)),  # a line of a backslash after the part
        ("x = f(a\\\n\\\n\\b\n)\n", (3, 1)),  # Python counts columns on from line 1
        ("x = f(a\\\n\\\n\\\n\\\n\n" + "\\\n" * 9 + "def g(:\n", None),
    ],
)
def test_places_of_lines_that_are_joined_are_places_of_the_file(
    broken: str, place: tuple[int, int] | None
) -> None:
    hold(Input("a.py", Language.PYTHON, (broken + LEAK).encode()))
    findings = checked(broken + LEAK).findings
    assert ("CAP101", 7 + broken.count("\n")) in {(each.code, each.span.line) for each in findings}
    notes = {(each.span.line, each.span.column) for each in findings if each.code == "CAP901"}
    assert place is None or place in notes


def test_a_template_beside_a_text_is_no_text() -> None:
    assert found('""t"What this is."""\n' + LEAK[1:]) == {("CAP101", 7)}
