"""Every rule of the API families against the prototypes in mingw-w64's headers.

The headers are an independent description of the same functions, whose parameters they name as
the SDK's pages do.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from capilint.rulebook.book import load
from capilint.rulebook.protocol import Protocol, Resource, Success

FOLDERS = [Path("/usr/x86_64-w64-mingw32/include"), Path("/usr/share/mingw-w64/include")]
HEADERS = {
    "capi": "wincrypt.h",
    "crypt32": "wincrypt.h",
    "bcrypt": "bcrypt.h",
    "ncrypt": "ncrypt.h",
}
INCLUDE = next((folder for folder in FOLDERS if (folder / "wincrypt.h").is_file()), None)
needs_headers = pytest.mark.skipif(
    INCLUDE is None, reason="mingw-w64's headers are not installed (gcc-mingw-w64-x86-64)"
)

COMPILER = shutil.which("x86_64-w64-mingw32-gcc")

# Functions that these headers do not declare: a CSP's own entry points (its author declares them),
# those of ncryptprotect.h, and those that are newer than the headers.
NOT_DECLARED = {"CPDestroyKey", "CPDestroyHash", "CPReleaseContext"}
NOT_DECLARED |= {"BCryptEncapsulate", "BCryptDecapsulate"}
_PROTECTION = re.compile(r"NCrypt(Stream\w+|\w*Protect(ionDescriptor|Secret)\w*|UnprotectSecret)")
# Pointers that the functions only read, though the headers do not say `const`.
READ_ONLY = re.compile(
    r"p[dv]*wReserved|pvReserved|pv?\w*(Info|Para|Parameters)|pParameterList|pbInput|pvSubject"
    r"|pvIssuer|pvSigner|pvExtra|pbSignedBlob|pFormatStruct|pvKey|rgcb?\w+|rgp\w+|rgh\w+"
    r"|rgExtensions|rgAttr|pbCtlContent|psExportParams|pb(Detached)?Hash(ed)?Blob|pbEncodedIssuerName"
    r"|pPFX|prgpSelection"
)
SUCCESS = {
    "WINBOOL": Success.NONZERO,
    "NTSTATUS": Success.NONNEGATIVE,
    "SECURITY_STATUS": Success.ZERO,
    "HRESULT": Success.NONNEGATIVE,
    "VOID": Success.ALWAYS,
    "void": Success.ALWAYS,
}
_PROTOTYPE = re.compile(
    r"(?P<result>\w+(?:\s+const)?[\s*]+)WINAPI\s+(?P<name>\w+)\s*\((?P<params>[^()]*)\)\s*;"
)
_PARAMETER = re.compile(r"(?P<type>.*?)(?P<stars>[\s*]*)\b(?P<name>\w+)\s*(?P<array>\[\])?$")


@dataclass(frozen=True)
class Parameter:
    """A parameter: its type without `const`, how many times a pointer, its name."""

    type: str
    pointers: int
    name: str
    constant: bool


@dataclass(frozen=True)
class Prototype:
    """A function's declaration."""

    result: str
    parameters: tuple[Parameter, ...]


def _parameter(text: str) -> Parameter:
    found = _PARAMETER.match(" ".join(text.split()))
    assert found, text
    words = [word for word in found["type"].split() if word.lower() != "const"]
    pointers = found["stars"].count("*") + found["type"].count("*") + bool(found["array"])
    name = " ".join(words).replace("*", "").strip()
    is_const = "const" in found["type"].lower().split() and pointers < 2  # of `const void **p`, *p
    constant = is_const or (name.startswith(("LPC", "PCC_")) and not pointers)
    return Parameter(name, pointers, found["name"], constant)


@cache
def prototypes(header: str) -> dict[str, Prototype]:
    """The declarations in a header; of a name that is declared twice, the first."""
    assert INCLUDE is not None
    text = (INCLUDE / header).read_text(encoding="latin-1")
    text = re.sub(r"/\*(?s:.*?)\*/|//[^\n]*|^\s*#.*$", " ", text, flags=re.MULTILINE)
    declared: dict[str, Prototype] = {}
    for found in _PROTOTYPE.finditer(text):
        text = found["params"].strip()
        params = [] if text in ("", "void", "VOID") else text.split(",")
        result = " ".join(found["result"].split())
        declared.setdefault(found["name"], Prototype(result, tuple(map(_parameter, params))))
    return declared


