"""`--explain-silence`: what is said of the handles of which nothing is reported."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from capilint.checking import Report, check
from capilint.cli import main
from capilint.config.settings import Settings
from capilint.engine import Analysis, fixpoint
from capilint.files.source import Input, Source
from capilint.ir import Direct, Language, Module
from capilint.ir.code import Call
from capilint.lowering import lower
from capilint.rulebook.book import load
from capilint.silence import Kind, Reason
from tests.fixture_format import FIXTURES, fixture_programs

BOOK = load()
FIRST = """\
#include <windows.h>
"""


def explained(settings: Settings | None = None, **files: str) -> Report:
    """A run over the texts of files; `a_c` is `a.c`."""
    chosen = settings or Settings()
    inputs = [
        Input(
            name.replace("_", "."),
            Language.PYTHON if name.endswith("_py") else Language.C,
            text.encode(),
        )
        for name, text in files.items()
    ]
    return check(inputs, lambda _: chosen, explain=True)


def lines(**files: str) -> list[str]:
    account = explained(**files).account
    assert account is not None
    return [silence.text for silence in account.silences]


def counts(report: Report) -> tuple[int, int, int]:
    assert report.account is not None
    account = report.account
    return account.reported, account.followed, len(account.silences)


def c_function(body: str) -> str:
    """A function `f` in which line 5 makes the key `h`, which `body` follows in line 6."""
    head = FIRST + "void f(HCRYPTPROV p, int i, struct s *x)\n{\n"
    return head + f"    HCRYPTKEY h;\n    if (!CryptGenKey(p, 1, 0, &h)) return;\n{body}\n}}\n"


# ---------------------------------------------------------------- C


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("queue_push(h);", "given to `queue_push`, which no file of the run defines (line 6)"),
        ("x->cb(h);", "given to a function that is only known at run time (line 6)"),
        (
            "CryptSetProvParam(p, 1, &h, 0); keep(&h);",
            "given to `keep`, which no file of the run defines (line 6)",
        ),
        ("x->key = h;", "stored in `x->key`, which no function of the run releases (line 6)"),
        ("HCRYPTKEY k[4]; k[i] = h;", "in an element of `k` that is not known (line 6)"),
        ("ExitProcess(1);", "alive when the process ends, which is no leak (line 6)"),
        ("for (;;) CryptGenRandom(p, 1, 0);", None),
    ],
)
def test_a_c_function_lets_go_of_its_key(body: str, reason: str | None) -> None:
    reason = reason or "no path that is followed leads from there to the end of the function"
    assert lines(a_c=c_function(body)) == [f"a.c:5: key `h`: {reason}"]


def test_what_is_released_or_reported_is_no_silence() -> None:
    assert counts(explained(a_c=c_function("CryptDestroyKey(h);"))) == (0, 1, 0)
    assert counts(explained(a_c=c_function(""))) == (1, 0, 0)


def test_a_handle_that_escapes_on_one_path_and_leaks_on_another_is_reported() -> None:
    assert counts(explained(a_c=c_function("if (i) queue_push(h);"))) == (1, 0, 0)


def test_the_path_that_lets_go_is_the_one_that_is_told() -> None:
    """On the first path the key is released after the unknown call had it."""
    body = "if (i) { look_at(h); CryptDestroyKey(h); } else\n    queue_push(h);"
    assert lines(a_c=c_function(body)) == [
        "a.c:5: key `h`: given to `queue_push`, which no file of the run defines (line 7)"
    ]


def test_a_member_that_some_function_releases() -> None:
    close = "void shut(struct s *x)\n{\n    CryptDestroyKey(x->key);\n}\n"
    assert lines(a_c=c_function("x->key = h;") + close) == [
        "a.c:5: key `h`: stored in `x->key`; `shut` releases what such a place holds (line 6)"
    ]


def test_a_global_variable() -> None:
    text = FIRST + "static HCRYPTKEY g;\nBOOL f(HCRYPTPROV p) { return CryptGenKey(p, 1, 0, &g); }"
    assert lines(a_c=text) == [
        "a.c:3: key `g`: stored in `g`, which no function of the run releases"
    ]


OPENER = """\
#include <windows.h>
BOOL open_key(HCRYPTPROV p, HCRYPTKEY *out)
{
    return CryptGenKey(p, 1, 0, out);
}
"""


def test_what_no_caller_of_the_run_gets() -> None:
    assert lines(a_c=OPENER) == [
        "a.c:4: key `*out`: given to the caller of `open_key`, which no file of the run calls"
    ]


def test_what_a_caller_in_another_file_gets_is_followed_there() -> None:
    user = "#include <windows.h>\nvoid use(HCRYPTPROV p)\n{\n    HCRYPTKEY k;\n"
    good = user + "    if (open_key(p, &k)) CryptDestroyKey(k);\n}\n"
    gone = user + "    if (open_key(p, &k)) queue_push(k);\n}\n"
    lost = user + "    if (open_key(p, &k)) CryptGenRandom(p, 1, 0);\n}\n"
    assert counts(explained(a_c=OPENER, b_c=good)) == (0, 1, 0)
    assert counts(explained(a_c=OPENER, b_c=lost)) == (1, 0, 0)
    assert lines(a_c=OPENER, b_c=gone) == [
        "a.c:4: key `*out`: given to `queue_push`, which no file of the run defines (b.c:5)"
    ]


def test_two_ways_to_make_one_handle_are_two_creations() -> None:
    opener = """\
