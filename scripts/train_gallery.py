"""Train the gallery in checkpoints/ from recipes, with fixed seeds: scripts/train_gallery.py [NAME ...]

With --cards nothing is trained: what ships is evaluated again, and its card written anew.

Each run is trained by the library's own `train`, slimmed for shipping (weights in float16, a few dozen
frames, no optimiser state), and measured after that: its card states what the shipped weights reach.
A run that loses more than 0.1 nats to float16 keeps float32. Interrupted, the script goes on where it was.
Sprites have a script of their own.
"""

from __future__ import annotations

import sys

import torch
from model_card import table
from shipping import GALLERY, SAY, Collection, Piece, rounded, size

from vae_core import data, recipes
from vae_core.analysis import denoise
from vae_core.model import noise
from vae_core.pixels import unit
from vae_core.runs.run import Run

EPOCHS = 60
PLAIN, STRENGTHS = "vae-16d-mnist", (0.0, 0.1, 0.3, 0.5)  # what denoising is compared with, and where

PIECES = (
    Piece(
        "vae-2d-mnist",
        "vae-2d",
        "VAE on MNIST",
        "Ten kinds of digits under one round prior: the map to start from.",
    ),
    Piece(
        "autoencoder-2d-mnist",
        "autoencoder-2d",
        "Autoencoder on MNIST",
        "beta 0: sharp reconstructions, and a space full of holes.",
    ),
    Piece(
        "beta-0.1-mnist",
        "beta-0.1",
        "VAE with beta 0.1 on MNIST",
        "A tenth of the KL is enough to pull the codes together.",
    ),
    Piece(
        "beta-4-mnist",
        "beta-4",
        "beta-VAE with beta 4 on MNIST",
        "A heavy KL: hardly a hole left, and blurred digits.",
    ),
    Piece(
        "vae-2d-strokes",
        "vae-2d",
        "VAE on drawn strokes",
        "Digits drawn by a program, whose slant and thickness are known.",
        {"data.name": "strokes"},
    ),
    Piece(
        "vae-16d-mnist",
        "vae-16d",
        "VAE with 16 dimensions on MNIST",
        "More room than needed: see which dimensions are used.",
    ),
    Piece(
        "denoise-mnist",
        "denoise",
        "Denoising VAE on MNIST",
        "Its encoder learned under salt and pepper: one pass finds the digit below.",
        frames=6,
    ),
    Piece(
        "vae-2d-no-noise-mnist",
        "vae-2d-no-noise",
        "VAE without noise on MNIST",
        "The KL without noise is a pull towards 0 and no more: the cloud shrinks, and samples stay poor.",
        frames=12,
    ),
    Piece(
        "autoencoder-2d-no-noise-mnist",
        "autoencoder-2d-no-noise",
        "Autoencoder without noise on MNIST",
        "Neither noise nor KL: codes go anywhere, and nothing asks what lies between them.",
        frames=12,
    ),
    Piece(
        "mixture-prior-2d-mnist",
        "mixture-prior-2d",
        "Mixture prior on MNIST",
        "A prior of 30 Gaussians that learns: it goes where the codes are, and hardly a hole is left.",
        {"training.epochs": 20.0},
        frames=12,
    ),
    Piece(
        "vamp-2d-mnist",
        "vamp-2d",
        "VampPrior on MNIST",
        "The prior is what the encoder makes of 50 learned images, which are shown below the map.",
        {"training.epochs": 20.0},
        frames=12,
    ),
    Piece(
        "flow-prior-2d-mnist",
        "flow-prior-2d",
        "Flow prior on MNIST",
        "N(0, I), bent by eight invertible steps around the classes.",
        {"training.epochs": 20.0},
        frames=12,
    ),
    Piece(
        "iaf-2d-mnist",
        "iaf-2d",
        "Flow posterior on MNIST",
        "q(z|x) need not be an ellipse: see it bend over the true posterior of a pinned image.",
        {"training.epochs": 20.0},
        frames=12,
    ),
    Piece(
        "iwae-50-mnist",
        "iwae-50",
        "IWAE on MNIST",
        "Fifty codes of an image are weighed together: a bound nearer to log p(x).",
        {"training.epochs": 5.0},
        frames=4,
    ),
    Piece(
        "linear-8d-mnist",
        "linear",
        "Linear VAE on MNIST",
        "Probabilistic PCA, learned: its weights span the principal components.",
        {"training.epochs": 40.0},
        frames=3,
    ),
    *(
        Piece(
            f"likelihood-{name}-mnist",
            f"likelihood-{name}",
            f"{title} on grey MNIST",
            sentence,
            # Of 256 levels a step takes most of a second: all four take as many steps as that allows.
            {"training.steps": 1000},
            frames=4,
            samples=0 if name == "categorical" else 1000,
        )
        for name, title, sentence in (
            ("gaussian", "Gaussian likelihood", "One variance for all pixels: draws are grainy all over."),
            ("laplace", "Laplace likelihood", "Distances in place of squares: the median of a pixel."),
            (
                "continuous-bernoulli",
                "Continuous Bernoulli likelihood",
                "A density on [0, 1] that is highest at an end, as most pixels are.",
            ),
            ("categorical", "256 grey levels", "A probability of each level, none nearer than another."),
        )
    ),
    Piece(
        "vq-mnist",
        "vq",
        "VQ-VAE on MNIST",
        "A code is a map of 7 x 7 tiles: exchange one, or hide some and let the prior write them.",
        frames=4,
    ),
    Piece(
        "vq-class-mnist",
        "vq-class",
        "VQ-VAE told the class on MNIST",
        "A prior over codes for each class: ask for a digit, and it is written cell by cell.",
        frames=4,
    ),
    Piece(
        "vq-2d-mnist",
        "vq-2d",
        "VQ-VAE in a plane on MNIST",
        "A codebook of two numbers each: every code with its part of the plane.",
        frames=8,
    ),
    Piece(
        "vq2-mnist",
        "vq2",
        "VQ-VAE-2 on MNIST",
        "Two maps of tiles, one finer than the other: see what each says, and exchange them between images.",
        frames=4,
    ),
    Piece(
        "gumbel-mnist",
        "gumbel",
        "Gumbel-softmax on MNIST",
        "Twenty groups of ten categories: in each group one is chosen.",
        {"training.epochs": 20.0},
        frames=4,
    ),
    Piece(
        "collapse-mnist",
        "collapse",
        "Collapsed code on MNIST",
        "Each pixel is told of its neighbours: the KL falls to nearly nothing, and the ELBO rises.",
        frames=4,
        samples=0,
    ),
)


