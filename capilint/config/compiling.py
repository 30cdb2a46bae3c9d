"""What each C file of a run is compiled with: by the settings, then by its compile command.

a.c ── Settings ─┬─ include, define ─────────────────────────────────────────┬─ CompileOptions
                 └─ compile-commands, or the nearest one ── the file's entry ┘
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH112
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from capilint.config.loading import ConfigError, shown_path
from capilint.config.settings import Settings
from capilint.files.compile_options import CompileOptions
from capilint.files.find_commands import Nearest

if TYPE_CHECKING:
    from capilint.files.compile_commands import CompileCommands


class Compiling:
    """The compile options of the files of one run.

    `notes` tell people what cannot be had: include folders that are not there, and a database
    that was found and is wrong.
    """

    def __init__(self, settings_of: Callable[[str], Settings]) -> None:
        self._settings_of = settings_of
        self._nearest = Nearest()
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
            return (commands and commands.options_of(path)) or CompileOptions()
        except CompileCommandsError as error:
            if named is not None:
                raise ConfigError(str(error)) from error
            self.notes.append(f"passed over, though found: {error}")
            return CompileOptions()
