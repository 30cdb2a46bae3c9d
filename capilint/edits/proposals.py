"""Which drafts there are for a finding: by the language of the file that it is mended in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from capilint.edits import python_layout
from capilint.edits.c_family import CFamily
from capilint.edits.c_layout import Layout
from capilint.edits.draft import Draft
from capilint.edits.python import Python
from capilint.edits.spelling import Spelling
from capilint.finding import Finding
from capilint.frontends.c.sites import Sites
from capilint.frontends.python import sites as python_sites
from capilint.language import Language
from capilint.rulebook.book import RuleBook


class Proposals:
    """Drafts for the findings of a program whose files' languages are known by path."""

    def __init__(self, languages: Mapping[str, Language], book: RuleBook) -> None:
        self._languages = languages
        self._book = book
        self._c = lru_cache(maxsize=4)(self._parsed)
        self._python = lru_cache(maxsize=4)(self._parsed_python)

    def drafts(self, finding: Finding, texts: Mapping[str, str]) -> Iterator[Draft]:
        """What may mend the finding where the files have these texts."""
        path = finding.path
        if finding.ender and finding.steps:
            path = finding.steps[-1].path
        language = self._languages.get(path)
        if path not in texts or language is None:
            return
        spelling = Spelling(self._book, language)
        if spelling.is_open(finding):
            return
        if language is Language.PYTHON:
            yield from Python(path, self._python(texts[path]), spelling).drafts(finding)
        else:
            yield from CFamily(path, self._c(language, texts[path]), spelling).drafts(finding)

    @staticmethod
    def _parsed_python(text: str) -> python_layout.Layout:
        return python_layout.Layout(python_sites.Sites(text))

    @staticmethod
    def _parsed(language: Language, text: str) -> Layout:
        if language is Language.CPP:
            from capilint.frontends.cpp.parsing.grammar import CPP

            return Layout(Sites(text, CPP))
        return Layout(Sites(text))
