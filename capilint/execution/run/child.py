"""The child process of `capilint run`; started as a module, with the path of a task (JSON)."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import NoReturn

from capilint.execution.run.journal import Journal
from capilint.language import Language
from capilint.model.machine import Machine

TROUBLE = 70  # the exit status that says: the journal has the reason


def main() -> int:
    """Runs the program that the task describes; its exit status."""
    task = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    journal = Journal(Path(task["journal"]))
    machine = Machine(task["seed"])
    failing = task["fail"]
    machine.fail = lambda _, number: number == failing

    def complain(text: str) -> NoReturn:
        journal.write("trouble", text=text)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(TROUBLE)  # no exception can cross the program's own frames

    journal.write("start")
    program, arguments = Path(task["program"]), task["arguments"]
    if task["library"] is None:
        from capilint.execution.run import python_program

        return python_program.run(program, arguments, machine, journal, complain)
    from capilint.execution.run import c_program, cpp_program

    run = c_program.run if task["language"] == Language.C else cpp_program.run
    return run(Path(task["library"]), program, arguments, machine, journal, complain)


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status & 0xFF)  # the program's objects are gone; ours need no ceremony
