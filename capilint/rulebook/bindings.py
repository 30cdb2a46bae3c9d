"""What Python's canonical names mean: the bindings of `rules/bindings/`.

ctypes.WinDLL("advapi32").CryptGenKey    a library's pattern, and a function of a family
ctypes.byref                             a function that the binding itself describes
<context>.CryptGenKey(...)               a method of the object that a binding hands out
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from capilint.rulebook.protocol import Protocol, Resource, Success
from capilint.rulebook.schema import Defaults, functions_of, protocols_of, success_of
from capilint.rulebook.tomlfile import RuleFile, Section

_KEYS = (
    "binding",
    "boxed",
    "family",
    "modules",
    "success",
    "raises",
    "libraries",
    "own_names",
    "box_accessors",
    "boxes",
    "data_types",
    "looks_only",
    "noreturn",
    "function",
    "method",
)
_MEMBER = re.compile(r'(?P<library>.+?)(?:\.(?P<name>\w+)|\["(?P<item>\w+)"\])', re.DOTALL)
_LAST_WORD = re.compile(r"(?<!\w)\w*+$")


@dataclass(frozen=True, slots=True)
class Binding:
    """A way to reach the API.

    `boxed`: a bare object given as out-parameter receives the handle (ctypes, cffi, winproxy).
    `raises` are the names of the exception that its functions fail with, its bases last.
    """

    name: str
    boxed: bool
    raises: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bound:
    """A protocol as one binding offers it: its success convention is the binding's.

    `by_name`: only the DLL's name speaks for it, which a module or a class may have as well.
    """

    protocol: Protocol
    binding: Binding
    by_name: bool = False

    @property
    def can_raise(self) -> bool:
        """Whether an exception can come out of the call, instead of a result."""
        return self.protocol.success is Success.RAISES


@dataclass(frozen=True, slots=True)
class _Library:
    """How a binding writes the library; `success` where it changes how failure is told.

    `complete` is how it writes one of which every function that ends or keeps a handle is known.
    """

    pattern: re.Pattern[str]
    binding: Binding
    success: Success | None
    by_name: bool
    complete: re.Pattern[str] | None


class Bindings:
    """Look-up of canonical names. `functions` are the families', `users` the user's own."""

    def __init__(
        self,
        files: Sequence[RuleFile],
        functions: Mapping[str, Protocol],
        users: Mapping[str, Protocol],
        resources: Mapping[str, Resource],
        dlls: Sequence[str],
        complete: Sequence[str],
    ) -> None:
        self.methods: dict[tuple[str, str, str], Bound] = {}
        self.by_name: dict[str, Bound] = {}
        self.modules: dict[str, tuple[str, ...]] = {}
        self.box_accessors: set[str] = set()
        self.data_types: set[str] = set()
        self.exceptions: list[tuple[str, ...]] = []
        self._functions = functions
        self._resources = resources
        self._dll = _any_of(dlls)
        self._complete = _any_of(complete)
        own = Binding("user", boxed=True)
        self._exact = {name: Bound(protocol, own) for name, protocol in users.items()}
        self._globs: dict[str, list[tuple[str, Bound]]] = {}
        self._libraries: list[_Library] = []
        for file in files:
            self._add_file(Section(file, file.tables))
        for globs in self._globs.values():
            globs.sort(key=lambda item: -len(item[0]))  # the one that says most first

    def find(self, name: str) -> Bound | None:
        """The function of a canonical dotted name, or None."""
        for names in self.modules.values():
            for other in names[1:]:
                if name.startswith(f"{other}."):
                    name = names[0] + name[len(other) :]
        if found := self._exact.get(name):
            return found
        for glob, bound in self._globs.get(_last_word(name), ()):
            if _matches(glob, name):
                return bound
        return self._in_library(name)

    def _in_library(self, name: str) -> Bound | None:
        member = _MEMBER.fullmatch(name)
        if member is None:
            return None
        function = member["name"] or member["item"]
        protocol = self._functions.get(function)
        if protocol is None:
            return self._unlisted(member["library"], function)
        for library in self._libraries:
            if library.pattern.fullmatch(member["library"]):
                if library.success is not None and protocol.success is not Success.ALWAYS:
                    protocol = replace(protocol, success=library.success)
                return Bound(protocol, library.binding, library.by_name)
        return None

    def _unlisted(self, named: str, function: str) -> Bound | None:
        """A function that no rule describes, of a DLL whose others are all described."""
        for library in self._libraries:
            if library.complete is not None and library.complete.fullmatch(named):
                success = library.success or Success.ALWAYS
                protocol = Protocol(function, "", success=success, variadic=True, unlisted=True)
                return Bound(protocol, library.binding)
        return None

    def _add_file(self, section: Section) -> None:
        section.only(_KEYS)
        binding = Binding(section.word("binding"), section.flag("boxed"), section.words("raises"))
        if not binding.name:
            raise section.error("the file has no `binding`")
        if binding.raises:
            self.exceptions.append(binding.raises)
        success = success_of(section, Success.ALWAYS)
        defaults = Defaults(section.word("family", binding.name), success)
        self.modules[binding.name] = section.words("modules")
        self.box_accessors |= set(section.words("box_accessors"))
        self.data_types |= set(section.words("data_types"))
        changed = success if "success" in section.table else None
        for key in ("libraries", "own_names"):
            for text in section.words(key):
                pattern = self._library(section, key, text, self._dll)
                by_name = key == "own_names"
                certain = not by_name and "{dll}" in text and "{dll})?" not in text
                complete = self._library(section, key, text, self._complete) if certain else None
                self._libraries.append(_Library(pattern, binding, changed, by_name, complete))
        for at, name, protocol in functions_of(section, "function", self._resources, defaults):
            self._add_function(at, name, Bound(protocol, binding))
        classes = section.section("method")
        for resource in classes.table:
            if resource not in self._resources:
                raise classes.error(f"unknown resource `{resource}`", resource)
            self._add_methods(classes.section(resource), defaults, binding)

    def _library(self, section: Section, key: str, text: str, dll: str) -> re.Pattern[str]:
        try:
            return re.compile(text.replace("{dll}", dll))
        except re.error as error:
            message = f"no regular expression: {error}"
            raise section.error(message, key, text) from None

    def _add_function(self, at: Section, name: str, bound: Bound) -> None:
        globs = self._globs.setdefault(_last_word(name), [])
        if name in self._exact or any(glob == name for glob, _ in globs):
            raise at.error(f"function `{name}` is described twice", name)
        if "*" in name:
            globs.append((name, bound))
        else:
            self._exact[name] = bound

    def _add_methods(self, methods: Section, defaults: Defaults, binding: Binding) -> None:
        for name in methods.table:
            section = methods.section(name)
            for form, protocol in protocols_of(section, self._resources, defaults):
                if not protocol.params:
                    raise section.error("a method's first parameter is its receiver", "params")
                bound = Bound(protocol, binding)
                self.methods[binding.name, methods.name, form] = bound
                if self.by_name.setdefault(form, bound) is not bound:
                    raise section.error(f"method `{form}` is described for two resources", form)


def _any_of(dlls: Sequence[str]) -> str:
    """What fits the name of one of some DLLs, if there are any."""
    names = "|".join(map(re.escape, dlls)) or "(?!)"
    return rf"(?i:{names})(?i:\.dll)?"


def _last_word(name: str) -> str:
    """The word that a name ends with."""
    found = _LAST_WORD.search(name)
    return found[0] if found else ""


def _matches(glob: str, name: str) -> bool:
    """Whether a name fits a glob in which `*` stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, glob.split("*"))), name, re.DOTALL) is not None
