"""What a caller asks for besides the configuration files, as Configuration takes it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from capilint.config.loading import compile_commands as located
from capilint.severity import Severity

if TYPE_CHECKING:
    from capilint.files.compile_options import Define


def overrides(
    *,
    select: Sequence[str] | None = None,
    extend_select: Sequence[str] | None = None,
    ignore: Sequence[str] | None = None,
    resources: Sequence[str] | None = None,
    include: Sequence[str] | None = None,
    define: Sequence[Define] | None = None,
    compile_commands: str | None = None,
    baseline: str | None = None,
    fail_on: Severity | None = None,
) -> dict[str, object]:
    """The values that win over the files', by Settings field. None leaves a field alone.

    Raises ConfigError where there are no such compile commands.
    """
    found: dict[str, object] = {}
    lists = {"select": select, "extend_select": extend_select, "ignore": ignore}
    for name, words in {**lists, "resources": resources, "define": define}.items():
        if words is not None:
            found[name] = tuple(words)
    if include is not None:
        found["include"] = tuple(folder.replace("\\", "/") for folder in include)
    if compile_commands is not None:
        found["compile_commands"] = located(compile_commands) if compile_commands else ""
    if baseline is not None:
        found["baseline"] = baseline.replace(os.sep, "/")
    if fail_on is not None:
        found["fail_on"] = fail_on
    return found


def macros(words: Sequence[str]) -> tuple[Define, ...]:
    """What words such as -DNAME=VALUE and -UNAME say, in their order.

    Raises ValueError, with a text for people, where one is wrong.
    """
    from capilint.files.compile_options import macro

    found = []
    for word in words:
        try:
            found.append(macro(word[:2], word[2:]))
        except ValueError as error:
            raise ValueError(f"{word}: {error}") from None
    return tuple(found)
