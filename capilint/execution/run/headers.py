"""C and C++ headers of our own, made from the rules and the model.

windows.h, wincrypt.h ...  types by hand (include/), handles from the rules' resources,
                           numbers from the model, and for every function that the model
                           can run a prototype; in C also a macro that notes the place of
                           the call (see `glue`)
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from capilint.execution.run.libraries import is_covered
from capilint.model import constants
from capilint.model.events import Role
from capilint.model.functions import SIGNATURES
from capilint.model.signature import Parameter, Signature
from capilint.rulebook.book import RuleBook
from capilint.rulebook.book import load as load_rules
from capilint.rulebook.protocol import Protocol, Resource, Success

_API = "capilint_api.h"
_NAMES = ("windows.h", "Windows.h", "wincrypt.h", "WinCrypt.h", "Wincrypt.h")
_MORE_NAMES = ("bcrypt.h", "ncrypt.h", "winerror.h", "windef.h", "winbase.h", "tchar.h")
_BY_HAND = ("windows_types.h", "crypto_types.h")
_ERRORS = ("NTE_", "CRYPT_E_")
_TYPED = {"HANDLE", "HMODULE", "HKEY", "PCCERT_CONTEXT"}  # which include/ declares
_NUMBERS = {  # the numbers that are no DWORD, by their SDK names
    "hProv": "HCRYPTPROV",
    "Algid": "ALG_ID",
    "aiKeyAlg": "ALG_ID",
    "Final": "BOOL",
}
_RESULTS = {
    Success.NONZERO: "BOOL",
    Success.NONNEGATIVE: "NTSTATUS",
    Success.ZERO: "SECURITY_STATUS",
}
_DECLARATION = "{result} {name}({parameters});\n"
_PLACED = """\
{result} capilint_{name}(const char *, int, const char *, const char *, {parameters});
"""
_PROTOTYPE = "{result} WINAPI {name}({parameters});"
_MACRO = """\
#define {name}(...) capilint_{name}(__FILE__, __LINE__, __func__, #__VA_ARGS__, __VA_ARGS__)
"""


def functions() -> tuple[str, ...]:
    """The functions that C programs can call, in the order of the table."""
    return tuple(name for name in SIGNATURES if is_covered(name) and f"{name}A" not in SIGNATURES)


def write(folder: Path) -> None:
    """Writes the headers to a folder."""
    for name in _BY_HAND:
        text = files("capilint.execution.run").joinpath("include", name).read_text(encoding="utf-8")
        (folder / name).write_text(text, encoding="utf-8")
    book = load_rules()
    (folder / _API).write_text(_api(book), encoding="utf-8")
    for name in (*_NAMES, *_MORE_NAMES):
        (folder / name).write_text(f'#include "{_API}"\n', encoding="utf-8")


def _api(book: RuleBook) -> str:
    handles = [each for kind in book.resources.values() for each in _handle_types(kind)]
    lines = [
        "#ifndef CAPILINT_API_H",
        "#define CAPILINT_API_H",
        '#include "windows_types.h"',
        *(f"typedef ULONG_PTR {name}, *P{name};" for name in dict.fromkeys(handles)),
        '#include "crypto_types.h"',
        *_definitions(),
    ]
    declared, placed, macros = (
        "".join(form.format(**parts(name, book)) for name in functions())
        for form in (_DECLARATION, _PLACED, _MACRO)
    )
    return "\n".join(
        [
            *lines,
            f"CAPILINT_BEGIN_C\n{declared}CAPILINT_END_C",
            f"#ifndef __cplusplus\n{placed}#endif",
            f"#ifndef CAPILINT_GLUE\n#ifndef __cplusplus\n{macros}#endif",
            *_forms(),
            "#endif\n#endif\n",
        ]
    )


def _handle_types(kind: Resource) -> Iterator[str]:
    yield from (name for name in (kind.handle_type, *kind.handle_aliases) if name not in _TYPED)


def prototypes() -> list[str]:
    """The declarations of the functions, as the SDK's headers would have them.

    Those of a CSP's own entry points are left out: no header of the SDK has them.
    """
    book = load_rules()
    names = (name for name in functions() if not name.startswith("CP"))
    return [_PROTOTYPE.format(**parts(name, book)) for name in names]


def numbers() -> dict[str, int]:
    """The constants by name: those of the rules and of the model."""
    found = vars(constants).items()
    own = {name: value for name, value in found if name.isupper() and isinstance(value, int)}
    return {**load_rules().constants, **own}


def _definitions() -> Iterator[str]:
    for name, value in numbers().items():
        text = f"((HRESULT){value:#x})" if name.startswith(_ERRORS) else f"{value:#x}"
        yield f"#ifndef {name}\n#define {name} {text}\n#endif"


def _forms() -> Iterator[str]:
    """`CryptSignHash` means one of its two forms."""
    plain = [name for name in SIGNATURES if f"{name}A" in SIGNATURES and is_covered(f"{name}A")]
    for letter, test in (("W", "#ifdef UNICODE"), ("A", "#else")):
        yield test
        yield from (f"#define {name} {name}{letter}" for name in plain)
    yield "#endif"


def parts(name: str, book: RuleBook) -> dict[str, str]:
    """A function's name, and the texts of its result, its parameters and of their names."""
    signature, protocol = SIGNATURES[name], book.functions[name]
    declared = (
        f"{_type(each, signature, protocol, book)} {each.name}" for each in signature.parameters
    )
    return {
        "name": name,
        "result": "LONG" if name == "RegCloseKey" else _RESULTS.get(protocol.success, "BOOL"),
        "parameters": ", ".join(declared),
        "arguments": ", ".join(each.name for each in signature.parameters),
    }


def _type(parameter: Parameter, signature: Signature, protocol: Protocol, book: RuleBook) -> str:
    """A parameter's C type: its handle's by the rules, else by what the model makes of it."""
    name = parameter.name
    if parameter.role is Role.CREATE:
        made = next(each.resource for each in protocol.creates if each.into == name)
        return f"{book.resources[made].handle_type} *"
    if parameter.role is not Role.NONE:
        kinds = {**protocol.uses, **protocol.releases, **protocol.retains}
        return book.resources[kinds[name]].handle_type
    changed = "" if name in protocol.writes else "const "
    wide = "W" if signature.name.endswith("W") else ""
    by_kind = {
        "number": _NUMBERS.get(name, "DWORD"),
        "text": f"LPC{wide}STR",
        "cell": "BOOL *" if name.startswith("pf") else "DWORD *",
        "memory": f"{changed}BYTE *",
        "information": "PCERT_PUBLIC_KEY_INFO",
        "certificate": "PCCERT_CONTEXT",
        "reserved": "DWORD *" if name.startswith("pdw") else "void *",
    }
    return by_kind[parameter.kind]
