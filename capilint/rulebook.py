"""The rule book: from the name of a callee to what the function does to handles.

    rules/families/*.toml   the functions of the APIs, known to C by their own names
    rules/bindings/*.toml   how Python reaches them: libraries, functions and methods of its own
    the user's functions    the same schema, from the configuration

Nothing is parsed before the first look-up: `scan_names` finds the names in the text of the files,
so that a run over files that don't concern it never imports a TOML parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from capilint.language import Language
from capilint.protocol import Protocol, Resource, Success
from capilint.rulefile import Section, parse, rule_folder
from capilint.ruleschema import Defaults, protocols_of, resource_of, success_of

_FAMILY_KEYS = frozenset(
    [
        "family",
        "dlls",
        "success",
        "scan_word",
        "source",
        "looks_only",
        "noreturn",
        "constants",
        "resource",
        "function",
    ]
)
_BINDING_KEYS = frozenset(
    [
        "binding",
        "boxed",
        "family",
        "success",
        "libraries",
        "box_accessors",
        "boxes",
        "looks_only",
        "noreturn",
        "function",
        "method",
    ]
)
_USER_KEYS = frozenset(["functions", "noreturn"])
_SCAN_WORD = re.compile(r'^scan_word = "(\w+)"$', re.MULTILINE)
_HANDLE_FUNCTION = re.compile(
    r"^\[function\.(\w+)\]\n(?:(?!\[).*\n)*?(?:creates|uses|releases|retains)\b", re.MULTILINE
)
_MEMBER = re.compile(r'(?P<library>.+?)(?:\.(?P<name>\w+)|\["(?P<item>\w+)"\])', re.DOTALL)
_TAIL = re.compile(r"\w*$")


@dataclass(frozen=True, slots=True)
class Binding:
    """A way to reach the API.

    `boxed`: a bare object given as out-parameter receives the handle (ctypes, cffi, winproxy).
    """

    name: str
    boxed: bool


@dataclass(frozen=True, slots=True)
class Bound:
    """A protocol as one binding offers it: its success convention is the binding's."""

    protocol: Protocol
    binding: Binding

    @property
    def can_raise(self) -> bool:
        """Whether an exception can come out of the call, instead of a result."""
        return self.protocol.success is Success.RAISES


class NameScan:
    """Finds a name in bytes. Each pattern begins with a literal, for which `re` scans 2 GB/s."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = [re.compile(pattern.encode()) for pattern in patterns]

    def search(self, data: bytes) -> bool:
        """Whether one of the names is in the data."""
        return any(pattern.search(data) for pattern in self._patterns)


def load(extra: Sequence[Section] = ()) -> RuleBook:
    """The rule book of the package, with the user's functions.

    Raises RuleError where the user's functions are wrong. A wrong file of the package itself is
    found at the first look-up.
    """
    book = RuleBook(rule_folder(), extra)
    if extra:
        book.check()
    return book


def user_rules(
    path: str, functions: Mapping[str, object], noreturn: Sequence[str] = (), text: str = ""
) -> Section:
    """The user's functions as `load` takes them.

    `path` is the file that they stand in, for people; `text` its text, from which errors take
    their lines. `functions` maps names (dotted in Python) to tables of the rule schema.
    """
    return Section(path, text, {"functions": dict(functions), "noreturn": list(noreturn)})


class RuleBook:
    """All rules, looked up by name. See `load`."""

    def __init__(self, folder: Path, extra: Sequence[Section] = ()) -> None:
        self._folder = folder
        self._extra = tuple(extra)
        self._found: dict[tuple[str, bool], Bound | None] = {}

    @property
    def resources(self) -> Mapping[str, Resource]:
        """The kinds of handles by name."""
        return self._families.resources

    @property
    def constants(self) -> Mapping[str, int]:
        """The values of named constants that decide something (CRYPT_DELETEKEYSET)."""
        return self._families.constants

    @property
    def functions(self) -> Mapping[str, Protocol]:
        """The functions of the APIs and the user, by the names that C knows them by."""
        return self._families.functions

    def direct(self, name: str, language: Language) -> Bound | None:
        """The function of that canonical name (see `ir.Direct`), or None where it is unknown."""
        key = name, language is Language.PYTHON
        if key not in self._found:
            self._found[key] = self._bindings.find(name) if key[1] else self._in_c(name)
        return self._found[key]

    def method(self, binding: str, resource: str, name: str) -> Bound | None:
        """The method of an object that holds a handle; the receiver is `params[0]`."""
        return self._bindings.methods.get((binding, resource, name))

    def is_box_accessor(self, accessor: tuple[str, ...]) -> bool:
        """Whether the accessors lead from a box of Python's to its content (`*`, `.value`)."""
        path = accessor[1:] if accessor[:1] == ("*",) else accessor
        return len(path) == 1 and path[0] in self._bindings.box_accessors

    def scan_names(self, language: Language) -> NameScan:
        """What finds, in a file's bytes, the name of any function that touches a handle.

        A file without one is not worth parsing. Python's bindings keep the API's names.
        """
        return self._scan

    def check(self) -> None:
        """Read every rule. Raises RuleError for the first that is wrong."""
        self._bindings.check()

    def _in_c(self, name: str) -> Bound | None:
        protocol = self.functions.get(name.removeprefix("::").removeprefix("std::"))
        return Bound(protocol, _C) if protocol else None

    @cached_property
    def _scan(self) -> NameScan:
        rests: dict[str, set[str]] = {}
        for _, text in _texts(self._folder / "families"):
            for word in _SCAN_WORD.findall(text):
                for name in _HANDLE_FUNCTION.findall(text):
                    if word in name:
                        rests.setdefault(word, set()).add(re.escape(name.partition(word)[2]))
        patterns = [f"{word}(?:{'|'.join(sorted(found))})" for word, found in rests.items()]
        own = {
            name.rpartition(".")[2]
            for section in self._extra
            for name in section.section("functions").table
        }
        return NameScan([*patterns, *map(re.escape, sorted(own))])

    @cached_property
    def _families(self) -> _Families:
        sections = [parse(path, text) for path, text in _texts(self._folder / "families")]
        return _Families(sections, self._extra)

    @cached_property
    def _bindings(self) -> _Bindings:
        sections = [parse(path, text) for path, text in _texts(self._folder / "bindings")]
        return _Bindings(sections, self._families)


