"""Reads the textual IR (`ir/text.py`), so that a test can give the engine what no front end makes.

    class ns::Failure: std::exception
    function ns::Key::close(this: Key *) [owner ns::Key]
    b0: (handler b1)
      %1 = call CryptDestroyKey(this*.m_key)
      branch !%1 ? b1 : b2

A name's scope: `%1` is a temporary, `g_x` a global variable, `CALG_RC4` a constant, parameters are
those of the head, and any other is a local variable. Positions are the lines of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from capilint import ir
from capilint.finding import Span
from capilint.ir.signatures import last_name, scope_of

_HEAD = re.compile(r"function (?P<name>.+?)\((?P<parameters>[^()]*)\)(?P<flags>( \[[^]]+\])*)$")
_BLOCK = re.compile(r"b(\d+):(?: \(handler b(\d+)\))?$")
_TOKEN = re.compile(r'\s*("(?:\\.|[^"])*"|%?[\w#]+|[-=!<>&|]=|&&|\|\||\.\.\.|\S)')
_ACCESSOR = re.compile(r"\*|\.[\w~:<>]+|\[[^]]*\]")
_PLACE = re.compile(r"%?\w[\w#]*")


def module(text: str, path: str = "a.cpp", language: ir.Language = ir.Language.CPP) -> ir.Module:
    """The module that a text describes."""
    functions: list[ir.Function] = []
    classes: dict[str, tuple[str, ...]] = {}
    blocks: list[ir.BasicBlock] = []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("class "):
            name, _, bases = stripped.removeprefix("class ").partition(": ")
            classes[name] = tuple(bases.split(", ")) if bases else ()
        elif found := _HEAD.match(stripped):
            blocks = []
            functions.append(_function(found, number, language))
        elif found := _BLOCK.match(stripped):
            handler = None if found[2] is None else int(found[2])
            blocks.append(ir.BasicBlock(int(found[1]), (), ir.Stop(_span(number)), handler))
        elif stripped:
            blocks[-1] = _with(blocks[-1], _Reader(stripped, number, functions[-1]).statement())
        if functions and blocks:
            functions[-1] = replace(functions[-1], blocks=tuple(blocks))
    return ir.Module(path, path.partition(".")[0], language, tuple(functions), classes=classes)


def _function(found: re.Match[str], line: int, language: ir.Language) -> ir.Function:
    flags = dict(
        each.partition(" ")[::2] for each in re.findall(r"\[([^]]+)\]", found["flags"] or "")
    )
    parameters = []
    for each in filter(None, found["parameters"].split(", ")):
        name, _, type_name = each.partition(": ")
        parameters.append(ir.Parameter(ir.Variable(name, ir.Scope.PARAMETER), type_name))
    name = found["name"]
    scope = scope_of(name).rpartition("::")[2]
    shown = f"{scope}::{last_name(name)}" if scope else last_name(name)
    return ir.Function(
        name=shown,
        qualified_name=name,
        language=language,
        parameters=tuple(parameters),
        blocks=(),
        span=_span(line),
        internal="internal" in flags,
        noexcept="noexcept" in flags,
        owner_class=flags.get("owner"),
    )


def _span(line: int) -> Span:
    return Span(line, 1, line, 80)


def _with(block: ir.BasicBlock, statement: ir.Instruction | ir.Terminator) -> ir.BasicBlock:
    if isinstance(statement, ir.Instruction):
        return replace(block, instructions=(*block.instructions, statement))
    return replace(block, terminator=statement)


class _Reader:
    """One line of a function."""

    def __init__(self, line: str, number: int, function: ir.Function) -> None:
        self._line = line
        self._span = _span(number)
        self._parameters = {each.variable.name for each in function.parameters}
        self._position = 0

    def statement(self) -> ir.Instruction | ir.Terminator:
        word, _, rest = self._line.partition(" ")
        self._position = len(word) + 1
        match word:
            case "declare":
                name, _, type_name = rest.partition(": ")
                return ir.Declare(self._variable(name), type_name, self._span)
            case "end":
                names = rest.removeprefix("scope ").split(", ")
                return ir.EndScope(tuple(map(self._variable, names)), self._span)
            case "escape":
                return ir.Escape(tuple(self._values("")), self._span)
            case "call":
                return self._call(None)
            case "jump" | "branch" | "choose" | "return" | "raise" | "stop":
                return self._terminator(word, rest)
        self._position = 0
        target = self._place()
        self._expect("=")
        if self._line[self._position :].strip() == "zeroes":
            return ir.Assign(target, ir.Constant(0), self._span, zeroes=True)
        if self._line[self._position :].startswith(" call "):
            self._position += len(" call ")
            return self._call(target)
        return ir.Assign(target, self._value(), self._span)

    def _terminator(self, word: str, rest: str) -> ir.Terminator:
        numbers = [int(each) for each in re.findall(r"\bb(\d+)", rest)]
        match word:
            case "jump":
                return ir.Jump(numbers[0])
            case "branch":
                return ir.Branch(self._value(), numbers[-2], numbers[-1], self._span)
            case "choose":
                found = re.findall(r"b(\d+)(?: \(([^)]*)\))?", rest)
                targets = tuple(int(target) for target, _ in found)
                catches = tuple(tuple(each.split(", ")) if each else None for _, each in found)
                return ir.Choose(targets, self._span, catches if any(catches) else ())
            case "return":
                value = self._value() if rest else None
                return ir.Return(value, self._span, implicit=not rest)
            case "raise":
                again = rest == "again"
                return ir.Raise(self._span, again, "" if again else rest)
        return ir.Stop(self._span)

    def _call(self, result: ir.Place | None) -> ir.Call:
        if self._line.startswith("(", self._position):
            self._expect("(")
            callee: ir.Callee = ir.Indirect(self._value())
            self._expect(")")
            self._expect("(")
        else:
            begin = self._arguments_begin()
            name = self._line[self._position : begin]
            receiver, _, last = name.partition(" -> ")
            callee = ir.Direct(name)
            if last:
                callee = ir.Method(_Reader(receiver, 0, self._shell()).value(), last)
            self._position = begin + 1
        return ir.Call(callee, tuple(self._values(")")), result, self._span)

    def _shell(self) -> ir.Function:
        names = (ir.Variable(name, ir.Scope.PARAMETER) for name in self._parameters)
        parameters = tuple(map(ir.Parameter, names))
        return ir.Function("", "", ir.Language.CPP, parameters, (), self._span)

    def _arguments_begin(self) -> int:
        depth = 0
        for index in range(len(self._line) - 1, -1, -1):
            depth += (self._line[index] == ")") - (self._line[index] == "(")
            if not depth and self._line[index] == "(":
                return index
        raise ValueError(self._line)

    # ------------------------------------------------------------ values

    def value(self) -> ir.Value:
        return self._value()

    def _values(self, end: str) -> Iterator[ir.Value]:
        while self._peek() not in ("", end):
            yield self._value()
            if self._peek() == ",":
                self._expect(",")

    def _value(self) -> ir.Value:
        token = self._peek()
        if token.startswith('"'):
            return ir.Constant(self._next()[1:-1])
        if token.isdigit():
            return ir.Constant(int(self._next()))
        if token in ("null", "unknown"):
            self._next()
            return ir.Constant(None) if token == "null" else ir.Unknown()
        if token == "&":
            self._expect("&")
            return ir.AddressOf(self._place())
        if token == "!":
            self._expect("!")
            return ir.Operation("!", (self._value(),))
        if token == "(":
            return self._operation()
        if token.isupper():
            return ir.Named(self._next())
        return ir.Read(self._place())

    def _operation(self) -> ir.Value:
        self._expect("(")
        left = self._value()
        operator = self._next()
        operands = [left, self._value()]
        if operator == "?":
            operator = "?:"
            self._expect(":")
            operands.append(self._value())
        self._expect(")")
        return ir.Operation(operator, tuple(operands))

    def _place(self) -> ir.Place:
        found = _PLACE.match(self._line, self._skip_blanks())
        assert found is not None, self._line[self._position :]
        self._position = found.end()
        path = []
        while accessor := _ACCESSOR.match(self._line, self._position):
            path.append(accessor[0])
            self._position = accessor.end()
        return ir.Place(self._variable(found[0]), tuple(path))

    def _variable(self, name: str) -> ir.Variable:
        if name in self._parameters:
            return ir.Variable(name, ir.Scope.PARAMETER)
        if name.startswith("%"):
            return ir.Variable(name, ir.Scope.TEMPORARY)
        return ir.Variable(name, ir.Scope.GLOBAL if name.startswith("g_") else ir.Scope.LOCAL)

    # ------------------------------------------------------------ tokens

    def _skip_blanks(self) -> int:
        while self._line[self._position : self._position + 1] == " ":
            self._position += 1
        return self._position

    def _peek(self) -> str:
        found = _TOKEN.match(self._line, self._position)
        return "" if found is None else found[1]

    def _next(self) -> str:
        found = _TOKEN.match(self._line, self._position)
        assert found is not None, self._line
        self._position = found.end()
        return found[1]

    def _expect(self, token: str) -> None:
        assert self._line.startswith(token, self._skip_blanks()), self._line[self._position :]
        self._position += len(token)
