"""Hand-made findings for the tests of triage and reports."""

from __future__ import annotations

from capilint.checking import Report
from capilint.files.source import Source
from capilint.finding import Finding, Severity, Span, Step
from capilint.language import Language

SESSION = """\
#include <windows.h>

BOOL encrypt(HCRYPTPROV hProv, BYTE *buf, DWORD len, DWORD cap)
{
    HCRYPTKEY hKey;
    if (!CryptGenKey(hProv, CALG_RC4, CRYPT_EXPORTABLE, &hKey))
        return FALSE;
    if (!CryptEncrypt(hKey, 0, TRUE, 0, buf, &len, cap))
        return FALSE;
    return CryptDestroyKey(hKey);
}
"""


def span(line: int, column: int, length: int = 1) -> Span:
    """A span within one line."""
    return Span(line, column, line, column + length)


def leak(path: str = "src/session.c", confirmed: bool | None = True) -> Finding:
    """The leak in SESSION."""
    return Finding(
        code="CAP101",
        name="handle-leaked",
        severity=Severity.ERROR,
        path=path,
        span=span(6, 10, 54),
        function="encrypt",
        resource="key",
        handle="hKey",
        message="key `hKey` from CryptGenKey is not destroyed when `encrypt` returns at line 9",
        steps=(
            Step("create", path, span(6, 10, 54), "hKey is created here"),
            Step("fail", path, span(8, 10, 47), "CryptEncrypt fails"),
            Step("leave", path, span(9, 9, 13), "leaves with hKey alive"),
        ),
        help="call CryptDestroyKey(hKey) before line 9",
        confirmed=confirmed,
    )


def finding(
    code: str, line: int, path: str = "a.c", severity: Severity = Severity.ERROR, **fields: object
) -> Finding:
    """A finding without steps, on the first five columns of a line."""
    values: dict[str, object] = {
        "name": "a-name",
        "span": span(line, 1, 5),
        "function": "f",
        "resource": "key",
        "handle": "h",
        "message": f"message {line}",
    }
    return Finding(code=code, path=path, severity=severity, **(values | fields))  # type: ignore[arg-type]


def source(text: str, path: str = "a.c", language: Language = Language.C) -> Source:
    """A source as the front ends see it."""
    return Source(path, text, language)


def report(*findings: Finding, **fields: object) -> Report:
    """A report over SESSION and whatever else `sources` adds."""
    sources = {"src/session.c": source(SESSION, "src/session.c")}
    sources |= fields.pop("sources", {})  # type: ignore[arg-type]
    values: dict[str, object] = {"seen": 2, "analysed": 1} | fields
    return Report(findings=findings, sources=sources, **values)  # type: ignore[arg-type]
