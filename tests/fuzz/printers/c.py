"""Generated programs as C; C++ builds on it."""

from __future__ import annotations

from collections.abc import Sequence

from tests.fuzz.operations import CLOSING, HELPERS
from tests.fuzz.printers.text import FLAGS, Printer, counts_of, helpers_of
from tests.fuzz.program import Api, Block, Condition

TYPES = {"c": "HCRYPTPROV", "k": "HCRYPTKEY", "h": "HCRYPTHASH"}


class CPrinter(Printer):
    """A scope's ends are written out wherever it is left."""

    end, null = ";", "NULL"

    def __init__(self, *arguments: object) -> None:
        """See Printer."""
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._open: list[tuple[Sequence[str], int]] = []  # scopes: what they own, their numbers
        self._in_loop: list[int] = []  # how many scopes were open at each loop's begin

    def program(self) -> None:
        """Print all of it."""
        self._head()
        self._signature(f"({', '.join(self._parameters())})")
        self._text.add(0, "{")
        self._declarations()
        self._text.add(0, "")
        self._whole_body()
        self._text.add(0, "}")

    def _head(self) -> None:
        text = self._text
        text.add(0, "#include <windows.h>")
        text.add(0, "#include <wincrypt.h>")
        text.add(0, "")
        text.add(0, "void stash(ULONG_PTR handle);")
        for name in helpers_of(self._program):
            text.add(0, HELPERS[name].c)

    def _signature(self, parameters: str) -> None:
        self._text.add(0, f"{self._result_type()} subject{parameters}")

    def _result_type(self) -> str:
        return TYPES[self._program.result[0]] if self._program.result else "BOOL"

    def _parameters(self) -> list[str]:
        given = [f"{TYPES[name[0]]} {name}" for name in self._program.given]
        given += ["HCRYPTKEY *out"] if self._program.gives() else []
        return [*given, *(f"int {name}" for name in (*FLAGS, *counts_of(self._program)))]

    def _declarations(self) -> None:
        for name in self._program.variables():
            if name not in self._program.given:
                self._text.add(1, f"{TYPES[name[0]]} {name} = 0;")
        for name in self._program.statuses():
            self._text.add(1, f"BOOL {name} = FALSE;")
        if self._program.loops():
            self._text.add(1, "int i;")

    def _whole_body(self) -> None:
        self._block(1, self._program.body)
        if self._program.cleanup:
            self._text.add(0, "cleanup:")
            self._block(1, self._program.cleanup)
        self._text.add(1, f"return {self._value(self._program.result) or 0};", 0)

    # ------------------------------------------------------------ statements

    def _branch(self, depth: int, test: str, then: Block, otherwise: Block, number: int) -> None:
        if not then:
            test, then, otherwise = f"!{test}", otherwise, ()
        self._text.add(depth, f"if ({test}) {{", number)
        self._block(depth + 1, then)
        if otherwise:
            self._text.add(depth, "} else {")
            self._block(depth + 1, otherwise)
        self._text.add(depth, "}")

    def _loop(self, depth: int, body: Block, number: int) -> None:
        self._text.add(depth, f"for (i = 0; i < count{number}; i++) {{", number)
        self._in_loop.append(len(self._open))
        self._block(depth + 1, body)
        self._in_loop.pop()
        self._text.add(depth, "}")

    def _scope(self, depth: int, body: Block, owned: Sequence[str], number: int) -> None:
        self._open.append((owned, number))
        self._block(depth, body)
        self._end_of_scope(depth, owned)
        self._close(depth, len(self._open) - 1)
        self._open.pop()

    def _end_of_scope(self, depth: int, owned: Sequence[str]) -> None:
        """What comes before a scope's variables end where nothing else has left it."""

    def _close(self, depth: int, outermost: int) -> None:
        """The ends of the scopes from the innermost one out."""
        for owned, number in reversed(self._open[outermost:]):
            for name in owned:
                self._simple(depth, self._call(Api(CLOSING, "", (name,))), number)

    def _break(self, depth: int, number: int) -> None:
        self._close(depth, self._in_loop[-1])
        self._simple(depth, "break", number)

    def _leave(self, depth: int, number: int) -> None:
        self._close(depth, 0)
        self._simple(depth, "goto cleanup" if self._program.cleanup else "return 0", number)

    # ------------------------------------------------------------ expressions

    def _copy(self, target: str, source: str) -> str:
        return f"{target} = {self._value(source) or 0}"

    def _give(self, variable: str) -> str:
        return f"*out = {self._value(variable)}"

    def _tested(self, condition: Condition) -> str:
        return f"{'!' if condition.negated else ''}{self._value(condition.variable)}"

    def _status(self, api: Api) -> str:
        returned = api.operation in HELPERS and HELPERS[api.operation].returned
        return f"(({self._call(api)}) != 0)" if returned else self._call(api)

    def _helper_call(self, api: Api) -> str:
        helper = HELPERS[api.operation]
        values = [self._value(name) for name in api.arguments]
        if helper.returned:
            return self._assigned(api.target, f"{api.operation}({', '.join(values)})")
        if helper.clears:
            values = [self._lent(name) for name in api.arguments]
        values += [self._lent(api.target)] if api.target else []
        return f"{api.operation}({', '.join(values)})"

    def _assigned(self, target: str, value: str) -> str:
        return f"{target} = {value}"

    def _lent(self, name: str) -> str:
        """A variable that a helper writes to."""
        return self._address(name)

    def _address(self, name: str) -> str:
        return f"&{name}"
