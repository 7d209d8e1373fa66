"""The page Conditional: samples by class, styles, sliders, the classifier, and how conditional it all is."""

from __future__ import annotations

import streamlit as st

from pages.sections.conditional import classifying, measures, samples, sliding, styles
from vae_core.runs.run import Run
from widgets.run_data import capabilities, library
from widgets.run_data.capabilities import say_why, showable
from widgets.shell import links, url_state, url_widgets

TASKS = {
    "samples": "Samples",
    "styles": "Styles",
    "slide": "Sliders",
    "classifier": "Classifier",
    "measures": "How conditional?",
}
NOTICES = {
    "samples": "**Notice.** The class is asked for, the rest is drawn: slant, thickness, shape.",
    "styles": "**Notice.** One code under every class: what stays the same from digit to digit is style.",
    "slide": "**Notice.** The class is held, the code moves: no slider turns one digit into another.",
    "classifier": "**Notice.** The surest mistakes are often digits that people would argue about too.",
    "measures": "**Notice.** Where z still knows the class, y has less to add. Samples say if it is used.",
}
SHOW = {
    "samples": samples.show,
    "styles": styles.show,
    "slide": sliding.show,
    "classifier": classifying.show,
    "measures": measures.show,
}


def page(run: Run | None) -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="conditional-title"):
        st.title("Conditional", width="content")
        notice = st.empty()
    if run is None:
        capabilities.nothing_yet()
        return
    if not showable(run):
        say_why(run)
        return
    if not run.model.classes:
        unconditional(run)
        return
    task = str(
        st.segmented_control(
            "Question",
            list(TASKS),
            format_func=TASKS.__getitem__,
            **url_widgets.choice(links.CONDITIONAL_DO, list(TASKS), label=TASKS.__getitem__, by="default"),
            required=True,
            label_visibility="collapsed",
        )
    )
    notice.markdown(NOTICES[task], width="stretch")
    SHOW[task](run)


def unconditional(run: Run) -> None:
    """What there is instead: runs that are told a class, or recipes of them."""
    st.info(
        f"{library.title(run)} is not told a class: it cannot be asked for one. Choose a conditional run, or "
        "train one from the recipes Conditional VAE, Joint VAE or M2.",
        icon=":material/label_off:",
    )
    others = [other for other in library.runs() if told_classes(other)]
    with st.container(horizontal=True, gap="small"):
        for other in others[:6]:
            url_state.page_link(
                "conditional",
                {links.RUN: other.name},
                label=library.title(other),
                icon=":material/category:",
            )
        url_state.page_link("train", label="Train one", icon=":material/play_circle:")


def told_classes(run: Run) -> bool:
    return run.status.state != "unreadable" and run.spec.condition.kind == "class" and showable(run)
