"""The C headers of `capilint run` say what the SDK's say: mingw-w64's are the measure."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from capilint.execution.run import headers
from tests.test_run_programs import needs_compiler, run

COMPILER = shutil.which("x86_64-w64-mingw32-gcc")
SDK = "".join(f"#include <{name}.h>\n" for name in ("windows", "wincrypt", "bcrypt", "ncrypt"))


def complaints(folder: Path, text: str) -> str:
    if COMPILER is None:
        if os.environ.get("CI") == "true":
            pytest.fail("mingw-w64's gcc is not installed, and CI needs it")
        pytest.skip("mingw-w64's gcc is not installed")
    path = folder / "prototypes.c"
    path.write_text(text, encoding="utf-8")
    command = [COMPILER, "-fsyntax-only", "-w", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def test_prototypes_are_those_of_the_sdk(tmp_path: Path) -> None:
    """A second declaration with other types is an error; so is a number of another value."""
    prototypes = headers.prototypes()
    assert len(prototypes) > 30
    assert not complaints(tmp_path, SDK + "\n".join(prototypes))


def test_numbers_are_those_of_the_sdk(tmp_path: Path) -> None:
    checks = [
        f'#ifdef {name}\n_Static_assert((unsigned){name} == (unsigned){value}, "{name}");\n#endif'
        for name, value in headers.numbers().items()
    ]
    assert len(checks) > 100
    assert not complaints(tmp_path, SDK + "\n".join(checks))


def test_a_wrong_prototype_would_be_noticed(tmp_path: Path) -> None:
    assert "CryptDestroyKey" in complaints(tmp_path, f"{SDK}int CryptDestroyKey(char *hKey);")


@pytest.mark.parametrize("suffix", ["c", "cpp"])
def test_every_function_can_be_called(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"addresses.{suffix}"
    needs_compiler(path)
    count = len(headers.functions())
    addresses = ", ".join(f"(void *){name}" for name in headers.functions())
    path.write_text(
        "#include <Windows.h>\n#include <tchar.h>\n#include <bcrypt.h>\n#include <ncrypt.h>\n"
        f"int _tmain(void) {{ void *all[] = {{ {addresses} }};\n"
        f"SetLastError(NTE_BAD_KEY);\n"
        f"return sizeof all != {count} * sizeof *all || GetLastError() != NTE_BAD_KEY; }}\n",
        encoding="utf-8",
    )
    ran = run(path)
    assert (ran.status, ran.errors) == (0, "")
