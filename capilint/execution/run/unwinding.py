"""Where handles are left behind: what tells CAP101 from CAP102, and both from handles put away.

The frame that makes a handle is traced, no other one.

    frame ── left by an exception ─────────────────────────► Departure (raised)
          ├─ returns, and nothing that lives holds it ─────► Departure
          └─ returns it, or has put it somewhere ──────────► the caller's frame takes over
"""

from __future__ import annotations

import dis
import sys
import threading
from types import FrameType
from typing import Any

from capilint.execution.run.holdings import held, outside
from capilint.execution.run.places import Place
from capilint.execution.run.python_places import frame_of_program, is_programs, place_of, stack_of
from capilint.execution.run.record import Departure, Recorder


class Unwinding:
    """Follows the frames that hold living handles."""

    def __init__(self, recorder: Recorder) -> None:
        """Starts to trace this thread, and those that are yet to start."""
        self._recorder = recorder
        self._held: dict[FrameType, set[int]] = {}
        self._raising: dict[FrameType, tuple[type[BaseException], Place]] = {}
        recorder.on_creation = self._created
        sys.settrace(self._begin)
        threading.settrace(self._begin)

    def stop(self) -> None:
        """Traces no more."""
        sys.settrace(None)
        threading.settrace(None)

    def _begin(self, frame: FrameType, event: str, argument: Any) -> None:
        return None  # no frame is traced from its start

    def _created(self, handle: int) -> None:
        frame = frame_of_program()
        if frame is not None:
            self._hold(frame, {handle})

    def _hold(self, frame: FrameType, handles: set[int]) -> None:
        self._held.setdefault(frame, set()).update(handles)
        frame.f_trace_lines = False
        frame.f_trace = self._trace

    def _trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "exception":
            self._raising[frame] = (argument[0], place_of(frame))
        elif event == "return":
            raised = self._raising.pop(frame, None)
            handles = self._recorder.living & self._held.pop(frame, set())
            if raised is None or _returns(frame):
                self._returned(frame, argument, handles)
            elif not issubclass(raised[0], (SystemExit, GeneratorExit)):
                self._left(frame, raised[1], handles, raised=True)
        return self._trace

    def _returned(self, frame: FrameType, result: object, handles: set[int]) -> None:
        if not handles or frame.f_code.co_name == "<module>":
            return
        kept = held([result], handles)
        kept |= held(outside(frame), handles - kept)
        self._left(frame, place_of(frame), handles - kept, raised=False)
        caller = frame.f_back
        while caller is not None and not is_programs(caller):
            caller = caller.f_back
        if caller is not None and kept:
            self._hold(caller, kept)

    def _left(self, frame: FrameType, place: Place, handles: set[int], raised: bool) -> None:
        stack = (place, *stack_of(frame.f_back))
        for handle in handles:
            self._recorder.lives[handle].departure = Departure(stack, raised)


def _returns(frame: FrameType) -> bool:
    """Whether a frame that is left is left by itself, and not by an exception."""
    return dis.opname[frame.f_code.co_code[frame.f_lasti]].startswith(("RETURN", "YIELD"))
