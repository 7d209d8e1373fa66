"""Completions of a run whose pixels depend on each other: drawn one after another, in raster order."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.sections.inpaint import mask_canvas
from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from widgets.components import take_away
from widgets.components.take_away import File
from widgets.run_data import library
from widgets.run_data.codes import weights
from widgets.run_data.subject import Subject
from widgets.shell import links, sheets, tasks, url_state, url_widgets, words

if TYPE_CHECKING:
    from vae_core.analysis.progress import Progress

COUNTS = (4, 8, 16, 32, 64)
FEW = 16  # draws' worth, below which completions repeat
EXACT = (
    "Hidden pixels all come after the observed ones, row by row from the top: given its code, a completion "
    "is an exact draw of what is hidden."
)
WEIGHED = (
    "Some observed pixels come after hidden ones, row by row from the top. Draws are weighed by how well "
    "they lead to these, and completions are right as far as enough draws count. Hide the lower half: there "
    "each draw is exact, given its code."
)


@dataclass(frozen=True, eq=False)
class Found:
    """images uint8 [K, C, H, W]; exact: whether no weight depends on a hidden pixel."""

    images: np.ndarray
    exact: bool
    draws: int
    ess: float
    log_px: float
    seconds: float


def show(run: Run, subject: Subject, left: DeltaGenerator, right: DeltaGenerator) -> None:
    with left:
        observed = mask_canvas.canvas(subject)
    with right:
        count, seed = controls()
        if observed.all():
            st.info("Nothing is hidden yet. Paint over the image, or choose a mask.", icon=":material/brush:")
            return
        task = tasks.start(
            find,
            str(run.path),
            weights(run),
            subject,
            observed.tobytes(),
            count,
            seed,
            lane="completing",
            tracked=True,
        )
        tasks.when_done(
            task,
            "Drawing pixel by pixel",
            lambda found: _result(run, subject, observed, found, seed),
            "by-pixel",
        )


def controls() -> tuple[int, int]:
    """How many completions, and their seed."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        count = st.select_slider(
            "Completions",
            COUNTS,
            **url_widgets.choice(links.COUNT, COUNTS, by="value"),
            width=220,
            help="How many are shown, of all draws by their weights.",
        )
        seed = st.number_input(
            "Seed",
            0,
            9999,
            **url_widgets.whole(links.SEED),
            width=120,
            help="Another seed, other completions.",
        )
    return int(count), int(seed)


def _result(run: Run, subject: Subject, observed: np.ndarray, found: Found, seed: int) -> None:
    truth = "The whole image" + (", binarised once." if subject.binarised else ".")
    sheets.row(
        [
            ("observed", sheets.covered(subject.image, observed), "What is given."),
            ("truth", subject.image, truth),
            ("mean", to_uint8(found.images.mean(0) / 255), "The mean of the completions."),
        ]
    )
    sheets.sheet(found.images, 80, name="Completion")
    st.caption(
        f"{EXACT if found.exact else WEIGHED} Code and pixels were drawn {words.count(found.draws)} times, "
        f"worth {found.ess:,.0f} by their weights; log p(observed) is about {words.nats(found.log_px)} nats. "
        f"It took {found.seconds:.1f} s: each of {found.images[0, 0].size:,} pixels waits for the one before."
    )
    if found.ess < FEW:
        st.warning(
            f"Few draws carry all the weight ({found.ess:.1f} of {words.count(found.draws)}), so completions "
            "repeat and do not tell what else was possible.",
            icon=":material/warning:",
        )
    hidden = url_state.read(links.HIDE) or str(links.HIDE.default)
    about = {"run": library.title(run), "image": subject.name, "seed": str(seed)}
    about["hidden"] = hidden if hidden in mask_canvas.PRESETS else mask_canvas.PAINTED
    file = File("png", lambda times: sheets.tile(found.images, times=2 * times), help="The completions.")
    take_away.menu("by-pixel", f"{run.name} completions seed {seed}", about, [file])


def find(
    path: str,
    version: Any,
    subject: Subject,
    observed: bytes,
    count: int,
    seed: int,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> Found:
    """observed: bool [H, W] as bytes. version: of the weights, a part of the cache's key."""
    import torch

    from pages.sections.inpaint.compute import mask_of
    from vae_core.analysis import inpaint
    from vae_core.training.process import quick_arithmetic

    model, mask = library.open_run(path).model, mask_of(subject, observed)[0]
    generator = torch.Generator(model.device).manual_seed(seed)
    start = time.perf_counter()
    with quick_arithmetic():
        found = inpaint.in_order(
            model,
            subject.tensor(),
            mask,
            count,
            generator=generator,
            progress=progress,
            cancelled=cancelled,
        )
    seconds, exact = time.perf_counter() - start, inpaint.hides_the_end(mask)
    images = to_uint8(found.images.numpy())
    return Found(images, exact, found.draws, found.ess, found.log_px, seconds)
