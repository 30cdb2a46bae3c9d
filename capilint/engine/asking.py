"""What the analysis of one function asks of the rest of its program, and tells it, in order.

    interpreter ── api("CryptGenKey"), summary("helper"), owner_of(..), ... ──▶ answers
                └─ "`.key` lives in `.prov`" ─────────────────────────────────▶ learned by others

A function's result is the same again where its text is, and each of these answers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple, cast

from capilint.engine.domain.ownership import MemberOwners, Scheme, Tail
from capilint.engine.domain.values import Location
from capilint.engine.program.classes import Classes
from capilint.engine.program.linkage import Definition
from capilint.ir import Call, Function, Method, Module

Doors = Mapping[str, Callable[..., Any]]
"""What can be asked of the program, by the kind of question."""

OWNER_OF, IS_OWNER, RESOURCE_OF = "owner of", "is owner", "resource of"
NOTE_OWNER, NOTE_RESOURCE = "note owner", "note resource"
_LARGE = frozenset((Call, Method, Definition, Module, Function))  # told apart by what they are
_OF_SUMMARIES = ("summary", "method", "summary_of")  # one may be found out meanwhile


class Asking(NamedTuple):
    """A question and its answer; of what is told the others the answer is None."""

    kind: str
    given: tuple[Any, ...]
    answer: Any = None


class Asked:
    """The log of one function's analysis; `nested` is set where another one began during it."""

    def __init__(self) -> None:
        self.log: list[Asking] = []
        self.nested = False
        self._seen: set[object] = set()
        self._seen_of_members: set[object] = set()
        self._told: set[object] = set()

    def door(self, kind: str, ask: Callable[..., Any]) -> Callable[..., Any]:
        """A way to ask that takes note. What says nothing of summaries is asked once."""
        known: dict[tuple[object, ...], Any] = {}
        lasting = kind not in _OF_SUMMARIES

        def asked(*given: Any) -> Any:
            key = tuple([id(each) if type(each) in _LARGE else each for each in given])
            if key in known:
                return known[key]
            answer = ask(*given)
            if isinstance(answer, Iterator):
                answer = tuple(answer)
            self._note(self._seen, Asking(kind, given, answer))
            if lasting:
                known[key] = answer
            return answer

        return asked

    def of_members(self, kind: str, given: tuple[Any, ...], answer: Any) -> Any:
        """Note a question about members; what the function tells of them may change the answer."""
        self._note(self._seen_of_members, Asking(kind, given, answer))
        return answer

    def tell(self, kind: str, *given: Any) -> None:
        """Note what the function tells of members; to say it twice changes nothing."""
        if self._note(self._told, Asking(kind, given)):
            self._seen_of_members.clear()

    def _note(self, seen: set[object], asking: Asking) -> bool:
        given = [id(each) if type(each) in _LARGE else each for each in asking.given]
        key = (asking.kind, *given)
        if key in seen:
            return False
        seen.add(key)
        self.log.append(asking)
        return True


def answers_again(
    log: Collection[Asking],
    doors: Doors,
    owners: MemberOwners,
    is_same: Callable[[Asking, Any], bool],
) -> bool:
    """Whether each question of a log has its answer again, as `is_same` tells of one and the answer
    now; where all have, what it tells is told to `owners`."""
    noting = {NOTE_OWNER, NOTE_RESOURCE, OWNER_OF, IS_OWNER, RESOURCE_OF}
    now = owners.copy_of(given[0] for kind, given, _ in log if kind in noting)
    of_members: Doors = {
        OWNER_OF: now.owner_of,
        IS_OWNER: now.is_owner,
        RESOURCE_OF: now.resource_of,
    }
    for asking in log:
        kind, given, _ = asking
        if kind == NOTE_OWNER:
            now.note(*given)
        elif kind == NOTE_RESOURCE:
            now.learn_resource(*given)
        elif not is_same(asking, (of_members.get(kind) or doors[kind])(*given)):
            return False
    owners.take_over(now)
    return True


class AskedOwners(MemberOwners):
    """What is known of members, with notes of what is asked and told."""

    __slots__ = ("_asked",)

    def __init__(self, known: MemberOwners, asked: Asked) -> None:
        super().__init__(known.owners, known.resources)
        self._asked = asked

    def note(self, scheme: Scheme, member: Tail, owner: Tail | None) -> None:
        """See the class above."""
        self._asked.tell(NOTE_OWNER, scheme, member, owner)
        super().note(scheme, member, owner)

    def learn_resource(self, scheme: Scheme, member: Tail, resource: str | None) -> None:
        """See the class above."""
        self._asked.tell(NOTE_RESOURCE, scheme, member, resource)
        super().learn_resource(scheme, member, resource)

    def owner_of(self, scheme: Scheme, location: Location) -> Location | None:
        """See the class above."""
        answer = super().owner_of(scheme, location)
        found: Location | None = self._asked.of_members(OWNER_OF, (scheme, location), answer)
        return found

    def is_owner(self, scheme: Scheme, location: Location) -> bool:
        """See the class above."""
        answer = super().is_owner(scheme, location)
        return bool(self._asked.of_members(IS_OWNER, (scheme, location), answer))

    def resource_of(self, scheme: Scheme, member: Tail) -> str | None:
        """See the class above."""
        answer = super().resource_of(scheme, member)
        found: str | None = self._asked.of_members(RESOURCE_OF, (scheme, member), answer)
        return found


class _AskedClasses:
    """The classes of a program, with notes of what is asked of them."""

    def __init__(self, asked: Asked, ask: Callable[..., Any]) -> None:
        self._ask = asked.door("classes", ask)

    def __getattr__(self, name: str) -> Any:
        if isinstance(vars(Classes).get(name), property):
            return self._ask(name)
        return lambda *given: self._ask(name, *given)


def asked_classes(asked: Asked, ask: Callable[..., Any]) -> Classes:
    """Classes that take note; `ask` is given the name of what is asked, and what with."""
    return cast("Classes", _AskedClasses(asked, ask))


def ask_classes(classes: Classes) -> Callable[..., Any]:
    """How to ask classes by the name of a question."""

    def ask(name: str, *given: Any) -> Any:
        if isinstance(vars(Classes).get(name), property):
            return getattr(classes, name)
        answer = getattr(classes, name)(*given)
        return tuple(answer) if isinstance(answer, Iterator) else answer

    return ask


def with_notes(asked: Asked, doors: Doors) -> Doors:
    """The same ways to ask, with notes."""
    return {kind: asked.door(kind, ask) for kind, ask in doors.items()}
