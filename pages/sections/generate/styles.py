"""One style in every class, of an image or drawn; and the way from one class to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from widgets.components import picker, take_away
from widgets.components.take_away import File
from widgets.run_data import library, usage
from widgets.run_data.classes import names
from widgets.run_data.codes import weights
from widgets.run_data.library import open_run
from widgets.shell import links, sheets, url_widgets
from widgets.shell.link_types import Parameter

ROWS, STEPS = 5, 9


def show(run: Run) -> None:
    called = names(run)
    key = (str(run.path), weights(run))
    with st.container(horizontal=True, gap="large"):
        left, right = st.container(width=300), st.container(width="stretch")
    with left:
        picked = picker.pick(links.IMAGE, run, label="Style of")
        first = _class(called, links.BLEND_FROM, "Blend from", 4)
        second = _class(called, links.BLEND_TO, "to", 9)
    if picked is None:
        return
    z = usage.code(run, picked)
    with right:
        st.markdown("**This style in every class**")
        sheets.row(
            [
                (called[c], image, "The image's code, decoded under this class.")
                for c, image in enumerate(in_every_class(*key, z))
            ],
            72,
            run.spec.classes if run.spec.classes <= 12 else None,
        )
        st.markdown(f"**From {called[first]} to {called[second]}**, the code held")
        shares = [f"{100 * step / (STEPS - 1):.0f}%" for step in range(STEPS)]
        sheets.row(
            [
                (share, image, f"{share} of {called[second]}, the rest {called[first]}.")
                for share, image in zip(shares, between(*key, z, first, second), strict=True)
            ],
            72,
            STEPS,
        )
        st.markdown("**Styles of the prior**, one to a row")
        for k, style in enumerate(of_prior(*key), 1):
            across = run.spec.classes if run.spec.classes <= 12 else None
            sheets.sheet(style, 72, across, name=f"Style {k}, image")
        st.caption(
            "Means of p(x|z, y). The image's code is the mean of q(z|x, y) under its class; of a drawing, "
            "under the class that the classifier sees, or without one the blend of all."
        )
        take_away.menu(
            "styles",
            f"{run.name} styles {picked.name}",
            {
                "run": library.title(run),
                "image": picked.name,
                "blend": f"{called[first]} to {called[second]}",
            },
            [
                File(
                    "png",
                    lambda times: _sheet(
                        [in_every_class(*key, z), between(*key, z, first, second), *of_prior(*key)], 2 * times
                    ),
                    help="This style in every class, the blend, styles of the prior.",
                )
            ],
        )


def _sheet(rows: Sequence[np.ndarray], times: int) -> bytes:
    """Rows of images uint8 [K, C, H, W], filled with black where others are longer."""
    most = max(map(len, rows))
    filled = [np.concatenate([row, np.zeros((most - len(row), *row.shape[1:]), np.uint8)]) for row in rows]
    return sheets.tile(np.concatenate(filled), most, times)


def _class(called: list[str], field: Parameter, label: str, default: int) -> int:
    options = list(range(len(called)))
    return int(
        st.selectbox(
            label,
            options,
            format_func=called.__getitem__,
            **url_widgets.choice(field, options, min(default, len(called) - 1), called.__getitem__),
            help="The condition moves in a straight line between the two.",
        )
    )


@st.cache_data(max_entries=64, show_spinner=False)
def in_every_class(path: str, version: Any, z: tuple[float, ...]) -> np.ndarray:
    """uint8 [K, C, H, W]."""
    import torch

    from vae_core.analysis import generate

    return to_uint8(generate.every_class(open_run(path).model, torch.tensor([z]))[0].numpy())


@st.cache_data(max_entries=64, show_spinner=False)
def between(path: str, version: Any, z: tuple[float, ...], first: int, second: int) -> np.ndarray:
    """uint8 [STEPS, C, H, W]."""
    import torch

    from vae_core.analysis import generate

    images = generate.blend(open_run(path).model, torch.tensor(z), first, second, STEPS)
    return to_uint8(images.numpy())


@st.cache_data(max_entries=16, show_spinner=False)
def of_prior(path: str, version: Any) -> np.ndarray:
    """uint8 [ROWS, K, C, H, W]: codes of the prior's class 0, where classes have priors of their own."""
    import torch

    from vae_core.analysis import generate

    model = open_run(path).model
    z = generate.codes(model, torch.zeros(ROWS, dtype=torch.long))
    return to_uint8(generate.every_class(model, z).numpy())
