"""Train the gallery in checkpoints/ from recipes, with fixed seeds: scripts/train_gallery.py [NAME ...]

Each run is trained by the library's own `train`, slimmed for shipping (weights in float16, a few dozen
frames, no optimiser state), and measured after that: its card states what the shipped weights reach.
A run that loses more than 0.1 nats to float16 keeps float32.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from vae_core import data, recipes, train
from vae_core.analysis import project
from vae_core.evaluation import evaluate
from vae_core.model import VAE
from vae_core.training import frames
from vae_core.training.run import Run
from widgets import manifold

GALLERY = Path(__file__).resolve().parents[1] / "checkpoints"
EPOCHS = 60
FRAMES = 24
LINES = 200  # of metrics.jsonl
WORST_LOSS = 0.1  # nats per image that float16 may cost
SAY = Console(highlight=False)


@dataclass(frozen=True)
class Piece:
    name: str
    recipe: str
    title: str
    sentence: str
    changes: dict[str, Any] = field(default_factory=dict)


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


def main(names: list[str]) -> None:
    unknown = set(names) - {piece.name for piece in PIECES}
    if unknown:
        raise SystemExit(f"There is no {', '.join(unknown)}; there are {', '.join(p.name for p in PIECES)}.")
    for order, piece in enumerate(PIECES):
        if not names or piece.name in names:
            make(piece, order)


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
        test = data.load(spec.data.name, "test")
        full = run.model
        precision = slim(run)
        small = run.model
        numbers = evaluate(small, test)
        reference = evaluate(full, test, samples=0)
        if reference["elbo"] - numbers["elbo"] > WORST_LOSS:
            save_file(full.state_dict(), run.path / "weights.safetensors")
            precision, small, numbers = "float32", full, evaluate(full, test)
        posteriors(run, small, test)
        if spec.latent > 2:
            line.update(f"{piece.name}: UMAP")
            project.write(run.path)
        (run.path / "evaluation.json").write_text(json.dumps(numbers, indent=1) + "\n")
        card = {"title": piece.title, "sentence": piece.sentence, "order": order}
        (run.path / "card.json").write_text(json.dumps(card, indent=1) + "\n")
        (run.path / "CARD.md").write_text(model_card(piece, run, numbers, precision, reference["elbo"]))
        for name in ("state.safetensors", "lock", "control.json", "worker.log"):
            (run.path / name).unlink(missing_ok=True)
        for file in run.path.rglob("*.safetensors"):
            file.chmod(0o644)
        manifold.draw(run)
        target = GALLERY / piece.name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(run.path, target)
    size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    SAY.print(f"{piece.name}: test ELBO {numbers['elbo']:.2f} nats, {size / 1e6:.2f} MB")


def slim(run: Run) -> str:
    """Weights to float16, frames and metrics thinned; the name of the precision."""
    file = run.path / "weights.safetensors"
    weights = load_file(file)
    save_file(
        {name: value.half() if value.is_floating_point() else value for name, value in weights.items()}, file
    )

    # The beginning changes fastest: keep frames whose steps grow by equal factors.
    album = run.frames
    steps = [frames.step_of(frame) for frame in album]
    wanted = torch.logspace(0, torch.tensor(float(steps[-1])).log10(), FRAMES - 1).tolist()
    kept = {0, len(album) - 1} | {min(range(len(steps)), key=lambda i: abs(steps[i] - w)) for w in wanted}
    for i, frame in enumerate(album):
        if i not in kept:
            frame.unlink()

    metrics = run.path / "metrics.jsonl"
    lines = metrics.read_text().splitlines(keepends=True)
    every = -(-len(lines) // LINES)
    metrics.write_text("".join(line for i, line in enumerate(lines) if i % every == 0 or i == len(lines) - 1))
    return "float16"


def posteriors(run: Run, model: VAE, test: data.Dataset) -> None:
    """q(z|x) of the test images under the shipped weights, in float16."""
    from vae_core.training.loop import drawn

    found = model.posteriors(drawn(test, run.spec), test.labels)
    arrays = {"mean": found.mean.half(), "log_var": found.log_var.half()}
    if found.labels is not None:
        arrays["labels"] = found.labels.to(torch.int16)
    arrays["step"] = torch.tensor([run.status.step])
    save_file(arrays, run.path / "posteriors.safetensors")


def model_card(piece: Piece, run: Run, numbers: dict[str, Any], precision: str, reference: float) -> str:
    spec, training = run.spec, run.spec.training
    rows = [
        ("Data", f"{spec.data.name}, {numbers['binarisation']} binarisation, {numbers['split']} split"),
        ("Images", f"{numbers['images']:,}"),
        (
            "Training",
            f"{spec.training.epochs:g} epochs, batch {spec.training.batch_size}, seed {spec.training.seed}",
        ),
        ("Learning rate", f"{training.learning_rate:g} (Adam)"),
        ("beta", f"{spec.objective.beta:g}"),
        ("Latent dimensions", f"{spec.latent}, of which {numbers['active_units']} active"),
        ("Likelihood", numbers["likelihood"]),
        ("ELBO", f"{numbers['elbo']:.2f} nats"),
        ("Reconstruction", f"{numbers['reconstruction']:.2f} nats"),
        ("KL", f"{numbers['kl']:.2f} nats"),
        (
            "log p(x)",
            f"{numbers['log_px']:.2f} ± {numbers['log_px_error']:.2f} nats ({numbers['log_px_samples']:,} "
            f"importance samples, first {numbers['log_px_images']:,} images)",
        ),
        ("Hole mass", f"{numbers['hole_mass']:.3f} ± {numbers['hole_mass_error']:.3f} of the prior"),
        ("Weights", f"{precision}; the ELBO in float32 is {reference:.2f} nats"),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return (
        f"# {piece.title}\n\n{piece.sentence}\n\n| | |\n|---|---|\n{table}\n\n"
        "Nats per image, summed over pixels, on images binarised once. ELBO and its parts with one "
        "posterior sample each; in a hole the aggregated posterior is less than a tenth of the prior.\n\n"
        f"Made by `python scripts/train_gallery.py {piece.name}`.\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
