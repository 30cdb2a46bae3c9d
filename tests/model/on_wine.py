"""Runs the sequences of the conformance table under Wine, as one C program.

    sequences ── program() ── sequences.c ── mingw-w64 ── sequences.exe ── wine ── outcomes

The program takes the number of its first sequence. A sequence that crashes or hangs ends it; it
is started again behind that one, so that no other is lost.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.model.on_model import Outcome
from tests.model.script import CallStep, Declaration, Sequence, Show, content

COMPILER = "x86_64-w64-mingw32-gcc"
_LOADERS = ("wine64", "wine")
_LOADER_PATHS = ("/usr/lib/wine/wine64", "/usr/lib/wine64/wine64")
_TIME_LIMIT = 150  # seconds for one start of Wine; the first one fills a prefix
_CRASHED = Outcome(False, -1, "crashed")


def missing() -> str:
    """What this machine lacks, or an empty string."""
    lacking = [] if shutil.which(COMPILER) else [f"{COMPILER} (gcc-mingw-w64-x86-64)"]
    return ", ".join(lacking if _loader() else [*lacking, "wine"])


def _loader() -> str | None:
    found = (path for path in _LOADER_PATHS if Path(path).exists())
    return next(found, None) or next(filter(None, map(shutil.which, _LOADERS)), None)


class Wine:
    """A private Wine prefix and the compiled program in a directory."""

    def __init__(self, directory: Path, sequences: list[Sequence]) -> None:
        """Compiles the program. Raises CalledProcessError where it does not compile."""
        self.directory, self.sequences = directory, sequences
        source, self.program = directory / "sequences.c", directory / "sequences.exe"
        source.write_text(program(sequences), encoding="utf-8")
        libraries = ["-ladvapi32", "-lcrypt32"]
        compiling = [COMPILER, "-w", "-O0", str(source), "-o", str(self.program), *libraries]
        subprocess.run(compiling, check=True, timeout=_TIME_LIMIT)
        self.environment = os.environ | {
            "WINEPREFIX": str(directory / "prefix"),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml,winemenubuilder.exe=",
            "DISPLAY": "",
        }

    def run(self) -> list[list[Outcome | None]]:
        """The outcomes of each sequence's steps, in the order of the table."""
        results: list[list[Outcome | None]] = []
        self._start("wineboot", "-i")
        while len(results) < len(self.sequences):
            results.extend(self._run_from(len(results)))
        return results

    def _run_from(self, first: int) -> list[list[Outcome | None]]:
        text = self._start(str(self.program), str(first))
        blocks = re.split(r"^begin \d+\n", text, flags=re.MULTILINE)
        if len(blocks) < 2:
            raise RuntimeError(f"{self.program} said nothing under Wine")
        return [
            _outcomes(sequence, block)
            for sequence, block in zip(self.sequences[first:], blocks[1:], strict=False)
        ]

    def _start(self, *program: str) -> str:
        """Runs a Windows program; what it wrote, whole or not."""
        said = self.directory / "said.txt"  # a pipe would wait for Wine's services, too
        with said.open("wb") as stdout, contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(
                [_loader() or "wine", *program],
                env=self.environment,
                stdout=stdout,
                stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
                timeout=_TIME_LIMIT,
                check=False,
            )
        return said.read_text(encoding="ascii", errors="replace")

    def close(self) -> None:
        """Ends the prefix's server."""
        server = shutil.which("wineserver") or "/usr/lib/wine/wineserver"
        subprocess.run([server, "-k"], env=self.environment, check=False, timeout=_TIME_LIMIT)


def _outcomes(sequence: Sequence, block: str) -> list[Outcome | None]:
    said = dict(re.findall(r"^(\d+) (.*?)$", block, flags=re.MULTILINE))
    outcomes: list[Outcome | None] = []
    for number, step in enumerate(sequence.steps):
        line = said.get(str(number))
        if isinstance(step, Declaration):
            outcomes.append(None)
        elif line is None:
            outcomes.append(_CRASHED)
        elif isinstance(step, Show):
            outcomes.append(Outcome(shown=line))
        else:
            result, error = line.split()
            outcomes.append(Outcome() if int(result) else Outcome(False, int(error)))
    return outcomes


# ---------------------------------------------------------------- the C program