#include <windows.h>
BOOL open_key(HCRYPTPROV p, int i, HCRYPTKEY *out)
{
    if (i)
        return CryptGenKey(p, 1, 0, out);
    return CryptGetUserKey(p, 1, out);
}
"""
    user = "#include <windows.h>\nvoid use(HCRYPTPROV p, int i)\n{\n    HCRYPTKEY k;\n"
    user += "    if (open_key(p, i, &k)) CryptDestroyKey(k);\n}\n"
    assert counts(explained(a_c=opener, b_c=user)) == (0, 2, 0)


def test_a_returned_handle() -> None:
    text = FIRST + "HCRYPTKEY f(HCRYPTPROV p)\n{\n    HCRYPTKEY h;\n"
    text += "    if (!CryptGenKey(p, 1, 0, &h)) return 0;\n    return h;\n}\n"
    assert lines(a_c=text) == [
        "a.c:5: key `h`: returned by `f`, which no file of the run calls (line 6)"
    ]


def test_a_callee_that_passes_the_handle_on_names_the_place() -> None:
    helper = "static void keep(HCRYPTKEY k)\n{\n    queue_push(k);\n}\n"
    assert lines(a_c=c_function("keep(h);") + helper) == [
        "a.c:5: key `h`: given to `queue_push`, which no file of the run defines (line 10)"
    ]


def test_a_callee_that_calls_itself() -> None:
    helper = "static void walk(HCRYPTKEY k, int i)\n{\n    if (i) walk(k, i - 1);\n"
    helper += "    else CryptDestroyKey(k);\n}\n"
    assert lines(a_c=c_function("walk(h, i);") + helper) == [
        "a.c:5: key `h`: given to `walk`, which calls itself (line 10)"
    ]


def test_a_result_that_other_code_judges() -> None:
    text = FIRST + "void f(HCRYPTPROV p)\n{\n    HCRYPTKEY h;\n"
    text += "    BOOL ok = CryptGenKey(p, 1, 0, &h);\n    if (bad(ok)) return;\n    work(p);\n}\n"
    assert lines(a_c=text) == [
        "a.c:5: key `h`: whether it was made is for `bad` to judge, which is not followed (line 6)"
    ]


def test_a_path_that_ends_where_a_result_is_judged() -> None:
    body = "    BOOL ok = CryptGenRandom(p, 1, 0);\n    check(!ok && ok);"
    assert lines(a_c=c_function(body)) == [
        "a.c:5: key `h`: no path is followed past `check`, which judges a result (line 7)"
    ]


def test_a_creation_that_no_path_gets_to() -> None:
    text = FIRST + "void f(HCRYPTPROV p)\n{\n    HCRYPTKEY h; int i = 0;\n"
    text += "    if (i) CryptGenKey(p, 1, 0, &h);\n}\n"
    assert lines(a_c=text) == ["a.c:5: key `h`: made where no path that is followed gets to"]


def test_a_call_that_makes_no_handle_is_no_creation() -> None:
    text = FIRST + "void f(HCRYPTPROV *p)\n{\n"
    text += '    CryptAcquireContext(p, "a", 0, 1, CRYPT_DELETEKEYSET);\n}\n'
    assert counts(explained(a_c=text)) == (0, 0, 0)


def test_code_that_is_not_understood() -> None:
    text = FIRST + "void f(HCRYPTPROV p)\n{\n    HCRYPTKEY h;\n    CryptGenKey(p, 1, 0, &h);\n"
    text += "    @ } ( ;\n}\n"
    found = lines(a_c=text)
    assert found and all(line.startswith("a.c:") for line in found)
    assert any("not understood (CAP901)" in line for line in found)


def test_a_function_past_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixpoint, "MOST_GROUPS", 0)
    assert lines(a_c=c_function("CryptDestroyKey(h);")) == [
        "a.c:5: key `h`: `f` is too intricate (CAP902)"
    ]


def test_a_header_that_was_not_found_is_named() -> None:
    text = c_function("push(h);").replace("<windows.h>", '"q.h"')
    reason = "given to `push`, which no file of the run defines; header `q.h` not read (line 6)"
    assert lines(a_c=text) == [f"a.c:5: key `h`: {reason}"]


def test_many_headers_are_not_all_named() -> None:
    reason = Reason(Kind.UNKNOWN_FUNCTION, "f", headers=("a.h", "b.h", "c.h", "d.h", "e.h"))
    assert reason.text.endswith("; headers `a.h`, `b.h`, `c.h` and 2 more not read")


# ---------------------------------------------------------------- Python

PYTHON = """\
import ctypes
from ctypes import byref
advapi32 = ctypes.WinDLL("advapi32")
def f(prov, queue, i):
    key = ctypes.c_void_p()
    if not advapi32.CryptGenKey(prov, 1, 0, byref(key)):
        return None
