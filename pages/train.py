"""Train: set up a model, press Play, and watch it learn."""

from __future__ import annotations

import streamlit as st

from widgets import draft, form, live, objectives, shell, transport
from widgets.map_page import live as map_live

shell.guard()

run = shell.current()
spec = draft.current(run)

st.title("Train")
live.what_to_notice(run, spec)
fault = draft.fault()
if fault:
    st.error(fault, icon=":material/error:")

page = st.container(horizontal=True, gap="medium", key="train")
settings = page.container(width=272, gap="small", key="settings")
stage = page.container(width="stretch", gap="small", key="stage")
with settings, shell.sentences():
    form.controls(spec, run if run is not None and run.status.active and not run.is_gallery else None)
with stage, shell.sentences():
    transport.buttons(run, spec)
    live.stage(run)
    map_live.show(run)
    shell.equation(
        "What training makes as large as it can, on average over the images:",
        objectives.of(spec).equation,
        r"\mathrm{ELBO}(x) = \mathbb{E}_{q(z|x)}\left[\log p(x|z)\right]"
        r" - \mathrm{KL}\left(q(z|x)\,\|\,p(z)\right) \le \log p(x)",
    )
