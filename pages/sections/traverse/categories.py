"""The page of a run whose codes are categories: a row for each group, a picture for each category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.sections.traverse.controls import HEIGHT, PICKER, STARTS
from vae_core.runs.run import Run
from widgets.components import picker, pixels_switch
from widgets.components.categories import categories, parcel
from widgets.components.code_map import CodeMapState
from widgets.run_data import group_codes, library, usage
from widgets.run_data.subject import Picked
from widgets.shell import links, url_widgets
from widgets.shell.component_state import ComponentState
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment

if TYPE_CHECKING:
    from vae_core.analysis.decode import Pixels

NOTICE = (
    "**Notice.** The upper rows change the image most. A category that no test image chooses is one that the "
    "decoder was never asked to draw."
)
FROM = STARTS | {"prior": "Prior's draw"}
CHOSEN: ComponentState[CodeMapState] = ComponentState("categories", {"changed": links.CHANGED_CODES})


@dataclass(frozen=True, eq=False)
class Start:
    """chosen [M]: a category for each group. picked: of which image; probabilities [M, K]: its q(z|x). Both
    None of a draw of the prior."""

    chosen: np.ndarray
    picked: Picked | None = None
    probabilities: np.ndarray | None = None


def show(run: Run, title: DeltaGenerator) -> None:
    """title: the line of the page's title, in which there is room for one control."""
    start = choose(run)
    with title:
        pixels = pixels_switch.choose_in_browser(run)
    if start is None:
        return

    def part() -> None:
        board(run, start, pixels)

    fragment(part)
    each, most = run.spec.posterior.width, group_codes.use(usage.codes(run)).shares.max()
    st.caption(
        f"Rows are sorted by their KL to the uniform prior, at most log {each} = {np.log(each):.2f} nats. "
        "Each bar is the share of q(z) that chooses the category, over the test images; the longest is "
        f"{100 * most:.0f} %. Outlined: what is chosen; in grey: where it started."
    )


def choose(run: Run) -> Start | None:
    """Where the groups start; None where an image is still to come."""
    with st.container(horizontal=True, gap="small", vertical_alignment="top", key="traverse-strip"):
        start = st.segmented_control(
            "Start from",
            list(FROM),
            format_func=FROM.__getitem__,
            **url_widgets.choice(links.START_FROM, list(FROM), label=FROM.__getitem__, by="default"),
            required=True,
            help="The categories that the encoder finds most probable for this image; or a draw of the "
            "prior, under which all are as likely.",
        )
        if start == "prior":
            seed = st.number_input(
                "Seed",
                0,
                9999,
                **url_widgets.whole(links.SEED),
                width=120,
                help="Another seed, another draw.",
            )
            generator = np.random.default_rng(int(seed))
            return Start(generator.integers(run.spec.posterior.width, size=run.spec.latent))
        with st.container(width=PICKER):
            picked = picker.pick(links.START, run, label="Image")
    if picked is None:
        return None
    found = group_codes.probabilities(run, picked)
    return Start(found.argmax(1), picked, found)


def board(run: Run, start: Start, pixels: Pixels) -> None:
    groups, each = run.spec.latent, run.spec.posterior.width
    use = group_codes.use(usage.codes(run))

    def receive() -> None:
        said = (st.session_state.get(CHOSEN.key) or {}).get("state")
        now = CodeMapState.from_browser(said, (each,) * groups)
        if now is not None:
            CHOSEN.hear(now)

    categories(
        CHOSEN.key,
        decoder=usage.decoder(run, None),
        groups=parcel(
            start.chosen,
            use.shares,
            use.kl,
            None if start.picked is None else start.picked.image,
            start.probabilities,
        ),
        state=CHOSEN.read(lambda link: CodeMapState.from_link(link, (each,) * groups)),
        revision=CHOSEN.revision,
        y=usage.condition(run, start.picked),
        pixels=pixels,
        height=HEIGHT,
        label=f"Categories of {library.title(run)}",
        on_change=callback(receive),
    )
