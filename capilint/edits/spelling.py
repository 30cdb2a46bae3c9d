"""How a release is written: by the rule book, and as the file itself writes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from capilint.finding import Finding
from capilint.language import Language
from capilint.rulebook.book import RuleBook
from capilint.rulebook.protocol import Protocol, Success

API_NAME = r"(?:Crypt|BCrypt|NCrypt)\w+"
_API_CALL = re.compile(rf"\b({API_NAME})\s*\(")
_CALL = re.compile(
    r"([\w.:]+(?:->[\w.]+)*)\s*\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)\Z", re.DOTALL
)
_ENDING = re.compile(
    r"release|close|free|destroy|drop|end|del|clean|dispose|term|fini|reset|clear|shut|stop|wipe|done"
    r"|exit|tidy|discard|kill|remove",
    re.IGNORECASE,
)
_CAST = re.compile(r"\((?:struct\s+)?[A-Za-z_]\w*\s*\**\s*\)\s*")
_FIRST_NAME = re.compile(r"(?<!\w)(?<!std::)(?!std::)[A-Za-z_]\w*")
_PLAIN = re.compile(r"[*&]*\(?[*&]*(?:std::get<\d>\()?[A-Za-z_][\w.>\-\[\] +*()]*\Z")


def is_expression(handle: str) -> bool:
    """Whether a handle's name in a report can stand in the source."""
    return _PLAIN.match(handle) is not None and "..." not in handle


def base_name(handle: str) -> str:
    """The variable that a handle is in: `s` of `s->key`."""
    found = _FIRST_NAME.search(handle)
    return found.group() if found is not None else ""


def arguments(call: str) -> tuple[str, list[str]] | None:
    """The callee and the arguments of an expression that is one plain call, else None."""
    found = _CALL.match(call.strip())
    if found is None:
        return None
    parts, depth, start = [], 0, 0
    text = found[2]
    for index, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character == "," and not depth:
            parts.append(text[start:index].strip())
            start = index + 1
    last = text[start:].strip()
    return found[1], [*parts, last] if last or parts else []


def api_name(text: str) -> str:
    """The first function of the API that a piece of text calls; empty where it calls none."""
    found = _API_CALL.search(text)
    return found[1] if found is not None else ""


def names_handle(argument: str, handle: str) -> bool:
    """Whether an argument is the handle, or its address, be it cast."""
    plain = _CAST.sub("", argument).replace(" ", "").lstrip("&")
    return plain == handle.replace(" ", "").lstrip("&")


class Spelling:
    """The calls that end a handle of a finding, the most likely ones first."""

    def __init__(self, book: RuleBook, language: Language) -> None:
        self._book = book
        self.language = language

    def release_of(self, finding: Finding) -> str:
        """The name of the function that ends such a handle: the user's own where one of the
        user's functions made it."""
        maker = self._maker(finding)
        if maker is not None and maker.family == "user":
            for name, protocol in self._book.own_functions.items():
                if finding.resource in protocol.releases.values():
                    return name
        resource = self._book.resources.get(finding.resource)
        return resource.release if resource is not None else ""

    def is_open(self, finding: Finding) -> bool:
        """Whether the code has to find out which function ends a handle that is leaked."""
        maker = self._maker(finding) if finding.code in ("CAP101", "CAP102", "CAP103") else None
        return maker is not None and any(
            each.alternatives and each.resource == finding.resource for each in maker.creates
        )

    def _maker(self, finding: Finding) -> Protocol | None:
        """The function that the path goes through first with the handle."""
        created = (
            event.function
            for event in finding.trace
            if event.kind == "call"
            and any(number == finding.subject for _, number in event.handles)
        )
        name = next(created, "")
        bound = self._book.direct(name, self.language) if name else None
        return None if bound is None else bound.protocol

    def call(self, name: str, handle: str) -> str:
        """A call that ends a handle: `CryptReleaseContext(p, 0)`."""
        bound = self._book.direct(name, self.language) or self._book.direct(name, Language.C)
        if bound is None:
            return f"{name}({handle})"
        return f"{name}({', '.join(_given(bound.protocol, handle))})"

    def releases(self, call: str) -> bool | None:
        """Whether a call, as written, is that of a function that ends a handle; None where the
        rule book does not know it."""
        parts = arguments(call)
        if parts is None:
            return False
        bound = self._book.direct(_last_name(parts[0]), Language.C)
        return None if bound is None else bool(bound.protocol.releases)

    def releases_kind(self, call: str, resource: str) -> bool:
        """Whether a call, as written, is that of a function that ends handles of a kind."""
        parts = arguments(call)
        bound = self._book.direct(_last_name(parts[0]), Language.C) if parts is not None else None
        return bound is not None and resource in bound.protocol.releases.values()

    def failed(self, call: str, no_result: str) -> str:
        """The test of whether a call of an API function failed, empty where it is none;
        `no_result` is how the language says that a value is 0."""
        parts = arguments(call)
        bound = self._book.direct(_last_name(parts[0]), Language.C) if parts is not None else None
        match bound.protocol.success if bound is not None else None:
            case Success.NONZERO:
                return f"{no_result}{call}"
            case Success.ZERO:
                return f"{call} != 0"
            case Success.NONNEGATIVE:
                return f"{call} < 0"
            case _:
                return ""

    def acts_on(self, name: str, resource: str) -> bool:
        """Whether an API function is given such a handle."""
        bound = self._book.direct(name, Language.C)
        protocol = bound.protocol if bound is not None else None
        given = (*protocol.uses.values(), *protocol.releases.values()) if protocol else ()
        return resource in given

    def found_among(self, calls: Iterable[str], handle: str) -> Iterator[str]:
        """Those of the calls in a piece of text that seem to end the handle, or what holds it."""
        base = base_name(handle)
        known: list[str] = []
        unknown: list[str] = []
        closers: list[str] = []
        for call in dict.fromkeys(calls):
            parts = arguments(call)
            if parts is None or not parts[1]:
                continue
            releases = self.releases(call)
            if releases is False or not (releases or _ENDING.search(parts[0])):
                continue
            if any(names_handle(each, handle) for each in parts[1]):
                (known if releases else unknown).append(call)
            elif releases is None and base != handle and names_handle(parts[1][0], base):
                closers.append(call)
        yield from known
        yield from closers[-1:]
        yield from unknown[-1:]


def _last_name(callee: str) -> str:
    return re.split(r"::|\.|->", callee)[-1]


def _given(protocol: Protocol, handle: str) -> Iterator[str]:
    for parameter in protocol.params:
        yield handle if parameter in protocol.releases else "0"
