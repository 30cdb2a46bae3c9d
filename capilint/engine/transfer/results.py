"""What a call returns that makes no handle: a box, an address, a sign, the last error.

The rule book's `returns` of a function names the form; `Protocol` lists the forms.
"""

from __future__ import annotations

from dataclasses import dataclass

from capilint.engine.domain.binding import Argument
from capilint.engine.domain.cause import How
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.events import Path
from capilint.engine.domain.state import CAUGHT, UNDER_WAY, State
from capilint.engine.domain.values import (
    ZERO,
    AbstractValue,
    Aggregate,
    Function,
    Location,
    Number,
    Pointer,
    Status,
    Symbol,
    Term,
    Text,
    is_parameter,
)
from capilint.engine.transfer.unknown import STATUS_KINDS
from capilint.engine.transfer.ways import Site
from capilint.ir import Read
from capilint.rulebook.protocol import Protocol

_ERROR = "error"  # what a symbol tells that was asked for after a failure
SIGNS = {"negative": "<", "nonnegative": ">=", "zero": "==", "nonzero": "!="}


@dataclass(slots=True)
class Results:
    """Finds what calls return in one function."""

    evaluator: Evaluator

    def of(
        self, path: Path, site: Site, protocol: Protocol, matched: dict[str, Argument]
    ) -> AbstractValue:
        """The result of a call with these arguments."""
        form, _, name = protocol.returns.partition(":")
        if form == "pointer":
            form = "address" if name in matched else "box"
        if form == "box":
            return self._box(path, site, matched.get(name))
        known = self._of_argument(path, form, matched[name], matched) if name in matched else None
        if known is None:
            known = self._of_all(path, site, form, protocol, matched)
        if known is not None:
            return known
        detail = _ERROR if form == "nonzero" else None
        symbol = Symbol("object" if protocol.allocates else "result", site.key, detail)
        path.state.renew(symbol)
        is_failure = form == "failed" and self._tells_failure(path.state, matched.get(name))
        if is_failure or (form == "nonzero" and path.state.failed):
            self.evaluator.assume(path.state, symbol, True)
        if is_failure:
            self.evaluator.assume(path.state, Term("<", (symbol, ZERO)), True)
        return symbol

    def _tells_failure(self, state: State, argument: Argument | None) -> bool:
        """Whether an error is not 0. What the caller asks for, or has got, is taken for one."""
        if argument is None:
            return True
        value = argument.value
        known = self.evaluator.truth(state, value)
        if known is None and isinstance(value, Symbol) and value.kind in STATUS_KINDS:
            return value.detail == _ERROR
        return known is not False

    def _of_argument(
        self, path: Path, form: str, argument: Argument, matched: dict[str, Argument]
    ) -> AbstractValue | None:
        """What the one argument that the form names decides; None where it does not."""
        value = argument.value
        match form, value:
            case "content", Pointer(location):
                return path.state.load(location)
            case (("argument" | "content"), _):
                return value
            case "failed", Number(number) | Status(_, number) if number <= 0:
                return value
            case "function", Text(text):
                return Function(text)
            case "address", _:
                return self._address(path, argument, matched)
            case "length", Aggregate(values):
                return Number(len(values))
            case "length", Text(text, True):
                return Number(len(text))
            case _ if form in SIGNS:
                return self.evaluator.operate(path.state, SIGNS[form], (value, ZERO))
        return None

    def _of_all(
        self,
        path: Path,
        site: Site,
        form: str,
        protocol: Protocol,
        matched: dict[str, Argument],
    ) -> AbstractValue | None:
        """What the state, or all arguments together, decide; None where they do not."""
        values = tuple(argument.value for argument in matched.values())
        if form == "nonzero" and path.state.failed is False:
            return ZERO  # an older error is not what the code asks for
        if form == "raising":
            return path.state.load(UNDER_WAY)
        if form == "derived":
            source = Term("unknown", values)
            return source if any(part in path.state.handles for part in source.symbols) else None
        if form == "same":
            told = tuple(self._told(path.state, value) for value in values)
            answer = Term(f"{protocol.name}()", told)
            return answer if answer.symbols and answer.fixed else None
        return self._exception(path, site) if form == "exception" else None

    def _box(self, path: Path, site: Site, first: Argument | None) -> AbstractValue:
        empty = first is None or isinstance(first.value, Text | Term)
        if first is None or empty or self.evaluator.number(path.state, first.value) == 0:
            return self._empty_box(path, site)
        return first.value

    def _empty_box(self, path: Path, site: Site) -> Symbol:
        """A box with 0 in it, which its copies are, too: what is written into one is in all."""
        box = Symbol("box", site.key)
        path.state.renew(box)
        path.state.facts[box] = False
        return box

    def _told(self, state: State, value: AbstractValue) -> AbstractValue:
        """What a look at an argument shows: of a pointer, what it points to."""
        if isinstance(value, Pointer):
            return state.load(value.location)
        return state.load(Location(value)) if isinstance(value, Symbol) else value

    def _exception(self, path: Path, site: Site) -> AbstractValue:
        """What `sys.exc_info()` gives; whether a clause that caught it has ended is not known."""
        handled: AbstractValue = ZERO
        if path.state.raising:
            handled = Symbol("result", site.key)
            path.state.renew(handled)
            if not path.state.raising.startswith(CAUGHT):
                self.evaluator.assume(path.state, handled, True)
        return Aggregate((handled, handled, handled))

    def _address(
        self, path: Path, argument: Argument, matched: dict[str, Argument]
    ) -> AbstractValue:
        offset, index = matched.get("offset"), matched.get("index")
        if index is not None and isinstance(argument.written, Read):
            number = self.evaluator.number(path.state, index.value)
            whole = self.evaluator.locate(path.state, argument.written.place)
            if number is not None and whole is not None:
                return Pointer(whole.at(f"[{number}]"))
        distance = offset or index
        if distance is not None and self.evaluator.number(path.state, distance.value) != 0:
            # An element that is told by its distance.
            path.state.escape(argument.value, cause=path.state.cause(How.EXPRESSION))
            return Symbol("unknown", argument.written)
        if isinstance(argument.value, Pointer):
            return argument.value
        if is_parameter(argument.value):
            return Pointer(Location(argument.value))  # the box is the caller's
        if isinstance(argument.written, Read):
            location = self.evaluator.locate(path.state, argument.written.place)
            if location is not None:
                return Pointer(location)
        return argument.value
