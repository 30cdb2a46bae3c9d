"""The monitor: watches a run and says in the linter's codes what went wrong.

What it holds against a handle, by the state that the handle is in:

                 alive            alive, owner released   released
    use          -                CAP301                  CAP201
    release      -                CAP301                  CAP202
    release by   CAP203           CAP203                  CAP202
      wrong function
    show,        -                CAP301                  CAP201
      hand out
    lose         CAP103           CAP103                  -
    leave, exit  CAP101           CAP101                  -

One mistake, one verdict: a code is said once for a handle, and a handle that was lost, or given
to the wrong function, is dealt with and no longer owed.
"""

from __future__ import annotations

from dataclasses import dataclass

from capilint.model.events import CallEvent, Creation, HandleUse, Notice, NoticeKind, Role

LEAKED = "CAP101"
LOST = "CAP103"
USED_AFTER_RELEASE = "CAP201"
DOUBLE_RELEASE = "CAP202"
WRONG_RELEASE = "CAP203"
OUTLIVES_OWNER = "CAP301"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One mistake of the run.

    `moment` is the SDK name of the call where it showed, or the kind of notice.
    """

    code: str
    handle: int
    resource: str
    moment: str


@dataclass(slots=True)
class _Life:
    """What the monitor knows about one handle. `owed`: the program still has to release it."""

    resource: str
    owner: int
    owed: bool
    alive: bool = True


class Monitor:
    """An observer of a machine; `verdicts` grows as the run goes on."""

    def __init__(self) -> None:
        """A monitor that has seen nothing; append it to the machine's observers."""
        self.verdicts: list[Verdict] = []
        self._said: set[tuple[str, int]] = set()
        self._lives: dict[int, _Life] = {}

    def fork(self) -> Monitor:
        """A monitor that has seen the same, for another way on."""
        twin = Monitor()
        twin.verdicts = self.verdicts.copy()
        twin._said = self._said.copy()
        twin._lives = {
            handle: _Life(life.resource, life.owner, life.owed, life.alive)
            for handle, life in self._lives.items()
        }
        return twin

    def take_back(self, since: int) -> None:
        """Unsay the verdicts, but for the first ones."""
        for said in self.verdicts[since:]:
            self._said.remove((said.code, said.handle))
        del self.verdicts[since:]

    def owed(self) -> list[int]:
        """The handles that would be leaked if the run ended now."""
        return [handle for handle, life in self._lives.items() if life.alive and life.owed]

    def standing(self, handle: int) -> tuple[object, ...]:
        """All of the past that later verdicts on a handle, apart from its owner, depend on."""
        life = self._lives[handle]
        said = frozenset(said.code for said in self.verdicts if said.handle == handle)
        return (life.resource, life.owed, life.alive, said)

    def __call__(self, event: CallEvent | Notice) -> None:
        """Takes in one event."""
        for creation in event.created:
            self._created(creation)
        if isinstance(event, Notice):
            self._notice(event)
            return
        for use in event.uses:
            self._used(use, event)
        for handle in event.released:
            self._lives[handle].alive = False

    def _created(self, creation: Creation) -> None:
        known = self._lives.get(creation.handle)  # a cached context comes back
        if known is None or not known.alive:
            self._lives[creation.handle] = _Life(creation.resource, creation.owner, creation.owed)

    def _used(self, use: HandleUse, event: CallEvent) -> None:
        life = self._lives.get(use.handle)
        if life is None:
            return
        moment = event.function
        if use.role is not Role.RELEASE:
            self._touched(use.handle, life, moment)
        elif not life.alive:
            self._say(DOUBLE_RELEASE, use.handle, moment)
        elif life.resource != use.expected:
            self._say(WRONG_RELEASE, use.handle, moment)
            life.owed = False
        elif self._orphaned(life):
            self._say(OUTLIVES_OWNER, use.handle, moment)
            life.alive = False

    def _touched(self, handle: int, life: _Life, moment: str) -> None:
        if not life.alive:
            self._say(USED_AFTER_RELEASE, handle, moment)
        elif self._orphaned(life):
            self._say(OUTLIVES_OWNER, handle, moment)

    def _orphaned(self, life: _Life) -> bool:
        owner = self._lives.get(life.owner)
        return owner is not None and not owner.alive

    def _notice(self, notice: Notice) -> None:
        moment = str(notice.kind)
        chosen = self._lives if notice.handles is None else notice.handles
        for handle in chosen:
            life = self._lives.get(handle)
            if life is None:
                continue
            if notice.kind in (NoticeKind.SHOW, NoticeKind.HAND_OUT):
                self._touched(handle, life, moment)
                life.owed = life.owed and notice.kind is NoticeKind.SHOW
            elif notice.kind is not NoticeKind.GIVEN and life.alive and life.owed:
                self._say(LOST if notice.kind is NoticeKind.LOSE else LEAKED, handle, moment)
                life.owed = False

    def _say(self, code: str, handle: int, moment: str) -> None:
        if (code, handle) not in self._said:
            self._said.add((code, handle))
            self.verdicts.append(Verdict(code, handle, self._lives[handle].resource, moment))
