"""The IR as text, for people who debug the analysis: a dump, and Graphviz dot of one graph.

function encrypt(hProv: HCRYPTPROV) [internal] at 3:5
b0:
  declare hKey: HCRYPTKEY                            ; 4:15
  %1 = call CryptGenKey(hProv, CALG_RC4, 0, &hKey)   ; 5:10
  branch %1 ? b1 : b2                                ; 5:10
"""

from __future__ import annotations

from itertools import zip_longest

from capilint import ir
from capilint.finding import Span

_COMMENT_COLUMN = 60


def module_text(module: ir.Module) -> str:
    """The dump of a whole file: its functions, then what the front end could not read."""
    parts = [function_text(function) for function in module.functions]
    notes = [
        f"problem at {_position(problem.span)} in {problem.function}: {problem.reason}"
        for problem in module.problems
    ]
    return "\n".join([*parts, *(["\n".join(notes) + "\n"] if notes else [])])


def function_text(function: ir.Function, *, positions: bool = True) -> str:
    """The dump of one function, with or without the source positions."""
    lines = [_signature(function, positions)]
    for block in function.blocks:
        handler = "" if block.handler is None else f" (handler b{block.handler})"
        lines.append(f"b{block.number}:{handler}")
        for statement in (*block.instructions, block.terminator):
            lines.append(_with_position(statement_text(statement), statement, positions))
    return "\n".join(lines) + "\n"


def function_dot(function: ir.Function) -> str:
    """The control-flow graph of one function in Graphviz' dot language."""
    lines = [
        f"digraph {_quoted(function.qualified_name)} {{",
        '  node [shape=box, fontname="monospace", fontsize=10];',
    ]
    for block in function.blocks:
        text = [f"b{block.number}"]
        text += [statement_text(each) for each in (*block.instructions, block.terminator)]
        label = "".join(_escaped(line) + "\\l" for line in text)
        lines.append(f'  b{block.number} [label="{label}"];')
        lines += [f"  b{block.number} -> {edge};" for edge in _edges(block)]
    return "\n".join([*lines, "}"]) + "\n"


def value_text(value: ir.Value) -> str:
    """One value, much as C would write it. Its size is bounded by what the front end keeps."""
    match value:
        case ir.Constant(constant):
            return "null" if constant is None else _quoted_or_number(constant)
        case ir.Named(name):
            return name
        case ir.Read(place):
            return place_text(place)
        case ir.AddressOf(place):
            return "&" + place_text(place)
        case ir.Operation(operator, operands):
            return _operation_text(operator, [value_text(operand) for operand in operands])
        case ir.TupleOf(values):
            return f"tuple({_values(values)})"
        case ir.FunctionReference(name, captures):
            captured = ", ".join(place_text(place) for place in captures)
            return f"function {name}" + (f" [{captured}]" if captured else "")
        case ir.Unknown(mentions):
            return f"unknown({_values(mentions)})"


def place_text(place: ir.Place) -> str:
    """A place by its unique variable name, each accessor visible (`ctx*.key`, `keys[2]`)."""
    return place.root.name + "".join(place.path)


def statement_text(statement: ir.Instruction | ir.Terminator) -> str:
    """One instruction or terminator, without its position."""
    match statement:
        case ir.Declare(variable, type_name, _):
            return f"declare {variable.name}: {type_name}"
        case ir.EndScope(variables, _):
            return "end scope " + ", ".join(variable.name for variable in variables)
        case ir.Assign(target, value, _, zeroes):
            return f"{place_text(target)} = {'zeroes' if zeroes else value_text(value)}"
        case ir.Call():
            return _call_text(statement)
        case ir.Escape(values, _):
            return f"escape {_values(values)}"
        case ir.Yield(value, result, may_raise, _):
            return _into(result) + f"yield {value_text(value)}" + (" may raise" * may_raise)
        case ir.Delete(place, _):
            return f"delete {place_text(place)}"
        case ir.Elements(operation, container, _, operand, path, result):
            given = "" if operand is None else f"({value_text(operand)})"
            where = place_text(container) + "[..]" * bool(path) + "".join(path)
            return _into(result) + f"{operation} {where}{given}"
        case _:
            return _terminator_text(statement)


