"""Which files of a run may concern each other: those are analysed together, in one shard.

    a.c  defines open_key ──┐
    b.c  calls it ──────────┤  one group, named by its first path: a.c
    app.c calls what b.c defines, names no function of the API itself
    z.py ─────────────────────  another one

What counts is what the engine and the growth of a program go by: functions that one file names and
another defines, types and classes, pointers that one fills and another calls, headers. Files that
may join the program link those that they would join for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence, Set

from capilint.files.discover import SUFFIXES
from capilint.files.modules import module_of
from capilint.files.source import Input, Source, content
from capilint.files.words import (
    c_function_names,
    c_includes,
    is_used,
    python_imports,
    words,
)
from capilint.growth.ahead import users_in_python
from capilint.language import Language
from capilint.rulebook.namescan import known_names
from capilint.sharding.said import (
    Acting,
    Concerned,
    Said,
    macros_in,
    pointer_members,
    pointers_in,
    said_in_c,
    said_in_python,
    types_in,
)

Included = Callable[[str, str, bool, str], str | None]
"""The path of the header that a file includes; see `capilint.lowering.FrontEnds.included`."""


def groups(
    sources: Iterable[Source],
    left: Iterable[Input],
    names_api: Concerned,
    included: Included,
    members_count: bool = True,
) -> dict[str, str]:
    """The name of each source's group, by path. `sources` name the API, `left` may join them.

    Unless `members_count`, what is in members and pointers of C links no files: there are few names
    for them, and who has analysed the groups can tell whether it matters
    (`capilint.engine.Outside`).
    """
    files = {each.path: _bytes_of(each) for each in sources}
    python = {each.path for each in sources if each.language is Language.PYTHON}
    links = _Links(files)
    c = {path: data for path, data in files.items() if path not in python}
    left = list(left)
    _link_c(c, names_api, included, links, members_count)
    _link_left_c(
        c, [each for each in left if each.language is not Language.PYTHON], names_api, links
    )
    modules = {path: files[path] for path in files if path in python}
    _link({path: said_in_python(data) for path, data in modules.items()}, links)
    left_python = [each for each in left if each.language is Language.PYTHON]
    _link_left_python(modules, left_python, links)
    _link_through_left_python(modules, left_python, links)
    return links.names(files)


def _bytes_of(source: Source) -> bytes:
    return source.text.encode(errors="surrogatepass")


_PYTHON = tuple(each for each, language in SUFFIXES.items() if language is Language.PYTHON)


class _Links:
    """Which paths are one group."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._above = {path: path for path in paths}

    def join(self, paths: Iterable[str]) -> None:
        """Make one group of the groups that some paths are in."""
        first, *others = [self._top(path) for path in paths] or [""]
        for each in others:
            self._above[self._top(each)] = self._top(first)

    def names(self, paths: Iterable[str]) -> dict[str, str]:
        """The first path of each one's group among `paths`."""
        first: dict[str, str] = {}
        for path in sorted(paths):
            first.setdefault(self._top(path), path)
        return {path: first[self._top(path)] for path in paths}

    def _top(self, path: str) -> str:
        above = self._above.setdefault(path, path)
        while above != self._above[above]:
            self._above[path] = above = self._above[above]
        return above


# ---------------------------------------------------------------- files that name the API


def _link(said: dict[str, Said], links: _Links) -> None:
    """Link the files of one language that refer to what others say."""
    shown, types, filled = (_table(said, each) for each in (_shown, _types, _filled))
    for path, each in said.items():
        for word in (each.words - each.own) & shown.keys():
            links.join((path, *(by for by in shown[word] if _names_file(each, path, by))))
        for word in each.words & types.keys():
            links.join((path, *types[word]))
        for word in (each.called | each.members) & filled.keys():
            links.join((path, *filled[word]))


