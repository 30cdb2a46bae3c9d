"""Which handles an exception left behind: the difference between CAP101 and CAP102.

The frame that makes a handle is traced, no other one. Where it is left by an exception while the
handle lives, that is noted; where it returns, its caller is traced in its place.

    frame ── left by an exception ──► left_by_exception
          └─ return ──► the caller's frame takes over
"""

from __future__ import annotations

import dis
import sys
import threading
from types import FrameType
from typing import Any

from capilint.run.places import Place
from capilint.run.python_places import frame_of_program, is_programs, place_of
from capilint.run.record import Recorder


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
        threading.settrace(None)  # type: ignore[arg-type]

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
            handles = self._held.pop(frame, set())
            if raised is None or _returns(frame):
                self._hand_over(frame.f_back, handles)
            elif not issubclass(raised[0], (SystemExit, GeneratorExit)):
                self._left(handles, raised[1])
        return self._trace

    def _hand_over(self, caller: FrameType | None, handles: set[int]) -> None:
        while caller is not None and not is_programs(caller):
            caller = caller.f_back
        if caller is not None and handles:
            self._hold(caller, handles)

    def _left(self, handles: set[int], place: Place) -> None:
        for handle in handles:
            life = self._recorder.lives[handle]
            if not life.release:
                life.left_by_exception = (place,)


def _returns(frame: FrameType) -> bool:
    """Whether a frame that is left is left by itself, and not by an exception."""
    return dis.opname[frame.f_code.co_code[frame.f_lasti]].startswith(("RETURN", "YIELD"))
