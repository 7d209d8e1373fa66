"""Train the gallery in checkpoints/ from recipes, with fixed seeds: scripts/train_gallery.py [NAME ...]

With --cards nothing is trained: what ships is evaluated again, and its card written anew.

Each run is trained by the library's own `train`, slimmed for shipping (weights in float16, a few dozen
frames, no optimiser state), and measured after that: its card states what the shipped weights reach.
A run that loses more than 0.1 nats to float16 keeps float32. Sprites have a script of their own.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from shipping import Piece, asked, recard, ship, size

from vae_core import data, recipes, train

EPOCHS = 60
FRAMES = 24
SAY = Console(highlight=False)

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
)


def main(arguments: list[str]) -> None:
    pieces, cards = asked(PIECES, arguments)
    for piece in pieces:
        if cards:
            recard(piece, made_by=command(piece))
        else:
            make(piece, PIECES.index(piece))


def command(piece: Piece) -> str:
    return f"python scripts/train_gallery.py {piece.name}"


def make(piece: Piece, order: int) -> None:
    spec = recipes.get(piece.recipe).change(
        **{"training.epochs": EPOCHS, "training.device": "cpu", **piece.changes}
    )
    with tempfile.TemporaryDirectory() as scratch, SAY.status(piece.name) as line:
        run = train(
            spec,
            Path(scratch) / piece.name,
            progress=lambda status: line.update(f"{piece.name}: epoch {status['epoch']:.1f} of {EPOCHS}"),
        )
        line.update(f"{piece.name}: measuring")
        numbers = ship(
            run,
            piece,
            order,
            data.load(spec.data.name, "test"),
            keep=FRAMES,
            made_by=command(piece),
        )
    SAY.print(f"{piece.name}: test ELBO {numbers['elbo']:.2f} nats, {size(piece.name):.2f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
