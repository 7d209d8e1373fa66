"""The true posterior of one image beside the encoder's q, and what the ELBO is short of log p(x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.sections.latent_map import gap_compute, pins
from vae_core.model import variance_bound
from vae_core.runs.run import Run
from widgets.components import picker
from widgets.components.latent_map import densities
from widgets.components.latent_map.map_view import View
from widgets.components.picker import source as pictures
from widgets.components.true_posterior import QState, Shown, true_posterior
from widgets.run_data import classes, library
from widgets.run_data.codes import Codes, weights
from widgets.run_data.subject import Subject
from widgets.shell import data_url, links, tasks
from widgets.shell.component_state import ComponentState
from widgets.shell.error_boundary import callback

if TYPE_CHECKING:
    from vae_core.analysis.posterior_gap import Survey

STATE: ComponentState[QState] = ComponentState("true-posterior", {"q": links.Q})
# Test images of shipped runs that the section opens on: a posterior of two modes, which one Gaussian misses.
OPENING = {"vae-2d-mnist": 6}
LISTED = 6  # images of each list


def show(run: Run, codes: Codes, view: View) -> None:
    if (undefined := variance_bound.undefined_kl(codes.posteriors.log_var)) is not None:
        st.warning(f"**{undefined}** {variance_bound.WHY}", icon=":material/block:")
        return
    hand = "Drag q, or press Fit." if gap_compute.plane(run) else "Fit moves q to where the ELBO is highest."
    st.caption(
        "log p(x) = ELBO + KL(q(z|x) || p(z|x)): what the ELBO lacks is how far q is from the true "
        f"posterior. {hand}"
    )
    with st.container(width=300):
        picked = picker.pick(links.IMAGE, run, label="Image", default=opening(run))
    if picked is None:
        return
    subject, version = Subject.of(run, picked), weights(run)
    task = tasks.start(gap_compute.of_image, str(run.path), version, subject, streamed=True)
    if not task.done() and task.partial is None:
        task.begun.wait(gap_compute.PATIENCE)
    if task.done():
        tasks.when_done(task, "Integrating", lambda found: board(run, found))
    elif task.partial is not None:
        board(run, task.partial)
        tasks.when_done(task, "Fitting the best q", lambda _: None)
    else:
        tasks.when_done(task, "Integrating over z", lambda _: None)
    lists(run, version)


def opening(run: Run) -> int:
    """The pinned image, where one is pinned."""
    pinned = pins.state(run).image
    return OPENING.get(run.name, 0) if pinned is None else pinned


def board(run: Run, shown: Shown) -> None:
    latent = run.spec.latent
    state = STATE.read(lambda link: QState.from_link(link, latent))
    if state.about not in (None, shown.about):
        # A browser that has not heard of this image yet tells once more where q was beside the one before.
        state = QState()
        STATE.move(state)
    decoder = densities.decoder(str(run.path), weights(run), classes.decoded_class(run))
    if decoder is None:
        return

    def moved() -> None:
        STATE.hear(QState.from_browser(st.session_state[STATE.key].get("q"), latent))

    true_posterior(
        STATE.key,
        decoder,
        shown,
        state=state,
        revision=STATE.revision,
        label=f"True posterior of {library.title(run)}",
        on_change=callback(moved),
    )


def lists(run: Run, version: Any) -> None:
    """The images with the widest gaps and those of two modes, once they have been asked for."""
    task = tasks.start(gap_compute.survey, str(run.path), version, tracked=True)
    tasks.when_done(task, "Looking for the widest gaps", lambda found: listed(run, found), "gap-cancel")


def listed(run: Run, found: Survey) -> None:
    gaps = found.gap
    widest = gaps.argsort(descending=True)[:LISTED].tolist()
    st.markdown(
        f"**Widest gaps** of {len(gaps)} test images: mean {gaps.mean():.1f}, median {gaps.median():.1f} nats"
    )
    row(run, widest, [f"{gaps[i]:.1f} nats" for i in widest], "widest")
    if found.second is None:
        return
    two = [i for i in found.second.argsort(descending=True).tolist() if found.second[i] > 0][:LISTED]
    st.markdown(f"**Two modes**: {int((found.second > 0).sum())} of {len(gaps)} images")
    row(run, two, [f"{100 * found.second[i]:.0f} % in the second" for i in two], "modes")


def row(run: Run, images: list[int], captions: list[str], key: str) -> None:
    source = pictures.of(run)
    if not isinstance(source, pictures.Source):
        return
    with st.container(horizontal=True, gap="small", key=f"gap-{key}"):
        for i, caption in zip(images, captions, strict=True):
            with st.container(width=96, gap=None):
                st.image(data_url.address(source.images[i]), width=64)
                st.caption(caption)
                st.button(
                    f"{source.class_of(i) or 'Image'} · {i}",
                    key=f"gap-{key}-{i}",
                    on_click=callback(pins.pin_image),
                    args=(run, i),
                    help=f"Shows the true posterior of test image {i}, and pins it on the map.",
                )
