"""Which calls of unknown code only report an error: `status = fail(ctx, E_KEY, "no key");`."""

from __future__ import annotations

from capilint.finding import Span
from capilint.ir import Call, Constant, Named, Operation, Read, Scope, Value


def is_report(call: Call) -> bool:
    """Whether a call is given nothing but a code, a text, a line and whom to tell.

    What `fail(ctx, E, "why")` gives a status variable is then hardly anything but that code.
    """
    if call.result is None or call.result.root.scope is Scope.TEMPORARY:
        return False
    places = [each for each in call.arguments if _is_text(each) or _is_line(each, call.span)]
    located = any(_is_line(each, call.span) for each in places)
    rest = [each for each in call.arguments if each not in places]
    codes = [each for each in rest if _is_code(each, located)]
    others = [each for each in rest if each not in codes]
    told = all(isinstance(each, Read) and not each.place.path for each in others)
    return len(codes) == 1 and told and (bool(places) or not others)


def _is_code(value: Value, located: bool) -> bool:
    """Whether an argument may be an error code; any number may, if a line is told with it."""
    match value:
        case Named():
            return True
        case Constant(int() as number):
            return number < 0 or (located and number != 0)
        case Operation("-", (Constant(int()),)):
            return True
        case _:
            return False


def _is_text(value: Value) -> bool:
    return isinstance(value, Constant) and isinstance(value.value, str)


def _is_line(value: Value, span: Span) -> bool:
    """Whether an argument is the number of the line on which the call stands: `__LINE__`."""
    number = value.value if isinstance(value, Constant) else None
    return isinstance(number, int) and span.line <= number <= span.end_line
