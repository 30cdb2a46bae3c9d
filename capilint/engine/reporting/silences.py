"""From what was noted in the functions to the fates of the creations of a whole program.

    EscapeLog of each function ──► who holds a creation's handle ──► reported?  escaped?  handed?
                                                                     released?  ended?

A handle that a function hands to its callers is theirs; only where none of them is seen to get it
does it end with the function that made it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from capilint import silence
from capilint.engine.domain.escapes import CreationSite, EscapeLog, newest
from capilint.engine.domain.values import Symbol
from capilint.engine.program.callgraph import Program
from capilint.engine.program.linkage import Definition
from capilint.engine.program.names import calls_of
from capilint.engine.reporting.causes import Causes
from capilint.engine.summaries.summary import Summary
from capilint.engine.transfer.creations import site_of
from capilint.finding import Finding
from capilint.ir import AddressOf, Call, Direct, Method, Module, Read, Scope, source_text
from capilint.rulebook.book import Bound
from capilint.rulebook.protocol import Creation, Protocol
from capilint.silence import Fate, FindingKey, Kind, Reason, key_of

ABOUT_A_LIFE = ("CAP1", "CAP2", "CAP3")
Api = Callable[[str, Module], Bound | None]


@dataclass(slots=True)
class Followed:
    """One function as it was analysed: what was noted, and the findings about its handles.

    `texts` are the names of its handles, `bounded` is set where the analysis gave up.
    """

    log: EscapeLog
    texts: Mapping[Symbol, str]
    bounded: bool
    findings: dict[Symbol, set[FindingKey]] = field(default_factory=dict)

    def found(self, symbol: Symbol, finding: Finding) -> None:
        """Note what was found of a handle, if it tells how the handle's life goes wrong."""
        if finding.code.startswith(ABOUT_A_LIFE):
            self.findings.setdefault(newest(symbol), set()).add(key_of(finding))


