"""The conformance table's language: what a sequence of `sequences/*.toml` may say.

    dword size = 64                            a DWORD variable
    bytes data[64] = "hello"                   a buffer with its first bytes: text, or hex: 01 02
    information info = OID HEX                 a CERT_PUBLIC_KEY_INFO
    certificate cert = CONTAINER SPEC          a certificate whose private key is in a container
    certificate cert = none                    ... one that names no private key
    CryptGenKey(prov, CALG_RC4, 0, &key)       a call; other variables are handles, 0 at first
    show size / show data[8]                   a value that both sides must agree on

After a call, `!! ERROR reason` says that the model follows the SDK page with that last error (OK
for success) while Wine does something else; after `show` it gives the value. `reason` is a key of
`reasons.toml`, which names the source.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Difference:
    """A documented difference: the error, OK or value that the SDK page asks for, and why."""

    expected: str
    reason: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """`kind` is dword, bytes, information or certificate; `size` is of bytes only."""

    kind: str
    name: str
    size: int
    value: str


@dataclass(frozen=True, slots=True)
class CallStep:
    """An API call; the arguments as they are written."""

    function: str
    arguments: tuple[str, ...]
    difference: Difference | None


@dataclass(frozen=True, slots=True)
class Show:
    """A variable's value, or the first `size` bytes of a buffer."""

    name: str
    size: int | None
    difference: Difference | None = None


Step = Declaration | CallStep | Show


@dataclass(frozen=True, slots=True)
class Sequence:
    """One row of the table."""

    name: str
    steps: tuple[Step, ...]

    def handles(self) -> list[str]:
        """The handle variables, in order of appearance."""
        declared = {step.name for step in self.steps if isinstance(step, Declaration)}
        names = [
            argument.lstrip("&")
            for step in self.steps
            if isinstance(step, CallStep)
            for argument in step.arguments
            if re.fullmatch(r"&?[a-z]\w*", argument)
        ]
        return [name for name in dict.fromkeys(names) if name not in declared]


_DECLARATION = re.compile(r"(dword|bytes|information|certificate) (\w+)(?:\[(\d+)\])?(?: = (.*))?")
_CALL = re.compile(r"(\w+)\((.*)\)")
_SHOW = re.compile(r"show (\w+)(?:\[(\d+)\])?")


def parse_step(text: str) -> Step:
    """One line of a sequence. Raises ValueError for a line that is none of them."""
    text, _, remark = (part.strip() for part in text.partition("!!"))
    difference = Difference(*remark.split()) if remark else None
    if found := _DECLARATION.fullmatch(text):
        kind, name, size, value = found.groups()
        return Declaration(kind, name, int(size or 0), value or "")
    if found := _SHOW.fullmatch(text):
        return Show(found[1], int(found[2]) if found[2] else None, difference)
    if found := _CALL.fullmatch(text):
        arguments = tuple(part.strip() for part in found[2].split(","))
        return CallStep(found[1], arguments, difference)
    raise ValueError(f"not a step of the conformance table: {text!r}")


def written(step: Step) -> str:
    """A step as the table writes it."""
    if isinstance(step, CallStep):
        return f"{step.function}({', '.join(step.arguments)})"
    return f"{'show' if isinstance(step, Show) else step.kind} {step.name}"


def load() -> list[Sequence]:
    """Every row of the table. `given` names fragments that come before the row's own steps.

    Each row has key containers of its own: `$` in a string stands for its name.
    """
    fragments = tomllib.loads((HERE / "fragments.toml").read_text(encoding="utf-8"))
    rows = []
    for path in sorted((HERE / "sequences").glob("*.toml")):
        for name, row in tomllib.loads(path.read_text(encoding="utf-8")).items():
            lines = [line for each in row.get("given", "").split() for line in fragments[each]]
            lines += row["steps"]
            steps = tuple(parse_step(line.replace("$", name)) for line in lines)
            rows.append(Sequence(name, steps))
    return rows


def reasons() -> dict[str, str]:
    """The sources of the documented differences."""
    return tomllib.loads((HERE / "reasons.toml").read_text(encoding="utf-8"))


def content(declaration: Declaration) -> bytes:
    """The first bytes of a buffer."""
    if declaration.value.startswith('"'):
        return declaration.value.strip('"').encode()
    return bytes.fromhex(declaration.value)
