"""What the gallery's scripts share: runs are trained to their end, made small, measured as they ship, and
given their cards.

The gallery is `checkpoints/`, or the folder that VAE_GALLERY names.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from model_card import model_card
from rich.console import Console
from safetensors.torch import load_file, save_file

from vae_core import data, recipes, train
from vae_core.analysis.evaluation import evaluate
from vae_core.model.vae import VAE
from vae_core.runs import files, frames, schema
from vae_core.runs.run import Run
from vae_core.workers import umap_job, worker
from widgets.run_data import manifold

GALLERY = files.gallery() or files.SHIPPED
MODEL_CARD = "CARD.md"
SAY = Console(highlight=False)
LINES = 200  # of metrics.jsonl
WORST_LOSS = 0.1  # nats per image that float16 may cost


@dataclass(frozen=True)
class Piece:
    """One run of the gallery: its folder, the recipe it comes from, and what its card says.

    frames: how many it keeps, where these are fewer than its collection's. samples: of log p(x), for each
    image; 0 where each costs too much.
    """

    name: str
    recipe: str
    title: str
    sentence: str
    changes: dict[str, Any] = field(default_factory=dict)
    frames: int | None = None
    samples: int = 1000


@dataclass(frozen=True)
class Collection:
    """The runs that one script makes.

    script: its name; order: the place of its first card in the gallery; frames: how many each run keeps;
    umap: whether points come with a UMAP, where there are more than two dimensions. Unfinished work lies in
    the gallery's folder `.SCRIPT`, where no app looks: interrupted, a script goes on from there.
    """

    script: str
    pieces: tuple[Piece, ...]
    order: int
    frames: int
    umap: bool = False

    @property
    def work(self) -> Path:
        return GALLERY / f".{self.script}"

    def command(self, piece: Piece) -> str:
        """What the card names as its origin."""
        return f"python scripts/{self.script}.py {piece.name}"

    def select(self, arguments: Sequence[str]) -> tuple[list[Piece], bool]:
        """The pieces that a script's arguments name, all where none is named, and whether `--cards` is there:
        what ships is then only evaluated again. SystemExit, with a sentence, where a name is unknown."""
        names = [name for name in arguments if name != "--cards"]
        if unknown := set(names) - {piece.name for piece in self.pieces}:
            known = ", ".join(piece.name for piece in self.pieces)
            raise SystemExit(f"There is no {', '.join(sorted(unknown))}; there are {known}.")
        return [piece for piece in self.pieces if not names or piece.name in names], "--cards" in arguments

    def train(
        self,
        piece: Piece,
        name: str = "",
        progress: Callable[[dict[str, Any]], None] | None = None,
        **changes: Any,
    ) -> Run:
        """The finished run of a piece, under its own name or another, from where it stands; on a CPU, as
        all that ships. SystemExit, with a sentence, where it did not get to its end."""
        self.work.mkdir(parents=True, exist_ok=True)
        run = Run(self.work / (name or piece.name))
        if not run.path.is_dir():
            spec = recipes.get(piece.recipe).change(**{"training.device": "cpu", **piece.changes, **changes})
            run = train(spec, run.path, progress)
        elif run.status.state != "finished":
            run = worker.resume(run, progress)
        if run.status.state != "finished":
            raise SystemExit(f"{run.name} is {run.status.state}: {run.status.message}")
        return run

    def ship(
        self, run: Run, piece: Piece, more: str = "", beside: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Put a run into the gallery as a piece; its `evaluation`.

        more: Markdown that follows the card's table; beside: further JSON files of the run by name. What
        ships is slimmed, so it is a copy: the finished run stays.
        """
        with tempfile.TemporaryDirectory(dir=self.work) as scratch:
            copied = Run(shutil.copytree(run.path, Path(scratch) / piece.name))
            for name, content in (beside or {}).items():
                files.write_json(copied.path / name, content)
            return ship(
                copied,
                piece,
                self.order + self.pieces.index(piece),
                data.load(run.spec.data.name, "test"),
                keep=piece.frames or self.frames,
                umap=self.umap,
                made_by=self.command(piece),
                more=more,
            )

    def recard(self, piece: Piece, more: str | None = None) -> dict[str, Any]:
        """Evaluate what ships of a piece again, and write its card anew, as `recard`."""
        return recard(piece, made_by=self.command(piece), more=more)


def rounded(model: VAE) -> VAE:
    """A copy that computes with the weights that float16 keeps."""
    return copy.deepcopy(model).half().float()


def codes(model: VAE, test: data.Dataset) -> Any:
    """What a run keeps of the test images' codes, as float16 keeps it; whole numbers as they are."""
    found = model.encoded(data.binarised_once(test, model.spec.data.binarisation), test.labels)
    return type(found).of(_halves(found))


