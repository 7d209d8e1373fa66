"""Train: set up a model, press Play, and watch it learn."""

from __future__ import annotations

import streamlit as st

from pages.sections.train import draft, form, live_map, stage, transport
from widgets.run_data import library
from widgets.shell import layout, objective_words, words
from widgets.shell.error_boundary import error_boundary

run = library.current()
spec = draft.current(run)

st.title("Train")
stage.what_to_notice(run, spec)
if draft.LINK in draft.faults():
    st.error(words.literal(draft.faults()[draft.LINK].sentence), icon=":material/error:")

page = st.container(horizontal=True, gap="medium", key="train")
settings = page.container(width=272, gap="small", key="settings")
main = page.container(width="stretch", gap="small", key="stage")
with settings, error_boundary():
    form.controls(spec, run if run is not None and run.status.active and not run.is_gallery else None)
with main, error_boundary():
    transport.buttons(run, spec)
    stage.stage(run)
    live_map.show(run)
    layout.equation(
        "What training makes as large as it can, on average over the images:",
        objective_words.of(spec).equation,
        r"\mathrm{ELBO}(x) = \mathbb{E}_{q(z|x)}\left[\log p(x|z)\right]"
        r" - \mathrm{KL}\left(q(z|x)\,\|\,p(z)\right) \le \log p(x)",
    )
