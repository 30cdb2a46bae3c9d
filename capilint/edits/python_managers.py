"""Context managers that a Python file has already, and that end a handle which they are given.

class Closing:                          key = c_void_p()
    def __init__(self, handle):         ...CryptGenKey(..., byref(key))
        self.handle = handle      ──►   with Closing(key):
    def __exit__(self, *about):             ...
        CryptDestroyKey(self.handle)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from capilint.edits.python_layout import Layout
from capilint.edits.spelling import Spelling
from capilint.frontends.python.sites import Site

_DEFINITION = re.compile(r"(?:class|def)\s+(\w+)")
_DECORATED = re.compile(r"@(?:\w+\.)?contextmanager\s*\n")
_PARAMETERS = re.compile(r"def\s+\w+\s*\(([^()]*)\)")


class Managers:
    """The context managers of one file."""

    def __init__(self, layout: Layout, spelling: Spelling) -> None:
        self._layout = layout
        self._sites = layout.sites
        self._spelling = spelling

    def ending(self, resource: str) -> Iterator[str]:
        """The names of those that are given one handle of that kind and end it."""
        for site in self._sites.sites:
            given = self._kept_by(site) if site.kind == "ClassDef" else self._given_to(site)
            calls = [self._layout.source(each) for each in self._sites.inside(site)
                     if each.kind == "Expr"] if given else []  # fmt: skip
            if any(
                self._spelling.releases_kind(call, resource)
                for call in self._spelling.found_among(calls, given)
            ):
                yield self._name(site)

    def _kept_by(self, site: Site) -> str:
        """Where the objects of a class keep the one thing that they are made with; else empty."""
        initial = self._method(site, "__init__")
        if initial is None or self._method(site, "__exit__") is None:
            return ""
        parameters = self._parameters(initial)
        if len(parameters) != 2:
            return ""
        kept = re.search(
            rf"\b{parameters[0]}\.(\w+)\s*=\s*{parameters[1]}\s*(?:#.*)?$",
            self._layout.source(initial),
            re.MULTILINE,
        )
        return f"{parameters[0]}.{kept[1]}" if kept is not None else ""

    def _given_to(self, site: Site) -> str:
        """The one parameter of a function that is a context manager; else empty."""
        if site.kind != "FunctionDef":
            return ""
        start = self._sites.line_start(self._sites.line(site.start))
        above = self._layout.text[:start].rpartition("\n")[0].rpartition("\n")[2] + "\n"
        if not (_DECORATED.match(self._layout.source(site)) or _DECORATED.match(above.lstrip())):
            return ""
        parameters = self._parameters(site)
        return parameters[0] if len(parameters) == 1 else ""

    def _parameters(self, site: Site) -> list[str]:
        found = _PARAMETERS.search(self._layout.source(site))
        words = [word.partition(":")[0].strip() for word in (found[1] if found else "").split(",")]
        return [word for word in words if word and "=" not in word]

    def _method(self, site: Site, name: str) -> Site | None:
        methods = (each for each in self._sites.inside(site) if each.kind == "FunctionDef")
        return next((each for each in methods if self._name(each) == name), None)

    def _name(self, site: Site) -> str:
        found = _DEFINITION.search(self._layout.source(site))
        return found[1] if found is not None else ""
