"""How an API call of the model fails, and how the model says that it lacks something."""

from __future__ import annotations


class Failure(Exception):
    """An API call fails: it returns FALSE and sets this last error."""

    def __init__(self, error: int) -> None:
        """`error` is the value that GetLastError shall return."""
        super().__init__(f"last error {error:#x}")
        self.error = error


class NotSupported(RuntimeError):
    """The program needs something that the model does not have; the message names it."""


def require(condition: bool, error: int) -> None:
    """Fails the API call with this last error unless the condition holds."""
    if not condition:
        raise Failure(error)
