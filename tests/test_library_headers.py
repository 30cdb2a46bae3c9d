"""The headers of ours that say what the holders of C++ libraries do."""

from __future__ import annotations

import pytest

from capilint import ir
from capilint.frontends import cpp
from capilint.frontends.c.parsing.parse import parse_body
from capilint.frontends.cpp.parsing.grammar import CPP
from capilint.frontends.cpp.parsing.outline import definitions
from capilint.rulebook.folder import library_headers

HEADERS = dict(library_headers())

HOLDS = """
void hold(HCRYPTKEY key)
{
    atlcrypt;
    CCryptKey holder(key, TRUE);
    CryptEncrypt(key, 0, TRUE, 0, 0, 0, 0);
}
"""
OWN = """
class CCryptKey {
public:
    CCryptKey(HCRYPTKEY key, BOOL owns) { (void)key; }
    ~CCryptKey();
};
"""


def calls(text: str) -> set[str]:
    """The names of all functions that a file's functions call, and those that these need."""
    return {
        call.callee.name
        for function in cpp.lower(text, "a.cpp").functions
        for block in function.blocks
        for call in block.instructions
        if isinstance(call, ir.Call) and isinstance(call.callee, ir.Direct)
    }


@pytest.mark.parametrize("path", HEADERS)
def test_all_of_a_header_is_understood(path: str) -> None:
    text = HEADERS[path]
    for each in definitions(text):
        body = parse_body(text[each.cut : each.handlers_end], CPP)
        assert not body.errors, each.name


def test_a_holder_does_what_its_header_says() -> None:
    assert {"ATL::CCryptKey::~CCryptKey()", "CryptDestroyKey"} <= calls(HOLDS)


def test_the_projects_own_class_comes_first() -> None:
    found = calls(OWN + HOLDS)
    assert "CCryptKey::~CCryptKey()" in found
    assert "CryptDestroyKey" not in found


def test_a_file_that_does_not_name_the_library_does_not_read_its_header() -> None:
    assert "CryptDestroyKey" not in calls(HOLDS.replace("atlcrypt;", ""))


def test_a_file_does_not_include_the_headers_of_ours() -> None:
    assert cpp.lower(HOLDS, "a.cpp").includes == ()
