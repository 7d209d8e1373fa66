"""Play, Pause, Step, Stop, Reset and New seed."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from pages.sections.train import availability, draft, form, labels
from vae_core.runs.run import Run, RunError, create
from vae_core.spec import Spec
from vae_core.workers import launch
from widgets.run_data import library
from widgets.shell import words
from widgets.shell.error_boundary import callback

ACTIVE = ("queued", "running", "paused")
ENDED = ("stopped", "interrupted", "diverged")  # and may go on


def buttons(run: Run | None, spec: Spec) -> None:
    """Those but the first are symbols; their words are for screen readers, and their help says the rest.

    None of them moves when a run ends: a second press on Stop would land on what starts another run.
    """
    state = run.status.state if run is not None else "none"
    own = run is not None and not run.is_gallery
    active = own and state in ACTIVE
    ended = own and state in ENDED
    other = changed(run, spec)
    waiting = draft.waiting()
    new = bool(other) or (own and not active)

    def play_button() -> None:
        st.button(
            "New run" if new else "Play",
            icon=":material/add:" if new else ":material/play_arrow:",
            key="play",
            type="secondary" if ended else "primary",
            on_click=callback(play),
            args=(run,),
            disabled=bool(waiting) or (active and state != "paused" and not other),
            help="Starts a new run with these settings; the present one is kept."
            if new
            else "Goes on after a pause; otherwise starts a new run with these settings.",
        )

    with st.container(horizontal=True, gap="small", key="transport", width="content"):
        if ended:
            st.button(
                "Resume",
                icon=":material/resume:",
                key="resume",
                type="primary",
                on_click=callback(resume),
                args=(run,),
                help="Goes on with this run from its last saved state.",
            )
        else:
            play_button()
        st.button(
            "Pause",
            icon=":material/pause:",
            key="pause",
            on_click=callback(_request),
            args=(run, "pause"),
            disabled=not active or state == "paused",
            help="Holds the training; Play goes on.",
        )
        st.button(
            "Step",
            icon=":material/skip_next:",
            key="step",
            on_click=callback(step),
            args=(run,),
            disabled=bool(waiting) and not active,
            help="One optimiser step, then a pause."
            if active
            else "A new run, which makes one step and pauses.",
        )
        st.button(
            "Stop",
            icon=":material/stop:",
            key="stop",
            on_click=callback(_request),
            args=(run, "stop"),
            disabled=not active,
            help="Ends the training and keeps the run; it can be resumed.",
        )
        st.button(
            "Reset",
            icon=":material/replay:",
            key="reset",
            on_click=callback(start),
            args=(run,),
            disabled=not own or bool(waiting),
            help="Starts again from step 0 with the same seed. The run so far is stopped and kept.",
        )
        st.button(
            "New seed",
            icon=":material/casino:",
            key="new-seed",
            on_click=callback(new_seed),
            args=(run,),
            disabled=bool(waiting),
            help="Starts again with another seed: other first weights, another order of the images.",
        )
        if ended:
            play_button()


def changed(run: Run | None, spec: Spec) -> list[str]:
    """The settings in which the next run will differ from that in training."""
    if run is None or run.is_gallery or run.status.state not in ACTIVE:
        return []
    return draft.same_but_live(run.spec, spec)


def beta_of_resume(run: Run | None, spec: Spec) -> float | None:
    """Where a run that may go on was moved while it trained, if the slider, which is of a new run, says
    another."""
    if run is None or run.is_gallery or run.status.state not in ENDED:
        return None
    beta = run.control.beta
    return None if beta == spec.objective.beta else beta


def notes(spec: Spec, run: Run | None) -> None:
    """What the buttons wait for, what a new run would change, how the present one would go on, and whose
    images it takes instead."""
    if waiting := draft.waiting():
        names = ", ".join(f"“{labels.of(name)}”" for name in waiting)
        st.caption(f":red[:material/error: A new run waits until {names} can be used.]")
    elif other := changed(run, spec):
        names = ", ".join(labels.of(name, spec) for name in other[:4])
        names += f" and {len(other) - 4} more" if len(other) > 4 else ""
        st.caption(f":orange[Changed: {names}. New run trains with it; the present run is stopped and kept.]")
    elif (beta := beta_of_resume(run, spec)) is not None:
        way = f"**Resume** goes on with β {words.number(beta)}, where it was moved to"
        st.caption(f"{way}; the slider is of a new run.")
    replaced = draft.replaced()
    if replaced is not None:
        st.info(availability.instead_of(replaced), icon=":material/wifi_off:")


def play(run: Run | None) -> None:
    """Out of a pause where nothing but beta and the learning rate was changed, else a new run."""
    paused = run is not None and not run.is_gallery and run.status.state == "paused"
    if run is not None and paused and not draft.same_but_live(run.spec, st.session_state[draft.DRAFT]):
        _request(run, "go_on")
    else:
        start(run)


def step(run: Run | None) -> None:
    if run is not None and not run.is_gallery and run.status.active:
        _request(run, "step")
        return
    fresh = start(run)
    if fresh is not None:
        _request(fresh, "step")


def start(run: Run | None) -> Run | None:
    """A new run with the draft's settings, which comes into use; the one in use is stopped first.

    Images that cannot be had here give way to some that can, and a line says so. Raises RunError.
    """
    if draft.waiting():  # a press that came together with the change that cannot be
        return None
    if not availability.can_be_had(st.session_state[draft.DRAFT].data.name) and not draft.replace_images():
        return None
    if run is not None and not run.is_gallery and run.status.active:
        run.stop()
    fresh = create(st.session_state[draft.DRAFT])
    if run is not None and run.status.state == "unavailable":
        with suppress(RunError):
            run.delete()
    draft.belongs_to(fresh)
    library.use(fresh)
    return fresh


def new_seed(run: Run | None) -> None:
    if draft.change(**{"training.seed": form.new_seed()}):
        start(run)


def resume(run: Run) -> None:
    launch.resume(run)


def strokes_instead(run: Run) -> None:
    if draft.change(**{"data.name": availability.INSTEAD}):
        start(run)


def _request(run: Run, what: str) -> None:
    getattr(run, what)()
