"""What each C file of a run is compiled with: by the settings, then by its compile command.

a.c ── Settings ─┬─ include, define ─────────────────────────────────────────┬─ CompileOptions
                 └─ compile-commands, or the nearest one ── the file's entry ┘
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH112
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from capilint.config.loading import ConfigError, shown_path
from capilint.config.settings import Settings
from capilint.files.compile_options import CompileOptions
from capilint.files.find_commands import Nearest
from capilint.files.tree import Tree

if TYPE_CHECKING:
    from capilint.files.compile_commands import CompileCommands


_SYSTEM = "/usr/"  # what is there is no secret, and nothing of the tree


class Compiling:
    """The compile options of the files of one run, whose paths are `paths`.

    `notes` tell people what cannot be had: include folders that are not there or outside of the
    tree, and a database that was found and is wrong.
    """

    def __init__(self, settings_of: Callable[[str], Settings], paths: Iterable[str] = ()) -> None:
        self._settings_of = settings_of
        self._nearest = Nearest()
        self._tree = Tree(paths)
        self._told: set[str] = set()
        self._databases: dict[str, CompileCommands | None] = {}
        self._include: set[tuple[str, ...]] = set()
        self._options: dict[str, CompileOptions] = {}
        self.notes: list[str] = []

    def options_of(self, path: str) -> CompileOptions:
        """The options of a C file. Raises ConfigError where a database is wrong that the user
        named."""
        if path not in self._options:
            settings = self._settings_of(path)
            self._look_for(settings)
            own = CompileOptions(settings.include, settings.define)
            self._options[path] = own.before(self._command_of(path, settings.compile_commands))
        return self._options[path]

    def _look_for(self, settings: Settings) -> None:
        """Note the include folders that are not there."""
        if settings.include in self._include:
            return
        self._include.add(settings.include)
        for folder in settings.include:
            if not os.path.isdir(folder):
                origin = settings.origins.get("include", "default")
                self.notes.append(f"no headers from {folder}: no such folder ({origin})")

    def _in_the_tree(self, options: CompileOptions, path: str, database: str) -> CompileOptions:
        """The options without folders outside of the tree, where nobody named the database."""
        inside = tuple(
            each
            for each in options.folders
            if each.startswith(_SYSTEM) or self._tree.has(each, path)
        )
        seen = [each for each in options.folders if each not in inside and os.path.isdir(each)]
        if seen and database not in self._told:
            self._told.add(database)
            self.notes.append(
                f"no headers from {seen[0]}: {shown_path(database)} names it, and it is outside of "
                "the tree; name the one or the other (--include, --compile-commands)"
            )
        return options._replace(folders=inside)

    def _command_of(self, path: str, named: str | None) -> CompileOptions:
        """What the file's compile command says; nothing where it has none."""
        database = self._nearest.to(path) if named is None else named
        if not database:
            return CompileOptions()
        from capilint.files.compile_commands import CompileCommands, CompileCommandsError

        try:
            if database not in self._databases:
                self._databases[database] = None  # so it stays where it cannot be read
                self._databases[database] = CompileCommands(database, shown_path(database))
            commands = self._databases[database]
            options = (commands and commands.options_of(path)) or CompileOptions()
            return options if named is not None else self._in_the_tree(options, path, database)
        except CompileCommandsError as error:
            if named is not None:
                raise ConfigError(str(error)) from error
            self.notes.append(f"passed over, though found: {error}")
            return CompileOptions()