def rules() -> list[tuple[str, Protocol]]:
    """Every function of the API families that a header can declare, with the form it has there."""
    functions = load().functions
    return [
        (name, protocol)
        for name, protocol in functions.items()
        if protocol.family in HEADERS
        and not (name in NOT_DECLARED or _PROTECTION.fullmatch(name))
        and name + "W" not in functions
    ]


RULES = rules()
each_rule = pytest.mark.parametrize(("name", "rule"), RULES, ids=[name for name, _ in RULES])


def declared(name: str, rule: Protocol) -> Prototype:
    found = prototypes(HEADERS[rule.family])
    assert name in found, f"{HEADERS[rule.family]} does not declare {name}"
    return found[name]


def is_of(parameter: Parameter, resource: str, pointers: int) -> bool:
    """Whether a parameter is a handle of a kind, or so many pointers to one; memory is one more."""
    if parameter.type == "PVOID" and not load_resources()[resource].watched:
        return parameter.pointers == pointers
    memory = resource.endswith("-buffer")
    return parameter.pointers == pointers + memory and parameter.type in types_of(resource)


def types_of(resource: str) -> set[str]:
    known = load_resources()[resource]
    return {known.handle_type, *known.handle_aliases}


@cache
def load_resources() -> Mapping[str, Resource]:
    return load().resources


@needs_headers
@each_rule
def test_parameters_are_those_of_the_prototype(name: str, rule: Protocol) -> None:
    parameters = declared(name, rule).parameters
    assert rule.params == tuple(parameter.name for parameter in parameters)


@needs_headers
@each_rule
def test_handles_have_the_types_of_their_resources(name: str, rule: Protocol) -> None:
    types = dict(zip(rule.params, declared(name, rule).parameters, strict=True))
    for creation in rule.creates:
        made = types[creation.into]
        assert is_of(made, creation.resource, 1), made
    for roles in (rule.uses, rule.releases, rule.retains):
        for parameter, resource in roles.items():
            given = types[parameter]
            assert is_of(given, resource, 0), given


@needs_headers
@each_rule
def test_what_is_written_is_a_pointer(name: str, rule: Protocol) -> None:
    types = dict(zip(rule.params, declared(name, rule).parameters, strict=True))
    for parameter in (*rule.writes, *filter(None, [rule.frees])):
        written = types[parameter]
        assert written.pointers or written.type.startswith(("P", "LP")), written
        assert not written.constant, written


@needs_headers
@each_rule
def test_every_pointer_that_is_not_constant_is_accounted_for(name: str, rule: Protocol) -> None:
    """An out-parameter that the rule forgets would keep its old value in the analysis."""
    types = dict(zip(rule.params, declared(name, rule).parameters, strict=True))
    known = {*rule.writes, *rule.keeps, rule.frees, *(made.into for made in rule.creates)}
    for parameter, type_ in types.items():
        if type_.pointers and not type_.constant and parameter not in known:
            assert READ_ONLY.fullmatch(parameter), type_


@needs_headers
@each_rule
def test_success_is_told_as_the_result_s_type_tells_it(name: str, rule: Protocol) -> None:
    result = declared(name, rule).result
    assert rule.success is SUCCESS.get(result, Success.NONZERO), result


@needs_headers
@pytest.mark.parametrize("family", list(HEADERS))
def test_no_function_with_a_handle_is_missing(family: str) -> None:
    handles = {
        type_
        for name, resource in load_resources().items()
        for type_ in (resource.handle_type, *resource.handle_aliases)
        if type_.startswith(("HCRYPTPROV", "HCRYPTKEY", "HCRYPTHASH", "BCRYPT", "NCRYPT"))
    }
    functions = load().functions
    missing = [
        name
        for name, prototype in prototypes(HEADERS[family]).items()
        if any(parameter.type in handles for parameter in prototype.parameters)
        and name not in functions
    ]
    assert missing == []


@pytest.mark.skipif(COMPILER is None, reason="gcc-mingw-w64-x86-64 is not installed")
def test_constants_have_the_headers_values() -> None:
    lines = ["#define WIN32_NO_STATUS", "#include <windows.h>", "#include <wincrypt.h>"]
    lines += ["#undef WIN32_NO_STATUS", "#include <ntstatus.h>", "#include <stdlib.h>"]
    for name, value in load().constants.items():
        lines += [
            f"#ifdef {name}",
            f'_Static_assert((int)({name}) == (int){value}LL, "{name}");',
            "#else",
        ]
        lines += [f"#error {name} is not defined", "#endif"]
    command = [str(COMPILER), "-fsyntax-only", "-x", "c", "-"]
    text = "\n".join([*lines, ""])
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
