"""The IR of a C program does what the compiled program does.

Random programs call `see(x)`, and `next()` for values. A small interpreter runs their IR and
must see what the machine code sees. What an int can't show (handles, escapes) is tested elsewhere.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from capilint import ir
from capilint.frontends.c import lower
from capilint.ir.text import function_text

COMPILER = shutil.which("gcc") or shutil.which("cc")
FUNCTIONS = 120  # in one program
OPERATORS = ("+", "-", "*", "&", "|", "^", "<", ">", "<=", ">=", "==", "!=", "&&", "||")
PRELUDE = """
#define CHECK(x) do { if (!(x)) goto fail; } while (0)
#define TWICE(e) ((e) + (e))
#define OTHER s.b
enum { FOUR = 4, FIVE };
struct pair { int a, b; };
int see(int);
int next(void);
static int g;
"""
RUNTIME = """
#include <stdio.h>
static unsigned seed;
int see(int x) { printf("%d ", x); return x & 1; }
int next(void) { seed = seed * 1103515245u + 12345u; return (seed >> 16) % 7; }
"""


# ---------------------------------------------------------------- random programs


class Writer:
    """Writes one random function. No expression has two effects whose order C leaves open."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.labels = 0
        self.in_loop = 0
        self.breakable = 0

    def function(self, name: str) -> str:
        body = "".join(f"    {self.statement(3)}\n" for _ in range(6))
        return (
            f"int {name}(int p)\n{{\n"
            "    int x = 1, y = 2, fuel = 20, t[3] = {0, 5}, *q = &y;\n"
            "    struct pair s = {0}, *r = &s;\n"
            f"    s.a = p;\n{body}"
            "    return see(x + y + t[0] + t[1] + t[2] + s.a + s.b + g);\n"
            "fail:\n    see(99);\n    return x;\n}\n"
        )

    def place(self) -> str:
        return self.random.choice(
            ["x", "y", "p", "g", "t[0]", "t[FOUR - 3]", "*(t + 2)", "*q", "s.a", "r->b", "OTHER"]
        )

    def pure(self, depth: int = 2) -> str:
        choice = self.random.randrange(9) if depth else self.random.randrange(3)
        if choice == 0:
            return str(self.random.randrange(-3, 9))
        if choice in (1, 2):
            return self.random.choice([self.place(), self.place(), "FIVE", "'a'", "(int)x"])
        if choice == 3:
            return f"{self.random.choice('-!~')}({self.pure(depth - 1)})"
        if choice == 4:
            parts = (self.pure(depth - 1) for _ in range(3))
            return "({} ? {} : {})".format(*parts)
        if choice == 5:
            return f"TWICE({self.pure(depth - 1)})"
        operator = self.random.choice(OPERATORS)
        return f"({self.pure(depth - 1)} {operator} {self.pure(depth - 1)})"

    def value(self, depth: int = 2) -> str:
        """A value with at most one unordered effect."""
        choice = self.random.randrange(9) if depth else 0
        if choice == 0:
            return self.pure()
        if choice == 1:
            return "next()"
        if choice == 2:
            return f"see({self.value(depth - 1)})"
        if choice == 3:
            operator = self.random.choice(["&&", "||", ","])
            return f"({self.value(depth - 1)} {operator} {self.value(depth - 1)})"
        if choice == 4:
            parts = (self.value(depth - 1) for _ in range(3))
            return "({} ? {} : {})".format(*parts)
        if choice == 5:
            return f"!({self.value(depth - 1)})"
        if choice == 6:
            return self.random.choice(["x++", "--y", "t[1]++", "(x = 3)", "(y |= 4)", "r->a--"])
        return f"({self.value(depth - 1)} {self.random.choice('+-&|<')} {self.random.randrange(9)})"

    def statement(self, depth: int) -> str:
        kinds = [self.assignment, self.assignment, self.call, self.checked, self.incremented]
        if depth:
            kinds += [self.conditional, self.conditional, self.loop, self.switch, self.block]
            kinds += [self.forward_goto]
        if self.breakable:
            kinds += [lambda _: f"if ({self.value()}) break;"]
        if self.in_loop:
            kinds += [lambda _: f"if ({self.value()}) continue;"]
        return self.random.choice(kinds)(depth)

    def assignment(self, depth: int) -> str:
        if self.random.random() < 0.2:
            return f"x = s.b = {self.value()};"
        operator = self.random.choice(["=", "=", "=", "+=", "|=", "^="])
        return f"{self.place()} {operator} {self.value()};"

    def call(self, depth: int) -> str:
        return self.random.choice(["see({});", "(void)see({});"]).format(self.value())

    def checked(self, depth: int) -> str:
        return f"CHECK({self.value()});" if self.random.random() < 0.3 else "q = &s.a;"

    def incremented(self, depth: int) -> str:
        return self.random.choice(["x++;", "--*q;", "next(), y++;", "p && see(1);"])

    def conditional(self, depth: int) -> str:
        text = f"if ({self.value()}) {self.statement(depth - 1)}"
        if text.endswith((";", "}")) and self.random.random() < 0.5:
            text = f"if ({self.value()}) {{ {self.statement(depth - 1)} }}"
            text += f" else {self.statement(depth - 1)}"
        return f"{{ {text} }}"

    def loop(self, depth: int) -> str:
        self.in_loop += 1
        self.breakable += 1
        body = self.statement(depth - 1)
        self.in_loop -= 1
        self.breakable -= 1
        fuel = "if (fuel-- <= 0) break;"
        form = self.random.randrange(4)
        if form == 0:
            return f"for (int i = 0; i < 3; i++) {{ {fuel} see(i); {body} }}"
        if form == 1:
            return f"while ({self.value()}) {{ {fuel} {body} }}"
        if form == 2:
            return f"do {{ {fuel} {body} }} while ({self.value()});"
        return f"for (;;) {{ {fuel} {body} if ({self.value()}) break; }}"

    def switch(self, depth: int) -> str:
        self.breakable += 1
        labels = ["case 0:", "case 1: case FOUR:", "default:", "case 2:", "case FIVE:"]
        self.random.shuffle(labels)
        ends = ["break;", "", "see(7);"]
        cases = "".join(
            f" {label} {self.statement(depth - 1)} {self.random.choice(ends)}"
            for label in labels[: self.random.randrange(1, 6)]
        )
        self.breakable -= 1
        return f"switch ({self.value()}) {{{cases} }}"

    def block(self, depth: int) -> str:
        return f"{{ int x = {self.random.randrange(9)}; {self.statement(depth - 1)} see(x); }}"

    def forward_goto(self, depth: int) -> str:
        self.labels += 1
        label = f"l{self.labels}"
        return (
            f"{{ if ({self.value()}) goto {label}; {self.statement(depth - 1)} {label}: see(8); }}"
        )