_PREAMBLE = r"""
#include <windows.h>
#include <wincrypt.h>
#include <stdio.h>
#include <stdlib.h>

static LONG WINAPI crashed(EXCEPTION_POINTERS *info) {
    fflush(stdout);
    TerminateProcess(GetCurrentProcess(), 3);
    return 0;
}

static void show_bytes(const BYTE *data, DWORD size) {
    for (DWORD i = 0; i < size; i++) printf("%02x", data[i]);
}

static PCCERT_CONTEXT self_signed(WCHAR *container, DWORD spec) {
    BYTE name[64]; DWORD size = sizeof name;
    CertStrToNameA(X509_ASN_ENCODING, "CN=capilint", CERT_X500_NAME_STR, NULL, name, &size, NULL);
    CERT_NAME_BLOB subject = {size, name};
    CRYPT_KEY_PROV_INFO info = {container, NULL, PROV_RSA_AES, 0, 0, NULL, spec};
    return CertCreateSelfSignCertificate(0, &subject, 0, &info, NULL, NULL, NULL, NULL);
}

static PCCERT_CONTEXT keyless(void) {
    HCRYPTPROV prov; HCRYPTKEY key; WCHAR *name = L"capilint-keyless";
    CryptAcquireContextW(&prov, name, NULL, PROV_RSA_AES, CRYPT_NEWKEYSET);
    CryptGenKey(prov, AT_SIGNATURE, 1024 << 16, &key);
    PCCERT_CONTEXT whole = self_signed(name, AT_SIGNATURE);
    return whole ? CertCreateCertificateContext(
        X509_ASN_ENCODING, whole->pbCertEncoded, whole->cbCertEncoded) : NULL;
}
"""


def program(sequences: list[Sequence]) -> str:
    """The C source that runs every sequence."""
    functions = [_function(number, each) for number, each in enumerate(sequences)]
    names = ", ".join(f"sequence_{number}" for number in range(len(sequences)))
    main = f"""
static void (*const sequences[])(void) = {{{names}}};

int main(int argc, char **argv) {{
    SetUnhandledExceptionFilter(crashed);
    for (int i = atoi(argv[1]); i < {len(sequences)}; i++) {{
        printf("begin %d\\n", i);
        sequences[i]();
        fflush(stdout);
    }}
    return 0;
}}
"""
    return _PREAMBLE + "\n".join(functions) + main


def _function(number: int, sequence: Sequence) -> str:
    handles = "".join(f"    ULONG_PTR {name} = 0;\n" for name in sequence.handles())
    body = "".join(f"    {_statement(at, step)}\n" for at, step in enumerate(sequence.steps))
    return f"static void sequence_{number}(void) {{  /* {sequence.name} */\n{handles}{body}}}\n"


def _statement(at: int, step: Declaration | CallStep | Show) -> str:
    if isinstance(step, Declaration):
        return _declaration(step)
    if isinstance(step, Show):
        if step.size is None:
            return f'printf("{at} %lu\\n", {step.name});'
        return f'printf("{at} "); show_bytes({step.name}, {step.size}); printf("\\n");'
    arguments = ", ".join(
        f"(void *)({text})" if text.startswith("&") else text for text in step.arguments
    )
    return (
        f"SetLastError(0); {{ BOOL ok = {step.function}({arguments}); DWORD error = GetLastError();"
        f' printf("{at} %d %lu\\n", ok != 0, error); fflush(stdout); }}'
    )


def _declaration(step: Declaration) -> str:
    if step.kind == "dword":
        return f"DWORD {step.name} = {step.value};"
    if step.kind == "bytes":
        return f"BYTE {step.name}[{step.size}] = {{{_bytes(content(step))}}};"
    if step.kind == "certificate":
        if step.value == "none":
            return f"PCCERT_CONTEXT {step.name} = keyless();"
        container, spec = step.value.split()
        return f'PCCERT_CONTEXT {step.name} = self_signed(L"{container}", {spec});'
    oid, _, der = step.value.partition(" ")
    data = bytes.fromhex(der)
    return (
        f"BYTE {step.name}_key[] = {{{_bytes(data)}}}; CERT_PUBLIC_KEY_INFO {step.name}_info ="
        f' {{{{"{oid}", {{0, NULL}}}}, {{{len(data)}, {step.name}_key, 0}}}};'
        f" CERT_PUBLIC_KEY_INFO *{step.name} = &{step.name}_info;"
    )


def _bytes(data: bytes) -> str:
    return ", ".join(str(byte) for byte in data) or "0"
