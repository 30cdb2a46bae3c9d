"""Runs a Python script as `python FILE ARGS` would, on the model."""

from __future__ import annotations

import atexit
import gc
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from capilint.execution.run import fake_cffi, fake_ctypes, pywin32
from capilint.execution.run.holdings import held
from capilint.execution.run.journal import Journal
from capilint.execution.run.libraries import MissingFunction, MissingLibrary
from capilint.execution.run.marshal import Marshal
from capilint.execution.run.python_places import stack
from capilint.execution.run.record import Recorder
from capilint.execution.run.unwinding import Unwinding
from capilint.model.events import NoticeKind
from capilint.model.machine import Machine

_NOT_OBJECTS = (ModuleType, FunctionType, BuiltinFunctionType, type, fake_ctypes.Library)


def run(
    path: Path,
    arguments: list[str],
    machine: Machine,
    journal: Journal,
    complain: Callable[[str], None],
) -> int:
    """Runs it, and tells the journal what happened; the program's exit status."""
    recorder = Recorder(machine, journal, lambda _: stack())
    fake_cffi.install(fake_ctypes.install(Marshal(machine, complain)))
    pywin32.install(machine, complain)
    try:
        code = compile(path.read_bytes(), str(path.absolute()), "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        complain(
            f"Python cannot compile it:\n{''.join(traceback.format_exception_only(error)).rstrip()}"
        )
    unwinding = Unwinding(recorder)
    how, status, kept = _execute(code, path, arguments, complain, recorder)
    unwinding.stop()
    leaked = recorder.living - kept
    if how == "exited":  # what was in use then is no leak
        leaked = {handle for handle in leaked if recorder.lives[handle].departure}
    if leaked:
        machine.notify(NoticeKind.EXIT, *sorted(leaked))
    journal.write("end", how=how, status=status)
    return status


def _execute(
    code: Any,
    path: Path,
    arguments: list[str],
    complain: Callable[[str], None],
    recorder: Recorder,
) -> tuple[str, int, set[int]]:
    """Runs the code to the very end: other threads, exit handlers, destructors.

    How it ended, its exit status, and the handles that its global variables held.
    """
    module = ModuleType("__main__")
    vars(module).update(__file__=str(path.absolute()), __builtins__=__builtins__)
    sys.modules["__main__"] = module
    sys.argv = [str(path), *arguments]
    if not sys.flags.safe_path:
        sys.path[0] = str(path.parent)
    try:
        exec(code, vars(module))
        how, status = "returned", 0
    except SystemExit as error:
        how, status = "exited", _status(error.code)
    except BaseException as error:
        missing = _missing(error)
        _print(error)
        if missing:
            complain(missing)
        how, status = "raised", 1
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    kept = held(vars(module).values(), recorder.living)
    _forget_objects(vars(module))
    return how, status, kept


def _status(code: object) -> int:
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return 1


def _print(error: BaseException) -> None:
    """The traceback without our own frames."""
    trace = error.__traceback__
    error.with_traceback(trace.tb_next if trace else None)
    traceback.print_exception(error)


def _missing(error: BaseException) -> str:
    """What of Windows the program lacked, where that is what ended it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (MissingLibrary, MissingFunction)):
            return str(cause)
        if isinstance(cause, ImportError) and cause.name:
            return f"the program needs the module {cause.name!r}, which is not installed here"
        cause = cause.__cause__ or cause.__context__
    return ""


def _forget_objects(names: dict[str, Any]) -> None:
    """Ends the life of the program's objects, as the interpreter does when it stops."""
    for name in [name for name in names if not name.startswith("__")]:
        if not isinstance(names[name], _NOT_OBJECTS):
            del names[name]
    gc.collect()