_C = Binding("c", boxed=False)


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    """The name for people and the text of each rule file in a folder."""
    for path in sorted(folder.glob("*.toml")):
        yield f"rules/{folder.name}/{path.name}", path.read_text(encoding="utf-8")


class _Families:
    """The functions by their own names, with the resources that they speak of."""

    def __init__(self, sections: Sequence[Section], extra: Sequence[Section]) -> None:
        self.resources: dict[str, Resource] = {}
        self.constants: dict[str, int] = {}
        self.functions: dict[str, Protocol] = {}
        self.user_functions: set[str] = set()
        self.dlls: list[str] = []
        for section in sections:
            self._add_resources(section)
        for section in sections:
            self._add_family(section)
        self._check_resources(sections)
        for section in extra:
            section.only(_USER_KEYS)
            defaults = Defaults("user", Success.NONZERO)
            known = set(self.functions)
            self._add(section, section.section("functions"), defaults)
            self.user_functions |= set(self.functions) - known

    def _add_resources(self, section: Section) -> None:
        section.only(_FAMILY_KEYS)
        kinds = section.section("resource")
        for name in kinds.table:
            if name in self.resources:
                raise kinds.error(f"resource `{name}` is described twice", name)
            self.resources[name] = resource_of(kinds.section(name))

    def _add_family(self, section: Section) -> None:
        family = section.word("family")
        if not family:
            raise section.error("the file has no `family`")
        self.dlls += section.words("dlls")
        self._add_constants(section.section("constants"))
        success = success_of(section, Success.NONZERO)
        defaults = Defaults(family, success, section.word("source"))
        self._add(section, section.section("function"), defaults)

    def _add_constants(self, section: Section) -> None:
        for name, value in section.table.items():
            if not isinstance(value, int) or isinstance(value, bool):
                raise section.error(f"constant `{name}` must be a whole number", name)
            self.constants[name] = value

    def _add(self, section: Section, functions: Section, defaults: Defaults) -> None:
        for name, protocol in _protocols(section, functions, self.resources, defaults):
            if name in self.functions:
                raise functions.error(f"function `{name}` is described twice", name)
            self.functions[name] = protocol

    def _check_resources(self, sections: Sequence[Section]) -> None:
        """Refuse resources whose owner or release function is not described."""
        for section in sections:
            kinds = section.section("resource")
            for name in kinds.table:
                resource = self.resources[name]
                if resource.owner is not None and resource.owner not in self.resources:
                    raise kinds.error(f"unknown resource `{resource.owner}`", name, "owner")
                release = self.functions.get(resource.release)
                if release is None or name not in release.releases.values():
                    message = f"`{resource.release}` is not described as releasing a {name}"
                    raise kinds.error(message, name, "release")


