"""What was asked on the way to a result, and what the answers were.

A result is right again where its inputs are the same and every question has the same answer: then
each next question would be the same, too. Questions are asked in the order in which they came up,
so that those that follow a changed answer are not asked, and what they leave behind (notes, files
that cannot be read) is what a run leaves behind that finds out anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

Question = tuple[object, ...]
"""A kind and texts, numbers, truths, or tuples of these."""
Answer = str


class Trace:
    """The questions of a run so far, each once."""

    def __init__(self) -> None:
        self.answers: dict[Question, Answer] = {}

    def note(self, question: Question, answer: Answer) -> None:
        """A question was asked."""
        self.answers.setdefault(question, answer)


def holds(trace: Iterable[tuple[Question, Answer]], ask: Callable[[Question], Answer]) -> bool:
    """Whether all answers are the same again."""
    return all(ask(question) == answer for question, answer in trace)


def question(value: object) -> Question:
    """A question as it was before it became JSON. Raises TypeError where it was none."""
    asked = _frozen(value)
    if not isinstance(asked, tuple):
        raise TypeError("no question")
    return asked


def _frozen(value: object) -> object:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
