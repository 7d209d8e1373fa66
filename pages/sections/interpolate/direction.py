"""Which way to go: from one code to another, from all other classes to one, from low in a factor to high, or
as was kept under a name."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.sections.interpolate import factor, operand, saved_directions
from pages.sections.interpolate.path_codes import in_units
from vae_core.data.catalogue import WITH_FACTORS
from vae_core.runs.run import Run, RunError
from widgets.run_data.classes import dataset_classes
from widgets.run_data.codes import Codes, cached
from widgets.run_data.dataset import absent
from widgets.shell import links, tasks, url_state, url_widgets, words
from widgets.shell.error_boundary import callback
from widgets.shell.link_types import Misfit

if TYPE_CHECKING:
    from vae_core.analysis.arithmetic import Direction

# As many times what chance gives is clearly longer; and the least length.
CLEARLY, LEAST = 2.0, 1e-5
DIFFERENCE, CLASS, FACTOR, KEPT = "difference", "class", "factor", "saved"
WAYS = {
    DIFFERENCE: "A − B",
    CLASS: "A class against the rest",
    FACTOR: "A factor, high against low",
    KEPT: "Kept",
}


@dataclass(frozen=True, eq=False)
class ChosenDirection:
    """vector [D]; how: in words. found: with its errors, where it is between groups. chance: its length if
    both groups were drawn from the same images, where that is known."""

    vector: tuple[float, ...]
    how: str
    found: Direction | None = None
    name: str = ""
    chance: float | None = None


def choose(run: Run, codes: Codes) -> tuple[str, ChosenDirection | None]:
    """Shows of which kind it is, and which; None where A and B are to be chosen, or it is on its way."""
    coming = saved_directions.fetch(run)
    saved = {one.name: one for one in saved_directions.of(run)}
    if coming and not saved and url_state.read(links.DIRECTION) == KEPT:
        st.caption("Looking for the directions that this browser keeps …")
        return KEPT, None
    known = [DIFFERENCE]
    if codes.posteriors.labels is not None:
        known.append(CLASS)
    if run.spec.data.name in WITH_FACTORS and codes.whole:
        known.append(FACTOR)
    if saved:
        known.append(KEPT)
    elif not coming:
        url_state.without_control(links.SAVED, "no direction is saved here")
    kind = st.segmented_control(
        "Direction",
        known,
        format_func=WAYS.__getitem__,
        **url_widgets.choice(links.DIRECTION, known, label=WAYS.__getitem__, by="default"),
        required=True,
        help="A − B: the difference of two codes. Against the rest: the mean code of a class less that of "
        "all other images. A factor: the mean code of the fifth of images highest in it less that of the "
        "lowest.",
    )
    if kind == CLASS:
        return CLASS, _of_class(run, codes)
    if kind == FACTOR:
        return FACTOR, _of_factor(run, codes)
    if kind == KEPT:
        return KEPT, _of_kept(run, saved)
    return DIFFERENCE, None


def difference(codes: Codes, a: operand.Operand, b: operand.Operand) -> ChosenDirection:
    vector = tuple(u - v for u, v in zip(a.code, b.code, strict=True))
    how = f"{a.name} less {b.name}"
    if a.picked or b.picked or a.label is None or b.label is None or a.label == b.label:
        return ChosenDirection(vector, how)
    found = class_direction(codes, a.label, b.label)
    return ChosenDirection(vector, how, found, chance=found.chance)


def of_chance_length(run: Run, way: ChosenDirection) -> str | None:
    """Where a direction stands for nothing, the sentence that says so."""
    length = norm(way)
    if length < LEAST:
        return (
            "This direction has no length: both sides have the same code, and all frames would be the same."
        )
    if way.chance is None or not math.isfinite(way.chance) or length >= CLEARLY * way.chance:
        return None
    return (
        f"This direction is {in_units(run, length)} long, and between groups drawn at random it would be "
        f"{in_units(run, way.chance)}: it cannot be told from chance, and stands for nothing. Choose other "
        "groups."
    )


def _of_class(run: Run, codes: Codes) -> ChosenDirection:
    called = dataset_classes(run)
    labels = list(operand.class_means(codes))
    chosen = st.selectbox(
        "Class",
        labels,
        format_func=lambda k: called[k] if k < len(called) else str(k),
        **url_widgets.choice(links.OF_CLASS, labels, labels[0]),
        width=160,
    )
    found = class_direction(codes, int(chosen))
    name = called[chosen] if chosen < len(called) else str(chosen)
    how = f"mean of {name} less the mean of all others"
    return ChosenDirection(tuple(found.vector.tolist()), how, found, chance=found.chance)


@cached(64)
def class_direction(codes: Codes, label: int, against: int | None = None) -> Direction:
    """From the mean of a class, or of all others, to that of the class `label`."""
    from vae_core.analysis import arithmetic

    posteriors = codes.posteriors
    assert posteriors.labels is not None
    try:
        rest = None if against is None else posteriors.labels == against
        return arithmetic.direction(posteriors.mean, posteriors.labels == label, rest)
    except ValueError as error:
        raise RunError(str(error)) from None


def _of_factor(run: Run, codes: Codes) -> ChosenDirection | None:
    if (reason := absent(run.spec.data)) is not None:
        st.caption(reason)
        return None
    task = tasks.start(factor_directions, codes)
    if not task.done() or task.exception() is not None:
        tasks.when_done(task, "Reading the factors", lambda _: None)
        return None
    found: dict[str, Direction] = task.result()
    chosen = st.selectbox(
        "Factor",
        list(found),
        **url_widgets.choice(links.OF_FACTOR, list(found), next(iter(found))),
        width=160,
    )
    way = found[str(chosen)]
    how = f"mean of high {chosen} less the mean of low {chosen}"
    return ChosenDirection(tuple(way.vector.tolist()), how, way, chance=way.chance)


def factor_directions(codes: Codes) -> dict[str, Direction]:
    """For each factor that varies; in a thread of its own."""
    from vae_core.analysis import arithmetic

    split, mean = factor.split_of(codes), codes.posteriors.mean
    assert split.factors is not None
    found: dict[str, Any] = {}
    for name, values in zip(split.factor_names, split.factors.T, strict=True):
        try:
            found[name] = arithmetic.by_factor(mean, values)
        except ValueError:
            continue  # it is the same for all images
    if not found:
        raise RunError("No factor of these images varies.")
    return found


def _of_kept(run: Run, saved: dict[str, Any]) -> ChosenDirection:
    requested = url_state.read(links.SAVED)
    name = next(iter(saved))
    if requested is not None:
        name = saved_directions.in_use(run, requested, saved.values())
    if name not in saved:
        url_state.misfit(links.SAVED, name, Misfit("there is none of that name here"))
        name = next(iter(saved))
    url_state.accepted(links.SAVED, name)

    def choose(name: str) -> None:
        url_state.write(links.SAVED, saved_directions.to_link(run, saved[name]))

    choose(name)
    key = url_state.key_showing("at:saved", name)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.selectbox(
            "Name",
            list(saved),
            list(saved).index(name),
            key=key,
            on_change=url_state.heard(key, choose),
            width=220,
        )
        st.button(
            "Delete",
            key="forget-direction",
            icon=":material/delete:",
            on_click=callback(saved_directions.forget),
            args=(run, str(chosen)),
            help="Takes the direction away.",
        )
    one = saved[str(chosen)]
    if one.step is not None and one.step != run.status.step:
        st.caption(
            f"Made at step {words.count(one.step)}; the model has trained on since, and may mean something "
            "else by it."
        )
    return ChosenDirection(one.vector, one.how, name=one.name, chance=one.chance)


def norm(way: ChosenDirection) -> float:
    return math.sqrt(sum(v * v for v in way.vector))