"""


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("queue.put(key)", "given to the method `put`, whose definition is not known (line 8)"),
        ("remember(key)", "given to `remember`, which no file of the run defines (line 8)"),
        ("queue[i] = key", "used in an expression that is not followed (line 8)"),
        ("return key", "returned by `f`, which no file of the run calls (line 8)"),
        ("yield key", "yielded to code that is not followed (line 8)"),
        (
            "return lambda: advapi32.CryptDestroyKey(key)",
            "returned by `f`, inside something that its callers do not look into (line 8)",
        ),
        (
            "queue.key = key",
            "stored in `queue.key`, which no function of the run releases (line 8)",
        ),
    ],
)
def test_a_python_function_lets_go_of_its_key(body: str, reason: str) -> None:
    assert lines(a_py=f"{PYTHON}    {body}\n") == [f"a.py:6: key `key`: {reason}"]


def test_a_decorated_helper() -> None:
    helper = "@cached\ndef drop(key):\n    advapi32.CryptDestroyKey(key)\n"
    assert lines(a_py=f"{PYTHON}    drop(key)\n{helper}") == [
        "a.py:6: key `key`: given to `drop`, which a decorator replaces (line 8)"
    ]


def test_an_object_whose_class_is_not_plain() -> None:
    odd = "class Odd:\n    def __setattr__(self, name, value):\n        pass\n"
    odd += "    def __init__(self, key):\n        self.key = key\n"
    assert lines(a_py=f"{PYTHON}    x = Odd(key)\n    return None\n{odd}") == [
        "a.py:6: key `key`: given to `Odd`, whose objects are not followed (line 8)"
    ]


def test_handles_that_end_themselves_are_followed() -> None:
    text = "import win32crypt\ndef f():\n"
    text += "    prov = win32crypt.CryptAcquireContext(None, None, 24, 0)\n"
    text += "    prov.CryptGenKey(1, 0)\n"
    assert counts(explained(a_py=text)) == (0, 2, 0)


def test_a_script_ends_with_its_handles() -> None:
    text = 'import ctypes\nadvapi32 = ctypes.WinDLL("advapi32")\nkey = ctypes.c_void_p()\n'
    text += "if not advapi32.CryptGenKey(0, 1, 0, ctypes.byref(key)):\n    raise SystemExit\n"
    (line,) = lines(a_py=text)
    assert line.startswith("a.py:4: key `key`: ")


# ---------------------------------------------------------------- selection


def test_a_suppressed_finding() -> None:
    text = c_function("").replace("return;", "return; // capilint: ignore[CAP101] known")
    (line,) = lines(a_c=text)
    assert line == "a.c:5: key `h`: a finding is suppressed"


def test_a_code_that_is_not_selected() -> None:
    report = explained(Settings(ignore=("CAP101",)), a_c=c_function(""))
    assert report.account is not None
    assert [silence.text for silence in report.account.silences] == [
        "a.c:5: key `h`: CAP101 is not selected"
    ]


def test_a_resource_that_is_not_selected() -> None:
    report = explained(Settings(resources=("hash",)), a_c=c_function(""))
    assert report.account is not None
    assert [silence.text for silence in report.account.silences] == [
        "a.c:5: key `h`: the resource `key` is not selected"
    ]


# ---------------------------------------------------------------- reports


def test_nothing_is_explained_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.c").write_text(c_function("queue_push(h);"), encoding="utf-8")
    main(["check", "--isolated", str(tmp_path)])
    assert "queue_push" not in capsys.readouterr().out
    main(["check", "--isolated", "--format", "json", str(tmp_path)])
    assert "silences" not in json.loads(capsys.readouterr().out)


def test_the_text_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.c").write_text(c_function("queue_push(h);"), encoding="utf-8")
    Path("b.c").write_text("int nothing;\n", encoding="utf-8")
    assert main(["check", "--isolated", "--explain-silence"]) == 0
    assert capsys.readouterr().out == (
        "No findings in 2 files.\n"
        "Silent about 1 of 1 creation; 0 followed to the end, 0 reported.\n"
        "a.c:5: key `h`: given to `queue_push`, which no file of the run defines (line 6)\n"
        "Not analysed: 1 file naming no function that matters to a handle.\n"
    )


def test_a_run_without_any_api_function_is_explained_too() -> None:
    report = explained(a_c="int nothing;\n")
    assert report.account is not None
    assert report.account.passed_over == (("naming no function that matters to a handle", 1),)


# ---------------------------------------------------------------- every creation has one fate


def creations_written(module: Module) -> set[tuple[str, int]]:
    """The lines of the calls by a certain name that make a watched handle, as their text says."""
    found = set()
    for function in module.functions:
        for block in function.blocks:
            for call in block.instructions:
                if isinstance(call, Call) and isinstance(call.callee, Direct):
                    bound = BOOK.direct(call.callee.name, module.language)
                    certain = bound is not None and not bound.by_name
                    makes = bound.protocol.creates if bound is not None and certain else ()
                    if any(BOOK.resources[each.resource].watched for each in makes):
                        found.add((module.path, call.span.line))
    return found


def programs() -> list[tuple[Path, ...]]:
    kinds = ("c", "cpp", "python", "run")
    return [each for kind in kinds for each in fixture_programs(FIXTURES / kind)]


def modules_of(paths: Sequence[Path]) -> list[Module]:
    return [
        lower(
            Source(
                path.as_posix(),
                path.read_text(encoding="utf-8"),
                Language.PYTHON if path.suffix.startswith(".py") else Language.C,
            )
        )
        for path in paths
    ]


def test_every_creation_of_the_fixtures_has_one_fate() -> None:
    """And no handle is out of sight for a reason that the analysis cannot tell."""
    accounted = 0
    for paths in programs():
        modules = modules_of(paths)
        analysis = Analysis(BOOK, explain=True)
        analysis.add(modules)
        found = analysis.findings()
        fates = analysis.fates()
        places = [(fate.creation.path, fate.creation.span, fate.creation.creator) for fate in fates]
        lost = [fate for fate in fates if fate.reason and fate.reason.kind is Kind.LOST]
        assert not lost, lost
        assert not any(fate.findings and fate.reason for fate in fates)
        leaks = {(each.path, each.span) for each in found if each.code in LEAKS}
        reported = {(fate.creation.path, fate.creation.span) for fate in fates if fate.findings}
        made = {(fate.creation.path, fate.creation.span) for fate in fates}
        assert leaks & made <= reported
        lines_of_fates = {(path, span.line) for path, span, _ in places}
        without = set[tuple[str, int]]().union(*map(creations_written, modules)) - lines_of_fates
        assert not {(each.path, each.span.line) for each in found if each.code in LEAKS} & without
        accounted += len(fates)
    assert accounted > 1_000


LEAKS = ("CAP101", "CAP102", "CAP103")


def test_asking_changes_no_finding() -> None:
    for paths in programs()[::7]:
        modules = modules_of(paths)
        answers = []
        for explain in (False, True):
            analysis = Analysis(BOOK, explain)
            analysis.add(modules)
            answers.append(analysis.findings())
        assert answers[0] == answers[1]
