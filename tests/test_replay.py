"""Replays: every finding of the fixtures is confirmed, and a witness that is wrong is not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from capilint.execution.replay import confirm, transcript
from capilint.finding import Finding, Outcome, Severity, Span, TraceEvent
from capilint.rulebook.book import load as load_rules
from tests.fixture_format import FIXTURES, analyse, fixture_programs

PROGRAMS = [*fixture_programs(FIXTURES / "c"), *fixture_programs(FIXTURES / "python")]
HERE = Span(1, 1, 1, 2)
ABOUT_HANDLES = ("CAP101", "CAP102", "CAP103", "CAP201", "CAP202", "CAP203", "CAP301")
CONTEXT, KEY = 1, 2


@cache
def _findings(program: tuple[Path, ...]) -> tuple[Finding, ...]:
    return tuple(analyse(program))


@pytest.mark.parametrize(
    "program", PROGRAMS, ids=lambda paths: paths[0].relative_to(FIXTURES).as_posix()
)
def test_every_finding_of_a_fixture_is_confirmed(program: tuple[Path, ...]) -> None:
    """Where the paths of a function were too many to tell apart, one may stand for several."""
    resources = load_rules().resources
    bounded = {each.function for each in _findings(program) if each.code == "CAP902"}
    for finding in _findings(program):
        known = resources.get(finding.resource)
        covered = known is not None and known.modelled and finding.code in ABOUT_HANDLES
        assert finding.function in bounded or not finding.merged, finding
        expected = None if finding.merged else "calls" if finding.assumed else True
        assert finding.confirmed == (expected if covered else None), finding


UNSEEN_RAISES = """
import ctypes

def f(prov, data):
    key = ctypes.c_void_p()
    if not ctypes.windll.advapi32.CryptGenKey(prov, 26625, 0, ctypes.byref(key)):
        raise ctypes.WinError()
    try:
        {call}
    except ValueError:
        return
    ctypes.windll.advapi32.CryptDestroyKey(key)

def check(data):
    if not data:
        raise ValueError
