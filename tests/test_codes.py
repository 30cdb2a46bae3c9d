"""The codes: their files are complete, and their examples give what they say."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter

import pytest

from capilint.checking import check
from capilint.config.settings import Settings
from capilint.files.source import Input
from capilint.language import Language
from capilint.rulebook.code_names import code_names
from capilint.rulebook.codes import FIELDS, HEADINGS, LANGUAGES, OFF, Code, Example, load, parse
from capilint.rulebook.tomlfile import RuleError

# The design's table (section 5): name, default severity, CWE.
DESIGN = {
    "CAP101": ("handle-leaked", "error", 772),
    "CAP102": ("handle-leaked-on-exception", "warning", 772),
    "CAP103": ("handle-lost", "error", 772),
    "CAP201": ("use-after-release", "error", 672),
    "CAP202": ("double-release", "error", 1341),
    "CAP203": ("wrong-release-function", "error", 763),
    "CAP301": ("handle-outlives-owner", "error", 826),
    "CAP401": ("creation-unchecked", OFF, 252),
    "CAP402": ("release-of-uninitialised", "warning", 457),
    "CAP501": ("deprecated-api", OFF, 477),
    "CAP901": ("could-not-parse", "note", None),
    "CAP902": ("analysis-bounded", "note", None),
    "CAP903": ("unused-suppression", OFF, None),
    "CAP904": ("invalid-suppression", "warning", None),
}
CODES = list(load().values())
MINGW = shutil.which("x86_64-w64-mingw32-gcc")
MINGW_CPP = shutil.which("x86_64-w64-mingw32-g++")
INCLUDES = "#include <windows.h>\n#include <wincrypt.h>\n#include <bcrypt.h>\n"
GOOD = """\
---
code: CAP101
name: handle-leaked
severity: error
cwe: 772
message: {resource} `{handle}` is not {released}
help: call {release}
---

""" + "\n\n".join(f"## {heading}\n\nText." for heading in HEADINGS)


def test_the_files_are_named_after_the_codes() -> None:
    assert code_names() == tuple(load())


def test_the_codes_are_the_design_s() -> None:
    found = {code.code: (code.name, code.default, code.cwe) for code in CODES}
    assert found == DESIGN


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.code)
def test_a_code_is_told_whole(code: Code) -> None:
    assert tuple(code.sections) == HEADINGS
    assert all(code.sections.values())
    assert code.summary.endswith(".")
    assert "\n" not in code.summary
    assert code.markdown.startswith(f"# {code.code}: {code.name}\n")
    assert code.examples("Example")
    assert code.examples("Use instead")
    assert {LANGUAGES[each.language] for each in code.examples("Example")} <= set(code.languages)
    assert len(code.message.format(**dict.fromkeys(FIELDS, "x"))) < 100


# ---------------------------------------------------------------- the examples


KINDS = {
    "c": (".c", Language.C),
    "cpp": (".cpp", Language.CPP),
    "python": (".py", Language.PYTHON),
}


def examples(heading: str) -> list[pytest.param]:  # type: ignore[valid-type]
    """Each block under a heading, with its code."""
    return [
        pytest.param(code, example, id=f"{code.code}-{number}")
        for code in CODES
        for number, example in enumerate(code.examples(heading), start=1)
    ]


def found_in(code: Code, example: Example) -> Counter[str]:
    """The codes that `check` finds in an example, with the code itself selected."""
    suffix, language = KINDS[example.language]
    source = Input("example" + suffix, language, example.text.encode())
    report = check([source], lambda path: Settings(extend_select=(code.code,)))
    assert not report.unreadable, report.unreadable[0].reason
    return Counter(finding.code for finding in report.findings)


@pytest.mark.parametrize(("code", "example"), examples("Example"))
def test_an_example_gives_exactly_its_code(code: Code, example: Example) -> None:
    assert found_in(code, example) == {code.code: 1}


@pytest.mark.parametrize(("code", "example"), examples("Use instead"))
def test_what_to_use_instead_is_clean(code: Code, example: Example) -> None:
    assert found_in(code, example) == {}


def test_python_examples_compile() -> None:
    texts = [
        example.text
        for code in CODES
        for heading in ("Example", "Use instead")
        for example in code.examples(heading)
        if example.language == "python"
    ]
    assert texts
    for text in texts:
        compile(text, "example.py", "exec")


@pytest.mark.skipif(MINGW is None, reason="mingw-w64 is not installed (gcc-mingw-w64-x86-64)")
@pytest.mark.parametrize("heading", ["Example", "Use instead"])
def test_c_examples_compile(heading: str) -> None:
    """All together, as including windows.h takes a second; without the one that is no C."""
    texts = [
        f'#line 1 "{code.code}"\n{example.text}'
        for code in CODES
        for example in code.examples(heading)
        if example.language == "c" and (code.code, heading) != ("CAP901", "Example")
    ]
    assert len(texts) > 10
    command = [str(MINGW), "-fsyntax-only", "-Wall", "-Wno-misleading-indentation", "-xc", "-"]
    text = INCLUDES + "".join(texts)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(MINGW_CPP is None, reason="mingw-w64 is not installed (g++-mingw-w64-x86-64)")
@pytest.mark.parametrize("heading", ["Example", "Use instead"])
def test_cpp_examples_compile(heading: str) -> None:
    texts = [
        f'#line 1 "{code.code}"\nnamespace {code.code}_{number} {{\n{example.text}\n}}\n'
        for code in CODES
        for number, example in enumerate(code.examples(heading))
        if example.language == "cpp"
    ]
    assert len(texts) > 5
    command = [str(MINGW_CPP), "-fsyntax-only", "-std=c++17", "-Wall", "-xc++", "-"]
    headers = "#include <stdexcept>\n#include <string>\n#include <utility>\n"
    text = INCLUDES + headers + "".join(texts)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# ---------------------------------------------------------------- refusals


def test_a_right_file_is_taken() -> None:
    code = parse("rules/codes/CAP101.md", GOOD)
    assert (code.code, code.cwe, code.help) == ("CAP101", 772, "call {release}")
    assert code.sections["Example"] == "Text."


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("---\ncode", "code", 1, "must begin with front matter"),
        ("name: handle-leaked\n", "", 1, "the front matter has no `name`"),
        (
            "severity: error",
            "severity: error\nlanguages: C, Rust",
            5,
            "languages are C, C++, Python",
        ),
        ("severity: error", "severity: fatal", 4, "unknown severity `fatal`"),
        ("cwe: 772", "cwe: CWE-772", 5, "`cwe` must be a number"),
        ("cwe: 772", "cwe: 772\nsecurity_severity: 11", 6, "`security_severity` is 0.0 to 10.0"),
        ("{handle}", "{handel}", 6, "unknown field `{handel}`"),
        ("call {release}", "call {releases}", 7, "unknown field `{releases}`"),
        ("name: ", "nome: ", 3, "not a `key: value` with a key of"),
        ("cwe: 772", "code: CAP102", 5, "not a `key: value` with a key of"),
        ("## Example", "## Exemple", 1, "the headings must be"),
        ("## Example", "## Example\n\n## Example", 1, "the headings must be"),
    ],
)
def test_a_wrong_file_is_refused(old: str, new: str, line: int, message: str) -> None:
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    with pytest.raises(RuleError) as caught:
        parse("rules/codes/CAP101.md", text)
    assert (caught.value.path, caught.value.line) == ("rules/codes/CAP101.md", line)
    assert message in caught.value.message
