"""From source text to IR: by the front end that a file needs, with the headers that it includes.

Source ─┬─ Python ───────────────────────────────────────── front end ── Module
        └─ C ── compile options ── headers, read once a run ── front end ── Module
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from capilint.cache.trace import Answer, Question, Trace
from capilint.language import Language

if TYPE_CHECKING:
    from capilint.config.compiling import Compiling
    from capilint.config.settings import Settings
    from capilint.files import includes
    from capilint.files.compile_options import CompileOptions
    from capilint.files.source import Input, Source, Unreadable
    from capilint.frontends.c import Headers
    from capilint.frontends.cpp import Headers as CppHeaders
    from capilint.ir import Module


class Relevance:
    """Whether a piece of a file's text matters; `key` says what decides."""

    def __init__(self, key: str, test: Callable[[str], bool]) -> None:
        self.key = key
        self._test = test

    def __call__(self, text: str) -> bool:
        """The answer."""
        return self._test(text)


class Kept(Protocol):
    """The modules that earlier runs made of texts from which nothing but these leads to them."""

    def recall(self, source: Source, relevant: Relevance | None) -> Module | None:
        """What was made of a text."""

    def keep(self, source: Source, relevant: Relevance | None, module: Module) -> None:
        """Remember what was made."""


def lower(
    source: Source,
    relevant: Callable[[str], bool] | None = None,
    headers: Headers | CppHeaders | None = None,
    options: CompileOptions | None = None,
) -> Module:
    """The IR of a file.

    `relevant` tells from a function's text whether it matters; with it, functions that neither
    matter nor have to do with one that does are left out. `headers` are those of the C files, and
    `options` what a C file is compiled with.
    """
    if source.language is Language.PYTHON:
        from capilint.frontends import python

        module = python.lower(source.text, source.path, relevant)
        return module if source.problem is None else _with_problem(module, source.problem)
    from capilint.files.compile_options import CompileOptions

    if source.language is Language.CPP:
        from capilint.frontends import cpp

        assert headers is None or isinstance(headers, cpp.Headers)
        return cpp.lower(source.text, source.path, relevant, headers, options or CompileOptions())
    from capilint.frontends import c

    assert headers is None or isinstance(headers, c.Headers)
    return c.lower(source.text, source.path, relevant, headers, options or CompileOptions())


def _with_problem(module: Module, reason: str) -> Module:
    """The module of a file that was not understood at all."""
    from dataclasses import replace

    from capilint.finding import Span
    from capilint.ir import Problem

    return replace(module, problems=(Problem(Span(1, 1, 1, 1), reason),))


class FrontEnds:
    """The front ends of one run. `notes` and `unreadable` grow by what they met on the way."""

    def __init__(
        self,
        inputs: Iterable[Input],
        settings_of: Callable[[str], Settings],
        within: Iterable[str] = (),
    ) -> None:
        """`inputs` are the run's own files, and `within` the folders that headers are sought in, if
        these are bounded."""
        self._inputs = inputs
        self._settings_of = settings_of
        self.trace = Trace()
        self.kept: Kept | None = None
        self._digests: dict[str, str] = {}
        self._within = within

    def options_of(self, source: Source) -> CompileOptions | None:
        """What a C file is compiled with. Raises ConfigError where the user names a compilation
        database that is wrong."""
        if source.language is Language.PYTHON:
            return None
        self.trace.note(("options", source.path), self._answer_options(source.path))
        return self._compiling.options_of(source.path)

    def ask(self, question: Question) -> Answer:
        """The answer to a question of the trace, which is then a part of this one. Raises
        ValueError where it is none."""
        match question:
            case ("options", str(path)):
                answer = self._answer_options(path)
            case ("header", str(including), str(name), bool(quoted), tuple(folders)):
                found = self._search.find(including, name, quoted, folders)
                answer = self._answer_header(found)
            case _:
                raise ValueError(f"no question: {question}")
        self.trace.note(question, answer)
        return answer

    def _find(
        self, including: str, name: str, quoted: bool, folders: tuple[str, ...]
    ) -> Source | None:
        """See `includes.Headers.find`."""
        found = self._search.find(including, name, quoted, folders)
        self.trace.note(("header", including, name, quoted, folders), self._answer_header(found))
        return found

    def _answer_options(self, path: str) -> Answer:
        return repr(self._compiling.options_of(path))

    def _answer_header(self, found: Source | None) -> Answer:
        """The path and a digest of a header; nothing where there is none."""
        if found is None:
            return ""
        if found.path not in self._digests:
            from hashlib import sha256  # where there are headers, not at each start

            text = found.text.encode(errors="surrogatepass")
            self._digests[found.path] = f"{found.path} {sha256(text).hexdigest()}"
        return self._digests[found.path]

    def lower(
        self, source: Source, relevant: Relevance | None, options: CompileOptions | None
    ) -> Module:
        """See `lower`."""
        match source.language:
            case Language.PYTHON:
                return self._python(source, relevant)
            case Language.CPP:
                return lower(source, relevant, self._cpp_headers, options)
            case _:
                return lower(source, relevant, self._headers, options)

    def _python(self, source: Source, relevant: Relevance | None) -> Module:
        """The IR of a Python file, which nothing but its text decides about.

        That of a C file hangs on the files that were lowered before: headers are read once a run,
        as the first file sees them.
        """
        if self.kept is None:
            return lower(source, relevant)
        module = self.kept.recall(source, relevant)
        if module is None:
            module = lower(source, relevant)
            self.kept.keep(source, relevant, module)
        return module

    def included(self, path: str, name: str, quoted: bool, root: str) -> str | None:
        """The header that a file includes by a name; the options are those of the file `root`."""
        folders = self._compiling.options_of(root).folders
        found = self._search.find(path, name, quoted, folders)
        return None if found is None else found.path

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know of the compile options."""
        return tuple(self._compiling.notes) if "_compiling" in vars(self) else ()

    @property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """The headers that are there and cannot be read."""
        return tuple(self._search.unreadable) if "_search" in vars(self) else ()

    @property
    def headers(self) -> tuple[str, ...]:
        """The paths of the headers that were found."""
        return tuple(self._digests)

    @cached_property
    def _compiling(self) -> Compiling:
        from capilint.config.compiling import Compiling

        return Compiling(self._settings_of, [item.path for item in self._inputs])

    @cached_property
    def _search(self) -> includes.Headers:
        from capilint.files import includes

        return includes.Headers(self._inputs, self._within)

    @cached_property
    def _headers(self) -> Headers:
        from capilint.frontends.c import Headers

        return Headers(self._find)

    @cached_property
    def _cpp_headers(self) -> CppHeaders:
        from capilint.frontends.cpp import Headers

        return Headers(self._find)
