"""One image, chosen by hand: from the test split of the run's dataset, drawn, or the user's own.

    picked = picker.pick("a", run, label="Image A")          # None where there is no image at all

The number of the image stands in the address bar; a drawing or a file stays in the session.
"""

from __future__ import annotations

from html import escape

import streamlit as st

from vae_core.data.dataset import Refusal
from vae_core.runs.run import Run
from widgets.components.picker import choice, unlike
from widgets.components.picker.panel import panel, sentence
from widgets.components.picker.source import Source, of
from widgets.run_data.subject import Picked
from widgets.shell import data_url, tasks, url_state
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment

__all__ = ["Picked", "pick"]


def pick(key: str, run: Run, *, label: str = "Image", default: int = 0) -> Picked | None:
    """Shows what is picked, with a button to change it, and returns it; fits a column of 300 pixels.

    key: also the name in the address bar, so short: "a", "b". default: a number in the test split.
    """
    source = of(run)
    if isinstance(source, tasks.Task):
        tasks.when_done(source, f"{label}: reading the images", lambda _: None)
        return None
    picked, note = _picked(key, run, source, default)
    url_state.keep(key)

    def change() -> None:
        now = _picked(key, run, source, default)[0]
        if (now and now.digest) != (picked and picked.digest):
            st.rerun()  # what the page shows is about another image

        def toggled() -> None:
            choice.remember(key, "page", None)  # the sheet opens where the image is

        with st.popover("Change", key=f"{key}-change", on_change=callback(toggled)) as opened:
            if opened.open:
                panel(key, run, source, default)

    with st.container(key=f"picker-{key}", horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch"):
            st.html(_shown(label, picked))
        with st.container(width="content"):
            fragment(change)
    if note is not None:
        st.caption(note)
    if picked is not None and choice.made(key) is not None and note is None and source.kind == "test":
        unlike.say(run, picked.image)
    return picked


def _picked(key: str, run: Run, source: Source, default: int) -> tuple[Picked | None, str | None]:
    """The image, and what is to be said about it."""
    note, how = None, choice.made(key)
    if how is not None:
        try:
            image = choice.image(key, how, run.spec.data)
        except Refusal as refusal:
            image, note = None, sentence(refusal)
        if image is not None:
            return Picked(image, None, None, how == choice.DRAWN, _made_name(key, how)), None
        what = "drawing" if how == choice.DRAWN else "file"
        note = note or f"There is no {what} in this tab, so this is another image."
    if not len(source):
        return None, source.note or f"{run.name} has no images yet."
    number = choice.index(key, len(source), default)
    tested = source.kind == "test"
    label = None if source.labels is None else int(source.labels[number])
    picked = Picked(source.images[number], label, number if tested else None, False, source.name(number))
    return picked, note or source.note


def _made_name(key: str, how: str) -> str:
    file = choice.uploaded(key)
    return "drawn by hand" if how == choice.DRAWN or file is None else file.name


def _shown(label: str, picked: Picked | None) -> str:
    if picked is None:
        return f'<div class="elbo-picked"><i></i><p><b>{escape(label)}</b><small>none</small></p></div>'
    alt = escape(f"{label}: {picked.name}")
    return (
        f'<div class="elbo-picked"><img alt="{alt}" src="{data_url.address(picked.image)}">'
        f"<p><b>{escape(label)}</b><small>{escape(picked.name)}</small></p></div>"
    )
