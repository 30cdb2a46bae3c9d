"""Generated programs as C and as Python (ctypes), with the line of each statement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from capilint.language import Language
from tests.fuzz.operations import HELPERS, OPERATIONS
from tests.fuzz.program import (
    KINDS,
    Api,
    Block,
    Break,
    Check,
    Condition,
    Copy,
    Do,
    Give,
    If,
    Keep,
    Leave,
    Loop,
    Program,
    Stash,
    Statement,
)

FLAGS = ("flag0", "flag1")
_TYPES = {"c": "HCRYPTPROV", "k": "HCRYPTKEY", "h": "HCRYPTHASH"}


@dataclass(slots=True)
class Text:
    """A program's text; `lines` maps statement numbers to lines, from 1."""

    language: Language
    written: list[str] = field(default_factory=list)
    lines: dict[int, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return "\n".join(self.written) + "\n"

    def add(self, depth: int, line: str, number: int = 0) -> None:
        """Write one line, the statement's of that number."""
        self.written.append("    " * depth + line)
        if number:
            self.lines[number] = len(self.written)


def text_of(program: Program, language: Language) -> Text:
    """The program in one of the languages."""
    text = Text(language)
    writer = _C(text, program) if language is Language.C else _Python(text, program)
    writer.program()
    return text


def helpers_of(program: Program) -> Iterator[str]:
    """The helpers that a program calls."""
    for statement in program.statements():
        if isinstance(statement, Do | Check | Keep) and statement.api.operation in HELPERS:
            yield statement.api.operation


class _C:
    def __init__(self, text: Text, program: Program) -> None:
        self._text = text
        self._program = program

    def program(self) -> None:
        text, program = self._text, self._program
        text.add(0, "#include <windows.h>")
        text.add(0, "#include <wincrypt.h>")
        text.add(0, "")
        text.add(0, "void stash(ULONG_PTR handle);")
        for name in sorted(set(helpers_of(program))):
            text.add(0, HELPERS[name].c)
        given = [f"{_TYPES[name[0]]} {name}" for name in program.given]
        given += ["HCRYPTKEY *out"] if program.gives() else []
        flags = [f"int {name}" for name in (*FLAGS, *_counts(program))]
        result = _TYPES[program.result[0]] if program.result else "BOOL"
        text.add(0, f"{result} subject({', '.join([*given, *flags])})")
        text.add(0, "{")
        for name in program.variables():
            if name not in program.given:
                text.add(1, f"{_TYPES[name[0]]} {name} = 0;")
        for name in program.statuses():
            text.add(1, f"BOOL {name} = FALSE;")
        if program.loops():
            text.add(1, "int i;")
        text.add(0, "")
        self._block(1, program.body)
        if program.cleanup:
            text.add(0, "cleanup:")
            self._block(1, program.cleanup)
        text.add(1, f"return {program.result or 0};")
        text.lines[0] = len(text.written)
        text.add(0, "}")

    def _block(self, depth: int, block: Block) -> None:
        for statement in block:
            self._statement(depth, statement)

    def _statement(self, depth: int, statement: Statement) -> None:
        number = statement.number
        match statement:
            case Do(api):
                self._text.add(depth, f"{self._call(api)};", number)
            case Keep(api, status):
                self._text.add(depth, f"{status} = {self._status(api)};", number)
            case Check(api, success, failure):
                self._branch(depth, self._status(api), success, failure, number)
            case If(condition, then, otherwise):
                not_ = "!" if condition.negated else ""
                self._branch(depth, f"{not_}{condition.variable}", then, otherwise, number)
            case Loop(body):
                head = f"for (i = 0; i < count{number}; i++) {{"
                self._text.add(depth, head, number)
                self._block(depth + 1, body)
                self._text.add(depth, "}")
            case Copy(target, source):
                self._text.add(depth, f"{target} = {source or 0};", number)
            case Stash(variable):
                self._text.add(depth, f"stash({variable});", number)
            case Give(variable):
                self._text.add(depth, f"*out = {variable};", number)
            case Break():
                self._text.add(depth, "break;", number)
            case Leave():
                way = "goto cleanup;" if self._program.cleanup else "return 0;"
                self._text.add(depth, way, number)

    def _branch(self, depth: int, test: str, then: Block, otherwise: Block, number: int) -> None:
        if not then:
            test, then, otherwise = f"!{test}", otherwise, ()
        self._text.add(depth, f"if ({test}) {{", number)
        self._block(depth + 1, then)
        if otherwise:
            self._text.add(depth, "} else {")
            self._block(depth + 1, otherwise)
        self._text.add(depth, "}")

    def _status(self, api: Api) -> str:
        """A call as an expression that is 0 where the call fails, and does not keep a handle."""
        returned = api.operation in HELPERS and HELPERS[api.operation].returned
        return f"(({self._call(api)}) != 0)" if returned else self._call(api)

    def _call(self, api: Api) -> str:
        if api.operation in HELPERS and HELPERS[api.operation].returned:
            return f"{api.target} = {api.operation}({', '.join(api.arguments)})"
        if api.operation in HELPERS:
            by_address = "&" if HELPERS[api.operation].clears else ""
            arguments = [f"{by_address}{name}" for name in api.arguments]
            arguments += [f"&{api.target}"] if api.target else []
            return f"{api.operation}({', '.join(arguments)})"
        operation = OPERATIONS[api.operation]
        arguments_text = operation.text.format(*api.arguments, out=f"&{api.target}", null="NULL")
        return f"{operation.function}({arguments_text})"


class _Python:
    def __init__(self, text: Text, program: Program) -> None:
        self._text = text
        self._program = program

    def program(self) -> None:
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
        for name in sorted(set(helpers_of(program))):
            for line in HELPERS[name].python.split("\n"):
                text.add(0, line)
            text.add(0, "")
        out = ["out"] if program.gives() else []
        parameters = [*program.given, *out, *FLAGS, *_counts(program)]
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
        text.add(1, f"return {program.result or 0}")
        text.lines[0] = len(text.written)

    def _block(self, depth: int, block: Block) -> None:
        for statement in block:
            self._statement(depth, statement)
        if not block:
            self._text.add(depth, "pass")

    def _statement(self, depth: int, statement: Statement) -> None:
        number = statement.number
        match statement:
            case Do(api):
                self._text.add(depth, self._call(api), number)
            case Keep(api, status):
                self._text.add(depth, f"{status} = {self._status(api)}", number)
            case Check(api, success, failure):
                self._branch(depth, self._status(api), success, failure, number)
            case If(condition, then, otherwise):
                self._branch(depth, _tested(condition), then, otherwise, number)
            case Loop(body):
                self._text.add(depth, f"for _ in range(count{number}):", number)
                self._block(depth + 1, body)
            case Copy(target, source):
                value = f"{source}.value" if source else ""
                self._text.add(depth, f"{target} = ctypes.c_void_p({value})", number)
            case Stash(variable):
                self._text.add(depth, f"stash({variable}.value)", number)
            case Give(variable):
                self._text.add(depth, f"out.value = {variable}.value", number)
            case Break():
                self._text.add(depth, "break", number)
            case Leave():
                self._text.add(depth, "return 0", number)

    def _branch(self, depth: int, test: str, then: Block, otherwise: Block, number: int) -> None:
        if not then:
            test, then, otherwise = f"not {test}", otherwise, ()
        self._text.add(depth, f"if {test}:", number)
        self._block(depth + 1, then)
        if otherwise:
            self._text.add(depth, "else:")
            self._block(depth + 1, otherwise)

    def _status(self, api: Api) -> str:
        """A call as an expression that is false where it fails, and does not keep a handle."""
        if api.operation in HELPERS and HELPERS[api.operation].returned:
            return f"bool(({api.target} := {api.operation}({', '.join(api.arguments)})).value)"
        return self._call(api)

    def _call(self, api: Api) -> str:
        if api.operation in HELPERS and HELPERS[api.operation].returned:
            return f"{api.target} = {api.operation}({', '.join(api.arguments)})"
        if api.operation in HELPERS:
            arguments = [*api.arguments, *([api.target] if api.target else [])]
            return f"{api.operation}({', '.join(arguments)})"
        operation = OPERATIONS[api.operation]
        library = "kernel32" if operation.function == "CloseHandle" else "advapi32"
        out = f"byref({api.target})"
        arguments_text = operation.text.format(*api.arguments, out=out, null="None")
        return f"{library}.{operation.function}({arguments_text})"


def _tested(condition: Condition) -> str:
    name = condition.variable
    value = f"{name}.value" if name[0] in KINDS else name
    return f"not {value}" if condition.negated else value


def _counts(program: Program) -> list[str]:
    return [f"count{number}" for number in program.loops()]
