"""What tests of Train share."""

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.testing.v1 import AppTest

from vae_core.runs.run import Run, all_runs


class Hand:
    """Stands in for the slider of beta: what it is shown with, and what is done with it at the next run."""

    def __init__(self) -> None:
        self.shown: list[tuple[float, bool]] = []  # (beta, whether it reports while it is dragged)
        self.moves: list[tuple[float, bool]] = []  # (beta, whether the hand lets go)

    def __call__(self, key: str, value: float, *, live: bool, on_move: Callable[[], None], **_: Any) -> None:
        self.shown.append((value, live))
        if self.moves:
            to, done = self.moves.pop(0)
            st.session_state[key] = {"moved": {"value": to, "done": done, "count": 1}}
            on_move()


def only_run() -> Run:
    (run,) = all_runs()
    return run


def press(at: AppTest, key: str) -> AppTest:
    return at.button(key=key).click().run()


def red_captions(at: AppTest) -> list[str]:
    """What stands in red at fields and under the buttons."""
    return [caption.value for caption in at.caption if caption.value.startswith(":red[")]


def words_of(markdown: str) -> str:
    return markdown.replace("\\", "")
