"""Which test images use the chosen category of the chosen group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from vae_core.runs.run import Run
from widgets.components.picker import source
from widgets.run_data import group_codes, usage
from widgets.run_data.codes import Codes
from widgets.shell import sheets, tasks, words

if TYPE_CHECKING:
    from torch import Tensor

MOST = 10  # images
SIZE = 84  # pixels on screen


def show(run: Run, group: int, category: int) -> None:
    codes = usage.codes(run)
    share, each = float(group_codes.use(codes).shares[group, category]), run.spec.posterior.width
    st.markdown(
        f"**Which images use category {category + 1} of z{group + 1}**: {100 * share:.1f} % of q(z), "
        f"{100 / each:.1f} % of the prior"
    )
    if not codes.whole:
        st.caption("The images come when the run has saved the codes of all test images.")
        return
    images, given, chosen = of_category(codes, group, category)
    found = source.of(run)
    if not isinstance(found, tasks.Task) and found.kind == "test":
        sheets.row(
            [
                (
                    f"{100 * p:.0f} %",
                    found.images[number],
                    f"Test image {number}: q(z|x) gives it {100 * p:.1f} %",
                )
                for number, p in zip(images.tolist(), given.tolist(), strict=True)
            ],
            SIZE,
        )
    total = words.count(len(codes.run.group_codes))
    st.caption(
        f"The test images that give it most. It is the first choice of {words.count(chosen)} of {total}."
    )


@st.cache_data(max_entries=256, show_spinner=False)
def of_category(codes: Codes, group: int, category: int) -> tuple[Tensor, Tensor, int]:
    """The images that give it most, how much, and of how many it is the most probable one."""
    from vae_core.analysis import category_map

    found = codes.run.group_codes
    images, given = category_map.most_using(found, group, category, MOST)
    return images, given, int((found.probabilities[:, group].argmax(-1) == category).sum())
