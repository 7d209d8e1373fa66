"""Train the gallery in checkpoints/ from recipes, with fixed seeds: scripts/train_gallery.py [NAME ...]

With --cards nothing is trained: what ships is evaluated again, and its card written anew.

Each run is trained by the library's own `train`, slimmed for shipping (weights in float16, a few dozen
frames, no optimiser state), and measured after that: its card states what the shipped weights reach.
A run that loses more than 0.1 nats to float16 keeps float32. Interrupted, the script goes on where it was.
Sprites have a script of their own.
"""

from __future__ import annotations

import sys

from shipping import SAY, Collection, Piece, size

EPOCHS = 60

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
            **{"training.epochs": EPOCHS},
        )
        line.update(f"{piece.name}: measuring")
        numbers = COLLECTION.ship(run, piece)
    SAY.print(f"{piece.name}: test ELBO {numbers['elbo']:.2f} nats, {size(piece.name):.2f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
