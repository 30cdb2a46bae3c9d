"""The hypothesis strategy that makes programs, small ones first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from hypothesis import strategies as st

from tests.fuzz.operations import HELPERS, operation_of
from tests.fuzz.program import (
    Api,
    Block,
    Break,
    Check,
    Condition,
    Copy,
    Do,
    Give,
    If,
    Keep,
    Leave,
    Loop,
    Program,
    Scope,
    Stash,
    Statement,
    numbered,
)

CONTEXTS = ("c0", "c1", "c2")
KEYS = ("k0", "k1", "k2", "k3", "k4", "k5")
HASHES = ("h0", "h1")
STATUSES = ("ok0", "ok1")
FLAGS = ("flag0", "flag1")
OWNED = ("k6", "k7")  # of a scope, and of one inside of it
_POOLS = {"c": CONTEXTS, "k": KEYS, "h": HASHES}

# Keys are what most programs are about; the tail of a list is taken less often when shrinking.
_CREATIONS = ("generate", "generate", "acquire", "duplicate", "hash", "derive", "fetch")
_USES = ("set", "random", "hash key", "hash data", "add")
_RELEASES = ("destroy", "destroy", "destroy", "release", "release", "destroy hash")
_WRONG = ("wrong", "close", "wrong hash")

# Strategies are made once: making them costs more than drawing.
_sampled = cache(st.sampled_from)
_integers = cache(st.integers)
_booleans = cache(st.booleans)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """A whole program."""
    size = draw(_integers(1, 3))
    given = tuple(name for name in ("c0", "k0") if draw(_booleans()))
    maker = _Maker(draw, {"c": 1 + size // 2, "k": (1, 2, 5)[size - 1], "h": min(size, 2)}, given)
    # Unknown code may raise, and what a `finally` then does is not the linter's business.
    maker.stashes = draw(_booleans())
    if maker.stashes or draw(_booleans()):
        body = maker.block(draw(_integers(1, 7)), depth=2)
        return numbered(Program(given, body, result=maker.result()))
    body = maker.block(draw(_integers(1, 7)), depth=2)
    cleanup = maker.block(draw(_integers(1, 4)), depth=1, leaves=False)
    return numbered(Program(given, body, cleanup))


class _Maker:
    """Draws the parts of one program over a part of the variables."""

    def __init__(self, draw: st.DrawFn, sizes: dict[str, int], given: Sequence[str]) -> None:
        self._draw = draw
        self._pools = {kind: _POOLS[kind][: size + 1] for kind, size in sizes.items()}
        self._local = {
            kind: tuple(name for name in pool if name not in given)
            for kind, pool in self._pools.items()
        }
        self._loops = False
        self._scopes = 0
        self.stashes = True

    def _one(self, choices: Sequence[str]) -> str:
        return self._draw(_sampled(tuple(choices)))

    def _variable(self, kind: str) -> str:
        return self._one(self._pools[kind])

    def _target(self, kind: str) -> str:
        """A variable of the function's own: parameters are not written to."""
        return self._one(self._local[kind])

    def result(self) -> str:
        """The variable that the function returns, if it does."""
        return self._one(("", "", *self._local["k"][:1]))

    def block(self, size: int, depth: int, leaves: bool = True) -> Block:
        """Up to that many statements; `leaves` where some may end the function."""
        made: list[Statement] = []
        for _ in range(size):
            if self._draw(_integers(0, 9)):  # 0 lets hypothesis drop the statement
                made += self._statements(depth, leaves)
        return tuple(made)

    def _statements(self, depth: int, leaves: bool) -> list[Statement]:
        weights = ["do"] * 5 + ["guard"] * 5 + ["copy", "copy", "give"]
        weights += ["stash", "share"] if self.stashes else ["share"]
        if depth and not self.stashes and self._scopes < len(OWNED):
            weights += ["scope"] * 4
        if depth:
            weights += ["check"] * 2 + ["if"] * 3 + ["keep"] * 2
            weights += [] if self._loops else ["loop"]
        if leaves and depth < 2:
            weights += ["leave"]
        if self._loops:
            weights += ["break"]
        kind = self._one(weights)
        return self._of_kind(kind, depth, leaves)

    def _of_kind(self, kind: str, depth: int, leaves: bool) -> list[Statement]:
        match kind:
            case "do":
                return [Do(self._api((*_RELEASES, *_RELEASES, *_USES, *_CREATIONS, *_WRONG)))]
            case "guard":
                api = self._api((*_CREATIONS, *_CREATIONS, *_USES))
                failure: Block = (Leave(),) if leaves else (Do(self._api(_USES)),)
                return [Check(api, (), failure)]
            case "check":
                api = self._api((*_CREATIONS, *_USES))
                return [Check(api, self._inner(depth, leaves), self._inner(depth, leaves))]
            case "keep":
                return self._kept(depth, leaves)
            case "if":
                handles = (*self._pools["k"], *self._pools["c"])
                condition = self._condition((*FLAGS, *FLAGS, *handles, *STATUSES))
                return [If(condition, self._inner(depth, leaves), self._inner(depth, leaves))]
            case "loop":
                self._loops = True
                body = self._inner(depth, leaves)
                self._loops = False
                return [Loop(body)]
            case "scope":
                return [self._scope(depth, leaves)]
            case "copy":
                kind = self._one("kkc")
                target = self._target(kind)
                source = self._one(("", *self._local[kind]))
                return [Copy(target, source)]
            case "share":
                return self._shared()
            case "give":
                return [Give(self._variable("k"))]
            case "break":
                return [Break()]
            case "stash":
                return [Stash(self._variable("k"))]
            case _:
                return [Leave()]

    def _scope(self, depth: int, leaves: bool) -> Scope:
        """A block, mostly with a creation for its own variable first."""
        name = OWNED[self._scopes]
        self._scopes += 1
        pools, local = self._pools["k"], self._local["k"]
        self._pools["k"], self._local["k"] = (*pools, name), (*local, name)
        made = Check(
            Api("generate", name, (self._variable("c"),)), (), (Leave(),) if leaves else ()
        )
        begin = (made,) if self._draw(_booleans()) else ()
        body = self.block(self._draw(_integers(1, 4)), depth - 1, leaves)
        self._pools["k"], self._local["k"] = pools, local
        if self._draw(_integers(0, 3)) == 3:  # another variable takes over
            body = (*body, Copy(self._target("k"), name), Copy(name))
        self._scopes -= 1
        return Scope((*begin, *body), (name,))

    def _inner(self, depth: int, leaves: bool) -> Block:
        return self.block(self._draw(_integers(1, 3)), depth - 1, leaves)

    def _kept(self, depth: int, leaves: bool) -> list[Statement]:
        """A status, something between, and a look at the status."""
        status = self._one(STATUSES)
        api = self._api((*_CREATIONS, *_USES))
        between = self.block(self._draw(_integers(0, 1)), 0, leaves=False)
        look = If(
            Condition(status, self._draw(_booleans())),
            self._inner(depth, leaves),
            self._inner(depth, leaves) if self._draw(_booleans()) else (),
        )
        return [Keep(api, status), *between, look]

    def _shared(self) -> list[Statement]:
        """A context that is retained, something between, and a release of it."""
        context = self._variable("c")
        between = self.block(self._draw(_integers(0, 2)), 0, leaves=False)
        return [Do(Api("add", "", (context,))), *between, Do(Api("release", "", (context,)))]

    def _condition(self, names: Sequence[str]) -> Condition:
        return Condition(self._one(names), self._draw(_booleans()))

    def _api(self, operations: Sequence[str]) -> Api:
        name = self._one(operations)
        helpers = [helper for helper, what in HELPERS.items() if what.operation == name]
        if helpers and self._draw(_integers(0, 2)) == 2:
            name = self._one(helpers)
        operation = operation_of(name)
        target = self._target(operation.makes) if operation.makes else ""
        writes = name in HELPERS and HELPERS[name].clears
        choose = self._target if writes else self._variable
        return Api(name, target, tuple(choose(kind) for kind in operation.takes))
