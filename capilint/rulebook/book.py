"""The rule book: from the name of a callee to what the function does to handles.

    rules/families/*.toml   the functions of the APIs, known to C and C++ by their own names
    rules/bindings/*.toml   how Python reaches them: libraries, functions and methods of its own
    the user's functions    the same schema, from the configuration

Nothing is parsed before the first look-up.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from copy import copy
from functools import cache, cached_property

from capilint.language import Language
from capilint.rulebook.bindings import Binding as Binding
from capilint.rulebook.bindings import Bindings
from capilint.rulebook.bindings import Bound as Bound
from capilint.rulebook.folder import rule_folder, texts_in
from capilint.rulebook.namescan import NameScan, known_names
from capilint.rulebook.protocol import Protocol, Resource, Success
from capilint.rulebook.schema import Defaults, functions_of, resource_of, success_of
from capilint.rulebook.tomlfile import RuleFile, Section, parse

_FAMILY_KEYS = (
    "family",
    "dlls",
    "complete",
    "success",
    "scan_word",
    "source",
    "looks_only",
    "says_the_same",
    "noreturn",
    "ends_thread",
    "unsaid",
    "constants",
    "exceptions",
    "resource",
    "function",
)
_USER_KEYS = ("functions", "noreturn")
_C = Binding("c", boxed=False)


def load(extra: Sequence[RuleFile] = ()) -> RuleBook:
    """The rule book of the package, with the user's functions.

    A file of `extra` has a table `functions`, in the schema of the families' `function`, and may
    have a list `noreturn`. In Python a function's name is dotted (`package.module.make_key`).
    Raises RuleError where `extra` is wrong. A wrong file of the package itself is found at the
    first look-up.
    """
    book = RuleBook(rule_folder(), extra)
    if extra:
        book.check()
    return book


class RuleBook:
    """All rules, looked up by name. See `load`."""

    def __init__(self, folder: str, extra: Sequence[RuleFile] = ()) -> None:
        self._folder = folder
        self._extra = tuple(extra)
        self._found: dict[tuple[str, bool], Bound | None] = {}

    @property
    def resources(self) -> Mapping[str, Resource]:
        """The kinds of handles by name."""
        return self._families.resources

    @cached_property
    def handle_types(self) -> frozenset[str]:
        """The types of handles, as C declares them."""
        kinds = self.resources.values()
        return frozenset(
            name for each in kinds for name in (each.handle_type, *each.handle_aliases)
        )

    @property
    def constants(self) -> Mapping[str, int]:
        """The values of named constants that decide something (CRYPT_DELETEKEYSET)."""
        return self._families.constants

    @property
    def functions(self) -> Mapping[str, Protocol]:
        """The functions of the APIs by the names that C knows them by."""
        return self._families.functions

    @property
    def own_functions(self) -> Mapping[str, Protocol]:
        """The user's functions, by the names that the configuration gives them."""
        return self._families.users

    def direct(self, name: str, language: Language) -> Bound | None:
        """The function of that canonical name (see `ir.Direct`), or None where it is unknown."""
        key = name, language is Language.PYTHON
        if key not in self._found:
            self._found[key] = self._bindings.find(name) if key[1] else self._in_c(name)
        return self._found[key]

    def method(self, binding: str, resource: str, name: str) -> Bound | None:
        """The method of an object that holds a handle; the receiver is `params[0]`."""
        return self._bindings.methods.get((binding, resource, name))

    def method_named(self, name: str) -> Bound | None:
        """The method of that name of an object that holds a handle, whichever has one."""
        return self._bindings.by_name.get(name)

    def modules_of(self, binding: str) -> Collection[str]:
        """The names of the modules whose functions make a binding's objects."""
        return self._bindings.modules.get(binding, ())

    @property
    def exception_classes(self) -> Mapping[str, tuple[str, ...]]:
        """The exception classes of C++'s libraries, each with its base, if it has one."""
        return self._families.exceptions

    @cached_property
    def unsaid_exceptions(self) -> frozenset[str]:
        """Those of them that are caught where code does not say what it throws."""
        return frozenset(self._families.unsaid)

    @property
    def exceptions(self) -> Sequence[tuple[str, ...]]:
        """What the bindings' functions raise: the exception's names, each with its bases last."""
        return self._bindings.exceptions

    @property
    def data_types(self) -> Set[str]:
        """The classes of Python whose objects are plain data: making one raises nothing."""
        return self._bindings.data_types

    @cached_property
    def method_names(self) -> frozenset[str]:
        """The names of all methods that act on handles."""
        return frozenset(name for _, _, name in self._bindings.methods)

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
        self._bindings.find("")  # the first look-up reads them all

    def _in_c(self, name: str) -> Bound | None:
        plain = name.rpartition("$")[2]  # LIBRARY$Function, as object files that link late do
        plain = plain.removeprefix("::").removeprefix("std::")
        protocol = self._families.functions.get(plain) or self._families.users.get(plain)
        return Bound(protocol, _C) if protocol else None

    @cached_property
    def _scan(self) -> NameScan:
        return known_names(self._families.users if self._extra else (), self._folder)

    @cached_property
    def _families(self) -> _Families:
        return _families_in(self._folder).with_users(self._extra)

    @cached_property
    def _bindings(self) -> Bindings:
        known = self._families
        files = _parsed(f"{self._folder}/bindings")
        return Bindings(
            files, known.functions, known.users, known.resources, known.dlls, known.complete
        )


