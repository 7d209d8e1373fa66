"""A set of one's own drawings: a canvas, the class of what is on it, and what there is so far."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import streamlit as st

from pages.sections.train import draft
from pages.sections.train.own_images import close, sentence
from vae_core.data import drawn_sets, own, own_sets, suggestion
from vae_core.data.dataset import Refusal
from vae_core.data.own_sets import Content
from widgets.components import paint
from widgets.components.picker import sheet
from widgets.components.picker.source import Source
from widgets.shell import fragments, words
from widgets.shell.error_boundary import callback

NAME, CLASS = "own-drawn-name", "own-drawn-class"
STATE = "own_drawing"  # in the session: what is on the canvas, its revision, and what is chosen below
FIRST = "my digits"
CLASSES = tuple("0123456789")
SIZE = 224  # CSS pixels of the canvas


@fragments.dialog("Draw your own images", width="medium", on_dismiss=callback(close))
def dialog() -> None:
    name = st.text_input(
        "Name of the set",
        next(iter(drawn_sets.names()), FIRST),
        max_chars=own_sets.NAME_LENGTH,
        key=NAME,
        help="Another name begins another set; the name of drawings that are there goes on with them.",
    )
    state = _state()
    left, right = st.columns([0.48, 0.52], gap="medium")
    with left:
        _canvas(state)
    with right:
        st.pills(
            "What it is", CLASSES, default="0", required=True, key=CLASS, help="The class of the drawing."
        )
        st.button(
            "Keep",
            key="own-drawn-keep",
            icon=":material/add:",
            on_click=callback(_add_drawing),
            args=(None,),
            disabled=not state["pixels"].any(),
            help="Adds the drawing to the set. Enter on the canvas does so, too.",
        )
        st.caption("Enter on the canvas keeps the drawing. Each one is kept on the server at once.")
        if state["refused"]:
            st.error(words.literal(state["refused"]), icon=":material/error:")
    try:
        content = drawn_sets.read(own_sets.check_name(name))
    except Refusal as refusal:
        st.error(words.literal(sentence(refusal)), icon=":material/error:")
        return
    if content is not None:
        _drawings(name, content, state)
    count = 0 if content is None else len(content.images)
    if (few := suggestion.warning(count)) is not None:
        st.caption(few)
    if st.button("Use these images", key="own-drawn-use", type="primary", disabled=count < own.MIN_IMAGES):
        draft.use_own(own_sets.check_name(name))
        close()
        st.rerun()


def _state() -> dict[str, Any]:
    blank = np.zeros(drawn_sets.SHAPE[1:], np.uint8)
    first = {"pixels": blank, "revision": 0, "chosen": None, "page": 0, "refused": "", "removed": None}
    state: dict[str, Any] = st.session_state.setdefault(STATE, first)
    return state


def _canvas(state: dict) -> None:
    paint.draw(
        "own-canvas",
        drawn_sets.SHAPE[1:],
        image=state["pixels"],
        revision=state["revision"],
        size=SIZE,
        label="Drawing; Enter keeps it",
        on_change=callback(lambda pixels: state.update(pixels=pixels)),
        on_enter=callback(_add_drawing),
    )


def _add_drawing(on_canvas: np.ndarray | None) -> None:
    """Adds what is on the canvas to the set. on_canvas: where the canvas itself says so."""
    state = _state()
    pixels = state["pixels"] if on_canvas is None else on_canvas
    state["refused"] = ""
    if not pixels.any():
        return
    try:
        name = drawn_sets.add(st.session_state[NAME], pixels, st.session_state[CLASS])
    except Refusal as refusal:
        state.update(refused=sentence(refusal), pixels=pixels)
        return
    state.update(
        pixels=np.zeros_like(pixels), revision=state["revision"] + 1, chosen=None, page=0, removed=None
    )
    draft.reread(name)


def _drawings(name: str, content: Content, state: dict[str, Any]) -> None:
    """The drawings so far, newest first: one is chosen by a click, and then deleted."""
    counts = own_sets.counts(content.labels, content.about.classes)
    each = " · ".join(f"<b>{escape(label)}</b> {count}" for label, count in counts.items())
    st.html(f"<p>{len(content.images)} drawings: {each}</p>")
    source = Source(content.images, content.labels, content.about.classes, "drawn")
    chosen = state["chosen"]
    sheet.sheet(
        "own-drawn-sheet",
        source,
        np.arange(len(source))[::-1],
        state["page"],
        chosen,
        lambda number: state.update(chosen=number if 0 <= number < len(source) else None),
        lambda pages: state.update(page=max(0, state["page"] + pages)),
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button(
            "Delete this one" if chosen is not None else "Delete",
            key="own-drawn-delete",
            icon=":material/delete:",
            on_click=callback(_remove),
            args=(name, content, chosen),
            disabled=chosen is None or chosen >= len(source),
            help="Choose a drawing above by a click.",
        )
        if state["removed"] is not None:
            st.button("Undo", key="own-drawn-undo", icon=":material/undo:", on_click=callback(_put_back))


def _remove(name: str, content: Content, number: int) -> None:
    assert content.labels is not None
    name = own_sets.check_name(name)
    drawn_sets.remove(name, number)
    label = content.about.classes[content.labels[number]]
    _state().update(removed=(name, content.images[number, 0], label), chosen=None)
    draft.reread(name)


def _put_back() -> None:
    state = _state()
    name, pixels, label = state["removed"]
    draft.reread(drawn_sets.add(name, pixels, label))
    state.update(removed=None)