"""


@pytest.mark.parametrize(("call", "expected"), [("check(data)", True), ("data.pop()", "calls")])
def test_only_the_calls_are_confirmed_where_unseen_code_has_to_raise(
    tmp_path: Path, call: str, expected: object
) -> None:
    path = tmp_path / "a.py"
    path.write_text(UNSEEN_RAISES.format(call=call), encoding="utf-8")
    (finding,) = _findings((path,))
    assert (finding.code, finding.confirmed) == ("CAP102", expected)


# ---------------------------------------------------------------- traces made by hand


def _call(function: str, handles: dict[str, int], succeeds: bool = True) -> TraceEvent:
    kinds = {CONTEXT: "context", KEY: "key"}
    return TraceEvent(
        "call",
        function,
        HERE,
        Outcome.SUCCEEDED if succeeds else Outcome.FAILED,
        tuple(handles.items()),
        tuple((number, kinds[number]) for number in handles.values()),
        ((KEY, CONTEXT),) if KEY in handles.values() else (),
    )


def _of_key(kind: str) -> TraceEvent:
    return TraceEvent(kind, "", HERE, handles=(("", KEY),), resources=((KEY, "key"),))


GENERATE = _call("CryptGenKey", {"hProv": CONTEXT, "phKey": KEY})
NOT_GENERATED = _call("CryptGenKey", {"hProv": CONTEXT}, succeeds=False)
DESTROY = _call("CryptDestroyKey", {"hKey": KEY})
ENCRYPT = _call("CryptEncrypt", {"hKey": KEY})
RELEASE = _call("CryptReleaseContext", {"hProv": CONTEXT})
RETAIN = _call("CryptContextAddRef", {"hProv": CONTEXT})
LEAVE = TraceEvent("leave", "", HERE)


def _finding(code: str, *trace: TraceEvent, resource: str = "key") -> Finding:
    return Finding(
        code, "", Severity.ERROR, "a.c", HERE, "f", resource, "hKey", "", trace=trace, subject=KEY
    )


def _confirmed(code: str, *trace: TraceEvent, resource: str = "key") -> bool | None:
    finding = _finding(code, *trace, resource=resource)
    return confirm([finding], load_rules().resources)[0].confirmed


@pytest.mark.parametrize(
    ("code", "trace"),
    [
        ("CAP101", (GENERATE, LEAVE)),
        ("CAP102", (GENERATE, LEAVE)),
        ("CAP103", (GENERATE, _of_key("lose"))),
        ("CAP201", (GENERATE, DESTROY, ENCRYPT)),
        ("CAP201", (GENERATE, DESTROY, _of_key("hand-out"))),
        ("CAP201", (DESTROY, ENCRYPT)),
        ("CAP202", (GENERATE, DESTROY, DESTROY)),
        ("CAP203", (GENERATE, _call("CloseHandle", {"hObject": KEY}))),
        ("CAP301", (GENERATE, RELEASE, DESTROY)),
        ("CAP301", (GENERATE, RELEASE, _of_key("hand-out"))),
        ("CAP301", (_call("CryptGetUserKey", {"self": CONTEXT, "return": KEY}), RELEASE)),
    ],
)
def test_right_witness_is_confirmed(code: str, trace: tuple[TraceEvent, ...]) -> None:
    assert _confirmed(code, *trace) is True


@pytest.mark.parametrize(
    ("code", "trace"),
    [
        ("CAP101", (GENERATE, DESTROY, LEAVE)),
        ("CAP101", (NOT_GENERATED, LEAVE)),
        ("CAP101", (GENERATE,)),
        ("CAP101", (ENCRYPT, LEAVE)),
        ("CAP103", (GENERATE, DESTROY, _of_key("lose"))),
        ("CAP201", (GENERATE, ENCRYPT, DESTROY)),
        ("CAP201", (GENERATE, RELEASE, ENCRYPT)),
        ("CAP202", (GENERATE, DESTROY)),
        ("CAP202", (GENERATE, RELEASE, DESTROY)),
        ("CAP203", (GENERATE, DESTROY)),
        ("CAP301", (GENERATE, DESTROY, RELEASE)),
        ("CAP301", (RETAIN, GENERATE, RELEASE, DESTROY)),
        ("CAP301", (_call("CryptGetUserKey", {"self": CONTEXT, "return": KEY}), DESTROY, RELEASE)),
    ],
)
def test_wrong_witness_is_not_confirmed(code: str, trace: tuple[TraceEvent, ...]) -> None:
    assert _confirmed(code, *trace) is False


def test_model_has_no_opinion_of_what_it_does_not_know() -> None:
    assert _confirmed("CAP101", _call("MyOwnKeyMaker", {"phKey": KEY}), LEAVE) is None
    assert _confirmed("CAP101", GENERATE, LEAVE, resource="bcrypt-key") is None
    assert _confirmed("CAP401", GENERATE) is None


def test_witness_of_another_handle_is_not_confirmed() -> None:
    finding = Finding("CAP202", "", Severity.ERROR, "a.c", HERE, "f", "key", "hKey", "")
    wrong = replace(finding, trace=(GENERATE, DESTROY, DESTROY), subject=CONTEXT)
    assert confirm([wrong], load_rules().resources)[0].confirmed is False
    assert confirm([finding], load_rules().resources)[0].confirmed is False


# ---------------------------------------------------------------- transcripts


def _transcript(code: str, *trace: TraceEvent, resource: str = "key") -> list[str]:
    return transcript(_finding(code, *trace, resource=resource), load_rules().resources)


def test_transcript_tells_each_event_and_what_the_monitor_says_to_it() -> None:
    lines = _transcript("CAP201", GENERATE, DESTROY, _of_key("hand-out"))
    assert [line.split(", 0x")[0] for line in lines] == [
        "before   handle 1 exists",
        "1:1      CryptGenKey succeeds: hProv is handle 1, phKey makes handle 2",
        "1:1      CryptDestroyKey succeeds: hKey is handle 2",
        "1:1      hand-out handle 2",
        "monitor  CAP201 of handle 2, a key",
        "the monitor agrees: CAP201 of handle 2",
    ]


def test_transcript_tells_where_the_monitor_does_not_agree() -> None:
    assert _transcript("CAP101", NOT_GENERATED)[-2:] == [
        "1:1      CryptGenKey fails: hProv is handle 1",
        "the monitor does not agree: CAP101 of handle 2",
    ]


def test_transcript_without_the_model_s_opinion_says_so() -> None:
    assert _transcript("CAP401", GENERATE) == ["the model has no opinion of it"]