# ---------------------------------------------------------------- running the IR


class Machine:
    """Runs functions of the IR over ints and pointers."""

    def __init__(self) -> None:
        self.seed = 0
        self.seen: list[int] = []
        self.memory: dict[tuple[ir.Variable, tuple[str, ...]], object] = {}

    def run(self, function: ir.Function, argument: int) -> object:
        self.memory[(function.parameters[0].variable, ())] = argument
        number = 0
        for _ in range(20_000):
            block = function.blocks[number]
            for instruction in block.instructions:
                self.execute(instruction)
            match block.terminator:
                case ir.Jump(target):
                    number = target
                case ir.Branch(condition, if_true, if_false, _):
                    number = if_true if self.value(condition) else if_false
                case ir.Return(value, _):
                    return None if value is None else self.value(value)
                case other:
                    raise AssertionError(other)
        raise AssertionError("endless")

    def execute(self, instruction: ir.Instruction) -> None:
        match instruction:
            case ir.Assign(target, _, _, zeroes=True):
                root, path = self.location(target)
                for key in [key for key in self.memory if key[0] == root]:
                    if key[1][: len(path)] == path:
                        del self.memory[key]
            case ir.Assign(target, value, _):
                self.memory[self.location(target)] = self.value(value)
            case ir.Call(ir.Direct(name), arguments, result, _):
                value = self.call(name, [self.value(argument) for argument in arguments])
                if result is not None:
                    self.memory[self.location(result)] = value
            case ir.EndScope(variables, _):
                for key in [key for key in self.memory if key[0] in variables]:
                    del self.memory[key]
            case ir.Declare():
                pass
            case other:
                raise AssertionError(other)

    def call(self, name: str, arguments: list[object]) -> int:
        if name == "see":
            (value,) = arguments
            assert isinstance(value, int)
            self.seen.append(value)
            return value & 1
        assert name == "next"
        self.seed = (self.seed * 1103515245 + 12345) & 0xFFFFFFFF
        return (self.seed >> 16) % 7

    def location(self, place: ir.Place) -> tuple[ir.Variable, tuple[str, ...]]:
        root, path = place.root, ()
        for accessor in place.path:
            if accessor == "*":
                pointer = self.memory[(root, path)]
                assert isinstance(pointer, tuple)
                root, path = pointer
            else:
                path = (*path, accessor)
        return root, path

    def value(self, value: ir.Value) -> object:
        match value:
            case ir.Constant(constant):
                return constant
            case ir.Read(place):
                return self.memory.get(self.location(place), 0)
            case ir.AddressOf(place):
                return self.location(place)
            case ir.Operation(operator, operands):
                return self.operate(operator, operands)
            case other:
                raise AssertionError(other)

    def operate(self, operator: str, operands: tuple[ir.Value, ...]) -> int:
        if operator == "?:":
            chosen = operands[1] if self.value(operands[0]) else operands[2]
            return self.integer(chosen)
        left = self.integer(operands[0])
        if operator in ("&&", "||"):
            decided = bool(left) == (operator == "||")
            return int(bool(left)) if decided else int(bool(self.integer(operands[1])))
        if len(operands) == 1:
            return wrapped({"-": -left, "!": int(not left), "~": ~left, "+": left}[operator])
        right = self.integer(operands[1])
        results = {
            "+": left + right, "-": left - right, "*": left * right, "&": left & right,
            "|": left | right, "^": left ^ right, "<": left < right, ">": left > right,
            "<=": left <= right, ">=": left >= right, "==": left == right, "!=": left != right,
        }  # fmt: skip
        return wrapped(int(results[operator]))

    def integer(self, value: ir.Value) -> int:
        number = self.value(value)
        assert isinstance(number, int)
        return number


