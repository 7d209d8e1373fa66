"""One side of a sum of codes: an image's code, or the mean code of a class, of a group on the map, or
of the images with a value of a factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.sections.interpolate import factor, lasso
from vae_core.data.catalogue import WITH_FACTORS
from vae_core.runs.run import Run
from widgets.components import picker
from widgets.run_data import usage
from widgets.run_data.classes import dataset_classes
from widgets.run_data.codes import Codes, cached, is_standard
from widgets.run_data.subject import Picked
from widgets.shell import url_state, url_widgets, words
from widgets.shell.links import Operand as Fields

if TYPE_CHECKING:
    from torch import Tensor

IMAGE, GROUP, FACTOR, ZERO = "image", "group", "factor", "zero"


@dataclass(frozen=True, eq=False)
class Operand:
    """code [D]; name: in words. label: the class, where there is one."""

    code: tuple[float, ...]
    name: str
    label: int | None = None
    picked: Picked | None = None


@dataclass(frozen=True)
class Begin:
    """What an operand is at first: the test image of a number, or the mean of a class where the link names no
    image."""

    image: int
    label: int | None = None


def choose(fields: Fields, title: str, run: Run, codes: Codes, begin: Begin) -> Operand | None:
    """Shows which it is, and returns it; None where there is no image. fields: in the link."""
    means = class_means(codes)
    called = dataset_classes(run)
    options = {IMAGE: "an image"} | {
        f"class-{k}": f"the mean of {called[k] if k < len(called) else k}" for k in means
    }
    if run.spec.latent > 1:
        options[GROUP] = "a group on the map"
    if run.spec.data.name in WITH_FACTORS and codes.whole:
        options[FACTOR] = "a value of a factor"
    options[ZERO] = "0, the prior’s mean" if is_standard(run) else "the prior’s mean"
    usual = IMAGE
    if begin.label is not None and url_state.read(fields.image) is None:
        usual = f"class-{begin.label}"
    with st.container(width=232):
        kind = st.selectbox(
            title,
            list(options),
            format_func=options.__getitem__,
            **url_widgets.choice(fields.kind, list(options), usual, label=options.__getitem__),
            help="The code of one image, or the mean code of all test images of a class, of those that "
            "you draw around on the map, or of those with a value of a factor.",
        )
        if kind == IMAGE:
            picked = picker.pick(fields.image, run, label="Image", default=begin.image)
            if picked is None:
                return None
            return Operand(usage.code(run, picked), picked.name, picked.label, picked)
        if kind == GROUP:
            code, count = lasso.choose(fields.corners, run, codes)
            if code is None:
                return None
            return Operand(code, f"the mean of {words.count(count)} codes on the map")
        if kind == FACTOR:
            code, which = factor.choose(fields, run, codes)
            return None if code is None else Operand(code, which)
    if kind == ZERO:
        return Operand(usage.of_prior(codes).mean, "the prior’s mean")
    chosen = int(str(kind).removeprefix("class-"))
    return Operand(tuple(means[chosen].tolist()), options[str(kind)], chosen)


@cached(16)
def class_means(codes: Codes) -> dict[int, Tensor]:
    """The mean code [D] of each class; none where classes are not known."""
    from vae_core.analysis import arithmetic

    posteriors = codes.posteriors
    if posteriors.labels is None:
        return {}
    return arithmetic.class_means(posteriors.mean, posteriors.labels)
