"""The board in a fragment of its own: a slider's rest goes to the link without the page being made again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.sections.traverse import naming, slider_state
from pages.sections.traverse.controls import HEIGHT, TraverseView
from vae_core.runs.run import Run
from vae_core.spec.capabilities import capabilities
from widgets.components.traverse import Model, traverse
from widgets.run_data import library, usage
from widgets.shell import links, url_state, words
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment


@dataclass(frozen=True, eq=False)
class Side:
    """One of the board's models: its run, where its sliders start, the class it decodes under."""

    run: Run
    origin: tuple[float, ...]
    y: int | None
    stops: np.ndarray
    ticks: list[str]
    draws: np.ndarray | None  # of the prior; None is N(0, I)


def sides(view: TraverseView) -> list[Side]:
    found = []
    for run in view.runs:
        codes = usage.codes(run)
        y = usage.condition(run, view.picked)
        prior = usage.of_prior(codes, y)
        origin = usage.code(run, view.picked) if view.picked else prior.mean
        stops, ticks = usage.stops(codes, view.reach, y)
        found.append(Side(run, origin, y, stops, ticks, prior.draws))
    return found


def show(view: TraverseView) -> None:
    naming.changed()  # this run shows it

    def part() -> None:
        if naming.changed():
            st.rerun()  # the matrix below shows names too
        one_board(view)

    fragment(part)


def one_board(view: TraverseView) -> None:
    both = sides(view)
    models = [model(side, view, place) for place, side in enumerate(both)]
    latents = [run.spec.latent for run in view.runs]
    shown = traverse(
        slider_state.SLIDERS.key,
        models=models,
        state=slider_state.state(latents),
        revision=slider_state.SLIDERS.revision,
        pixels=view.pixels,
        height=HEIGHT,
        label="Traversals of " + " and ".join(library.title(run) for run in view.runs),
        on_change=callback(lambda: slider_state.receive(latents)),
        on_rename=callback(lambda change: naming.take(view.runs, change)),
    )
    if (fault := naming.fault()) is not None:
        st.warning(fault, icon=":material/error:")
    with st.container(horizontal=True, gap="medium", key="traverse-foot"):
        st.caption(below(both), width="stretch")
        if view.runs[0].spec.latent > 1:
            code = shown.code(0, both[0].origin)
            url_state.page_link(
                "latent_map",
                {
                    links.RUN: view.runs[0].name,
                    links.Z: ",".join(f"{v:.4g}" for v in code),
                    links.PINNED: None,
                    links.FRAME: None,
                },
                label="On the latent map",
                icon=":material/scatter_plot:",
                help="The code on screen, pinned on the map.",
            )


def model(side: Side, view: TraverseView, place: int) -> Model:
    run, codes = side.run, usage.codes(side.run)
    used = usage.usage(codes)
    return Model(
        run.name,
        library.title(run),
        usage.decoder(run, side.y),
        kl=used.kl.numpy(),
        stops=side.stops,
        ticks=side.ticks,
        origin=side.origin,
        draws=side.draws,
        image=view.picked.image if view.picked else None,
        order=used.order.tolist(),
        dead=used.dead.numpy(),
        names=naming.of(run, place),
        note=library.note(run),
    )


def condition_name(side: Side) -> str | None:
    """Under which class a model that is told classes decodes."""
    if not side.run.model.classes:
        return None
    name = words.literal(library.title(side.run))
    if side.y is None:
        return f"{name} is told classes, and none is known here: shown is their blend by p(y)."
    classes = side.run.spec.data.classes or ()
    return f"{name} is told the image's class, {classes[side.y] if side.y < len(classes) else side.y}."


def linear(side: Side) -> str | None:
    """What rows are where the decoder is one matrix."""
    if "ppca" not in capabilities(side.run.spec):
        return None
    return (
        f"{words.literal(library.title(side.run))} is linear: a row adds one column of W, near the optimum a "
        "principal component, and rows add up."
    )


def below(both: list[Side]) -> str:
    """What the board does not say itself."""
    sentences = [
        "Hardly used are dimensions whose posterior means vary, over the test images, with a variance of at "
        "most 0.01 (inactive in Burda et al. 2016)."
    ]
    shipped = [words.literal(library.title(side.run)) for side in both if side.run.is_gallery]
    if shipped:
        sentences.append(
            f"{' and '.join(shipped)} came with the app: names of dimensions stay in this tab and the link; "
            "a copy of the run keeps them."
        )
    else:
        sentences.append("Names of dimensions are kept with the run.")
    notes = []
    for side in both:
        if note := usage.kl_note(usage.codes(side.run)):
            notes.append(f"{words.literal(library.title(side.run))}: {note}")
    return " ".join(
        [*filter(None, map(condition_name, both)), *filter(None, map(linear, both)), *notes, *sentences]
    )
