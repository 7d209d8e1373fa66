"""Train the gallery's models that complete images: scripts/train_masked.py [NAME ...]

Each run is trained by the library's own `train` with random masks, and measured as it ships: what the hidden
pixels of test images cost it, beside models that never saw a mask and all methods of completing images with
those. Such a model, of the same convolutions and as many steps, is trained along; it does not ship.
Interrupted, the script goes on where it was.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from model_card import table
from shipping import GALLERY, SAY, Collection, Piece, rounded, size

from vae_core import data
from vae_core.analysis import inpaint
from vae_core.analysis.inpaint import Completions
from vae_core.model import masks
from vae_core.model.vae import VAE
from vae_core.runs import files
from vae_core.runs.reading import read_json
from vae_core.runs.run import Run

BLOCK = 250  # images at a time
COUNT = 16  # completions of an image
FEW = 30  # images for the methods that take long

PIECES = (
    Piece(
        "masked-16d-mnist",
        "masked-16d",
        "Masked VAE on MNIST",
        "Sees part of a digit, is told what is hidden, and completes it in one pass.",
        {"training.epochs": 30},
    ),
    Piece(
        "partial-conv-mnist",
        "partial-conv",
        "Partial convolutions on MNIST",
        "Convolutions over observed pixels alone complete a digit with half its pixels missing.",
        {"training.epochs": 26, "net.channels": "8,16"},
    ),
)
COLLECTION = Collection("train_masked", PIECES, order=30, frames=5)
# The same decoder and as many steps as the partial convolutions', and never a mask.
PLAIN = Piece(
    "conv-mnist", "vae-16d", "", "", {"training.epochs": 26, "net.kind": "conv", "net.channels": "8,16"}
)
ITERATED = "vae-16d-mnist"  # of the gallery: the one that all methods are tried with
KINDS = {
    "pixels_25": "25 % of pixels",
    "pixels_50": "50 %",
    "pixels_75": "75 %",
    "strokes": "a stroke",
    "rectangles": "a rectangle",
    "halves": "a half",
}
# Shorter chains than the app's: the table has hundreds of images to complete.
METHODS: dict[str, tuple[str, Callable[..., Completions]]] = {
    "encoder": ("hidden pixels 0", inpaint.METHODS["encoder"]),
    "pseudo_gibbs": ("pseudo-Gibbs, 100 rounds", inpaint.METHODS["pseudo_gibbs"]),
    "importance": ("importance sampling, 2,000 codes", inpaint.METHODS["importance"]),
    "langevin": (
        "Langevin, 100 + 100 steps",
        partial(inpaint.METHODS["langevin"], steps=100, warm_up=100),
    ),
    "hmc": ("HMC, 30 + 20 steps of 8", partial(inpaint.METHODS["hmc"], steps=20, warm_up=30)),
}


def main(arguments: list[str]) -> None:
    pieces, cards = COLLECTION.select(arguments)
    if cards:
        for piece in pieces:
            COLLECTION.recard(piece)
        return
    runs = {piece.name: COLLECTION.train(piece) for piece in (*PIECES, PLAIN)}
    models = {name: rounded(run.model) for name, run in runs.items()} | {
        ITERATED: Run(GALLERY / ITERATED).model
    }
    test = data.load("mnist", "test")
    images = data.binarised_once(test, runs[PLAIN.name].spec.data.binarisation)
    found = measure(models, images)
    for piece in pieces:
        run = runs[piece.name]
        COLLECTION.ship(run, piece, section(found, run), {files.INPAINTING: found})
        SAY.print(f"{piece.name}: {size(piece.name):.2f} MB")


def measure(models: dict[str, VAE], images: torch.Tensor) -> dict[str, Any]:
    """Nats of hidden pixels: in one pass for all images under masks of 50 %, by method and kind for FEW."""
    file = COLLECTION.work / "measured.json"
    found: dict[str, Any] = read_json(file) or {}
    rows = [(name, "encoder") for name in models] + [
        (ITERATED, name) for name in METHODS if name != "encoder"
    ]
    for name in models:
        key = f"{name} all"
        if key not in found:
            found[key] = nats(models[name], images, "pixels_50", METHODS["encoder"][1])
            files.write_json(file, found)
            SAY.print(f"{key}: {found[key]}")
    for name, method in rows:
        key = f"{name} {method}"
        if key not in found:
            found[key] = {kind: nats(models[name], images[:FEW], kind, METHODS[method][1]) for kind in KINDS}
            files.write_json(file, found)
            SAY.print(f"{key}: {found[key]}")
    return found


def nats(model: VAE, images: torch.Tensor, kind: str, method: Callable[..., Completions]) -> dict[str, float]:
    """-log (1/K) sum_k p(x_hidden | z_k), averaged over images; its standard error; pixels hidden; errors.

    The masks of a kind are the same for every model and method.
    """
    drawing = torch.Generator().manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    lost, squared, hidden = [], [], []
    for block in images.split(BLOCK):
        seen = masks.KINDS[kind](len(block), *block.shape[2:], drawing)
        found = method(model, block, seen, COUNT, generator=generator)
        scores = inpaint.scores(found, block, seen, model)
        lost.append(-scores.log_lik)
        squared.append(scores.squared)
        hidden.append(scores.pixels.double())
    all_lost = torch.cat(lost)
    return {
        "nats": all_lost.mean().item(),
        "error": all_lost.std().item() / len(all_lost) ** 0.5,
        "squared": torch.cat(squared).mean().item(),
        "pixels": torch.cat(hidden).mean().item(),
        "images": len(all_lost),
    }


def section(found: dict[str, Any], run: Run) -> str:
    """What the card says of completing images."""
    titles = {
        "masked-16d-mnist": "Masked encoder",
        "partial-conv-mnist": "Partial convolutions",
        PLAIN.name: "Plain VAE, convolutional",
        ITERATED: "Plain VAE, fully connected",
    }
    titles |= {run.name: f"**{titles[run.name]} (this one)**"}
    alone = [
        [titles[name], f"{found[f'{name} all']['nats']:.2f} ± {found[f'{name} all']['error']:.2f}"]
        for name in titles
    ]
    own, plain, longer = (found[f"{name} all"]["nats"] for name in (run.name, PLAIN.name, ITERATED))
    rows = [(name, "encoder") for name in titles]
    rows += [(ITERATED, name) for name in METHODS if name != "encoder"]
    by_kind = [
        [
            titles[name],
            "its own pass" if name in (PIECES[0].name, PIECES[1].name) else METHODS[method][0],
            *(f"{found[f'{name} {method}'][kind]['nats']:.1f}" for kind in KINDS),
        ]
        for name, method in rows
    ]
    errors = ["", "hidden pixels", *(f"{found[f'{ITERATED} hmc'][kind]['pixels']:.0f}" for kind in KINDS)]
    masked = (run.evaluation or {}).get("masked", {})
    return (
        "## Completing images\n\n"
        f"Under masks as in training the ELBO on all pixels is {masked.get('elbo', float('nan')):.2f} nats; "
        "the numbers above are of whole images.\n\n"
        "What hidden pixels cost: -log p(x_hidden | z) with 16 codes z of each image, log-mean over these, "
        "in nats per image. It scores the codes that a method draws, which are the model's own conditional "
        "for chains and importance sampling alone; of so few codes it is too high, for all methods alike. "
        f"On all {found[f'{run.name} all']['images']:,} test images, each pixel hidden "
        f"with probability 1/2, from one pass of the encoder:\n\n{table([['Model', 'Nats'], *alone])}\n\n"
        f"That is {1 - own / longer:.0%} less than of `{ITERATED}`, the plain fully connected VAE, trained "
        f"for 60 epochs, and {1 - own / plain:.0%} less than of a plain convolutional one, which had "
        "the partial convolutions' size and steps. Both see hidden pixels as 0.\n\n"
        f"By what is hidden, on the first {FEW} test images; every method has the same masks:\n\n"
        f"{table([['Model', 'Method', *KINDS.values()], *by_kind, errors])}\n\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
