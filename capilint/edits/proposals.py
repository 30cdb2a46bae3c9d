"""Which drafts there are for a finding: by the language of the file that it is mended in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from capilint.edits.c_family import CFamily
from capilint.edits.c_layout import Layout
from capilint.edits.draft import Draft
from capilint.edits.spelling import Spelling
from capilint.finding import Finding
from capilint.frontends.c.sites import Sites
from capilint.language import Language
from capilint.rulebook.book import RuleBook


class Proposals:
    """Drafts for the findings of a program whose files' languages are known by path."""

    def __init__(self, languages: Mapping[str, Language], book: RuleBook) -> None:
        self._languages = languages
        self._book = book
        self._layout = lru_cache(maxsize=4)(self._parsed)

    def drafts(self, finding: Finding, texts: Mapping[str, str]) -> Iterator[Draft]:
        """What may mend the finding where the files have these texts."""
        path = finding.path
        if finding.ender and finding.steps:
            path = finding.steps[-1].path
        language = self._languages.get(path)
        if path not in texts or language is None or language is Language.PYTHON:
            return
        layout = self._layout(language, texts[path])
        yield from CFamily(path, layout, Spelling(self._book, language)).drafts(finding)

    @staticmethod
    def _parsed(language: Language, text: str) -> Layout:
        if language is Language.CPP:
            from capilint.frontends.cpp.parsing.grammar import CPP

            return Layout(Sites(text, CPP))
        return Layout(Sites(text))
