"""Generated programs as Python (ctypes)."""

from __future__ import annotations

from collections.abc import Sequence

from tests.fuzz.operations import CLOSING, HELPERS
from tests.fuzz.printers.text import FLAGS, Printer, counts_of, helpers_of
from tests.fuzz.program import KINDS, Api, Block, Condition


class PythonPrinter(Printer):
    """Cleanup and the ends of scopes are `finally`."""

    null = "None"

    def program(self) -> None:
        """Print all of it."""
        text, program = self._text, self._program
        for line in (
            "import ctypes",
            "from ctypes import byref",
            "from elsewhere import stash",
            "",
            'advapi32 = ctypes.WinDLL("advapi32")',
            'kernel32 = ctypes.WinDLL("kernel32")',
            "",
        ):
            text.add(0, line)
        for name in helpers_of(program):
            for line in HELPERS[name].python.split("\n"):
                text.add(0, line)
            text.add(0, "")
        out = ["out"] if program.gives() else []
        parameters = [*program.given, *out, *FLAGS, *counts_of(program)]
        text.add(0, f"def subject({', '.join(parameters)}):")
        for name in program.variables():
            if name not in program.given:
                text.add(1, f"{name} = ctypes.c_void_p()")
        for name in program.statuses():
            text.add(1, f"{name} = 0")
        if program.cleanup:
            text.add(1, "try:")
            self._block(2, program.body)
            text.add(1, "finally:")
            self._block(2, program.cleanup)
        else:
            self._block(1, program.body)
        text.add(1, f"return {program.result or 0}", 0)

    def _block(self, depth: int, block: Block) -> None:
        super()._block(depth, block)
        if not block:
            self._text.add(depth, "pass")

    def _loop(self, depth: int, body: Block, number: int) -> None:
        self._text.add(depth, f"for _ in range(count{number}):", number)
        self._block(depth + 1, body)

    def _scope(self, depth: int, body: Block, owned: Sequence[str], number: int) -> None:
        self._text.add(depth, "try:")
        self._block(depth + 1, body)
        self._text.add(depth, "finally:")
        for name in owned:
            self._text.add(depth + 1, f"{CLOSING}({name})", number)

    def _branch(self, depth: int, test: str, then: Block, otherwise: Block, number: int) -> None:
        if not then:
            test, then, otherwise = f"not {test}", otherwise, ()
        self._text.add(depth, f"if {test}:", number)
        self._block(depth + 1, then)
        if otherwise:
            self._text.add(depth, "else:")
            self._block(depth + 1, otherwise)

    def _break(self, depth: int, number: int) -> None:
        self._text.add(depth, "break", number)

    def _leave(self, depth: int, number: int) -> None:
        self._text.add(depth, "return 0", number)

    def _copy(self, target: str, source: str) -> str:
        return f"{target} = ctypes.c_void_p({self._value(source) if source else ''})"

    def _give(self, variable: str) -> str:
        return f"out.value = {self._value(variable)}"

    def _tested(self, condition: Condition) -> str:
        value = self._value(condition.variable)
        return f"not {value}" if condition.negated else value

    def _value(self, name: str) -> str:
        return f"{name}.value" if name[0] in KINDS else name

    def _argument(self, name: str) -> str:
        return name

    def _status(self, api: Api) -> str:
        if api.operation in HELPERS and HELPERS[api.operation].returned:
            return f"bool(({api.target} := {api.operation}({', '.join(api.arguments)})).value)"
        return self._call(api)

    def _helper_call(self, api: Api) -> str:
        if HELPERS[api.operation].returned:
            return f"{api.target} = {api.operation}({', '.join(api.arguments)})"
        arguments = [*api.arguments, *([api.target] if api.target else [])]
        return f"{api.operation}({', '.join(arguments)})"

    def _function(self, name: str) -> str:
        return f"{'kernel32' if name == 'CloseHandle' else 'advapi32'}.{name}"

    def _address(self, name: str) -> str:
        return f"byref({name})"
