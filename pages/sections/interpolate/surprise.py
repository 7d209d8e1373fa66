"""Images drawn at random, of different classes: the seed stands in the link, and any may be changed."""

from __future__ import annotations

import secrets

import numpy as np
import streamlit as st

from vae_core.runs.run import Run
from widgets.components.picker import source
from widgets.shell import links, tasks, url_state
from widgets.shell.error_boundary import callback
from widgets.shell.link_types import Parameter

IMAGES = (links.IMAGE, links.END, *links.STOP)
CORNERS = (links.LOWER_LEFT, links.LOWER_RIGHT)  # of a grid; they begin with what stops begin with


def begin_with(run: Run) -> list[int]:
    """The numbers of the images where the link names none: as the seed has it, else the first ones."""
    text, images = url_state.read(links.SURPRISE), source.of(run)
    if text is None or isinstance(images, tasks.Task):
        return list(range(len(IMAGES)))
    url_state.accepted(links.SURPRISE, text)
    return drawn(images.labels, len(images), links.SURPRISE.parse(text))


def drawn(labels: np.ndarray | None, count: int, seed: int) -> list[int]:
    """One number for each of IMAGES, of as many different classes as there are."""
    generator = np.random.default_rng(seed)
    if labels is None:
        return [int(generator.integers(count)) for _ in IMAGES]
    classes = generator.permutation(np.unique(labels))
    wanted = np.resize(classes, len(IMAGES))
    return [int(generator.choice(np.flatnonzero(labels == each))) for each in wanted]


def button() -> None:
    st.button(
        "Surprise me",
        key="surprise",
        icon=":material/casino:",
        type="tertiary",
        on_click=callback(press),
        help="Other test images, drawn at random, each of another class. The link holds the seed.",
    )


def press() -> None:
    """For a callback."""
    now = url_state.read(links.SURPRISE)
    seeds = range(links.SURPRISE.least, (links.SURPRISE.most or 0) + 1)
    seed = secrets.choice([seed for seed in seeds if str(seed) != now])
    cleared: dict[Parameter, str | tuple[str, ...] | None] = dict.fromkeys(IMAGES + CORNERS)
    url_state.write_all({**cleared, links.SURPRISE: str(seed)})
