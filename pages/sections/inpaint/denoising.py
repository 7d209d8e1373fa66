"""Noise over an image, and what its reconstruction makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.sections.inpaint import condition_picker
from vae_core.pixels import to_uint8, unit
from vae_core.runs.run import Run
from widgets.run_data.codes import weights
from widgets.run_data.library import open_run
from widgets.run_data.subject import Subject
from widgets.shell import links, sheets, url_widgets

KINDS = {"erased": "Erased pixels", "salt_and_pepper": "Salt and pepper", "gaussian": "Gaussian"}
TOLD = (
    "What the model is told. At first what its own classifier reads in the noisy image; without one, the "
    "image's label."
)
LADDER = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7)


def show(run: Run, subject: Subject, left: DeltaGenerator, right: DeltaGenerator) -> None:
    with left:
        above = st.container()
        kind = str(
            st.selectbox(
                "Noise",
                list(KINDS),
                format_func=KINDS.__getitem__,
                **url_widgets.choice(links.NOISE, list(KINDS), label=KINDS.__getitem__),
                help="Erased: a share of the pixels is black. Salt and pepper: black or white. Gaussian: "
                "added to every pixel, with this standard deviation.",
            )
        )
        percent = int(
            st.slider(
                "Strength, %",
                0,
                100,
                **url_widgets.whole(links.STRENGTH),
                help="The share of pixels hit; of Gaussian noise the standard deviation, white being 100.",
            )
        )
        seed = int(st.number_input("Seed", 0, 9999, **url_widgets.whole(links.SEED), help="Other noise."))
    with above:
        y = condition_picker.chosen(run, subject, noised(subject, kind, percent / 100, seed), TOLD)
    key = (str(run.path), weights(run), subject, y, kind)
    with right:
        noisy, clean = denoised(*key, percent / 100, seed)
        q = "q(z|x, y)" if run.spec.encoder_sees_class else "q(z|x)"
        truth = unit(subject.image)
        sheets.row(
            [
                (
                    "image",
                    subject.image,
                    "Without noise" + (", binarised once." if subject.binarised else "."),
                ),
                ("with noise", to_uint8(noisy), "What the encoder is given."),
                (
                    "reconstruction",
                    to_uint8(clean),
                    f"Decoded from the mean of {q} of the noisy image.",
                ),
            ],
            160,
        )
        before, after = (float(np.square(each - truth).mean()) for each in (noisy, clean))
        st.caption(
            f"Squared error per pixel against the image: **{before:.4f}** with noise, **{after:.4f}** after "
            "reconstruction. The model was trained without this noise."
        )
        st.markdown("**More and more of it**")
        steps = [denoised(*key, share, seed) for share in LADDER]
        sheets.row(
            [
                (f"{share:.0%}", to_uint8(step[0]), "With noise.")
                for share, step in zip(LADDER, steps, strict=True)
            ],
            84,
            across=len(LADDER),
        )
        sheets.row([("", to_uint8(step[1]), "Reconstruction.") for step in steps], 84, len(LADDER))


def noised(subject: Subject, kind: str, strength: float, seed: int) -> np.ndarray:
    """The image under noise, float [C, H, W]."""
    import torch

    from vae_core.model import noise

    generator = torch.Generator().manual_seed(seed)
    found: np.ndarray = noise.add(subject.tensor(), kind, strength, generator).numpy()
    return found


@st.cache_data(max_entries=256, show_spinner=False)
def denoised(
    path: str, version: Any, subject: Subject, y: int | None, kind: str, strength: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """The image under noise and its reconstruction, both float [C, H, W]. y: the class, where one is told."""
    import torch

    model, noisy = open_run(path).model, noised(subject, kind, strength, seed)
    given = None if y is None else torch.tensor([y])
    code = model.posteriors(torch.from_numpy(noisy)[None], given).mean
    return noisy, model.decode_mean(code, given)[0].numpy()
