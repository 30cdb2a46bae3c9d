"""Configuration: the settings of each file, from the nearest file upward and the command line.

    src/a.c ─▶ src/ ─▶ . ─▶ ..      first of .capilint.toml, capilint.toml, or a pyproject.toml
                                    with [tool.capilint]; then the command line's own values

The nearest file holds alone: files are not merged. A mistake in one is an error that names the
file, the line and the nearest known key.
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH100, PTH112, PTH113, PTH118, PTH119, PTH120
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from capilint.config.settings import OFF, Settings
from capilint.files.gitignore import MOST_PATTERNS
from capilint.files.source import UnreadableError, read_bytes
from capilint.mistake import Mistake
from capilint.rulebook.code_names import code_prefix
from capilint.rulebook.namescan import unknown_resource
from capilint.severity import Severity

if TYPE_CHECKING:
    from capilint.files.compile_options import Define
    from capilint.rulebook.tomlfile import RuleFile, Section

LARGEST = 1024 * 1024  # bytes; what people write has some thousands
FILE_NAMES = (".capilint.toml", "capilint.toml", "pyproject.toml")
SEVERITIES = tuple(severity.value for severity in Severity)


class ConfigError(Mistake):
    """The configuration is wrong; the text says where and what would be right."""


class Configuration:
    """The settings of every file of a run.

    `overrides` are the command line's values by Settings field; they win over any file.
    `file` is one configuration file for all; `isolated` reads none. Raises ConfigError.
    """

    def __init__(
        self,
        overrides: Mapping[str, object] | None = None,
        file: str | None = None,
        isolated: bool = False,
    ) -> None:
        self._overrides = overrides or {}
        self._folders: dict[str, Settings] = {}
        self._given: dict[str, Settings] = {}
        self._fixed: Settings | None = None
        if file is not None:
            found = _read(file, named=True)
            assert found is not None
            self._fixed = self._overridden(found)
        elif isolated:
            self._fixed = self._overridden(Settings())

    def settings_of(self, path: str) -> Settings:
        """The effective settings of a file, or of a folder where the path ends with `/`."""
        if self._fixed is not None:
            return self._fixed
        folder = path[: path.replace(os.sep, "/").rfind("/") + 1]
        found = self._given.get(folder)
        if found is None:
            found = self._given[folder] = self._in_folder(os.path.abspath(folder))
        return found

    def exclusion(self, folder: str) -> Callable[[str], bool] | None:
        """What tells whether `exclude` leaves out a path in a folder; None where it is empty.

        The folder has a final `/` or is empty, and so has a path that is a folder.
        """
        return self.settings_of(folder).exclusion(folder)

    def excluded(self, path: str) -> bool:
        """Whether `exclude` leaves out the path (a folder with a final `/`)."""
        plain = path.replace(os.sep, "/")
        return self.settings_of(path[: plain.rstrip("/").rfind("/") + 1]).excludes(path)

    def _in_folder(self, folder: str) -> Settings:
        """The settings that hold in an absolute folder."""
        pending = []
        while folder not in self._folders:
            pending.append(folder)
            found = next(
                filter(None, (_read(os.path.join(folder, name)) for name in FILE_NAMES)), None
            )
            parent = os.path.dirname(folder)
            if found is not None or parent == folder:
                self._folders[folder] = self._overridden(found or Settings())
            else:
                folder = parent
        for below in pending:
            self._folders[below] = self._folders[folder]
        return self._folders[folder]

    def _overridden(self, settings: Settings) -> Settings:
        origins = {**settings.origins}
        values = {**self._overrides}
        for field in values:
            key = field.replace("_", "-")
            origin = "the command line"
            if field in _ADDED:
                values[field] = _ADDED[field](values[field], getattr(settings, field))
                origin += f", then {origins[key]}" if key in origins else ""
            origins[key] = origin
        return settings._replace(**values, origins=origins)  # type: ignore[arg-type]


def effective(settings: Settings) -> Iterator[tuple[str, object, str]]:
    """Each key with its value as a configuration file has it, and where that came from.

    A value is None where the key has none that a file could say.
    """
    for key in KEYS:
        value: object = getattr(settings, key.replace("-", "_"))
        if key == "define":
            value = [f"{name}={text}" for name, text in settings.define]
        elif key == "severity":
            value = dict(settings.severity)
        elif key == "per-file-ignores":
            value = {glob: list(codes) for glob, codes in settings.per_file_ignores}
        elif key == "functions":
            value = settings.rules.tables.get(key, {}) if settings.rules else {}
        elif key == "fail-on":
            value = settings.fail_on.value
        elif key == "baseline":
            value = settings.baseline or None
        elif isinstance(value, tuple):
            value = list(value)
        yield key, value, settings.origins.get(key, "default")


def _read(path: str, named: bool = False) -> Settings | None:
    """The settings of a configuration file; None where it has none.

    A file that was found by its name alone, and not named by the user, may be missing.
    """
    if not named and not os.path.isfile(path):
        return None
    try:
        data = read_bytes(path, LARGEST)
    except UnreadableError as error:
        raise ConfigError(f"{shown_path(path)}: cannot be read: {error}") from error
    embedded = os.path.basename(path) == "pyproject.toml"
    if embedded and not named and b"capilint" not in data:
        return None  # not ours: spare the parser
    from capilint.rulebook.tomlfile import RuleError, Section, parse

    shown = shown_path(path)
    try:
        file = parse(shown, data.decode("utf-8-sig"))
        section = Section(file, file.tables)
        if embedded:
            if "capilint" not in section.section("tool").table:
                if named:
                    raise ConfigError(f"{shown}: has no table [tool.capilint]")
                return None
            section = section.section("tool").section("capilint")
        return _settings(section, os.path.dirname(os.path.abspath(path)))
    except RuleError as error:
        raise ConfigError(str(error)) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{shown}: is not UTF-8: {error}") from error


def shown_path(path: str) -> str:
    """The path relative to the working directory, where it is below it."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # on another drive of Windows
        relative = path
    return (path if relative.startswith("..") else relative).replace(os.sep, "/")


