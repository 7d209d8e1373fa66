"""The small JSON files of a run, typed: its card, its numbers, and what was measured of it beside.

What has a type here must have it wherever it stands; what else a file holds is kept, as plain JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Required

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from vae_core.runs.reading import Count, Number, Plain, Text, Unfit, Whole, first
from vae_core.sentences import quote, short

Record = dict[str, Any]
Title = Annotated[str, AfterValidator(partial(first, most=200))]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Card(TypedDict, total=False, extra_items=Plain):  # type: ignore[call-arg]
    """`card.json`: what a run of the gallery is called, what is said of it, and its place."""

    title: Title
    sentence: Text
    order: Number


class Evaluation(TypedDict, total=False, extra_items=Plain):  # type: ignore[call-arg]
    """`evaluation.json`: what `analysis.evaluation.evaluate` gave, in nats per image."""

    elbo: Number | None
    reconstruction: Number | None
    kl: Number | None
    bound: Number | None
    bound_samples: Count | None
    beta: Number | None
    accuracy: Share | None
    classification: Number | None
    hole_mass: Share | None
    hole_mass_error: Number | None
    log_px: Number | None
    log_px_error: Number | None
    log_px_sampling_error: Number | None
    log_px_elbo: Number | None
    log_px_effective_mean: Number | None
    log_px_effective_median: Number | None
    class_kl: Number | None
    kl_note: Text | None
    elbo_note: Text | None
    distance: Number | None
    bits_per_dimension: Number | None
    bits_scale: Text | None
    log_px_note: Text | None
    images: Count | None
    labels: Count | None
    step: Count | None
    dimension_kl: list[Number] | None
    codes_used: Count | None
    perplexity: Number | None
    uniform_nats: Number | None
    bottom_codes_used: Count | None
    bottom_perplexity: Number | None
    level_nats: list[Number] | None


class LabelCount(TypedDict, total=False, extra_items=Plain):  # type: ignore[call-arg]
    """A run or a classifier alone, trained with so many labels (None: with all) from a seed."""

    kind: Required[Title]
    accuracy: Required[Share]
    labels: Annotated[int, Field(ge=1, le=10**9, strict=True)] | None
    seed: Whole


class Labels(TypedDict, extra_items=Plain):  # type: ignore[call-arg]
    """`labels.json`: how accuracy grows with the number of labels."""

    runs: Annotated[list[LabelCount], Field(max_length=1000)]


Anything = dict[str, Plain]


def typed(kind: Any, name: str) -> Callable[[Record], Record]:
    """A function that gives an object of plain JSON back if it is of the kind, else raises Unfit."""
    adapter = TypeAdapter(kind)

    def checked(value: Record) -> Record:
        try:
            found: Record = adapter.validate_python(value)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            where = short(".".join(str(part) for part in fault["loc"] if not str(part).endswith("int")))
            raise Unfit(f"{name} does not fit: {where or 'it'} is {quote(fault['input'], 40)}.") from None
        return found

    return checked
