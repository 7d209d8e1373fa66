"""Samples of any run, by two algorithms side by side: through the posteriors of test images, and from
p(z)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.sections.generate.seed import next_seed
from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from vae_core.spec.capabilities import capabilities
from widgets.components import pixels_switch, take_away
from widgets.components.take_away import File
from widgets.run_data import library, usage
from widgets.run_data.classes import dataset_classes
from widgets.run_data.codes import Codes, weights
from widgets.shell import bars, links, sheets, tasks, url_state, url_widgets, words
from widgets.shell.downloads import csv_table
from widgets.shell.palette import GREY, PRIOR, RECONSTRUCTION

if TYPE_CHECKING:
    from vae_core.analysis.decode import Pixels
    from vae_core.analysis.prior_density import Estimate
    from vae_core.analysis.progress import Progress
    from vae_core.analysis.sample_sheet import Draws

ROWS, ACROSS = 8, 12
MANY, READ = 10_000, 2000  # draws that are looked at for holes, and by the classifier
FROM = {"both": "Both", "posteriors": "q(z|x)", "prior": "p(z)"}
TITLES = {
    "posteriors": "**Through posteriors**: a test image x, then z from q(z|x)",
    "prior": "**From the prior**: z from p(z)",
}
OF_CATEGORIES = {
    "posteriors": "In each group a category is drawn as the encoder finds it probable for one test image.",
    "prior": "In each group every category is as likely. Groups that depend on each other over the images "
    "are combined here as they never were in training.",
}
NAMES = {"posteriors": "Sample through a posterior", "prior": "Sample of the prior"}
COLOURS = {"posteriors": RECONSTRUCTION, "prior": PRIOR}


@dataclass(frozen=True, eq=False)
class Sheet:
    """images: uint8 [ROWS * ACROSS, C, H, W]; hole: which of them lie in holes, bool; z [.., D]; y: the class
    of each, None where the model is told none; through: the test image of each, None of the prior."""

    images: np.ndarray
    hole: np.ndarray
    z: np.ndarray
    y: np.ndarray | None
    through: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Measured:
    """Of many draws by each algorithm: the share in holes, None of codes that have no density; how many of
    READ an independent classifier takes for each class, None where none knows the images."""

    share: dict[str, Estimate | None]
    read: dict[str, list[int]] | None
    accuracy: float


def show(run: Run) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        chosen = st.segmented_control(
            "Codes from",
            list(FROM),
            format_func=FROM.__getitem__,
            **url_widgets.choice(links.CODES_FROM, list(FROM), label=FROM.__getitem__, by="default"),
            required=True,
            help="Drawn through the posteriors of test images, codes are draws of q(z), where the decoder "
            "was taught; drawn from the prior they may fall into holes.",
        )
        percent = temperature_of(run)
        how: Pixels = "drawn" if run.spec.net.reach else pixels_switch.choose(run)
        seed = next_seed()
    codes, temperature = usage.codes(run), percent / 100
    kinds = ["posteriors", "prior"] if chosen == "both" else [str(chosen)]
    if is_discrete(run) and not codes.whole:  # a frame holds no posterior of an image's categories
        kinds = ["prior"]
    task = tasks.start(measure, codes, weights(run), temperature, lane="measuring-samples", tracked=True)
    measured = task.result() if task.done() and task.exception() is None else None
    drawn = {kind: sheet(codes, weights(run), kind, temperature, seed, how) for kind in kinds}
    for column, kind in zip(st.columns(len(kinds), gap="large"), kinds, strict=True):
        with column:
            st.markdown(TITLES[kind])
            found = drawn[kind]
            holes = {int(k): ", in a hole" for k in np.flatnonzero(found.hole)}
            sheets.sheet(found.images, 80, ACROSS, name=NAMES[kind], marked=holes)
            if is_discrete(run):
                st.caption(OF_CATEGORIES[kind])
            else:
                st.caption(_in_holes(found, None if measured is None else measured.share[kind], percent))
    if measured is None:
        tasks.when_done(task, "Looking at many samples", lambda _: st.rerun(), "samples-measure")
    elif measured.read is not None:
        _reading(run, codes, measured, kinds, percent)
    else:
        st.caption("No independent classifier of these images comes with the app, so nobody reads them.")
    _take_away(run, drawn, percent, seed, how)


def is_discrete(run: Run) -> bool:
    """Whether codes choose categories: they have no density, so no holes, and no temperature."""
    return "categories" in capabilities(run.spec)


def temperature_of(run: Run) -> int:
    """In per cent."""
    if is_discrete(run):
        url_state.without_control(links.TEMPERATURE, "a choice of categories has no temperature here")
        return 100
    return int(
        st.slider(
            "Temperature, %",
            0,
            150,
            **url_widgets.whole(links.TEMPERATURE),
            width=180,
            help="What a code's deviation from the mean of what it is drawn from is multiplied by. At 0 "
            "the prior gives one image (a mixture one of each component), and a posterior its mean.",
        )
    )


def _in_holes(found: Sheet, share: Estimate | None, percent: int) -> str:
    here = f"Outlined: {int(found.hole.sum())} of {len(found.hole)} lie in holes."
    if share is None:
        return here
    return (
        f"{here} Of {words.count(MANY)} such draws at {percent} % **{100 * share.value:.1f} ± "
        f"{100 * share.error:.1f} %** do: inside 95 % of the prior, where p(z) is more than 10 times q(z)."
    )


def _reading(run: Run, codes: Codes, measured: Measured, kinds: list[str], percent: int) -> None:
    assert measured.read is not None
    called = list(dataset_classes(run))
    labels = (codes.run.group_codes if is_discrete(run) else codes.posteriors).labels
    of_test = [] if labels is None else labels.bincount(minlength=len(called)).tolist()
    names = {"posteriors": "through posteriors", "prior": "from the prior"}
    counts = {"test images": (of_test, GREY)}
    counts |= {names[kind]: (measured.read[kind], COLOURS[kind]) for kind in kinds}
    st.markdown("**What an independent classifier reads in them**")
    bars.grouped(
        called,
        {
            name: ([count / sum(of_classes) for count in of_classes], colour)
            for name, (of_classes, colour) in counts.items()
            if sum(of_classes)
        },
    )
    st.caption(
        f"Shares of the classes: of the labels of test images, and as read in {words.count(READ)} samples of "
        f"each kind at {percent} %. Of real test images the classifier reads {measured.accuracy:.1%} right. "
        "Through posteriors the shares are those of the test images, as far as the model reconstructs them."
    )


def _take_away(run: Run, drawn: dict[str, Sheet], percent: int, seed: int, how: Pixels) -> None:
    files = [
        File(
            "png",
            lambda times, found=found: sheets.tile(found.images, ACROSS, 2 * times),
            "PNG, q(z)" if kind == "posteriors" else "PNG, p(z)",
            f"samples of the {kind}",
        )
        for kind, found in drawn.items()
    ]
    files.append(
        File(
            "csv",
            lambda: codes_table(run, drawn),
            what="codes",
            help="The code of each sample, and what it is of.",
        )
    )
    about = {"run": library.title(run), "temperature": f"{percent} %", "seed": str(seed), "pixels": how}
    take_away.menu("sheet", f"{run.name} seed {seed}", about, files)


def codes_table(run: Run, drawn: dict[str, Sheet]) -> str:
    called = list(dataset_classes(run)) if run.model.classes else []
    head = ["codes_from", "number", "test_image", "in_hole", *(["class"] if called else [])]
    rows = [
        [
            *(kind, k + 1, "" if found.through is None else int(found.through[k]), int(found.hole[k])),
            *([called[found.y[k]] if found.y is not None else ""] if called else []),
            *map(float, found.z[k]),
        ]
        for kind, found in drawn.items()
        for k in range(len(found.z))
    ]
    return csv_table([*head, *(f"z{d + 1}" for d in range(run.spec.code_size))], rows)


# --- what is computed -----------------------------------------------------------------------------


def draws(codes: Codes, kind: str, count: int, temperature: float, seed: int) -> Draws:
    """By one of the two algorithms."""
    import torch

    from vae_core.analysis import sample_sheet

    model, generator = codes.run.model, torch.Generator().manual_seed(seed)
    if kind == "prior":
        return sample_sheet.from_prior(model, count, temperature, generator)
    if is_discrete(codes.run):
        return sample_sheet.from_categories(model, codes.run.group_codes, count, generator)
    return sample_sheet.from_posteriors(model, codes.posteriors, count, temperature, generator)


@st.cache_data(max_entries=64, show_spinner=False)
def sheet(
    codes: Codes, version: Any, kind: str, temperature: float, seed: int, how: Pixels = "means"
) -> Sheet:
    import torch

    from vae_core.analysis import sample_sheet
    from vae_core.analysis.decode import decode

    model, found = codes.run.model, draws(codes, kind, ROWS * ACROSS, temperature, seed)
    if is_discrete(codes.run):
        hole = torch.zeros(len(found.z), dtype=torch.bool)
    else:
        hole = sample_sheet.in_holes(model, codes.posteriors, found.z)
    images = decode(model, found.z, found.y, how, torch.Generator(model.device).manual_seed(seed))
    told, through = (None if each is None else each.numpy() for each in (found.y, found.image))
    return Sheet(to_uint8(images.cpu().numpy()), hole.numpy(), found.z.numpy(), told, through)


def measure(
    codes: Codes, version: Any, temperature: float, progress: Progress, cancelled: Callable[[], bool]
) -> Measured:
    """Of draws whose seed is always the same; some seconds."""
    from vae_core.analysis import sample_sheet
    from vae_core.analysis.progress import Reporter
    from vae_core.model import oracle_classifier
    from vae_core.training.process import quick_arithmetic

    run, reporter = codes.run, Reporter(progress, cancelled)
    name, classes = run.spec.data.name, len(dataset_classes(run))
    oracle = oracle_classifier.load(name) if oracle_classifier.there_is(name) else None
    share: dict[str, Estimate | None] = {}
    read = {}
    with quick_arithmetic():
        for done, kind in enumerate(TITLES if codes.whole or not is_discrete(run) else ["prior"]):
            reporter.report(0.5 * done, "Looking for holes")
            share[kind] = None
            if not is_discrete(run):
                found = draws(codes, kind, MANY, temperature, seed=0)
                share[kind] = sample_sheet.share(sample_sheet.in_holes(run.model, codes.posteriors, found.z))
            if oracle is not None:
                reporter.report(0.5 * done + 0.4, "Having samples read")
                few = draws(codes, kind, READ, temperature, seed=0)
                read[kind] = sample_sheet.read(run.model, few, oracle, classes).tolist()
    return Measured(share, None if oracle is None else read, 0.0 if oracle is None else oracle.accuracy)
