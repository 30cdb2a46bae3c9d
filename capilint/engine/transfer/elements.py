"""The elements of containers that grow: lists, vectors, dictionaries, maps.

    keys = ()            keys holds ()                    it is empty, and all of it is in sight
    add keys(key)        keys[+3.0] = key@9               an element for the place in the code: what
                                                          a result of `add` points to
    (the next round)     keys[~3.0] = older key@9         it stands for those of the rounds before
                         keys[+3.0] = key@9
    next keys(&%c)       %c[+3.0] = 1, %e = &keys[+3.0]   what a loop's cursor has met
                         %c[~3.0] = 1, %e = &keys[~3.0]
                         %e = 0

A local container that nobody else has seen holds just what is put into it here, so its elements are
as good as variables: they are lost with it, and a loop over it meets each once, the several that
one stands for alike. Anything else that is done to it lets go of it (`Escape`). Of a container that
others have seen nothing is known: an element of it is any value, and what is put into it escapes.
What is put into one that a member of C++ is, is in that member: whether the class ends it is asked
of the class, and callers of the method let go of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from capilint.engine.domain.cause import How
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.events import Event, Path
from capilint.engine.domain.state import POSSIBLE, State
from capilint.engine.domain.typestate import Typestates
from capilint.engine.domain.values import (
    OLDER,
    ONE,
    ZERO,
    AbstractValue,
    Aggregate,
    Location,
    Number,
    Pointer,
    Symbol,
    Term,
)
from capilint.engine.transfer.ways import Continuation, raise_from
from capilint.ir import NEW_ELEMENT, AddressOf, ElementOperation, Elements

_UNKNOWN_ELEMENT = ".element"
_NEW, _OLD = "[+", "[~"


@dataclass(slots=True)
class ElementEffects:
    """Carries out the operations on elements in one function."""

    evaluator: Evaluator
    typestates: Typestates

    def apply(
        self, path: Path, instruction: Elements, key: tuple[int, int], may_raise: bool
    ) -> Iterator[Continuation]:
        """Every way on; `may_raise` where a handler of this function expects that adding raises."""
        if may_raise and instruction.operation is ElementOperation.ADD:
            way = raise_from(path.fork(), POSSIBLE)
            way.path.emit(Event("raise", instruction.span, self.typestates.path, "the container"))
            yield way
        container = self.evaluator.locate(path.state, instruction.container)
        if self._is_of_a_member(instruction, container) and container is not None:
            if not self._add(path, instruction, container, key):
                yield from self._unseen(path, instruction, container, key)
            else:
                yield Continuation(path)
            return
        if container is None or not _is_in_sight(path.state, container):
            yield from self._unseen(path, instruction, container, key)
            return
        _join_older(path.state, container)
        match instruction.operation:
            case ElementOperation.ADD if self._add(path, instruction, container, key):
                pass
            case ElementOperation.COUNT:
                self._give(path, instruction, self._count(path.state, container, key))
            case ElementOperation.TAKE if self._take(path, instruction, container):
                pass
            case ElementOperation.NEXT if self._next(path, instruction, container):
                pass
            case ElementOperation.PICK if self._pick(path, instruction, container):
                pass
            case _:
                yield from self._unseen(path, instruction, container, key)
                return
        yield Continuation(path)

    def _is_of_a_member(self, instruction: Elements, container: Location | None) -> bool:
        """Whether something is put into a container that an object has, as into any member."""
        if instruction.operation is not ElementOperation.ADD or self.evaluator.boxes:
            return False
        return container is not None and isinstance(container.base, Symbol) and bool(container.path)

    def _unseen(
        self, path: Path, instruction: Elements, container: Location | None, key: tuple[int, int]
    ) -> Iterator[Continuation]:
        """What is asked of a container of which nothing is known, any more at least."""
        state, operation = path.state, instruction.operation
        cause = state.cause(How.CONTAINER)
        if operation is ElementOperation.ADD and instruction.operand is not None:
            state.escape(self.evaluator.evaluate(state, instruction.operand), cause=cause)
            for _, part in self.evaluator.parts(state, instruction.operand):
                state.escape(part, cause=cause)
        if container is not None:
            state.escape(Pointer(container), cause=cause)
        if operation is ElementOperation.NEXT:
            end = path.fork()
            self._give(end, instruction, ZERO)
            yield Continuation(end)
        content = Symbol("read", key)
        state.renew(content)
        scratch = self._cursor(instruction)
        if scratch is not None:
            element = Pointer(scratch.at(_UNKNOWN_ELEMENT))
            state.store(element.location, content)
            state.escape(element, cause=cause)
            self._give(path, instruction, element)
        else:
            self._give(path, instruction, content)
        yield Continuation(path)

    def _give(self, path: Path, instruction: Elements, value: AbstractValue) -> None:
        if instruction.result is not None:
            target = Location(instruction.result.root, instruction.result.path)
            self.typestates.store(path, target, value, instruction.span)

    def _cursor(self, instruction: Elements) -> Location | None:
        match instruction.operand:
            case AddressOf(place) if instruction.operation is not ElementOperation.ADD:
                return Location(place.root)
        return None

    # ------------------------------------------------------------ containers in sight

    def _add(
        self, path: Path, instruction: Elements, container: Location, key: tuple[int, int]
    ) -> bool:
        """Put an element in. Whether it can be followed: a box may yet be filled elsewhere."""
        state, operand = path.state, instruction.operand
        if operand is None:
            return False
        value, parts = self.evaluator.evaluate(state, operand), self.evaluator.parts(state, operand)
        if self.evaluator.boxes and value not in state.handles:
            return False
        accessor, tail = instruction.path[0], instruction.path[1:]
        if accessor == NEW_ELEMENT:
            site = f"{key[0]}.{key[1]}]"
            accessor = _NEW + site
            self._make_older(state, container.at(accessor), container.at(_OLD + site))
        element = container.at(accessor)
        target = Location(element.base, element.path + tail)
        self.typestates.store(path, target, value, instruction.span, parts=parts)
        self._give(path, instruction, Pointer(element))
        return True

    def _make_older(self, state: State, newest: Location, older: Location) -> None:
        """Make way for a new element: the one of the round before joins the older ones."""
        held, before = _contents(state, newest), _contents(state, older)
        if not held:
            return
        if before and before != held:  # of elements that are not alike one cannot stand for both
            container = Location(newest.base, newest.path[:-1])
            state.escape(Pointer(container), cause=state.cause(How.ROUNDS))
        state.clear(newest)
        for tail, value in held.items():
            state.environment[Location(older.base, older.path + tail)] = value

    def _next(self, path: Path, instruction: Elements, container: Location) -> bool:
        """Go to an element that the cursor has not met. Whether it is known which those are."""
        cursor, state = self._cursor(instruction), path.state
        if cursor is None:
            return False
        for accessor in _elements(state, container):
            met = state.environment.get(cursor.at(accessor))
            if met is None:
                if _is_shared(state, container.at(accessor)):
                    return False
                state.environment[cursor.at(accessor)] = ONE
                self._give(path, instruction, Pointer(container.at(accessor)))
                return True
            if met != ONE:  # on one of the paths that met here it has
                return False
        self._give(path, instruction, ZERO)
        return True

    def _pick(self, path: Path, instruction: Elements, container: Location) -> bool:
        """Find one element. Whether it is known which it is."""
        elements = _elements(path.state, container)
        accessor = instruction.path[0] if instruction.path else ""
        if accessor:
            if accessor not in elements and not all(map(_is_key, elements)):
                return False
            chosen = accessor
        elif len(elements) == 1 and not elements[0].startswith(_OLD):
            chosen = elements[0]
        else:
            return False
        if _is_shared(path.state, container.at(chosen)):
            return False
        self._give(path, instruction, Pointer(container.at(chosen)))
        return True

    def _take(self, path: Path, instruction: Elements, container: Location) -> bool:
        """End one element. Whether it is known which it is, or makes no difference."""
        state, span = path.state, instruction.span
        elements = _elements(state, container)
        if instruction.path:
            if instruction.path[0] not in elements:
                return all(map(_is_key, elements))
            self.typestates.overwrite(path, container.at(instruction.path[0]), span)
            return True
        if len(elements) == 1 and not elements[0].startswith(_OLD):
            self.typestates.overwrite(path, container.at(elements[0]), span)
            return True
        return not elements

    def _count(self, state: State, container: Location, key: tuple[int, int]) -> AbstractValue:
        elements = _elements(state, container)
        if not any(each.startswith(_OLD) for each in elements):
            return Number(len(elements))
        count = Symbol("read", key)
        state.renew(count)
        more_than_none = (
            Term("<", (ZERO, count)),
            Term("<=", (ZERO, count)),
            Term("<=", (ONE, count)),
        )
        state.facts.update((fact, True) for fact in (count, *more_than_none))
        return count


def _is_in_sight(state: State, container: Location) -> bool:
    """Whether what a container holds is what this function put into it."""
    if state.is_external(container):
        return False
    content = state.load(container)
    return isinstance(content, Aggregate) and not content.values


def _elements(state: State, container: Location) -> list[str]:
    """The accessors of a container's elements."""
    depth = len(container.path)
    inside = (place.path for place, _ in state.kept_in(container))
    return list(dict.fromkeys(path[depth] for path in inside if len(path) > depth))


def _join_older(state: State, container: Location) -> None:
    """An element of the last round has become one of the older ones, where the round after it put
    none there."""
    for accessor in _elements(state, container):
        if accessor.startswith(_NEW):
            newest = container.at(accessor)
            held = _contents(state, newest)
            before = _contents(state, container.at(_OLD + accessor[len(_NEW) :]))
            if held == before and any(_is_older(value) for value in held.values()):
                state.clear(newest)


def _is_shared(state: State, element: Location) -> bool:
    """Whether what stands for several handles is in an element and elsewhere, too: they need not
    be the same ones."""
    inside = state.kept_in(element)
    places = {place for place, _ in inside}
    older = (value for _, value in inside if isinstance(value, Symbol) and value.age == OLDER)
    return any(not places.issuperset(state.holders(value)) for value in older)


def _is_older(value: AbstractValue) -> bool:
    return isinstance(value, Symbol) and value.age == OLDER


def _contents(state: State, element: Location) -> dict[tuple[str, ...], AbstractValue]:
    depth = len(element.path)
    return {place.path[depth:]: value for place, value in state.kept_in(element)}


def _is_key(accessor: str) -> bool:
    """Whether an element is one with a known key."""
    return not accessor.startswith((_NEW, _OLD))
