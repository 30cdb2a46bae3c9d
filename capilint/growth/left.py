"""Which files of a run belong to its program: relevance grows with what the program shows.

    files that name the API ─▶ front end ─┬─▶ analysis ─▶ what acts on handles
                  ▲                       │                      │
                  │                 what they call        files that use it
                  │            and nobody defines: files         │
                  │            that define it                    │
                  └─────────────────── a round ◀─────────────────┘

A file that uses a function which acts on handles is read whole. Of one that only defines what the
program calls, that is read, with what it calls in its file. A round scans the bytes of the files
that are left and parses none of those that stay.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from capilint.engine.program.linkage import Definition
from capilint.files.modules import module_of
from capilint.files.source import Input, content
from capilint.files.words import c_function_names, c_functions, is_used, words
from capilint.growth.ahead import python_names, rings, users_in_c, users_in_python
from capilint.ir import Language, Module, tails
from capilint.ir.signatures import last_name, plain_name, scope_of

_ENOUGH = 8  # definitions, to see that a name is nobody's; a comment may look like one
_TRANSLATION_UNITS = (".c", ".cc", ".cpp", ".cxx")  # no other file includes one


class Joining(NamedTuple):
    """A file that joins the program: whole, or for some `names` that it defines."""

    item: Input
    names: frozenset[str] = frozenset()


class Left:
    """The files of a run that do not belong to its program so far."""

    def __init__(self, inputs: Iterable[Input], names_api: Callable[[bytes], object]) -> None:
        """`names_api` tells whether bytes name a function of the API."""
        self._names_api = names_api
        self._c = _CFiles()
        self._python = _PythonFiles()
        self._packages: set[str] = set()
        self._rounds = 0
        for item in inputs:
            if item.path.endswith("__init__.py"):
                self._packages.add(parent(item.path))
            files = self._python if item.language is Language.PYTHON else self._c
            files.inputs[item.path] = item

    def is_package(self, folder: str) -> bool:
        """Whether a folder has an `__init__.py` that did not belong to the program at first."""
        return folder in self._packages

    def users(
        self, acting: Iterable[Definition], pointers: set[str], modules: Iterable[Module]
    ) -> list[Joining]:
        """The files that join the program since they use functions that act on handles, or such
        `pointers`.

        `modules` are all of the program. The longer it has grown, the further this looks.
        """
        ahead = rings(self._rounds)
        self._rounds += 1
        acting, modules = list(acting), list(modules)
        functions = _shown_in_c(acting)
        macros = _shown_by_macros(modules, functions, self._names_api)
        self._c.classes |= _shown_classes(acting)
        joining = list(self._c.users(functions | macros | self._c.classes | pointers, ahead))
        joining += self._python.users(_shown_in_python(acting, modules), ahead)
        # A name that a file that is left defines as well is not the program's alone.
        return [*joining, *self._c.definers(functions, several=True)]

    def definers(self, undefined: Iterable[tuple[Language, str]]) -> list[Joining]:
        """The files that join the program for what they define of its undefined names."""
        names: dict[Language, set[str]] = defaultdict(set)
        for language, name in undefined:
            names[language].add(name)
        cpp = {plain_name(name) for name in names[Language.CPP]}
        scoped = {name for name in cpp if scope_of(name)}
        return [
            *self._c.definers(names[Language.C] | (cpp - scoped)),
            *self._c.scoped_definers(scoped),
            *self._python.definers(names[Language.PYTHON]),
        ]


def parent(path: str) -> str:
    """The folder of a file, as its path writes it."""
    return path.replace("\\", "/").rpartition("/")[0]


class _Files:
    """The files of one language that are left, and for which names some are in it partly."""

    def __init__(self) -> None:
        self.inputs: dict[str, Input] = {}
        self._shown: set[str] = set()
        self._wanted: dict[str, set[str]] = defaultdict(set)
        self._speakers: dict[bytes, list[str]] | None = None

    def users(self, shown: set[str], ahead: int) -> Iterator[Joining]:
        """The files that use what the program shows and has not shown before, and those that use
        these in turn: `ahead` rings in all."""
        if ahead > 1 and self._speakers is None:
            self._speakers = self._indexed_words()
        for ring in reversed(range(ahead)):
            new = shown - self._shown
            if not new:
                return
            self._shown |= new
            among = self.inputs if ring == ahead - 1 else self._speaking_of(new)
            joining = [self.inputs.pop(path) for path in list(self._using(new, among))]
            yield from map(Joining, joining)
            if ring:
                shown = {each for item in joining for each in self._showing(item, new)}

    def _partly(self, places: Iterable[tuple[str, str]]) -> Iterator[Joining]:
        """The files of (path, name) pairs, each with all that it is wanted for so far."""
        more: dict[str, set[str]] = defaultdict(set)
        for path, name in places:
            if name not in self._wanted[path]:
                more[path].add(name)
        for path, names in more.items():
            self._wanted[path] |= names
            yield Joining(self.inputs[path], frozenset(self._wanted[path]))

    def _speaking_of(self, shown: Iterable[str]) -> dict[str, Input]:
        """The files that are left and have the last word of one of the names."""
        speakers = self._speakers or {}
        paths = {path for name in shown for path in speakers.get(_last_word(name), ())}
        return {path: item for path, item in self.inputs.items() if path in paths}

    def _indexed_words(self) -> dict[bytes, list[str]]:
        """The files that say a word which a file that is left defines, by the word."""
        defined = {each for item in self.inputs.values() for each in self._defining(content(item))}
        speakers: dict[bytes, list[str]] = defaultdict(list)
        for path, item in self.inputs.items():
            for word in defined.intersection(words(content(item))):
                speakers[word].append(path)
        return speakers

    def _defining(self, data: bytes) -> Iterable[bytes]:
        raise NotImplementedError

    def _using(self, shown: set[str], among: Mapping[str, Input]) -> Iterator[str]:
        """The paths of files `among` those that are left that use what is shown."""
        raise NotImplementedError

    def _showing(self, item: Input, shown: set[str]) -> set[str]:
        """What a file may show to others that uses what is shown to it."""
        raise NotImplementedError


class _CFiles(_Files):
    """Names are the linker's: one that is defined twice is nobody's, which the engine sees where
    both definitions are in the program."""

    def __init__(self) -> None:
        super().__init__()
        self._indexed: set[str] = set()
        self._definitions: dict[str, list[str]] = defaultdict(list)
        self.classes: set[str] = set()  # of C++, whose objects act on handles
        self._asked: set[str] = set()

    def scoped_definers(self, names: set[str]) -> Iterator[Joining]:
        """The files that may define C++'s `Key::handle`: they speak of both, and give a body."""
        new = names - self._asked
        self._asked |= new
        wanted = {name: _words_of(name) for name in new}
        for path, item in list(self.inputs.items()) if new else ():
            data = content(item)
            named = set(words(data))
            if any(
                owner in named and last in named and _gives_body(name, data)
                for name, (owner, last) in wanted.items()
            ):
                yield Joining(self.inputs.pop(path))

    def _defining(self, data: bytes) -> Iterable[bytes]:
        return (name.encode() for name in c_function_names(data))

    def _using(self, shown: set[str], among: Mapping[str, Input]) -> Iterator[str]:
        by_bytes = {name.removeprefix(".").encode(): name for name in shown}
        for path, item in among.items():
            data = content(item)
            named = words(data)
            if not by_bytes.keys().isdisjoint(named):
                names = {by_bytes[word] for word in by_bytes.keys() & set(named)}
                called = names - set(c_function_names(data))
                if names & self.classes or any(is_used(name, data) for name in called):
                    yield path

    def _showing(self, item: Input, shown: set[str]) -> set[str]:
        return users_in_c(shown, content(item))

    def definers(self, names: set[str], several: bool = False) -> Iterator[Joining]:
        """The files that define names, unless `several` files do."""
        return self._partly(self._places_of(names, several)) if names else iter(())

    def _places_of(self, names: set[str], several: bool) -> Iterator[tuple[str, str]]:
        defined = self._defined()
        for name in sorted(names & defined.keys()):
            external = (path for path in defined[name] if self._is_external(path, name))
            paths = list(islice(external, _ENOUGH))
            if len(paths) == 1 or several:
                yield from ((path, name) for path in paths)

    def _defined(self) -> dict[str, list[str]]:
        """The files that define each function, those that have joined since among them."""
        for path in [path for path in self.inputs if path not in self._indexed]:
            for name in set(c_function_names(content(self.inputs[path]))):
                self._definitions[name].append(path)
        self._indexed |= self.inputs.keys()
        return self._definitions

    def _is_external(self, path: str, name: str) -> bool:
        """Whether what a file that is left defines by a name is that for the linker, too."""
        item = self.inputs.get(path)
        functions = c_functions(content(item)) if item is not None else ()
        return any(each.name == name and not each.internal for each in functions)


