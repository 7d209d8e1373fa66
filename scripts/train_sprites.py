"""Train the sprites of the gallery, three seeds of each recipe: scripts/train_sprites.py [NAME ...]

Each run is trained by the library's own `train` and measured with all metrics of disentanglement on the
10,000 test images, as it would ship. What ships is the seed with the median MIG, neither the best nor one
chosen by hand, and beside it what every seed reached. Two runs are trained at a time. Interrupted, the script
goes on where it was; called after all is done it only ships again.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from model_card import table
from shipping import SAY, Collection, Piece, codes, rounded, size

from vae_core import data
from vae_core.analysis.disentangle.record import record
from vae_core.analysis.evaluation import evaluate
from vae_core.runs import disentanglement, files
from vae_core.runs.reading import read_json
from vae_core.runs.run import Run
from vae_core.training.process import quick_arithmetic

SEEDS = (0, 1, 2)
AT_ONCE = 2
SCORES = "scores.json"  # of one seed: a row of seeds.json, and the processor's seconds

PIECES = (
    Piece(
        "sprites-beta-1",
        "sprites-beta-1",
        "VAE on sprites",
        "Position, size and shape are in the code, but mixed: turn one slider, and several change.",
    ),
    Piece(
        "sprites-beta-4",
        "sprites-beta-4",
        "beta-VAE with beta 4 on sprites",
        "A heavier KL leaves fewer dimensions, and each has more of one factor.",
    ),
    Piece(
        "sprites-capacity",
        "sprites-capacity",
        "VAE of rising capacity on sprites",
        "Information is handed out little by little: position first, then size.",
    ),
    Piece(
        "sprites-beta-tc",
        "sprites-beta-tc",
        "beta-TCVAE on sprites",
        "Dimensions that tell about each other cost extra: one for x, one for y, one for size.",
    ),
    Piece(
        "sprites-factor",
        "sprites-factor",
        "FactorVAE on sprites",
        "A second network looks for dependence between dimensions, and the encoder removes it.",
    ),
)

COLLECTION = Collection("train_sprites", PIECES, order=10, frames=12)


def main(arguments: list[str]) -> None:
    pieces, cards = COLLECTION.select(arguments)
    if cards:
        for piece in pieces:
            COLLECTION.recard(piece)
        return
    for piece in train_all(pieces):
        SAY.print(ship_median(piece))


def train_all(pieces: list[Piece]) -> Iterator[Piece]:
    """Every piece as soon as all its seeds are trained and measured."""
    missing = {piece.name: set(SEEDS) for piece in pieces}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(AT_ONCE, context) as pool:
        tasks = {pool.submit(train_seed, piece, seed): (piece, seed) for piece in pieces for seed in SEEDS}
        for task in as_completed(tasks):
            SAY.print(task.result())
            piece, seed = tasks[task]
            missing[piece.name].discard(seed)
            if not missing[piece.name]:
                yield piece


def train_seed(piece: Piece, seed: int) -> str:
    """Train and measure one seed, as far as that is not done; what it reached, in a line."""
    begun = time.process_time()
    run = COLLECTION.train(piece, f"{piece.recipe}-{seed}", **{"training.seed": seed})
    spent = time.process_time() - begun
    scores = read_json(run.path / SCORES)
    if scores is None:
        scores = measure(run, seed) | {"processor_seconds": round(spent, 1)}
        files.write_json(run.path / SCORES, scores)
    return (
        f"{run.name}: MIG {scores['metrics']['mig']:.3f}, test ELBO {scores['elbo']:.2f} nats, "
        f"{scores['processor_seconds']:.0f} processor seconds"
    )


def measure(run: Run, seed: int) -> dict[str, Any]:
    """A row of seeds.json, of weights and codes as they would ship; and the run's record."""
    test = data.load(run.spec.data.name, "test")
    assert test.factors is not None
    with quick_arithmetic():
        model = rounded(run.model)
        found = record(codes(model, test).mean, test.factors, test.factor_names, run.status.step)
        elbo = evaluate(model, test, samples=0)["elbo"]
    disentanglement.write(run.path, found)
    return {"seed": seed, "elbo": elbo, "metrics": found["metrics"]}


def ship_median(piece: Piece) -> str:
    """Ship the seed whose MIG is the median; a line that says so."""
    rows = [read_json(COLLECTION.work / f"{piece.recipe}-{seed}" / SCORES) or {} for seed in SEEDS]
    chosen = sorted(rows, key=lambda row: row["metrics"]["mig"])[len(rows) // 2]
    run = Run(COLLECTION.work / f"{piece.recipe}-{chosen['seed']}")
    seeds = [{key: row[key] for key in ("seed", "elbo", "metrics")} for row in rows]
    more = by_seed(seeds, chosen["seed"])
    COLLECTION.ship(run, piece, more, {files.SEEDS: {"recipe": piece.recipe, "seeds": seeds}})
    return f"{piece.name}: seed {chosen['seed']} ships, {size(piece.name):.2f} MB"


def by_seed(seeds: list[dict[str, Any]], chosen: int) -> str:
    """The card's table of all metrics for all seeds."""
    heads = ["Metric", *(f"seed {row['seed']}" + " (this one)" * (row["seed"] == chosen) for row in seeds)]
    lines = [[name, *(f"{row['metrics'][name]:.3f}" for row in seeds)] for name in seeds[0]["metrics"]]
    elbo = ["ELBO, nats", *(f"{row['elbo']:.2f}" for row in seeds)]
    return (
        f"## Disentanglement, by seed\n\n{table([heads, *lines, elbo])}\n\n"
        "Of the posterior means of the test images. This one has the median MIG. Without supervision or "
        "inductive bias disentanglement cannot be identified, and seeds differ (Locatello et al. 2019).\n\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