@cache  # programs with different functions of users have the rest in common
def _families_in(folder: str) -> _Families:
    return _Families(_parsed(f"{folder}/families"))


@cache
def _parsed(folder: str) -> tuple[RuleFile, ...]:
    return tuple(parse(path, text) for path, text in texts_in(folder, ".toml"))


class _Families:
    """The functions by their own names, with the resources that they speak of."""

    def __init__(self, files: Sequence[RuleFile]) -> None:
        self.resources: dict[str, Resource] = {}
        self.constants: dict[str, int] = {}
        self.exceptions: dict[str, tuple[str, ...]] = {}
        self.unsaid: list[str] = []
        self.functions: dict[str, Protocol] = {}
        self.users: dict[str, Protocol] = {}
        self.dlls: list[str] = []
        self.complete: list[str] = []
        sections = [Section(file, file.tables) for file in files]
        for section in sections:
            section.only(_FAMILY_KEYS)
            self._add_resources(section.section("resource"))
        for section in sections:
            self._check_owners(section.section("resource"))
        for section in sections:
            self._add_family(section)
            self._add_exceptions(section.section("exceptions"))
        for section in sections:
            self._check_releases(section.section("resource"))
            self._check_bases(section)

    def with_users(self, extra: Sequence[RuleFile]) -> _Families:
        """These, with the functions that users describe. Raises RuleError."""
        families = copy(self)
        families.users = {}
        for file in extra:
            section = Section(file, file.tables)
            section.only(_USER_KEYS)
            families._add(families.users, section, "functions", Defaults("user", Success.NONZERO))
        return families

    def _add_resources(self, kinds: Section) -> None:
        for name in kinds.table:
            if name in self.resources:
                raise kinds.error(f"resource `{name}` is described twice", name)
            self.resources[name] = resource_of(kinds.section(name))

    def _add_family(self, section: Section) -> None:
        family = section.word("family")
        if not family:
            raise section.error("the file has no `family`")
        self.dlls += section.words("dlls")
        if section.flag("complete"):
            self.complete += section.words("dlls")
        self._add_constants(section.section("constants"))
        success = success_of(section, Success.NONZERO)
        defaults = Defaults(family, success, section.word("source"))
        self._add(self.functions, section, "function", defaults)

    def _add_constants(self, constants: Section) -> None:
        for name, value in constants.table.items():
            if not isinstance(value, int) or isinstance(value, bool):
                raise constants.error(f"constant `{name}` must be a whole number", name)
            self.constants[name] = value

    def _add_exceptions(self, classes: Section) -> None:
        for name in classes.table:
            base = classes.word(name)
            self.exceptions[name] = (base,) if base else ()

    def _check_bases(self, family: Section) -> None:
        classes = family.section("exceptions")
        for name in classes.table:
            base = classes.word(name)
            if base and base not in self.exceptions:
                raise classes.error(f"unknown exception `{base}`", name)
        for name in family.words("unsaid"):
            if name not in self.exceptions:
                raise family.error(f"unknown exception `{name}`", "unsaid", name)
            self.unsaid.append(name)

    def _add(
        self, into: dict[str, Protocol], section: Section, key: str, defaults: Defaults
    ) -> None:
        for at, name, protocol in functions_of(section, key, self.resources, defaults):
            if name in self.functions or name in into:
                raise at.error(f"function `{name}` is described twice", name)
            into[name] = protocol

    def _check_owners(self, kinds: Section) -> None:
        for name in kinds.table:
            owner = self.resources[name].owner
            if owner is not None and owner not in self.resources:
                raise kinds.error(f"unknown resource `{owner}`", name, "owner")

    def _check_releases(self, kinds: Section) -> None:
        for name in kinds.table:
            release = self.resources[name].release
            described = self.functions.get(release)
            if described is None or name not in described.releases.values():
                message = f"`{release}` is not described as releasing a {name}"
                raise kinds.error(message, name, "release")
