"""Train: set up a model, press Play, and watch it learn, all on one screen."""

from __future__ import annotations

import streamlit as st

from pages.sections.train import beta, closed_form, draft, form, gradients, stage, transport
from widgets.components import drawer
from widgets.run_data import library
from widgets.shell import layout, objective_words, words
from widgets.shell.error_boundary import error_boundary

run = library.current()
spec = draft.current(run)
live = run if run is not None and run.status.active and not run.is_gallery else None

with st.container(key="train", gap="small"):
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="train-title"):
        st.title("Train", width="content")
        stage.what_to_notice(run, spec)
    if draft.LINK in draft.faults():
        st.error(words.literal(draft.faults()[draft.LINK].sentence), icon=":material/error:")

    # Before the buttons: of a change and a press that come together, the change is heard first.
    with st.container(key="settings", gap="small"), error_boundary():
        drawer.head("settings", "Settings")
        form.controls(spec, live)
        layout.equation(
            "What training makes as large as it can, on average over the images:",
            objective_words.of(spec).equation,
            r"\mathrm{ELBO}(x) = \mathbb{E}_{q(z|x)}\left[\log p(x|z)\right]"
            r" - \mathrm{KL}\left(q(z|x)\,\|\,p(z)\right) \le \log p(x)",
        )
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="train-bar"):
        with st.container(key="drawer", width="content"):
            drawer.button("settings", "Settings", open=run is None, below="train-bar")
        with error_boundary():
            transport.buttons(run, spec)
        with st.container(key="beta-bar"), error_boundary():
            beta.slider(spec, live)
    with st.container(key="stage", gap="small"), error_boundary():
        transport.notes(spec, run)
        stage.stage(run)
    with error_boundary():
        closed_form.show(run)
        gradients.show(run)
