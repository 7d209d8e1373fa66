"""What a run keeps of its disentanglement, beside its weights: `disentanglement.json`, and of other seeds.

The metrics and the information between factors and dimensions take half a minute, so they are computed once
for a state of the weights, named by its step. `seeds.json` tells how the same recipe scored from other
seeds, because one number hides that seeds differ (Locatello et al. 2019). Imports no torch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from vae_core.runs import files
from vae_core.runs.reading import Count, Number, Plain, Whole
from vae_core.runs.records import Record, Title, typed

Row = Annotated[list[Number], Field(min_length=1, max_length=512)]
Metrics = dict[str, Number]


def _one_of_each_factor(found: Record) -> Record:
    rows = found["mutual_information"]
    if not len(found["factors"]) == len(rows) == len(found["factor_entropy"]):
        raise ValueError("not one row for each factor")
    if len({len(row) for row in rows}) != 1:
        raise ValueError("rows of different lengths")
    return found


class Disentanglement(TypedDict, extra_items=Plain):  # type: ignore[call-arg]
    """`disentanglement.json`; mutual_information [F, D] and factor_entropy [F] in nats."""

    step: Count
    images: Count
    factors: Annotated[list[Title], Field(min_length=1, max_length=100)]
    metrics: Metrics
    mutual_information: list[Row]
    factor_entropy: list[Number]


class OneSeed(TypedDict, extra_items=Plain):  # type: ignore[call-arg]
    seed: Whole
    elbo: Number
    metrics: Metrics


class Seeds(TypedDict, extra_items=Plain):  # type: ignore[call-arg]
    """`seeds.json`."""

    recipe: Title
    seeds: Annotated[list[OneSeed], Field(max_length=1000)]


parse = typed(Annotated[Disentanglement, AfterValidator(_one_of_each_factor)], files.DISENTANGLEMENT)
parse_seeds = typed(Seeds, files.SEEDS)


def write(path: Path, found: Record) -> None:
    """Keep it in the run's folder."""
    files.write_json(path / files.DISENTANGLEMENT, found)