def wrapped(number: int) -> int:
    """A 32-bit int, as -fwrapv has it."""
    return (number + 0x80000000) % 0x100000000 - 0x80000000


# ---------------------------------------------------------------- the comparison


def written(seed: int) -> tuple[str, list[str]]:
    names = [f"f{number}" for number in range(FUNCTIONS)]
    texts = (Writer(seed * FUNCTIONS + number).function(name) for number, name in enumerate(names))
    return PRELUDE + "".join(texts), names


def compiled_output(text: str, names: list[str], folder: Path) -> Iterator[str]:
    calls = "".join(
        f'    seed = {number}; printf("-> %d\\n", {name}({number}));\n'
        for number, name in enumerate(names)
    )
    source = folder / "program.c"
    source.write_text(f"{text}{RUNTIME}int main(void)\n{{\n{calls}    return 0;\n}}\n")
    program = folder / "program"
    flags = ["-O0", "-w", "-fwrapv", "-fno-builtin"]
    subprocess.run([str(COMPILER), *flags, "-o", str(program), str(source)], check=True)
    yield from subprocess.run(
        [str(program)], check=True, capture_output=True, text=True, timeout=20
    ).stdout.splitlines()


@pytest.mark.skipif(COMPILER is None, reason="no C compiler")
@pytest.mark.parametrize("seed", range(4))
def test_the_ir_does_what_the_compiled_program_does(seed: int, tmp_path: Path) -> None:
    text, names = written(seed)
    module = lower(text, "program.c")
    assert not module.problems
    functions = {function.name: function for function in module.functions}
    machine = Machine()
    for number, output in enumerate(compiled_output(text, names, tmp_path)):
        function = functions[names[number]]
        machine.seed, machine.seen = number, []
        result = machine.run(function, number)
        shown = "".join(f"{value} " for value in machine.seen) + f"-> {result}"
        assert shown == output, f"{text.splitlines()}\n{function_text(function)}"
