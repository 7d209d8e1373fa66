"""The page Conditional: samples by class, styles, sliders, the classifier, and how conditional it all is."""

from __future__ import annotations

import streamlit as st

from pages.sections.conditional import classifying, measures, samples, sliding, styles
from vae_core.runs.run import Run
from widgets.run_data import capabilities
from widgets.shell import links, url_widgets

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
    if not capabilities.shows(run, "conditional"):
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
