"""The program that an editor shows: files on the disk, and the unsaved texts of open documents.

    folders ── discovery ──┐
    open documents ────────┴─ inputs ── check ── Checked(report, inputs, versions)

The first folder is the working directory, so that paths, baselines and headers are what they are
to `capilint check` there. Nothing outside of the folders is read but what settings name.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from capilint.cache.place import default_folder
from capilint.checking import Report, check
from capilint.config.loading import Configuration
from capilint.files.discover import discover, language_of
from capilint.files.real_paths import RealPaths
from capilint.files.source import Input, is_notebook
from capilint.language import LANGUAGE_NAMES, Language
from capilint.report.notebooks import told
from capilint.server.positions import Places


class Document(NamedTuple):
    """An open document; `version` is the client's number of its text."""

    uri: str
    path: str
    language: Language
    told: bool
    version: int | None
    text: str


class Checked(NamedTuple):
    """A check's report, of what it is, and which versions of the open documents it saw."""

    report: Report
    inputs: tuple[Input, ...]
    configuration: Configuration
    documents: Mapping[str, Document]  # by path

    def places(self, path: str, encoding: str) -> Places:
        """The places in a file as it was checked."""
        document, source = self.documents.get(path), self.report.sources.get(path)
        if document is not None:
            return Places(document.text, encoding)
        return Places(source.text if source is not None else None, encoding)


class Workspace:
    """The folders and the open documents; used by the event loop alone."""

    def __init__(self, folders: Sequence[str]) -> None:
        """`folders` are absolute; the first that is there becomes the working directory."""
        self.folders = tuple(filter(os.path.isdir, folders))
        if self.folders:
            os.chdir(self.folders[0])
        self._documents: dict[str, Document] = {}

    def path_of(self, path: str) -> str:
        """A path as reports have it: relative where it is below the working directory."""
        if not self.folders:
            return path.replace(os.sep, "/")
        below = f"{Path.cwd()}{os.sep}".replace(os.sep * 2, os.sep)
        for each in (path, RealPaths().of(path)):
            if os.path.normcase(each).startswith(os.path.normcase(below)):
                return each[len(below) :].replace(os.sep, "/")
        return path.replace(os.sep, "/")

    def put(self, uri: str, path: str, language: str, version: int | None, text: str) -> None:
        """Take a document's text, where it is in a language that capilint knows."""
        path = self.path_of(path)
        by_name = language_of(path)
        actual = by_name or LANGUAGE_NAMES.get(language)
        if actual is not None:
            told = by_name is None
            self._documents[path] = Document(uri, path, actual, told, version, text)

    def drop(self, path: str) -> None:
        """The document is closed: its file holds again."""
        self._documents.pop(self.path_of(path), None)

    def document(self, path: str) -> Document | None:
        """The open document of a path, if it is one of a language that capilint knows."""
        return self._documents.get(self.path_of(path))

    def snapshot(self, whole: bool) -> Snapshot:
        """What is to be checked now: all files of the folders, or the open documents alone with
        what they include or import."""
        return Snapshot(self.folders, dict(self._documents), whole)


class Snapshot(NamedTuple):
    """What is checked at one moment; of any thread."""

    folders: tuple[str, ...]
    documents: Mapping[str, Document]
    whole: bool

    def check(self) -> Checked:
        """Check the files and texts. Raises as `capilint.checking.check` does, and ConfigError."""
        configuration = Configuration()
        found = discover(self._roots, exclusion=configuration.exclusion)
        inputs = tuple(self._inputs(configuration, found.inputs))
        within = self.folders or tuple({str(Path(path).parent) for path in self.documents})
        report = check(
            inputs,
            configuration.settings_of,
            found.unreadable,
            effects=True,
            within=within,
            cache=default_folder(),
        )
        report = told(report, in_files=True) if any(map(is_notebook, report.sources)) else report
        return Checked(report, inputs, configuration, self.documents)

    def _inputs(self, configuration: Configuration, files: Iterable[Input]) -> Iterator[Input]:
        left = dict(self.documents)
        for item in files:
            document = left.pop(item.path, None)
            yield item if document is None else item._replace(data=_bytes_of(document))
        for path, document in left.items():
            if not configuration.excluded(path):
                yield Input(path, document.language, _bytes_of(document), True, document.told)

    @property
    def _roots(self) -> list[str]:
        """The folders as paths of reports, if they are to be gone through: the first one is where
        we are."""
        return [".", *self.folders[1:]] if self.folders and self.whole else []


def _bytes_of(document: Document) -> bytes:
    """The text as a file; its mark outweighs a coding line, which does not hold for it."""
    return document.text.encode("utf-8-sig", errors="replace")
