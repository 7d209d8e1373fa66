"""Images by what they were drawn from: those with one value of a factor, or with values within a range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from vae_core.runs.run import Run, RunError
from widgets.run_data.codes import Codes
from widgets.run_data.dataset import absent, dataset
from widgets.shell import tasks, url_widgets, words
from widgets.shell.link_types import Text
from widgets.shell.links import Operand as Fields

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.data import Dataset

FEW, STOPS = 10, 100  # values that are chosen one by one, and stops of a range, about
FIFTH = 0.2  # of the images: a range to begin with
# Where in a factor an operand begins, from 0 to 1: A is high and B low, which makes A - B a direction.
BEGINS = {"plus": 1.0, "minus": 0.0}
MEANING = {
    "slant": "The tangent of the lean to the right.",
    "thickness": "Of the stroke, in pixels.",
    "width": "Relative to the digit’s usual width.",
    "height": "Relative to the digit’s usual height.",
    "rotation": "In degrees, clockwise.",
    "offset x": "In pixels, to the right.",
    "offset y": "In pixels, down.",
    "style": "The number of the way in which a digit of this class is written.",
    "scale": "Relative to the largest.",
    "orientation": "In radians, 0 to 2π.",
    "x": "From 0, left, to 1, right.",
    "y": "From 0, top, to 1, bottom.",
    "hue": "From 0, red, by 1/3, green, and 2/3, blue, to 1, red again.",
}


@dataclass(frozen=True, eq=False)
class FactorValues:
    """values [N]: of the images. stops: where a range may end, or the values themselves; called: these values
    in words, where they are few enough to be chosen one by one.
    """

    values: Tensor
    stops: list[float]
    called: list[str]


def choose(fields: Fields, run: Run, codes: Codes) -> tuple[tuple[float, ...] | None, str]:
    """The mean code [D] of the images, and which these are; None where there are none. fields: its own."""
    if (reason := absent(run.spec.data)) is not None:
        st.caption(reason)
        return None, ""
    task = tasks.start(varying, codes)
    if not task.done() or task.exception() is not None:
        tasks.when_done(task, "Reading the factors", lambda _: None)
        return None, ""
    found: dict[str, FactorValues] = task.result()
    first = next(iter(found))
    chosen = str(st.selectbox("Factor", list(found), **url_widgets.choice(fields.factor, list(found), first)))
    factor, begins = found[chosen], BEGINS.get(fields.name, 0.5)
    if factor.called:
        low = high = _value(fields.value, factor, begins, MEANING.get(chosen))
        which = f"{chosen} {factor.called[factor.stops.index(low)]}"
    else:
        low, high = _range(fields.value, factor, begins, MEANING.get(chosen))
        which = f"{chosen} {_written(low)} to {_written(high)}"
    return _mean(codes, factor, low, high), f"the mean of images with {which}"


def _value(place: Text, factor: FactorValues, begins: float, help: str | None) -> float:
    default = factor.called[round(begins * (len(factor.called) - 1))]
    text = st.selectbox(
        "Value", factor.called, **url_widgets.choice(place, factor.called, default), help=help
    )
    return factor.stops[factor.called.index(str(text))]


def _range(place: Text, factor: FactorValues, begins: float, help: str | None) -> tuple[float, float]:
    chosen = st.select_slider(
        "Range",
        factor.stops,
        format_func=_written,
        **url_widgets.ends(place, factor.stops, fifth(factor, begins)),
        help=help,
    )
    low, high = chosen
    return float(low), float(high)


def _mean(codes: Codes, factor: FactorValues, low: float, high: float) -> tuple[float, ...] | None:
    from vae_core.analysis import arithmetic

    group = arithmetic.within(factor.values, low, high)
    count = int(group.sum())
    if not count:
        st.caption("No image lies in this range: widen it.")
        return None
    if factor.called:
        st.caption(f"{words.count(count)} of {words.count(len(group))} images")
    else:
        below, upto = ((factor.values < low).double().mean(), (factor.values <= high).double().mean())
        st.caption(
            f"{words.count(count)} images, {100 * below:.0f} to {100 * upto:.0f}\u00a0%",
            help=f"Of {words.count(len(group))} test images: how many lie in the range, and between which "
            "quantiles of the factor.",
        )
    return tuple(arithmetic.group_mean(codes.posteriors.mean, group).tolist())


def fifth(factor: FactorValues, begins: float) -> tuple[float, float]:
    """The stops around a fifth of the images: the lowest where it begins at 0, the highest at 1."""
    ordered = factor.values.double().sort().values
    least, last = (1 - FIFTH) * begins, len(ordered) - 1
    low, high = (float(ordered[round(share * last)]) for share in (least, least + FIFTH))
    return max(s for s in factor.stops if s <= low), min(s for s in factor.stops if s >= high)


# --- which factors there are, and their values ------------------------------------------------------


def split_of(codes: Codes) -> Dataset:
    """The images that were encoded, with their factors; RunError where they are others. In a thread."""
    found: Dataset = dataset(codes.run.spec.data, "test").result()
    if found.factors is None or len(found.factors) != len(codes.posteriors.mean):
        raise RunError(f"The codes of {codes.run.name} are of other images than today’s test images.")
    return found


def varying(codes: Codes) -> dict[str, FactorValues]:
    """The factors that vary; in a thread of its own."""
    import torch

    split, found = split_of(codes), {}
    assert split.factors is not None
    for name, values in zip(split.factor_names, split.factors.T, strict=True):
        own = values.unique().tolist()
        if len(own) < 2:
            continue
        called = [words.number(value) for value in own] if len(own) <= FEW else []
        if called and split.labels is not None and torch.equal(values, split.labels.to(values)):
            called = [split.class_names[int(value)] for value in own]
        found[name] = FactorValues(values, stops(own), called)
    if not found:
        raise RunError("No factor of these images varies.")
    return found


def stops(values: Sequence[float]) -> list[float]:
    """The values, rising, where they are few; else about a hundred round numbers from below all to above."""
    first, last = values[0], values[-1]
    if len(values) <= STOPS:
        return list(values)
    least = (last - first) / STOPS
    power = math.floor(math.log10(least))
    step = next(m * 10.0**power for m in (1, 2, 5, 10) if m * 10.0**power >= least)
    steps = range(math.floor(first / step), math.ceil(last / step) + 1)
    return [round(k * step, max(-power, 0)) for k in steps]


def _written(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")