def _names_file(said: Said, path: str, other: str) -> bool:
    """Whether a file may mean what another one says: in Python it has to name that, or to be near
    it; `import *` names it, too."""
    if not other.endswith(_PYTHON):
        return True
    last = _last_of(other)
    return last.encode() in said.words or last in ("", *path.split("/")[:-1])


def _shown(said: Said) -> Set[bytes]:
    return said.shown


def _types(said: Said) -> Set[bytes]:
    return said.types


def _filled(said: Said) -> Set[bytes]:
    return said.filled


def _table(said: dict[str, Said], part: Callable[[Said], Set[bytes]]) -> dict[bytes, list[str]]:
    table: dict[bytes, list[str]] = defaultdict(list)
    for path, each in said.items():
        for word in part(each):
            table[word].append(path)
    return table


def _link_c(
    files: dict[str, bytes],
    names_api: Concerned,
    included: Included,
    links: _Links,
    members_count: bool,
) -> None:
    """Link files of C and C++, and those whose headers concern the API or are the same."""
    headers, own_api = _Headers(included), known_names().search
    said = {}
    by_headers: dict[object, list[str]] = defaultdict(list)
    for path, data in files.items():
        each = said_in_c(path, data, members_count)
        found = headers.of(path, data)
        said[path] = each._replace(
            words=each.words | headers.meant(each.words, found),
            shown={word for word in each.shown if not own_api(word)},
            filled=each.filled | headers.pointers(found) if members_count else each.filled,
        )
        direct = tuple(headers.direct(path, data, path))
        if direct:
            by_headers[direct].append(path)
        for header in found:
            if header in files or names_api(headers.text(header)):
                by_headers[header] += (path, *((header,) if header in files else ()))
    for together in by_headers.values():
        links.join(together)
    _link(said, links)


class _Headers:
    """The headers of a run as they stand there, read once."""

    def __init__(self, included: Included) -> None:
        self._included = included
        self._texts: dict[str, bytes] = {}
        self._macros: dict[str, dict[bytes, set[bytes]]] = {}

    def of(self, path: str, data: bytes) -> list[str]:
        """The headers that a file includes, and those that they do."""
        found: dict[str, None] = {}
        pending = list(self.direct(path, data, path))
        while pending:
            header = pending.pop()
            if header not in found and header != path:
                found[header] = None
                pending += self.direct(header, self.text(header), path)
        return list(found)

    def direct(self, path: str, data: bytes, root: str) -> Iterator[str]:
        """The headers that a file itself includes, as `root` is compiled."""
        for name, quoted in c_includes(data):
            header = self._included(path, name, quoted, root)
            if header is not None:
                yield header

    def text(self, header: str) -> bytes:
        """What is in a header."""
        if header not in self._texts:
            self._texts[header] = content(Input(header, Language.C))
        return self._texts[header]

    def pointers(self, headers: Iterable[str]) -> set[bytes]:
        """The pointers to functions that some headers declare."""
        return {word for each in headers for word in pointer_members(self.text(each))}

    def meant(self, named: Set[bytes], headers: Iterable[str]) -> set[bytes]:
        """What the macros among some words stand for."""
        macros: dict[bytes, set[bytes]] = {}
        for header in headers:
            if header not in self._macros:
                self._macros[header] = macros_in(self.text(header))
            for name, means in self._macros[header].items():
                macros[name] = macros.get(name, set()) | means
        found: set[bytes] = set()
        pending = macros.keys() & named
        while pending:
            word = pending.pop()
            found |= macros[word]
            pending |= macros.pop(word) & macros.keys()
        return found


# ---------------------------------------------------------------- files that may join