COLLECTION = Collection("train_gallery", PIECES, order=0, frames=24, umap=True)


def main(arguments: list[str]) -> None:
    pieces, cards = COLLECTION.select(arguments)
    for piece in pieces:
        if cards:
            COLLECTION.recard(piece)
        else:
            make(piece)


def make(piece: Piece) -> None:
    with SAY.status(piece.name) as line:
        run = COLLECTION.train(
            piece,
            progress=lambda status: line.update(f"{piece.name}: epoch {status['epoch']:.1f}"),
            **length(piece),
        )
        line.update(f"{piece.name}: measuring")
        numbers = COLLECTION.ship(run, piece, "" if run.spec.noise.kind == "none" else denoising(run))
    SAY.print(f"{piece.name}: test ELBO {numbers['elbo']:.2f} nats, {size(piece.name):.2f} MB")


def length(piece: Piece) -> dict[str, float]:
    """EPOCHS of a piece that does not say how long it trains, and whose recipe does not either."""
    said = {*piece.changes, *recipes.RECIPES[piece.recipe].changes}
    return {} if said & {"training.epochs", "training.steps"} else {"training.epochs": EPOCHS}


def denoising(run: Run) -> str:
    """What one pass of the encoder makes of noisy test images, beside a model that never saw noise."""
    test, noised = data.load(run.spec.data.name, "test"), (run.evaluation or {}).get("noised", {})
    x = unit(data.binarised_once(test, run.spec.data.binarisation))
    models = {f"**{run.name} (this one)**": rounded(run.model), PLAIN: Run(GALLERY / PLAIN).model}
    rows = [["Model", *(f"{strength:.0%}" for strength in STRENGTHS)]]
    for name, model in models.items():
        errors = []
        for strength in STRENGTHS:
            noisy = noise.add(x, run.spec.noise.kind, strength, torch.Generator().manual_seed(0))
            errors.append(float((denoise.one_pass(model, noisy) - x).square().mean()))
        rows.append([name, *(f"{error:.4f}" for error in errors)])
    return (
        f"## Denoising\n\nUnder noise as in training the ELBO on clean pixels is "
        f"{noised.get('elbo', float('nan')):.2f} nats; the numbers above are of images without noise.\n\n"
        f"Squared error per pixel of what one pass of the encoder decodes, over all {len(x):,} test images "
        f"under {type(run.spec.noise).title.lower()}, by the share of pixels hit:\n\n{table(rows)}\n\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