def _protocols(
    section: Section, functions: Section, resources: Mapping[str, Resource], defaults: Defaults
) -> Iterator[tuple[str, Protocol]]:
    """The names and protocols of a file: its lists of names, and its tables of functions."""
    plain = Protocol("", defaults.family, success=Success.ALWAYS, variadic=True)
    for name in section.words("looks_only"):
        yield name, replace(plain, name=name.rpartition(".")[2])
    for name in section.words("noreturn"):
        yield name, replace(plain, name=name.rpartition(".")[2], noreturn=True)
    for name in section.words("boxes"):
        box = replace(plain, params=("content",), returns="box:content", variadic=False)
        yield name, replace(box, name=name.rpartition(".")[2].lstrip("*"))
    for name in functions.table:
        yield from protocols_of(functions.section(name), resources, defaults)


class _Bindings:
    """What Python's canonical names mean."""

    def __init__(self, sections: Sequence[Section], families: _Families) -> None:
        self.methods: dict[tuple[str, str, str], Bound] = {}
        self.box_accessors: set[str] = set()
        self._families = families
        self._exact: dict[str, Bound] = {}
        self._globs: dict[str, list[tuple[str, Bound]]] = {}
        self._libraries: list[tuple[re.Pattern[str], Binding, Success | None]] = []
        own = Binding("user", boxed=True)
        for name in families.user_functions:
            self._exact[name] = Bound(families.functions[name], own)
        for section in sections:
            self._add_binding(section)
        for globs in self._globs.values():
            globs.sort(key=lambda item: -len(item[0]))  # the one that says most first

    def find(self, name: str) -> Bound | None:
        """The function of a canonical dotted name."""
        if found := self._exact.get(name):
            return found
        for glob, bound in self._globs.get(_tail(name), ()):
            if _matches(glob, name):
                return bound
        return self._in_library(name)

    def check(self) -> None:
        """Everything is read, and so checked, when it is made."""

    def _in_library(self, name: str) -> Bound | None:
        member = _MEMBER.fullmatch(name)
        if member is None:
            return None
        protocol = self._families.functions.get(member["name"] or member["item"])
        if protocol is None or protocol.name in self._families.user_functions:
            return None
        for pattern, binding, success in self._libraries:
            if pattern.fullmatch(member["library"]):
                if success is not None and protocol.success is not Success.ALWAYS:
                    protocol = replace(protocol, success=success)
                return Bound(protocol, binding)
        return None

    def _add_binding(self, section: Section) -> None:
        section.only(_BINDING_KEYS)
        binding = Binding(section.word("binding"), section.flag("boxed"))
        if not binding.name:
            raise section.error("the file has no `binding`")
        success = success_of(section, Success.ALWAYS)
        defaults = Defaults(section.word("family", binding.name), success)
        self.box_accessors |= set(section.words("box_accessors"))
        self._add_libraries(section, binding, success if "success" in section.table else None)
        functions = section.section("function")
        for name, protocol in _protocols(section, functions, self._families.resources, defaults):
            self._add(functions, name, Bound(protocol, binding))
        classes = section.section("method")
        for resource in classes.table:
            self._add_methods(classes, resource, defaults, binding)

    def _add(self, functions: Section, name: str, bound: Bound) -> None:
        globs = self._globs.setdefault(_tail(name), [])
        if name in self._exact or any(glob == name for glob, _ in globs):
            raise functions.error(f"function `{name}` is described twice", name)
        if "*" in name:
            globs.append((name, bound))
        else:
            self._exact[name] = bound

    def _add_methods(
        self, classes: Section, resource: str, defaults: Defaults, binding: Binding
    ) -> None:
        if resource not in self._families.resources:
            raise classes.error(f"unknown resource `{resource}`", resource)
        methods = classes.section(resource)
        for name in methods.table:
            section = methods.section(name)
            for form, protocol in protocols_of(section, self._families.resources, defaults):
                if not protocol.params:
                    raise section.error("a method's first parameter is its receiver", "params")
                self.methods[binding.name, resource, form] = Bound(protocol, binding)

    def _add_libraries(self, section: Section, binding: Binding, success: Success | None) -> None:
        dll = f"(?i:{'|'.join(map(re.escape, self._families.dlls))})(?i:\\.dll)?"
        for text in section.words("libraries"):
            try:
                pattern = re.compile(text.replace("{dll}", dll))
            except re.error as error:
                message = f"`{text}` is no regular expression: {error}"
                raise section.error(message, "libraries", text) from None
            self._libraries.append((pattern, binding, success))


def _tail(name: str) -> str:
    """The word that a name ends with."""
    found = _TAIL.search(name)
    return found[0] if found else ""


def _matches(glob: str, name: str) -> bool:
    """Whether a name fits a glob in which `*` stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, glob.split("*"))), name, re.DOTALL) is not None
