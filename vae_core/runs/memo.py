"""What was read of the folders of runs, kept while one page is made.

A page asks for the state and the settings of every run many times over. Outside of a scope each question is
put to the disk; within one, the first answer holds, so that the page shows one moment, and visitors do not
wait for one another at thousands of calls of the system. Whatever this process writes clears the memo.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

_answers: ContextVar[dict[Hashable, Any] | None] = ContextVar("answers", default=None)


@contextmanager
def scope() -> Iterator[None]:
    """Within, what is read is kept; a scope in a scope is the same one."""
    if _answers.get() is not None:
        yield
        return
    token = _answers.set({})
    try:
        yield
    finally:
        _answers.reset(token)


def remember(key: Hashable, read: Callable[[], T]) -> T:
    """What `read` gives, or gave in this scope; what it raises is not kept."""
    answers = _answers.get()
    if answers is None:
        return read()
    if key not in answers:
        answers[key] = read()
    found: T = answers[key]
    return found


def clear() -> None:
    """For whoever has written something: the next question is put to the disk."""
    answers = _answers.get()
    if answers is not None:
        answers.clear()
