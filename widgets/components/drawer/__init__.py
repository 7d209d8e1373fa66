"""A drawer: a part of the page that a button opens over the rest, at once and without a run of the script.

What is in it is drawn at every run, open or not: it is only out of sight.
"""

from __future__ import annotations

from pathlib import Path

from widgets.components import scripts

HERE = Path(__file__).parent


def button(panel: str, label: str, open: bool, below: str) -> None:
    """The button that opens and closes the container with that key, below another one.

    open: how it is at first, and where this changes; in between the hand decides.
    """
    _mount(panel, "button", label, open, below)


def head(panel: str, label: str) -> None:
    """The first line of the container: its title, and a cross that closes it. Called inside of it."""
    _mount(panel, "head", label)


def _mount(panel: str, part: str, label: str, open: bool = False, below: str = "") -> None:
    mount = scripts.component(
        "drawer", js=(HERE / "drawer.js").read_text(), css=(HERE / "drawer.css").read_text()
    )
    mount(
        key=f"{panel}-{part}",
        data={"panel": panel, "part": part, "label": label, "open": open, "below": below},
    )
