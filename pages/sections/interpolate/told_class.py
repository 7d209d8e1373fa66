"""The class under which a model that is told classes decodes a path: it travels with t, or stays the same."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from vae_core.runs.run import Run
from widgets.run_data.classes import dataset_classes
from widgets.run_data.subject import Picked
from widgets.shell import links, url_state, url_widgets

TRAVELS, OF_A, OF_B = "travels", "a", "b"


def choose(runs: Sequence[Run], a: Picked, b: Picked, travelling: str = "Travels with t") -> str:
    """Shown where one of the runs is told classes. travelling: what it is called that each image has its
    own."""
    told = [run for run in runs if run.model.classes]
    if not told:
        url_state.without_control(links.UNDER, "this model knows no classes")
        return TRAVELS
    names = {TRAVELS: travelling, OF_A: f"A’s: {_of(told[0], a)}", OF_B: f"B’s: {_of(told[0], b)}"}
    names |= {str(k): called(told[0], k) for k in range(min(run.model.classes for run in told))}
    chosen = st.selectbox(
        "Class",
        list(names),
        format_func=names.__getitem__,
        **url_widgets.choice(links.UNDER, list(names), label=names.__getitem__),
        width=180,
        help="This model is told the class that it decodes. Travelling, it goes from that of each image to "
        "that of the next, as the code does, and each image is decoded under its own. Held, it is the same "
        "for all frames.",
    )
    return str(chosen)


def classes(run: Run, chosen: str, images: Sequence[Picked], a: Picked, b: Picked) -> tuple[int | None, ...]:
    """The class at each of the images; None is the blend of all, where it is not known. Of a model that is
    told no class there are none."""
    if not run.model.classes:
        return ()
    if chosen == TRAVELS:
        return tuple(image.label for image in images)
    held = {OF_A: a.label, OF_B: b.label}
    return (held[chosen] if chosen in held else int(chosen),) * len(images)


def called(run: Run, y: int | None) -> str:
    names = dataset_classes(run)
    return "all classes" if y is None else names[y] if y < len(names) else str(y)


def _of(run: Run, image: Picked) -> str:
    return "not known" if image.label is None else called(run, image.label)


def in_words(run: Run, classes: Sequence[int | None]) -> str:
    """Such as "7", or "4 to 7"; empty of a model that is told no class."""
    names = [called(run, y) for y in classes]
    return " to ".join(names[:1] if len(set(names)) == 1 else names)
