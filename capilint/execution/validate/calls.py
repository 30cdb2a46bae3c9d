"""Calls of functions that the rule book describes, on one path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager

from capilint import ir
from capilint.execution.validate.api import Api, signature_for
from capilint.execution.validate.evaluation import Evaluation
from capilint.execution.validate.memory import Object, Pointee
from capilint.execution.validate.reading import looks_at_result, reads_alone
from capilint.execution.validate.values import (
    Concrete,
    HandleValue,
    Location,
    NotRunnable,
    Opaque,
    Reference,
    Term,
    leaves,
)
from capilint.model.events import NoticeKind, Role
from capilint.model.signature import Signature
from capilint.rulebook.book import Bound, RuleBook
from capilint.rulebook.protocol import Protocol, Success

SIGNS = {"negative": "<", "nonnegative": ">=", "zero": "==", "nonzero": "!="}


class Raised(Exception):
    """The program raises an exception, of a class of this name where that is known."""

    def __init__(self, exception: str = "") -> None:
        super().__init__(exception)
        self.exception = exception


class Calls:
    """Applies what is known of a function to a path."""

    def __init__(
        self,
        evaluation: Evaluation,
        api: Api,
        book: RuleBook,
        language: ir.Language,
        drop: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._evaluation = evaluation
        self._memory = evaluation.memory
        self._api = api
        self._book = book
        self._language = language
        self._drop = drop
        self._objects = 0
        self._failed: bool | None = None  # whether the last call did, or made what it should

    def api_call(self, call: ir.Call, function: ir.Function, stopped: type[Exception]) -> None:
        """Run a call in a function. Raises NotRunnable for one of a function that nobody knows."""
        if not isinstance(call.callee, ir.Direct):
            raise NotRunnable("a call of a method or of a value")
        bound = self._book.direct(call.callee.name, self._language)
        if bound is None:
            raise NotRunnable(f"{call.callee.name} is not known")
        protocol = bound.protocol
        if protocol.ends_thread:
            raise NotRunnable("the end of a thread")
        if protocol.noreturn:
            raise stopped
        if call.spread or protocol.owns_itself:
            raise NotRunnable(f"a call of {protocol.name} in a way that is not run")
        arguments = self._matched(call, protocol)
        if self._denies(protocol.requires, arguments):
            raise stopped
        if self._denies(protocol.expects, arguments) and reads_alone(function, call):
            raise stopped
        signature = signature_for(protocol)
        if signature is None:
            result = self._plain(protocol, arguments)
        else:
            looks = looks_at_result(function, call)
            result = self._on_model(bound, signature, arguments, looks)
        if call.result is not None:
            self.write(self._evaluation.locate(call.result), result)

    def _denies(self, parameter: str | None, arguments: dict[str, Concrete]) -> bool:
        """Whether an argument that should not be 0 is."""
        return parameter in arguments and not self._evaluation.truth(arguments[parameter or ""])

    def _matched(self, call: ir.Call, protocol: Protocol) -> dict[str, Concrete]:
        values = [self._evaluation.evaluate(each) for each in call.arguments]
        matched = dict(zip(protocol.params, values, strict=False))
        matched |= {name: self._evaluation.evaluate(each) for name, each in call.keywords}
        return matched

    # ------------------------------------------------------------ functions of the model

    def _on_model(
        self, bound: Bound, signature: Signature, arguments: dict[str, Concrete], looks: bool
    ) -> Concrete:
        protocol, success = bound.protocol, bound.protocol.success
        if any(creation.owned_if for creation in protocol.creates):
            raise NotRunnable(f"{protocol.name} asks whose the handle is")
        sdk = {protocol.sdk.get(name, name): value for name, value in arguments.items()}
        contents = {name: self._evaluation.content(value) for name, value in sdk.items()}
        handles = self._api.handles(signature, contents)
        releases = any(parameter.role is Role.RELEASE for parameter in signature.parameters)
        fallible = success is Success.RAISES and not releases
        fallible = fallible or (looks and success is not Success.RAISES)
        refused = protocol.fails_with in arguments and self._evaluation.truth(
            arguments[protocol.fails_with or ""]
        )
        succeeds = refused or self._succeeds(signature, handles, fallible)
        targets = self._targets(protocol, signature, sdk) if succeeds else {}
        for name in protocol.writes:
            self._overwrite(arguments.get(name, 0))
        new = self._api.call(protocol, handles, succeeds, list(targets))
        self._failed = not succeeds or (False if targets else None)
        for location in targets.values():
            self.write(location, HandleValue(new))
        kept = [protocol.sdk.get(name, name) for name in self._kept(protocol, arguments)]
        for name, handle in handles.items():
            if name in kept or (releases and not succeeds):
                self._api.dismiss(handle)
        if not succeeds and success is Success.RAISES:
            self._api.raise_from_here()
            raise Raised
        return self._status(success, succeeds and not refused)

    def _succeeds(self, signature: Signature, handles: Mapping[str, int], fallible: bool) -> bool:
        """Whether a call succeeds on this path; none makes a handle out of one of another kind."""
        if self._api.makes_of_another_kind(signature, handles):
            return False
        return not fallible or self._evaluation.knowledge.choices.among(2) == 0

    def _status(self, success: Success, succeeds: bool) -> Concrete:
        if success in (Success.ZERO, Success.NONNEGATIVE):
            return 0 if succeeds else -1
        return int(succeeds)

    def _targets(
        self, protocol: Protocol, signature: Signature, arguments: Mapping[str, Concrete]
    ) -> dict[str, Location]:
        targets: dict[str, Location] = {}
        for creation in protocol.creates:
            name = protocol.sdk.get(creation.into, creation.into)
            if any(
                _includes(arguments.get(parameter, 0), self._book.constants.get(flag, 0), flag)
                for parameter, flag in creation.unless
            ):
                continue
            target = arguments.get(name, 0)
            if isinstance(target, Reference):
                targets[name] = target.location
            elif isinstance(target, Opaque):
                targets[name] = Location(Pointee(target))
            elif target != 0 or creation.into == "return":
                raise NotRunnable(f"{protocol.name} writes to {target}")
        return targets

    def _kept(self, protocol: Protocol, arguments: Mapping[str, Concrete]) -> tuple[str, ...]:
        """The parameters that the function keeps, by the flags that it is given."""

        def is_set(parameter: str, flag: str) -> bool:
            constant = self._book.constants.get(flag, 0)
            return _includes(arguments.get(parameter, 0), constant, flag)

        wanted = not protocol.kept_if or any(is_set(*each) for each in protocol.kept_if)
        refused = any(is_set(*each) for each in protocol.kept_unless)
        return protocol.keeps if wanted and not refused else ()

    # ------------------------------------------------------------ other functions

    def _plain(self, protocol: Protocol, arguments: dict[str, Concrete]) -> Concrete:
        if protocol.copies or (protocol.frees and protocol.allocates):
            raise NotRunnable(f"{protocol.name} moves memory")
        freed = self._pointed_to(arguments.get(protocol.frees or "", 0))
        if freed is not None:
            with self._drop():  # what only the memory led to is lost
                self._memory.free(freed)
        for name in self._kept(protocol, arguments):
            if name in arguments:
                self.hand_out(arguments[name])
        for name in protocol.writes:
            self._overwrite(arguments.get(name, 0))
        zeroed = self._pointed_to(arguments.get(protocol.zeroes or "", 0))
        if zeroed is not None:
            filler = arguments.get(protocol.zeroes_with or "", 0)
            self.write(zeroed, 0 if filler == 0 else self._memory.fresh("filled"))
        if protocol.allocates:
            never_null = protocol.success is Success.RAISES
            made = never_null or self._evaluation.knowledge.choices.among(2) == 0
            return self._object() if made else 0
        return self._answer(protocol, arguments)

    def _answer(self, protocol: Protocol, arguments: Mapping[str, Concrete]) -> Concrete:
        form, _, name = protocol.returns.partition(":")
        value = arguments.get(name, 0)
        if form == "pointer":
            form = "address" if name in arguments else "box"
        if form == "address" and arguments.get("index", 0) != 0:
            raise NotRunnable("an address of an element")
        if form in ("argument", "address"):
            return value
        if form == "exception":
            raise NotRunnable("a question for the exception that is being handled")
        if form == "raising":
            raise NotRunnable("a question for the exceptions that are under way")
        if form == "length" and isinstance(value, str | tuple):
            return len(value)
        contents = [self._evaluation.content(each) for each in arguments.values()]
        if form == "derived" and any(isinstance(each, HandleValue) for each in contents):
            raise NotRunnable("a value that is made from a handle")
        if form == "content":
            return self._evaluation.content(value)
        if form == "box":
            box = self._object(box=True)
            content = self._evaluation.content(value)
            self._memory.store(box.location, 0 if isinstance(content, str | Term) else content)
            return box
        if form in SIGNS and name:
            sign = Term(SIGNS[form], (self._evaluation.content(value), 0))
            return int(self._evaluation.knowledge.truth(sign))
        if form == "nonzero" and self._failed is False:
            return 0  # nothing went wrong that the last error could tell of
        if form == "same":
            return Term(f"{protocol.name}()", tuple(map(self._told, arguments.values())))
        if form == "failed" and isinstance(value, int) and value < 0:
            return value
        if form == "failed" and not self._evaluation.truth(value):
            return 0
        answer = self._memory.fresh("result")
        if form == "failed" or (form == "nonzero" and self._failed):
            self._evaluation.knowledge.truths[answer] = True
        return answer

    def _object(self, box: bool = False) -> Reference:
        self._objects += 1
        return Reference(Location(Object(self._objects)), box)

    def _pointed_to(self, pointer: Concrete) -> Location | None:
        """The memory at an address: the program's own, or the caller's."""
        if isinstance(pointer, Reference):
            return pointer.location
        if isinstance(pointer, Opaque) and not self._memory.boxes:
            return Location(Pointee(pointer))
        return None

    def _told(self, value: Concrete) -> Concrete:
        """What a look at an argument shows: of a pointer, what it points to."""
        location = self._pointed_to(value)
        return value if location is None else self._memory.load(location)

    def _overwrite(self, target: Concrete) -> None:
        location = self._pointed_to(target)
        if location is not None:
            self.write(location, self._memory.fresh("written"))

    # ------------------------------------------------------------ references

    def write(self, location: Location, value: Concrete) -> None:
        """Store a value; handles may be lost by it, or handed out."""
        self.write_all([(location, value)])

    def write_all(self, cells: Iterable[tuple[Location, Concrete]]) -> None:
        """Store a structure: the whole first, then what is in it."""
        with self._drop():
            for location, value in cells:
                if self._memory.is_external(location):
                    of_caller = isinstance(location.base, Pointee)
                    self.hand_out(value, NoticeKind.SHOW if of_caller else NoticeKind.HAND_OUT)
                self._memory.store(location, value)

    def hand_out(self, value: Concrete, kind: NoticeKind = NoticeKind.HAND_OUT) -> None:
        """A value goes where others can see it."""
        pending = list(leaves(value))
        seen: set[Location] = set()
        while pending:
            leaf = pending.pop()
            if isinstance(leaf, HandleValue):
                self._api.notify(kind, leaf.handle)
            elif isinstance(leaf, Opaque) and leaf in self._api.given:
                self._api.notify(kind, self._api.given[leaf])
            elif isinstance(leaf, Reference) and leaf.location not in seen:
                seen.add(leaf.location)
                pending += leaves(self._memory.load(leaf.location))
                for _, inner in self._memory.inside(leaf.location):
                    pending += leaves(inner)


def _includes(value: Concrete, bits: int, flag: str) -> bool:
    """Whether flags include one: by number, or by name."""
    if isinstance(value, int):
        return bool(value & bits)
    if isinstance(value, Opaque):
        return value.label == flag
    return isinstance(value, Term) and any(_includes(each, bits, flag) for each in value.operands)
