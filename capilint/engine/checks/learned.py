"""What functions show of members, and which other functions are to be asked again for it.

Key():   CryptGenKey(m_prov, .., &m_key)   ──► m_key is a key, and lives in m_prov
~Key():  CryptReleaseContext(m_prov)       ◄── analysed before, it showed nothing wrong
         CryptDestroyHash(m_key)
"""

from __future__ import annotations

from dataclasses import dataclass, field

from capilint.engine.domain.handle import Typestate
from capilint.engine.domain.ownership import MemberOwners, MembersSeen, Scheme, Tail
from capilint.engine.domain.state import State
from capilint.engine.domain.values import Location, Symbol, initial
from capilint.engine.program.linkage import Definition
from capilint.engine.transfer.interpreter import Interpreter
from capilint.ir import Function


@dataclass(slots=True)
class Learned:
    """What a program shows of its members; `released` has the functions that end what is in some,
    with the scheme, and what they take the members of their own objects to hold."""

    owners: MemberOwners = field(default_factory=MemberOwners)
    released: dict[Definition, tuple[Scheme, set[tuple[Tail, str]]]] = field(default_factory=dict)

    def learn(self, definition: Definition, interpreter: Interpreter) -> None:
        """Note which members own which, what they hold, and whether the function ends any."""
        members = interpreter.typestates.members
        for _, exit_, _ in interpreter.exits:
            self.owners.learn(members.scheme, exit_.state, definition.module.own_variables)
            if members.own_object is not None:
                self._learn_resources(interpreter, exit_.state, members.own_object)
            for symbol, handle in exit_.state.handles.items():
                if handle.typestate is Typestate.DESTROYED:
                    self._note_release(definition, interpreter, symbol, handle.resource)
        for symbol, resource in interpreter.typestates.passed_over:
            self._note_release(definition, interpreter, symbol, resource)

    def recall(self, definition: Definition, released: set[tuple[Tail, str]]) -> None:
        """Note what a function ends that was analysed in an earlier run."""
        scheme = self.seen_by(definition.function, definition.module.path).scheme
        self.released[definition] = (scheme, released)

    def _note_release(
        self, definition: Definition, interpreter: Interpreter, symbol: Symbol, resource: str
    ) -> None:
        if symbol.kind == "initial":
            members, place = interpreter.typestates.members, symbol.detail
            known = self.released.setdefault(definition, (members.scheme, set()))
            if isinstance(place, Location) and place.base == members.own_object:
                known[1].add((place.path, resource))

    def _learn_resources(self, interpreter: Interpreter, state: State, whole: Symbol) -> None:
        typestates = interpreter.typestates
        for location, value in state.environment.items():
            handle = state.handles.get(value) if isinstance(value, Symbol) else None
            if handle is None or not handle.made or location.base != whole:
                continue
            origin = typestates.origins.get(value) if isinstance(value, Symbol) else None
            certain = origin is not None and not origin.alternatives
            resource = handle.resource if certain else None
            self.owners.learn_resource(typestates.members.scheme, location.path, resource)

    def more_for(self, definition: Definition) -> bool:
        """Whether a function releases what others have since shown to own a member, or as what
        others have shown it not to be."""
        if definition not in self.released:
            return False
        scheme, members = self.released[definition]
        owned = self.owners.owners.get(scheme, {}).values()
        owning = any(each is not None for each in owned)
        return owning or any(
            self.owners.resource_of(scheme, member) not in (None, resource)
            for member, resource in members
        )

    def seen_by(self, function: Function, path: str) -> MembersSeen:
        """What is known of members, for a function of the file at `path`."""
        receiver = function.receiver
        own = None if receiver is None else initial(Location(receiver))
        return MembersSeen(self.owners, function.owner_class or path, own)