def ship(
    run: Run,
    piece: Piece,
    order: int,
    test: data.Dataset,
    *,
    keep: int,
    made_by: str,
    umap: bool = True,
    more: str = "",
) -> dict[str, Any]:
    """Slim the finished run where it lies, write its card, and put it in the gallery; its `evaluation`.

    order: its place in the gallery; keep: how many frames stay; made_by: the command that the card names;
    umap: whether points come with a UMAP, where there are more than two dimensions; more: Markdown that
    follows the card's table. Weights ship in float16 where that costs at most 0.1 nats.
    """
    full, small, precision = run.model, rounded(run.model), "float16"
    reference = evaluate(full, test, samples=0)["elbo"]
    numbers = evaluate(small, test, piece.samples)
    if reference - numbers["elbo"] > WORST_LOSS:
        small, precision, numbers = full, "float32", evaluate(full, test, piece.samples)
    if precision == "float16":
        _halve(run.path / files.WEIGHTS)
    _thin(run, keep)
    _write_codes(run, codes(small, test))
    if umap and run.spec.latent > 2 and run.spec.posterior.continuous:
        umap_job.write(run.path)
    (run.path / files.EVALUATION).write_text(json.dumps(numbers, indent=1) + "\n")
    card = {"title": piece.title, "sentence": piece.sentence, "order": order}
    (run.path / files.CARD).write_text(json.dumps(card, indent=1) + "\n")
    weights = precision
    if numbers.get("kl_note") is None:
        weights += f"; the ELBO in float32 is {reference:.2f} nats"
    (run.path / MODEL_CARD).write_text(
        model_card(piece.title, piece.sentence, run, numbers, weights, made_by, more)
    )
    manifold.draw(run)
    # Nothing of its training goes along: no state, no log, no lock.
    target = GALLERY / piece.name
    shutil.rmtree(target, ignore_errors=True)
    for name in (*schema.belongings(run.path), files.CARD, MODEL_CARD, files.PICTURE):
        if name != files.STATE:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(run.path / name, target / name)
    return numbers


def recard(piece: Piece, *, made_by: str, more: str | None = None) -> dict[str, Any]:
    """Evaluate what ships of a piece again, and write its evaluation and card anew; its `evaluation`.

    Weights, codes and frames stay as they are. more: as in `ship`; without it, what the card has.
    """
    run = Run(GALLERY / piece.name)
    numbers = evaluate(run.model, data.load(run.spec.data.name, "test"), piece.samples)
    card = (run.path / MODEL_CARD).read_text()
    found = re.search(r"^\| Weights \| (.*) \|$", card, re.MULTILINE)
    weights = found[1] if found else "float16"
    if numbers.get("kl_note") is not None:
        weights = weights.partition(";")[0]
    if more is None:
        _, heading, rest = card.rpartition("\n\nMade by ")[0].partition("\n\n## ")
        more = f"## {rest}\n\n" if heading else ""
    (run.path / files.EVALUATION).write_text(json.dumps((run.evaluation or {}) | numbers, indent=1) + "\n")
    (run.path / MODEL_CARD).write_text(
        model_card(piece.title, piece.sentence, run, numbers, weights, made_by, more)
    )
    return numbers


def size(name: str) -> float:
    """Megabytes of a run of the gallery."""
    return sum(file.stat().st_size for file in (GALLERY / name).rglob("*") if file.is_file()) / 1e6


def _halve(file: Path) -> None:
    weights = load_file(file)
    save_file(
        {name: value.half() if value.is_floating_point() else value for name, value in weights.items()}, file
    )


def _thin(run: Run, most: int) -> None:
    """Frames and lines of metrics, down to a few."""
    # The beginning changes fastest: keep frames whose steps grow by equal factors.
    album = run.frames
    steps = [frames.step_of(frame) for frame in album]
    wanted = torch.logspace(0, torch.tensor(float(steps[-1])).log10(), most - 1).tolist()
    chosen = {0, len(album) - 1} | {min(range(len(steps)), key=lambda i: abs(steps[i] - w)) for w in wanted}
    for i, frame in enumerate(album):
        if i not in chosen:
            frame.unlink()

    metrics = run.path / files.METRICS
    metrics.write_text("".join(thinned(metrics.read_text().splitlines(keepends=True))))


def thinned(lines: Sequence[str]) -> list[str]:
    """At most LINES lines of metrics and the last one: half of them such as have test numbers, which are
    rarer, as far as there are so many."""
    tested = [i for i, line in enumerate(lines) if "test" in json.loads(line)]
    others = sorted({*range(len(lines))} - {*tested})
    half = LINES // 2
    kept = {i for some in (tested, others) for i in some[:: -(-len(some) // half) or 1]}
    return [lines[i] for i in sorted(kept | {len(lines) - 1})]


def _write_codes(run: Run, found: Any) -> None:
    arrays = {name: torch.from_numpy(array) for name, array in _halves(found).items()}
    save_file(arrays | {"step": torch.tensor([run.status.step])}, run.path / files.POSTERIORS)


def _halves(found: Any) -> dict[str, np.ndarray]:
    """What there is of codes by name, in half the bytes; whole numbers in as few as they need."""

    def kind(array: np.ndarray) -> type[np.generic]:
        if array.dtype.kind == "f":
            return np.float16
        return np.uint8 if array.min() >= 0 and array.max() < 256 else np.int16

    return {name: array.astype(kind(array)) for name, array in found.arrays().items()}