class _PythonFiles(_Files):
    """Names are those of modules: `lib.open_session` concerns files that speak of `lib`."""

    def _defining(self, data: bytes) -> Iterable[bytes]:
        return python_names(data)

    def _using(self, shown: set[str], among: Mapping[str, Input]) -> Iterator[str]:
        modules: dict[bytes, set[str]] = defaultdict(set)
        for name in shown:
            module, _, last = name.rpartition(".")
            modules[last.encode()].add(module.rpartition(".")[2])
        for path, item in among.items():
            named = set(words(content(item)))
            near = path.split("/")[:-1]  # a relative import does not name its package
            if any(
                module.encode() in named or module in near
                for word in modules.keys() & named
                for module in modules[word]
            ):
                yield path

    def _showing(self, item: Input, shown: set[str]) -> set[str]:
        module = module_of(item.path)[0]
        return {f"{module}.{name}" for name in users_in_python(shown, content(item))}

    def definers(self, names: set[str]) -> Iterator[Joining]:
        """The files that define what dotted names say."""
        return self._partly(self._places_of(names)) if names else iter(())

    def _places_of(self, names: set[str]) -> Iterator[tuple[str, str]]:
        """The files of the modules that dotted names begin with, and what is named in them."""
        modules: dict[str, list[str]] = defaultdict(list)
        for path in self.inputs:
            for tail in tails(module_of(path)[0]):
                modules[tail].append(path)
        for name in sorted(names):
            parts = name.split(".")
            heads = (".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1))
            head = next((head for head in heads if head in modules), None)
            if head is not None and len(modules[head]) == 1:
                yield modules[head][0], name.removeprefix(f"{head}.").partition(".")[0]


def _last_word(name: str) -> bytes:
    """What is read where a name is used: `session`, of `lib.session`, of `.session`."""
    return name.rpartition(".")[2].encode()


def _shown_in_c(acting: Iterable[Definition]) -> set[str]:
    """The functions that other files can call; a header's internal ones are among them."""
    return {
        last_name(definition.function.qualified_name)
        for definition in acting
        if definition.module.language is not Language.PYTHON
        and definition.function.owner_class is None
        and not (definition.function.internal and _is_unit(definition.module.path))
    }


def _shown_classes(acting: Iterable[Definition]) -> set[str]:
    """The classes of C++ with methods that act on handles."""
    return {
        _plain(owner)
        for definition in acting
        if definition.module.language is Language.CPP
        and (owner := definition.function.owner_class) is not None
    }


def _plain(scope: str) -> str:
    """`Holder`, of `ns::Holder<HCRYPTKEY>`."""
    return last_name(scope).partition("<")[0]


def _words_of(name: str) -> tuple[bytes, bytes]:
    """What is read where `ns::Key::handle` is defined: its class and its last word."""
    last = re.findall(r"\w+", last_name(name)) or [""]
    return _plain(scope_of(name)).encode(), last[-1].encode()


def _gives_body(name: str, data: bytes) -> bool:
    last = r"\s*".join(map(re.escape, re.findall(r"\w+|[^\w\s]", last_name(name))))
    return (
        re.search(rb"%s\s*+\([^;{}]{0,2000}\)[^;{}()]{0,400}+\{" % last.encode(), data) is not None
    )


def _shown_by_macros(
    modules: Iterable[Module], functions: set[str], names_api: Callable[[bytes], object]
) -> set[str]:
    """The macros of headers that name the API, one of the functions, or such a macro."""
    macros = {
        name: named
        for module in modules
        if module.language is not Language.PYTHON and not _is_unit(module.path)
        for name, named in module.macros.items()
    }
    users: dict[str, set[str]] = defaultdict(set)
    for name, named in macros.items():
        for each in named:
            users[each].add(name)
    shown: set[str] = set()
    pending = {name for name in users if name in functions or names_api(name.encode())}
    while pending:
        new = users[pending.pop()] - shown
        shown |= new
        pending |= new & users.keys()
    return shown


def _is_unit(path: str) -> bool:
    return os.path.splitext(path)[1].lower() in _TRANSLATION_UNITS  # noqa: PTH122


def _shown_in_python(acting: Iterable[Definition], modules: Iterable[Module]) -> set[str]:
    """The functions and classes by their dotted names, and what other modules call them."""
    shown = {
        definition.function.owner_class or definition.function.qualified_name
        for definition in acting
        if definition.module.language is Language.PYTHON
    }
    last = {name.rpartition(".")[2] for name in shown}
    for module in modules:
        for alias, meanings in module.aliases.items():
            if any(meaning.rpartition(".")[2] in last for meaning in meanings):
                shown.add(f"{module.name}.{alias}")
    return shown
