"""Play, Pause, Step, Stop, Reset and New seed."""

from __future__ import annotations

import streamlit as st

from pages.sections.train import draft, form
from vae_core.runs.run import Run, RunError, create
from vae_core.spec import Spec
from vae_core.workers import launch
from widgets.run_data import library
from widgets.shell.error_boundary import callback


def buttons(run: Run | None, spec: Spec) -> None:
    state = run.status.state if run is not None else "none"
    own = run is not None and not run.is_gallery
    active = own and state in ("queued", "running", "paused")
    other = draft.same_but_live(run.spec, spec) if active and run is not None else []
    with st.container(horizontal=True, gap="small", key="transport"):
        st.button(
            "Play",
            icon=":material/play_arrow:",
            key="play",
            type="primary",
            on_click=callback(play),
            args=(run,),
            disabled=active and state != "paused" and not other,
            help="Goes on after a pause; otherwise starts a new run with these settings.",
        )
        if own and state in ("stopped", "interrupted", "diverged"):
            st.button(
                "Resume",
                icon=":material/resume:",
                key="resume",
                on_click=callback(resume),
                args=(run,),
                help="Goes on with this run from its last saved state.",
            )
        else:
            st.button(
                "Pause",
                icon=":material/pause:",
                key="pause",
                on_click=callback(_ask),
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
            help="One optimiser step, then a pause.",
        )
        st.button(
            "Stop",
            icon=":material/stop:",
            key="stop",
            on_click=callback(_ask),
            args=(run, "stop"),
            disabled=not active,
            help="Ends the training and keeps the run; it can be resumed.",
        )
        st.button(
            "Reset",
            icon=":material/replay:",
            key="reset",
            on_click=callback(reset),
            args=(run,),
            disabled=not own,
            help="Starts again from step 0 with the same seed. The run so far is stopped and kept.",
        )
        st.button(
            "New seed",
            icon=":material/casino:",
            key="new-seed",
            on_click=callback(new_seed),
            args=(run,),
            help="Starts again with another seed: other first weights, another order of the images.",
        )
    if other:
        names = ", ".join(name.split(".", 1)[-1].replace("_", " ") for name in other[:4])
        st.caption(
            f":orange[Changed: {names}. Play starts a new run with it; the present run is stopped and kept.]"
        )


def play(run: Run | None) -> None:
    """Out of a pause where nothing but beta and the learning rate was changed, else a new run."""
    paused = run is not None and not run.is_gallery and run.status.state == "paused"
    if run is not None and paused and not draft.same_but_live(run.spec, st.session_state[draft.DRAFT]):
        _ask(run, "go_on")
    else:
        start(run)


def step(run: Run | None) -> None:
    if run is not None and not run.is_gallery and run.status.active:
        _ask(run, "step")
        return
    fresh = start(run)
    if fresh is not None:
        _ask(fresh, "step")


def start(run: Run | None) -> Run | None:
    """A new run with the draft's settings, which comes into use; the one in use is stopped first."""
    try:
        if run is not None and not run.is_gallery and run.status.active:
            run.stop()
        fresh = create(st.session_state[draft.DRAFT])
    except RunError as error:
        st.session_state[draft.FAULT] = str(error)
        return None
    draft.belongs_to(fresh)
    library.use(fresh)
    return fresh


def reset(run: Run | None) -> None:
    start(run)


def new_seed(run: Run | None) -> None:
    if draft.change(**{"training.seed": form.new_seed()}):
        start(run)


def resume(run: Run) -> None:
    try:
        launch.resume(run)
    except RunError as error:
        st.session_state[draft.FAULT] = str(error)


def strokes_instead(run: Run) -> None:
    if draft.change(**{"data.name": "strokes"}):
        start(run)


def _ask(run: Run, what: str) -> None:
    try:
        getattr(run, what)()
    except RunError as error:
        st.session_state[draft.FAULT] = str(error)
