"""The page Generate: samples of any run; of a model of classes also samples by class, styles, sliders, the
classifier, and how conditional it all is."""

from __future__ import annotations

import streamlit as st

from pages.sections.generate import by_class, classifying, code_sheet, measures, sheet, sliding, styles
from vae_core.runs.run import Run
from vae_core.spec.capabilities import capabilities as able
from widgets.run_data import capabilities
from widgets.shell import links, url_widgets

TASKS = {
    "sheet": "Samples",
    "samples": "By class",
    "styles": "Styles",
    "slide": "Sliders",
    "classifier": "Classifier",
    "measures": "How conditional?",
}
NOTICES = {
    "sheet": "**Notice.** Through the posteriors a code lies where the decoder was taught; from the prior it "
    "may fall into a hole.",
    "samples": "**Notice.** The class is asked for, the rest is drawn: slant, thickness, shape.",
    "styles": "**Notice.** One code under every class: what stays the same from digit to digit is style.",
    "slide": "**Notice.** The class is held, the code moves: no slider turns one digit into another.",
    "classifier": "**Notice.** The surest mistakes are often digits that people would argue about too.",
    "measures": "**Notice.** Where z still knows the class, y has less to add. Samples say if it is used.",
}
SHOW = {
    "sheet": sheet.show,
    "samples": by_class.show,
    "styles": styles.show,
    "slide": sliding.show,
    "classifier": classifying.show,
    "measures": measures.show,
}
OF_ANY = ("sheet",)  # all others are about classes, and about vectors
NOTICE_OF_GRID = (
    "**Notice.** The prior has learned which codes stand together. Drawn uniformly, each is as good as any, "
    "and they make no image."
)
NOTICE_OF_CATEGORIES = (
    "**Notice.** Through the posteriors the groups agree on one image. Drawn from the uniform prior, each "
    "knows nothing of the others."
)


def page(run: Run | None) -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="generate-title"):
        st.title("Generate", width="content")
        notice = st.empty()
    if not capabilities.shows(run, "generate"):
        return
    task = question(run)
    of_grid = not able(run.spec).isdisjoint(("grid", "levels"))
    said = NOTICES[task]
    if of_grid or "categories" in able(run.spec):
        said = NOTICE_OF_GRID if of_grid else NOTICE_OF_CATEGORIES
    notice.markdown(said, width="stretch")
    (code_sheet.show if of_grid else SHOW[task])(run)


def question(run: Run) -> str:
    """What is asked of the run: where it is told no class, or its codes are grids, there is but one
    question."""
    if not able(run.spec).issuperset(("classes", "continuous")):
        url_widgets.choice(links.GENERATE_DO, OF_ANY, OF_ANY[0], label=TASKS.__getitem__)
        return OF_ANY[0]
    # Links to models of classes opened on samples by class before other models had any.
    return str(
        st.segmented_control(
            "Question",
            list(TASKS),
            format_func=TASKS.__getitem__,
            **url_widgets.choice(
                links.GENERATE_DO, list(TASKS), "samples", label=TASKS.__getitem__, by="default"
            ),
            required=True,
            label_visibility="collapsed",
        )
    )
