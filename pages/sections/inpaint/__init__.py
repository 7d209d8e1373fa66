"""The page Inpaint: three questions to one image, of what is hidden, of noise, and of surprise."""

from __future__ import annotations

import streamlit as st

from pages.sections.inpaint import anomaly, by_cell, by_pixel, completing, denoising, opening
from vae_core.runs.run import Run
from vae_core.spec.capabilities import capabilities as able
from widgets.components import picker
from widgets.run_data import capabilities
from widgets.run_data.subject import Subject
from widgets.shell import links, url_widgets

NOTICES = {
    "inpaint": "**Notice.** What is observed leaves several digits possible, and the completions are of "
    "each of them. Choose the encoder beside it: it never saw a hole, and misses them.",
    "denoise": "**Notice.** The encoder takes noise for a part of the image, and often arrives at another "
    "digit; the posterior that is told of the noise errs far less.",
    "anomaly": "**Notice.** Pixels that the model did not expect light up. A high ELBO is no proof: simple "
    "images, blank ones above all, get it whatever they show.",
}
OF_CATEGORIES = (
    "**Notice.** What is observed leaves several digits possible. Choose Metropolis within Gibbs beside it: "
    "of many groups a whole code that the encoder proposes is hardly ever accepted."
)
MASKED = (
    "**Notice.** This encoder was trained on images with holes: one pass completes them, and is still no "
    "match for chains that take their time."
)
WRITTEN = {
    "in_order": "**Notice.** Each pixel is drawn by the ones above it and to its left. With the lower half "
    "hidden the completions go on from what they see, and hardly ask the code.",
    "by_cell": "**Notice.** The prior writes cells of the code, and has learned which go together. "
    "Completions that cost it more nats tend to look less like the data.",
}
NOISED = (
    "**Notice.** This encoder was trained under noise: one pass comes near what the posterior takes "
    "chains for."
)
TOLD = {
    "inpaint": "**Notice.** One visible half, completed as a 3 and as an 8: the class decides what the "
    "pixels leave open.",
    "denoise": "**Notice.** What one pass decodes is clean, and of the class told; the posterior that is "
    "told of the noise, too, keeps the hand as well.",
}
# Of each question: a sentence, and what it says as LaTeX.
EQUATIONS: dict[str, tuple[str, ...]] = {
    "inpaint": (
        "Hidden pixels follow from codes that explain the observed ones. The encoder knows only whole "
        "images; importance sampling and Markov chains use the model itself. For a model that is told a "
        "class y, all of this is given y too.",
        r"p(x_h \,|\, x_o) = \int p(x_h \,|\, z)\, p(z \,|\, x_o)\, dz \qquad "
        r"p(z \,|\, x_o) \propto p(z) \prod_{i \in o} p(x_i \,|\, z)",
    ),
    "of_categories": (
        "Hidden pixels follow from codes that explain the observed ones. All categories are as likely before "
        "anything is seen, so a group takes one by how well it explains what is observed, given all other "
        "groups.",
        r"p(x_h \,|\, x_o) = \sum_z p(x_h \,|\, z)\, p(z \,|\, x_o) \qquad "
        r"p(z_m = k \,|\, z_{-m}, x_o) \propto \prod_{i \in o} p(x_i \,|\, z_{-m}, z_m = k)",
    ),
    "in_order": (
        "Pixels are drawn in raster order, each given the code and the pixels before it. A draw weighs what "
        "its observed pixels o are worth, each given those before it.",
        r"p(x \,|\, z) = \prod_i p(x_i \,|\, x_{<i}, z) \qquad "
        r"w = \frac{p(z)}{m(z)} \prod_{i \in o} p(x_i \,|\, x_{<i}, z)",
    ),
    "by_cell": (
        "The prior writes the hidden cells h in raster order, those of a top level before those of a bottom "
        "one, each given the cells before it. A grid weighs what its kept cells o are worth, each given "
        "those before it.",
        r"p(c_h \,|\, c_o) \propto \prod_i p(c_i \,|\, c_{<i}) \qquad "
        r"w = \prod_{i \in o} p(c_i \,|\, c_{<i})",
    ),
    "denoise": (
        "One pass encodes the noisy image as if it were one of the data. The posterior knows how noise makes "
        "a noisy pixel of a clean one, sums the clean one out, and is sampled by Hamiltonian Monte Carlo; "
        "what the noisy pixel says itself is in the mean.",
        r"\hat{x} = \mathbb{E}\left[x \,|\, z = \mu(\tilde{x})\right] \qquad "
        r"p(z \,|\, \tilde{x}) \propto p(z) \prod_i \sum_{x_i} p(\tilde{x}_i \,|\, x_i)\, p(x_i \,|\, z) "
        r"\qquad \mathbb{E}[x \,|\, \tilde{x}] = \int \mathbb{E}[x \,|\, z, \tilde{x}]\, "
        r"p(z \,|\, \tilde{x})\, dz",
    ),
    "anomaly": (
        "The surprise of a pixel is what it costs under the image's own posterior. All pixels together, and "
        "the KL, are minus the ELBO, which bounds log p(x); a model that is told the class sums it out. L(x) "
        "is what a lossless compressor needs: the lower S, the more the model knows of such images.",
        r"s_i = -\mathbb{E}_{q(z|x)}\left[\log p(x_i \,|\, z)\right] \qquad "
        r"\mathrm{ELBO}(x) = -\sum_i s_i - \mathrm{KL}\left(q(z|x)\,\|\,p(z)\right) \le \log p(x) "
        r"\qquad S(x) = -\mathrm{ELBO}(x) - L(x)",
    ),
}
SOME = 3  # other runs that are offered
TASKS = {"inpaint": "Inpaint", "denoise": "Denoise", "anomaly": "Anomaly"}
SHOW = {
    "inpaint": completing.show,
    "by_cell": by_cell.show,
    "in_order": by_pixel.show,
    "denoise": denoising.show,
    "anomaly": anomaly.show,
}


