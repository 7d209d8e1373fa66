"""Two images coded at two levels: the top of one with the bottom of the other, beside both as they are."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages.sections.interpolate.discrete_codes import Between, codes, weights
from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from widgets.run_data import capabilities
from widgets.run_data.subject import Subject
from widgets.shell import data_url, words

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.decode import Pixels

TITLES = ("A", "Top of A, bottom of B", "Top of B, bottom of A", "B")


def show(between: Between, pixels: Pixels) -> None:
    run, four = between.run, of_four(between)
    st.markdown("**Swap a level**: the top of one image with the bottom of the other")
    pictures = map(data_url.address, images(between, four, pixels))
    head = "".join(
        f'<th scope="col"><img alt="{escape(title)}, decoded" src="{picture}">{escape(title)}</th>'
        for title, picture in zip(TITLES, pictures, strict=True)
    )
    body = "".join(
        f'<tr><th scope="row">{name}</th>'
        + "".join(f"<td>{words.nats(value)}</td>" for value in values)
        + "</tr>"
        for name, values in numbers(between, four)
    )
    st.html(f'<table class="elbo-swap"><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>')
    st.caption(says(run))


def says(run: Run) -> str:
    under = " Each is decoded under the class of the image whose top it has." if run.model.classes else ""
    if "likelihood" not in capabilities.of(run):
        return f"Codes of a level that belong together cost less, in nats under the run’s own prior.{under}"
    return (
        "Nats under the run’s own prior: a bottom that does not belong to its top costs more. log p(A | z) "
        f"and log p(B | z) say whose image it is.{under}"
    )


def of_four(between: Between) -> Tensor:
    """Codes int64 [4, N], by TITLES."""
    import torch

    from vae_core.analysis import two_levels

    a, b = (torch.from_numpy(codes(between.run, each)) for each in (between.a, between.b))
    return two_levels.swapped(between.run.model, a, b)


def conditions(between: Between) -> Tensor | None:
    """Weights of the classes of TITLES [4, C]: those of the image whose top it is."""
    ends = weights(between, 2)
    return None if ends is None else ends[[0, 0, 1, 1]].float()


def images(between: Between, four: Tensor, pixels: Pixels) -> np.ndarray:
    """uint8 [4, C, H, W]."""
    import torch

    from vae_core.analysis import cells, decode

    model = between.run.model
    noise = torch.Generator(model.device).manual_seed(0)
    shown = decode.decode(model, cells.embed(model, four), conditions(between), pixels, noise)
    return np.asarray(to_uint8(shown.cpu()).numpy())


def numbers(between: Between, four: Tensor) -> list[tuple[str, list[float]]]:
    """Of TITLES what the levels cost, and log p(x|z) of both images, where the run has one; nats."""
    from vae_core.analysis import cells, two_levels

    run, y = between.run, conditions(between)
    nats = -cells.log_prob(run.model, four, y)
    top, bottom = nats.T.tolist()
    rows = [("−log p(top)", top), ("−log p(bottom | top)", bottom), ("Both", nats.sum(1).tolist())]
    if "likelihood" in capabilities.of(run):
        for name, picked in (("A", between.a), ("B", between.b)):
            image = Subject.of(run, picked).tensor()
            rows.append((f"log p({name} | z)", two_levels.log_px(run.model, image, four, y).tolist()))
    return rows
