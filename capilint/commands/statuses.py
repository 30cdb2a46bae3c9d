"""The exit statuses that are not 0."""

from __future__ import annotations

FINDINGS = 1
TROUBLE = 2  # a mistake, or something that could not be read or written
SIGNALLED = 128  # and the signal's number, as shells have it