@dataclass
class Fates:
    """Reads the fates of all creations off the functions that were analysed."""

    program: Program
    functions: Mapping[Definition, Followed]
    summaries: Mapping[Definition, Summary | None]
    api: Api
    _texts: dict[CreationSite, str] = field(default_factory=dict)

    def all(self) -> list[Fate]:
        """One fate for each call that makes a handle which is watched."""
        fates = (self._fate(site, homes) for site, homes in self._homes.items())
        return [fate for fate in fates if fate is not None]

    # ------------------------------------------------------------ where handles are made, and held

    @cached_property
    def _homes(self) -> dict[CreationSite, list[Definition]]:
        """The creations of the program, each with the functions whose code it is a part of.

        Those of a `with` statement's manager are a part of each function that uses it, too.
        """
        homes: dict[CreationSite, list[Definition]] = {}
        for definition, followed in self.functions.items():
            for site in dict.fromkeys((*self._written_in(definition), *followed.log.met)):
                homes.setdefault(site, []).append(definition)
        return homes

    def _written_in(self, definition: Definition) -> Iterator[CreationSite]:
        module = definition.module
        resources = self.program.rulebook.resources
        for call in calls_of(definition.function):
            bound = self.api(self._name(call, definition), module)
            for creation in bound.protocol.creates if bound is not None else ():
                known = resources.get(creation.resource)
                if bound is not None and known is not None and known.watched:
                    site = site_of(definition.path, call.span, bound.protocol.name, creation)
                    self._texts[site] = _target(call, bound.protocol, creation)
                    yield site

    def _name(self, call: Call, caller: Definition) -> str:
        match call.callee:
            case Direct(name):
                return name
            case Method():
                return self.program.reached_through(call.callee, caller)
            case _:
                return self.program.pointers.called(call, caller) or ""

    @cached_property
    def _holders(self) -> dict[CreationSite, list[tuple[Definition, Symbol]]]:
        holders: dict[CreationSite, list[tuple[Definition, Symbol]]] = {}
        for definition, followed in self.functions.items():
            for symbol, sites in followed.log.sites.items():
                for site in sites:
                    holders.setdefault(site, []).append((definition, symbol))
        return holders

    @cached_property
    def _callers(self) -> dict[Definition, list[Definition]]:
        callers: dict[Definition, list[Definition]] = {}
        for definition in self.functions:
            for target in self.program.calls[definition].callees:
                callers.setdefault(target, []).append(definition)
        return callers

    @cached_property
    def _causes(self) -> Causes:
        bounded = frozenset(each for each, known in self.functions.items() if known.bounded)
        logs = {each: known.log for each, known in self.functions.items()}
        return Causes(self.program, logs, self.summaries, bounded, self.api)

    # ------------------------------------------------------------ fates

    def _fate(self, site: CreationSite, homes: list[Definition]) -> Fate | None:
        """The fate of a creation; None where the call turns out to make no handle."""
        holders = self._holders.get(site, [])
        home = min(homes, key=lambda each: _distance(each, site))
        texts = (self.functions[each].texts.get(symbol, "") for each, symbol in holders)
        handle = next((text for text in texts if text), self._texts.get(site, ""))
        creation = silence.Creation(
            site.path, site.span, home.function.name, site.resource, handle, site.creator
        )
        findings = frozenset[FindingKey]().union(
            *(self.functions[each].findings.get(symbol, ()) for each, symbol in holders)
        )
        in_sight = frozenset(
            (path, span)
            for each, held in holders
            for symbol, path, span in self.functions[each].log.in_sight
            if symbol == held
        )
        if findings:
            return Fate(creation, findings, None, in_sight)
        unmade = self._unmade(site, homes)
        if unmade is not None:
            return Fate(creation, findings, unmade, in_sight)
        if not holders:
            return None
        return Fate(creation, findings, self._let_go(holders), in_sight)

    def _unmade(self, site: CreationSite, homes: list[Definition]) -> Reason | None:
        """Why the analysis never saw the handle."""
        for home in homes:
            if self.functions[home].bounded:
                return Reason(Kind.TOO_INTRICATE, home.function.name)
        met = [self.functions[home].log.met.get(site) for home in homes]
        if any(met):
            return None
        return Reason(Kind.NOT_REACHED if False not in met else Kind.ARGUMENTS)

    def _let_go(self, holders: list[tuple[Definition, Symbol]]) -> Reason | None:
        """Why a handle is not followed to its end, if it is not."""
        logs = [(each, symbol, self.functions[each].log) for each, symbol in holders]
        escapes = [
            self._causes.reason(cause, each)
            for each, symbol, log in logs
            for cause in log.escaped.get(symbol, ())
        ]
        if escapes:
            return min(escapes, key=_clearest)
        site_holders = {each for each, _, _ in logs}
        for each, symbol, log in logs:
            for cause in log.handed.get(symbol, ()):
                unfollowed = self._unfollowed_caller(each, site_holders)
                if unfollowed is not None:
                    return unfollowed
                if not self._is_received(each, site_holders):
                    return self._causes.reason(cause, each, handed=symbol)
        if any(symbol in log.released for _, symbol, log in logs):
            return None
        for each, symbol, log in logs:
            if symbol in log.ended:
                return self._causes.reason(log.ended[symbol], each)
        for each, symbol, log in logs:
            if symbol in log.dropped:
                stopped = self._causes.reason(log.dropped[symbol], each)
                return stopped._replace(kind=Kind.STOPPED)
        return Reason(Kind.NO_END)

    def _is_received(self, definition: Definition, holders: set[Definition]) -> bool:
        """Whether a caller of a function is seen to get what it hands out."""
        if self.summaries.get(definition) is None:
            return False
        return any(each in holders for each in self._callers.get(definition, ()))

    def _unfollowed_caller(
        self, definition: Definition, holders: Iterable[Definition]
    ) -> Reason | None:
        """A caller that may get the handle, and that is too intricate to tell."""
        for caller in self._callers.get(definition, ()):
            if self.functions[caller].bounded:
                line = caller.function.span.line
                name, path = caller.function.name, caller.path
                return Reason(Kind.TOO_INTRICATE, name, path=path, line=line)
        return None


def _target(call: Call, protocol: Protocol, creation: Creation) -> str:
    """How the code calls what it puts the handle into, where that is plain to see."""
    given = dict(zip(protocol.params, call.arguments, strict=False))
    match given.get(creation.into):
        case AddressOf(place) | Read(place) if place.root.scope is not Scope.TEMPORARY:
            return source_text(place)
    return ""


def _distance(definition: Definition, site: CreationSite) -> tuple[bool, int]:
    """How far below a function's head a creation stands."""
    lines = site.span.line - definition.function.span.line
    return (lines < 0 or definition.path != site.path, abs(lines))


def _clearest(reason: Reason) -> tuple[bool, str, int]:
    return (reason.kind is Kind.LOST, reason.path, reason.line)