def page(run: Run | None) -> str:
    """Shows the page, and says which of the EQUATIONS goes with it."""
    title = st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="inpaint-title")
    with title:
        st.title("Inpaint", width="content")
        notice = st.empty()
    if not capabilities.shows(run, "inpaint"):
        return "inpaint"
    alone = written_in_order(run)
    of_categories = "categories" in able(run.spec)
    questions = (
        ["inpaint"] if alone else [name for name in TASKS if not (of_categories and name == "denoise")]
    )
    task = str(
        st.segmented_control(
            "Question",
            questions,
            format_func=TASKS.__getitem__,
            **url_widgets.choice(links.DO, questions, label=TASKS.__getitem__, by="default"),
            required=True,
            label_visibility="collapsed",
        )
    )
    task = alone or task
    notice.markdown(_notice(run, task), width="stretch")
    with st.container(horizontal=True, gap="medium", key="inpaint-page"):
        left, right = st.container(width=300), st.container(width="stretch")
    with left:
        picked = picker.pick(links.IMAGE, run, label="Image", default=opening.image(run))
    if picked is not None:
        SHOW[task](run, Subject.of(run, picked), left, right)
    if alone is not None or of_categories:
        st.caption(
            "Denoise follows a gradient, so it is of runs whose codes are numbers:"
            if of_categories
            else "Denoise and Anomaly are of runs with one vector for each image, which decides all pixels:"
        )
        capabilities.offer("inpaint", [(*capabilities.NEEDS["inpaint"][0], "independent_pixels")], SOME)
    return "of_categories" if of_categories and task == "inpaint" else task


def written_in_order(run: Run) -> str | None:
    """What runs that are completed part by part are shown, and nothing else: by cell, where codes are grids,
    or by pixel. None of other runs."""
    if not able(run.spec).isdisjoint(("grid", "levels")):
        return "by_cell"
    return None if "independent_pixels" in able(run.spec) else "in_order"


def _notice(run: Run, task: str) -> str:
    if task in WRITTEN:
        return WRITTEN[task]
    if run.spec.classes and task in TOLD:
        return TOLD[task]
    if run.spec.noise.kind != "none" and task == "denoise":
        return NOISED
    if "categories" in able(run.spec) and task == "inpaint":
        return OF_CATEGORIES
    return MASKED if run.spec.masked and task == "inpaint" else NOTICES[task]
