"""One image, chosen by hand: from the test split of the run's dataset, drawn, or the user's own.

    picked = picker.pick(links.IMAGE, run, label="Image A")  # None where there is no image at all

The link holds the number of the image or the drawing; a file of one's own stays in the browser.
"""

from __future__ import annotations

from html import escape

import streamlit as st

from vae_core.data.dataset import Refusal
from vae_core.runs.run import Run
from widgets.components.picker import choice, drop, own_pictures, result
from widgets.components.picker.panel import panel
from widgets.components.picker.source import Source, of
from widgets.run_data.subject import Picked
from widgets.shell import data_url, tasks, url_state
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment
from widgets.shell.link_pictures import Drawing, Picture, StoredFile
from widgets.shell.link_types import Misfit

__all__ = ["Picked", "pick"]

DROP = "A picture can be dropped here, or pasted with Ctrl+V"


def pick(field: Picture, run: Run, *, label: str = "Image", default: int = 0) -> Picked | None:
    """Shows what is picked, with a button to change it, and returns it; fits a column of 300 pixels.

    field: of the link. default: a number in the test split.
    """
    key, source = field.name, of(run)
    if isinstance(source, tasks.Task):
        tasks.when_done(source, f"{label}: reading the images", lambda _: None)
        return None
    made = choice.picture(field)
    if isinstance(made, StoredFile) and choice.fetch(field, made):
        st.caption(f"{label}: looking for the picture in this browser …")
        return None
    picked, note = _picked(field, run, source, default)
    if isinstance(made, StoredFile) and choice.store(field, made) is False:
        st.caption("This browser keeps no pictures: this one is gone when the tab is closed or loaded anew.")

    def change() -> None:
        now = _picked(field, run, source, default)[0]
        if (now and (now.digest, now.name)) != (picked and (picked.digest, picked.name)):
            st.rerun()  # what the page shows is about another image

        def toggled() -> None:
            choice.remember(key, "page", None)  # the sheet opens where the image is

        with st.popover("Change", key=f"{key}-change", on_change=callback(toggled)) as opened:
            if opened.open:
                panel(field, run, source, default)

    with st.container(key=f"picker-{key}", horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch"):
            st.html(_shown(label, picked))
        with st.container(width="content"):
            fragment(change)
    drop.listen(f"picker-{key}", lambda files: own_pictures.take(field, files))
    own_pictures.refused(field)
    if note is not None:
        st.caption(note)
    if picked is not None and isinstance(made, Drawing | StoredFile) and note is None:
        result.compare(run, source, picked.image)
    return picked


def _picked(field: Picture, run: Run, source: Source, default: int) -> tuple[Picked | None, str | None]:
    """The image, and what is to be said about it."""
    note, made = None, choice.picture(field)
    if isinstance(made, Drawing | StoredFile):
        try:
            image = choice.image(made, run.spec.data)
        except Refusal as refusal:
            image, note = None, result.sentence(refusal)
        if image is not None:
            name = _made_name(made)
            url_state.accepted(field, name)
            return Picked(image, None, None, isinstance(made, Drawing), name), None
        made = None
    if not len(source):
        return None, source.note or f"{run.name} has no images yet."
    number = min(max(default, 0), len(source) - 1)
    if made is not None and made >= len(source):
        url_state.misfit(field, str(made), Misfit(f"there are {len(source):,}"))
    elif made is not None:
        number = made
    url_state.accepted(field, f"image {number}")
    tested = source.kind == "test"
    label = None if source.labels is None else int(source.labels[number])
    picked = Picked(source.images[number], label, number if tested else None, False, source.name(number))
    return picked, note or source.note


def _made_name(made: Drawing | StoredFile) -> str:
    if isinstance(made, Drawing):
        return "drawn by hand"
    file = choice.file_of(made)
    return file.name if file is not None else "a file"


def _shown(label: str, picked: Picked | None) -> str:
    if picked is None:
        return f'<div class="elbo-picked"><i></i><p><b>{escape(label)}</b><small>none</small></p></div>'
    alt = escape(f"{label}: {picked.name}")
    return (
        f'<div class="elbo-picked" title="{DROP}"><img alt="{alt}" src="{data_url.address(picked.image)}">'
        f"<p><b>{escape(label)}</b><small>{escape(picked.name)}</small></p></div>"
    )