def _link_left_c(
    files: dict[str, bytes], left: Sequence[Input], names_api: Concerned, links: _Links
) -> None:
    """Link the files for which one of C or C++ would join the program: it uses what they show."""
    if not files:
        return
    shown: dict[bytes, set[str]] = defaultdict(set)
    classes: set[bytes] = set()
    for path, data in files.items():
        types, pointers = types_in(data), pointers_in(data, names_api)
        classes |= types
        for word in (*types, *pointers, *(b"." + each for each in pointers)):
            shown[word].add(path)
    acting = {path: Acting(path, data, names_api) for path, data in files.items()}
    new = {*shown} | _acting(acting, shown)
    while new and left:
        for item in left:
            data = content(item)
            hits = _used(data, new, classes)
            if hits:
                links.join((item.path, *(path for word in hits for path in shown[word])))
                acting.setdefault(item.path, Acting(item.path, data, names_api))
        new = _acting(acting, shown)


def _acting(files: dict[str, Acting], shown: dict[bytes, set[str]]) -> set[bytes]:
    """What else leads to the API by the text, until nothing does; `shown` then has it."""
    found: set[bytes] = set()
    new = {*shown}
    while new:
        known, new = new, set()
        for path, each in files.items():
            for word in each.with_(known):
                if path not in shown[word]:
                    shown[word].add(path)
                    new.add(word)
        found |= new
    return found


def _used(data: bytes, shown: Set[bytes], classes: Set[bytes]) -> set[bytes]:
    """Those of some words for which a file would join."""
    named = set(words(data))
    hits = {each for each in shown if each.removeprefix(b".") in named}
    if not hits:
        return hits
    own = {name.encode() for name in c_function_names(data)}
    return {
        word
        for word in hits
        if word in classes or (word not in own and is_used(word.decode(), data))
    }


def _link_left_python(files: dict[str, bytes], left: Sequence[Input], links: _Links) -> None:
    """Link the modules that one of Python would join for: it names what they define, and them."""
    said = {path: said_in_python(data) for path, data in files.items()}
    new = {(path, word) for path, each in said.items() for word in each.shown}
    known = set(new)
    while new and left:
        modules: dict[bytes, set[str]] = defaultdict(set)
        for path, word in new:
            modules[word].add(path)
        found: set[tuple[str, bytes]] = set()
        for item in left:
            data = content(item)
            named, near = set(words(data)), item.path.split("/")[:-1]
            hits = {
                word: {
                    each
                    for each in modules[word]
                    if _last_of(each) in (*near, "") or _last_of(each).encode() in named
                }
                for word in modules.keys() & named
            }
            users = {word for word, paths in hits.items() if paths}
            if users:
                links.join((item.path, *(path for word in users for path in hits[word])))
                shown = users_in_python({word.decode() for word in users}, data)
                found |= {(item.path, word.encode()) for word in shown}
        new = found - known
        known |= new


def _link_through_left_python(
    files: dict[str, bytes], left: Sequence[Input], links: _Links
) -> None:
    """Link the modules that name one that is left with those that it imports, for it may give on
    what these hold by names of its own, as packages do; also through several such."""
    named = {path: set(words(data)) for path, data in files.items()}
    imported = {item.path: _imported_by(content(item)) for item in left}
    giving: dict[bytes, list[str]] = defaultdict(list)  # by the last word of their names
    new = set(files) if left else set()
    while new:
        for path in new:
            giving[_last_of(path).encode()].append(path)
        new = set()
        for path in [each for each, of in imported.items() if of & giving.keys()]:
            given = [by for word in imported.pop(path) & giving.keys() for by in giving[word]]
            links.join((path, *given))
            new.add(path)
            last = _last_of(path).encode()
            users = (user for user, said in named.items() if last in said or _is_in(last, user))
            links.join((path, *users))


def _imported_by(data: bytes) -> set[bytes]:
    """The last words of all modules that a module may import, and the names that it imports."""
    found: set[bytes] = set()
    for each in python_imports(data):
        found |= {name.encode() for name in (*each.names, each.module.rpartition(".")[2])}
    return found - {b""}


def _is_in(package: bytes, path: str) -> bool:
    """Whether a module is in a package, whose name it need not say then."""
    return package.decode() in ("", *path.split("/")[:-1])


def _last_of(path: str) -> str:
    """The last word of a module's name."""
    return module_of(path)[0].rpartition(".")[2]
