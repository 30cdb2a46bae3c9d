"""The route of a finding: its witness path as the lines have it, with the handle's state."""

from __future__ import annotations

import pytest

from capilint import check, check_text
from capilint.finding import Finding
from tests.fixture_format import FIXTURES

LAST = {
    "CAP101": {"live", "orphaned"},
    "CAP102": {"live"},
    "CAP103": {"lost"},
    "CAP201": {"destroyed"},
    "CAP202": {"destroyed"},
    "CAP301": {"orphaned", "destroyed"},
    "CAP402": {"given"},
}
ROTATE = """\
BOOL made(HCRYPTPROV prov, HCRYPTKEY *key)
{
    return CryptGenKey(prov, CALG_RC4, 0, key);
}

BOOL rotate(HCRYPTPROV prov, int n)
{
    HCRYPTKEY key;
    BOOL ok;
    ok = made(prov, &key);
    if (!ok)
        return FALSE;
    if (n > 3)
        return FALSE;
    CryptDestroyKey(key);
    return TRUE;
}
"""


def the_finding(text: str, code: str) -> Finding:
    report = check_text(text, "a.c", isolated=True)
    return next(each for each in report.findings if each.code == code)


def test_a_route_has_the_lines_the_states_and_the_branches() -> None:
    route = the_finding(ROTATE, "CAP101").route
    told = [(each.span.line, each.depth, each.state, each.kind, each.outcome) for each in route]
    assert told == [
        (8, 0, "", "", ""),
        (9, 0, "", "", ""),
        (10, 0, "", "enter", ""),
        (3, 1, "live", "call", "succeeds"),
        (10, 0, "live", "exit", ""),
        (11, 0, "live", "branch", "true"),  # of `ok`, without the `!`
        (13, 0, "live", "branch", "true"),
        (14, 0, "live", "", ""),
    ]


def test_a_handle_may_be_there_until_the_code_has_looked() -> None:
    text = ROTATE.replace("made(prov, &key)", "CryptGenKey(prov, 1, 0, &key)")
    states = [each.state for each in the_finding(text, "CAP101").route]
    assert list(dict.fromkeys(states)) == ["", "maybe", "live"]


def test_references_are_counted() -> None:
    text = """\
void f(void)
{
    HCRYPTPROV prov;
    if (!CryptAcquireContext(&prov, 0, 0, 1, 0)) return;
    CryptContextAddRef(prov, 0, 0);
    CryptReleaseContext(prov, 0);
}
"""
    assert {each.state for each in the_finding(text, "CAP101").route} == {"", "maybe", "live"}


@pytest.mark.parametrize("folder", ["c/goto", "c/macros", "cpp/exceptions", "python/globals"])
def test_steps_lie_on_the_route_which_ends_in_the_state_of_the_mistake(folder: str) -> None:
    findings = check(FIXTURES / folder, isolated=True).findings
    assert findings and not any("internal error" in each.message for each in findings)
    for each in findings:
        if each.ender or not each.steps:  # of an end in another function its frame tells
            continue
        passed = {
            (passage.path, line)
            for passage in each.route
            for line in range(passage.span.line, passage.span.end_line + 1)
        }
        where = f"{each.path}:{each.span.line}: {each.code}"
        assert {(step.path, step.span.line) for step in each.steps} <= passed, where
        assert each.route[-1].state in LAST[each.code], where