def _terminator_text(terminator: ir.Terminator) -> str:
    match terminator:
        case ir.Jump(target):
            return f"jump b{target}"
        case ir.Branch(condition, if_true, if_false, _):
            return f"branch {value_text(condition)} ? b{if_true} : b{if_false}"
        case ir.Choose(targets, _, catches):
            clauses = [f" ({', '.join(names)})" if names else "" for names in catches]
            ways = zip_longest(targets, clauses, fillvalue="")
            return "choose " + " ".join(f"b{target}{clause}" for target, clause in ways)
        case ir.Return(value, _, implicit):
            text = "return" if value is None else f"return {value_text(value)}"
            return text + (" (implicit)" if implicit else "")
        case ir.Raise(_, again, exception):
            return "raise again" if again else f"raise {exception}".rstrip()
        case ir.Stop(_, understood):
            return "stop" if understood else "stop (not understood)"


def _call_text(call: ir.Call) -> str:
    match call.callee:
        case ir.Direct(name):
            callee = name
        case ir.Method(receiver, name):
            callee = f"{value_text(receiver)}.{name}"
        case ir.Indirect(value):
            callee = f"({value_text(value)})"
    arguments = [value_text(value) for value in call.arguments]
    arguments += [f"{name}={value_text(value)}" for name, value in call.keywords]
    arguments += ["..."] if call.spread else []
    said = f"{_into(call.result)}call {callee}({', '.join(arguments)})"
    return said + " may raise" * call.may_raise + " noexcept" * call.noexcept


def _into(result: ir.Place | None) -> str:
    return "" if result is None else f"{place_text(result)} = "


def _operation_text(operator: str, operands: list[str]) -> str:
    if operator == "?:" and len(operands) == 3:
        return f"({operands[0]} ? {operands[1]} : {operands[2]})"
    if operator.isidentifier() or "-" in operator[1:]:
        return f"{operator}({', '.join(operands)})"
    if len(operands) == 1:
        return operator + operands[0]
    return "(" + f" {operator} ".join(operands) + ")"


def _values(values: tuple[ir.Value, ...]) -> str:
    return ", ".join(value_text(value) for value in values)


def _quoted_or_number(constant: int | str) -> str:
    return str(constant) if isinstance(constant, int) else _quoted(constant)


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


_FLAGS = ("internal", "generator", "noexcept", "implicit")


def _signature(function: ir.Function, positions: bool) -> str:
    parameters = ", ".join(_parameter_text(parameter) for parameter in function.parameters)
    flags = [name for name in _FLAGS if getattr(function, name)]
    flags += [f"decorated by {name}" for name in function.decorated]
    shown = "".join(f" [{flag}]" for flag in flags)
    place = f" at {_position(function.span)}" if positions else ""
    return f"function {function.qualified_name}({parameters}){shown}{place}"


def _parameter_text(parameter: ir.Parameter) -> str:
    text = ("..." if parameter.variadic else "") + parameter.variable.name
    text += f": {parameter.type_name}" if parameter.type_name else ""
    return text + (f" = {value_text(parameter.default)}" if parameter.default is not None else "")


def _with_position(text: str, statement: ir.Instruction | ir.Terminator, positions: bool) -> str:
    line = "  " + text
    span = getattr(statement, "span", None)
    if not positions or not isinstance(span, Span):
        return line
    return f"{line:<{_COMMENT_COLUMN}} ; {_position(span)}"


def _position(span: Span) -> str:
    return f"{span.line}:{span.column}"


def _edges(block: ir.BasicBlock) -> list[str]:
    match block.terminator:
        case ir.Branch(_, if_true, if_false, _):
            edges = [f'b{if_true} [label="true"]', f'b{if_false} [label="false"]']
        case _:
            edges = [f"b{target}" for target in ir.successors(block)]
    if block.handler is not None:
        edges.append(f"b{block.handler} [style=dashed]")
    return edges
