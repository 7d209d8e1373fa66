"""Which runs are listed: by their images, their latent dimensions and their kind, as the link has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from vae_core.data.catalogue import title as title_of_images
from vae_core.runs.run import Run
from vae_core.spec import Spec
from widgets.shell import links, url_state, url_widgets, words
from widgets.shell.link_types import Choice

ANY = "any"


def kind(spec: Spec) -> str:
    """What people call such a model."""
    objective = spec.objective
    if spec.masked:
        return "Masked"
    if spec.noise.kind != "none":
        return "Denoising"
    if spec.classes:
        return "Conditional"
    if objective.kind == "elbo":
        beta = objective.beta
        return "Autoencoder" if beta == 0 else "VAE" if beta == 1 else "beta-VAE"
    return objective.title


def images(spec: Spec) -> str:
    return title_of_images(spec.data.name, spec.data.path)


@dataclass(frozen=True)
class Filter:
    """label: of the control. value: of a run, as the link has it; title: the same for people."""

    label: str
    field: Choice
    value: Callable[[Spec], str]
    title: Callable[[str], str] = str

    def shown(self, value: str) -> str:
        return "All" if value == ANY else self.title(value)


DISCRETE = "discrete"  # in the place of a latent size


def _size(spec: Spec) -> str:
    return str(spec.latent) if spec.posterior.continuous else DISCRETE


def _dimensions(size: str) -> str:
    return "Discrete codes" if size == DISCRETE else words.dimensions(int(size))


FILTERS = (
    Filter("Images", links.ONLY_IMAGES, images),
    Filter("Latent size", links.ONLY_DIMENSIONS, _size, _dimensions),
    Filter("Kind", links.ONLY_KIND, kind),
)


def filtered(runs: Sequence[Run]) -> list[Run]:
    """The controls, and the runs that they leave; runs that cannot be read stay where nothing is chosen."""
    read = {run: run.spec for run in runs if run.status.state != "unreadable"}
    left = list(runs)
    with st.container(horizontal=True, gap="small", key="filters"):
        for each in FILTERS:
            there = sorted({each.value(spec) for spec in read.values()}, key=_in_order)
            options = [ANY, *there]
            chosen = st.selectbox(
                each.label,
                options,
                width=190,
                format_func=each.shown,
                **url_widgets.choice(each.field, options, label=each.shown),
            )
            if chosen != ANY:
                left = [run for run in left if run in read and each.value(read[run]) == chosen]
    if not left:
        st.caption("No run is of all these. Choose All in one of them.")
    return left


def without_controls() -> None:
    """The page shows no filters."""
    for each in FILTERS:
        url_state.without_control(each.field, "More models are folded")


def _in_order(text: str) -> tuple[int, str]:
    return (int(text), "") if text.isdigit() else (1_000_000, text.casefold())