def _settings(section: Section, root: str) -> Settings:
    """The settings that a table describes; its globs are relative to `root`."""
    section.only(KEYS)
    values = {key.replace("-", "_"): _READERS[key](section, key) for key in section.table}
    origins = {key: f"{section.file.path}:{section.error('', key).line}" for key in section.table}
    return Settings(**values, rules=_rules(section), root=root, origins=origins)  # type: ignore[arg-type]


def _rules(section: Section) -> RuleFile | None:
    """What the table says about the user's own functions, as the rule book takes it."""
    own = {key: section.table[key] for key in ("functions", "noreturn") if key in section.table}
    return section.file._replace(tables=own) if own else None


def _codes(section: Section, key: str) -> tuple[str, ...]:
    return tuple(_code(section, key, word) for word in section.words(key))


def _code(section: Section, key: str, word: str) -> str:
    try:
        return code_prefix(word)
    except ValueError as error:
        raise section.error(str(error), key, word) from None


def _ignores(section: Section, key: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    globs = section.section(key)
    _not_too_many(section, key, globs.table)
    return tuple((glob, _codes(globs, glob)) for glob in globs.table)


def _globs(section: Section, key: str) -> tuple[str, ...]:
    globs = section.words(key)
    _not_too_many(section, key, globs)
    return globs


def _not_too_many(section: Section, key: str, globs: Collection[str]) -> None:
    """Refuse what would take a second for each file."""
    if len(globs) > MOST_PATTERNS:
        raise section.error(f"`{key}` has more than {MOST_PATTERNS} patterns", key)


def _severities(section: Section, key: str) -> tuple[tuple[str, str], ...]:
    codes = section.section(key)
    allowed = (*SEVERITIES, OFF)
    return tuple((_code(section, key, code), _one_of(codes, code, allowed)) for code in codes.table)


def _resources(section: Section, key: str) -> tuple[str, ...]:
    words = section.words(key)
    for word in words:
        problem = unknown_resource(word)
        if problem:
            raise section.error(problem, key, word)
    return words


def _fail_on(section: Section, key: str) -> Severity:
    return Severity(_one_of(section, key, SEVERITIES))


def _one_of(section: Section, key: str, allowed: Sequence[str]) -> str:
    value = section.table[key]
    if value not in allowed:
        raise section.error(f"`{key}` must be one of {', '.join(allowed)}", key)
    return str(value)


def _function_names(section: Section, key: str) -> tuple[str, ...]:
    return tuple(section.section(key).table)


def _words(section: Section, key: str) -> tuple[str, ...]:
    return section.words(key)


def _folders(section: Section, key: str) -> tuple[str, ...]:
    return tuple(_from(section, folder) for folder in section.words(key))


def _defines(section: Section, key: str) -> tuple[Define, ...]:
    from capilint.files.compile_options import macro

    defines = []
    for text in section.words(key):
        try:
            defines.append(macro("-D", text))
        except ValueError as error:
            raise section.error(str(error), key, text) from None
    return tuple(defines)


def _compile_commands(section: Section, key: str) -> str:
    given = section.word(key)
    try:
        return compile_commands(_from(section, given)) if given else ""
    except ConfigError as error:
        raise section.error(str(error), key, given) from None


def _baseline(section: Section, key: str) -> str:
    given = section.word(key)
    return _from(section, given) if given else ""


def _from(section: Section, path: str) -> str:
    """A path that is relative to the folder of the configuration file."""
    folder = os.path.dirname(section.file.path)
    return shown_path(os.path.normpath(os.path.join(folder, path.replace("\\", "/"))))


_READERS: Mapping[str, Callable[[Section, str], object]] = {
    "select": _codes,
    "extend-select": _codes,
    "ignore": _codes,
    "per-file-ignores": _ignores,
    "exclude": _globs,
    "resources": _resources,
    "severity": _severities,
    "fail-on": _fail_on,
    "noreturn": _words,
    "functions": _function_names,
    "include": _folders,
    "define": _defines,
    "compile-commands": _compile_commands,
    "baseline": _baseline,
}
KEYS = tuple(_READERS)
# What the command line adds to a file's value, and does not put in its place. The first folder
# that has a header wins, and what is said last of a macro.
_ADDED: Mapping[str, Callable[[Any, Any], object]] = {
    "include": lambda given, in_file: (*given, *in_file),
    "define": lambda given, in_file: (*in_file, *given),
}


def compile_commands(path: str) -> str:
    """The compilation database that a file or folder stands for. Raises ConfigError."""
    from capilint.files.find_commands import ADVICE, FILE_NAME, locate

    found = locate(path)
    if found is None:
        what = f"has no {FILE_NAME}" if os.path.isdir(path) else "no such file or folder"
        raise ConfigError(f"{path}: {what}; {ADVICE}")
    return shown_path(found)
