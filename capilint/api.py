"""The Python API: checks of files and of texts, and their reports.

    from capilint import check, check_text, render

    check("src") ── settings, discovery ── Report ── render(report, "sarif")

What is here is imported from `capilint` itself, on demand: `import capilint` costs nothing.
Changes of it are announced in the changelog.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Literal, TypedDict, Unpack

from capilint.checking import Report, SettingsError
from capilint.checking import check as check_inputs
from capilint.config.loading import Configuration
from capilint.config.overrides import macros, overrides
from capilint.files.discover import discover, language_of
from capilint.files.source import Input, Unreadable
from capilint.finding import Change, Finding, Fix, Severity, Span, Step
from capilint.findings.triage import Suppressed
from capilint.language import LANGUAGE_NAMES, Language
from capilint.mistake import Mistake
from capilint.report import FORMATS, Style
from capilint.report import render as render_style
from capilint.rulebook.code_names import code_prefix

__all__ = [
    "FORMATS",
    "Change",
    "Finding",
    "Fix",
    "Options",
    "Report",
    "SettingsError",
    "Severity",
    "Span",
    "Step",
    "Suppressed",
    "Unreadable",
    "check",
    "check_text",
    "render",
]

# The engine's values are shared by all of a process: one check at a time.
_one_at_a_time = Lock()


class Options(TypedDict, total=False):
    """The options of a check: those of `capilint check`, by the keys of the configuration.

    What is given wins over the configuration files, or adds to them as on the command line.
    `config` is the only configuration file to read; with `isolated` none is. Codes are codes, their
    beginnings or names. `define` has words such as `NAME` or `NAME=VALUE`, `undefine` names.
    """

    config: str | os.PathLike[str]
    isolated: bool
    language: Literal["c", "c++", "python"]
    select: Sequence[str]
    extend_select: Sequence[str]
    ignore: Sequence[str]
    resources: Sequence[str]
    fail_on: Literal["error", "warning", "note"]
    include: Sequence[str | os.PathLike[str]]
    define: Sequence[str]
    undefine: Sequence[str]
    compile_commands: str | os.PathLike[str]
    baseline: str | os.PathLike[str]


def check(*paths: str | os.PathLike[str], **options: Unpack[Options]) -> Report:
    """Check files and folders, as `capilint check PATHS` does.

    A folder is searched; a file is checked with what it includes or imports. What cannot be read is
    in the report's `unreadable`. Raises SettingsError where an option or a configuration file is
    wrong, with a text that says what would be right.
    """
    with _settings_error():
        configuration = _configuration(options)
        given = [os.fspath(path) for path in paths]
        found = discover(given, _language(options), configuration.exclusion)
        with _one_at_a_time:
            return check_inputs(
                found.inputs, configuration.settings_of, found.unreadable, routes=True
            )


def check_text(text: str | bytes, filename: str, **options: Unpack[Options]) -> Report:
    """Check a text in the place of a file's content, which need not exist.

    The settings are those of `filename`; its suffix says which language it is, unless `language`
    does. What the text includes or imports is read from beside it. Raises SettingsError as `check`
    does, and where it is not known which language it is.
    """
    with _settings_error():
        configuration = _configuration(options)
        told = _language(options)
        language = told or language_of(filename.replace(os.sep, "/"))
        if language is None:
            raise SettingsError(f"{filename}: what language is it? give `language`")
        # The mark outweighs a coding line, which does not hold for decoded text.
        data = text.encode("utf-8-sig", errors="replace") if isinstance(text, str) else text
        path = filename.replace(os.sep, "/")
        source = Input(path, language, data, named=True, told=told is not None)
        with _one_at_a_time:
            return check_inputs([source], configuration.settings_of, routes=True)


def render(report: Report, format: str, *, colour: bool = False, verbose: bool = False) -> str:  # noqa: A002
    """A report in one of FORMATS. Raises ValueError for any other."""
    if format not in FORMATS:
        raise ValueError(f"unknown format {format!r}; known are {', '.join(FORMATS)}")
    return render_style(format, report, Style(colour=colour, verbose=verbose))


@contextmanager
def _settings_error() -> Iterator[None]:
    """One error for all that a user's settings can be wrong in."""
    try:
        yield
    except SettingsError:
        raise
    except Mistake as error:
        raise SettingsError(str(error)) from error


def _configuration(options: Options) -> Configuration:
    """The settings of a call. Raises SettingsError and ConfigError."""
    for name in options.keys() - Options.__annotations__.keys():
        raise SettingsError(f"unknown option `{name}`")
    words = [f"-D{word}" for word in options.get("define", ())]
    words += [f"-U{word}" for word in options.get("undefine", ())]
    try:
        found = overrides(
            select=_codes(options.get("select")),
            extend_select=_codes(options.get("extend_select")),
            ignore=_codes(options.get("ignore")),
            resources=options.get("resources"),
            include=_paths(options.get("include")),
            define=macros(words) if words else None,
            compile_commands=_path(options.get("compile_commands")),
            baseline=_path(options.get("baseline")),
            fail_on=Severity(options["fail_on"]) if "fail_on" in options else None,
        )
    except ValueError as error:
        raise SettingsError(str(error)) from None
    return Configuration(found, _path(options.get("config")), options.get("isolated", False))


def _codes(words: Sequence[str] | None) -> list[str] | None:
    """Codes and their beginnings, for which names may stand."""
    return None if words is None else [code_prefix(word) for word in words]


def _path(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else os.fspath(path)


def _paths(paths: Sequence[str | os.PathLike[str]] | None) -> list[str] | None:
    return None if paths is None else [os.fspath(path) for path in paths]


def _language(options: Options) -> Language | None:
    if "language" not in options:
        return None
    try:
        return LANGUAGE_NAMES[options["language"]]
    except KeyError:
        raise SettingsError("`language` is c, c++ or python") from None
