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
from rich.console import Console
from safetensors.torch import load_file, save_file

from vae_core import data, recipes, train
from vae_core.analysis.evaluation import evaluate
from vae_core.model import variance_bound
from vae_core.model.vae import VAE
from vae_core.runs import evaluations, files, frames, schema
from vae_core.runs.run import Run
from vae_core.spec import Spec
from vae_core.workers import umap_job, worker
from widgets.run_data import manifold

GALLERY = files.gallery() or files.SHIPPED
MODEL_CARD = "CARD.md"
SAY = Console(highlight=False)
LINES = 200  # of metrics.jsonl
# Of the images that are measured, and of those in training.
BINARISED = {
    "none": "",
    "static": ", binarised once, and so in training",
    "dynamic": ", binarised once; in training anew at every step",
}
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
    (run.path / MODEL_CARD).write_text(model_card(piece, run, numbers, weights, made_by, more))
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
    (run.path / MODEL_CARD).write_text(model_card(piece, run, numbers, weights, made_by, more))
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


def model_card(
    piece: Piece, run: Run, numbers: dict[str, Any], weights: str, made_by: str, more: str = ""
) -> str:
    spec, training = run.spec, run.spec.training
    length = f"{training.epochs:g} epochs" if training.epochs is not None else f"{run.status.step:,} steps"
    rows = [
        ("Data", f"{spec.data.name}, {numbers['split']} split{BINARISED[numbers['binarisation']]}"),
        ("Images", f"{numbers['images']:,}"),
        ("Training", f"{length}, batch {training.batch_size}, seed {training.seed}"),
        ("Learning rate", f"{training.learning_rate:g} (Adam)"),
        *objective(spec.objective.model_dump()),
        *of_codes(spec, numbers),
        ("Likelihood", numbers["likelihood"]),
        *classes(spec.condition.model_dump(), numbers),
        *elbo(numbers),
        *log_px(numbers),
        *holes(numbers),
        ("Weights", weights),
    ]
    once = "" if numbers["binarisation"] == "none" else ", on images binarised once"
    return (
        f"# {piece.title}\n\n{piece.sentence}\n\n{table([('', ''), *rows])}\n\n"
        f"Nats per image, summed over pixels{once}. ELBO and its parts with one posterior sample each; in a "
        "hole the aggregated posterior is less than a tenth of the prior. log p(x) by adaptive importance "
        "sampling, a lower bound in expectation: the tighter, the more independent draws its samples are "
        "worth.\n\n"
        f"{more}Made by `{made_by}`.\n"
    )


def of_codes(spec: Spec, numbers: dict[str, Any]) -> list[tuple[str, str]]:
    """Rows on how large a code is, and how much of that is used."""
    if spec.posterior.form == "probabilities":
        return [("Codes", f"{spec.latent} groups of {spec.posterior.categories} categories")]
    if not spec.codes:
        return [("Latent dimensions", f"{spec.latent}, of which {numbers['active_units']} active")]
    grids = [f"{rows} x {columns}" for rows, columns in spec.grids]
    sizes = [f"{grid} of {count}" for grid, count in zip(grids, spec.posterior.codebooks, strict=True)]
    levels = [""] if len(sizes) == 1 else ["", "bottom_"]
    used = [
        f"{numbers[f'{level}codes_used']}, perplexity {numbers[f'{level}perplexity']:.1f}" for level in levels
    ]
    nats = [f"{value:.1f}" for value in numbers.get("level_nats", ())]
    return [
        ("Codes", f"{' and '.join(sizes)}, of {spec.latent} dimensions each"),
        ("Codes used", "; ".join(used)),
        *([("Nats of top and bottom", " and ".join(nats))] if nats else []),
        ("Codes under a uniform prior", f"{numbers['uniform_nats']:.1f} nats"),
    ]


def holes(numbers: dict[str, Any]) -> list[tuple[str, str]]:
    """A row on the prior's holes, where codes are vectors."""
    if "hole_mass" not in numbers:
        return []
    return [("Hole mass", f"{numbers['hole_mass']:.3f} ± {numbers['hole_mass_error']:.3f} of the prior")]


def objective(settings: dict[str, Any]) -> list[tuple[str, str]]:
    """Rows on what was minimised: beta alone for a plain beta-VAE, else the objective and its weights."""
    if settings["kind"] == "elbo":
        return [("beta", f"{settings['beta']:g}")]
    known = {name: value for name, value in settings.items() if name not in ("kind", "kl", "samples")}
    sentence = ", ".join(
        f"{name} {value:g}" if isinstance(value, int | float) else f"{name} {value}"
        for name, value in known.items()
    )
    return [("Objective", f"{settings['kind']}: {sentence}")]


def classes(condition: dict[str, Any], numbers: dict[str, Any]) -> list[tuple[str, str]]:
    """Rows on a model that is told the class; none for one that is not."""
    if condition["kind"] == "none":
        return []
    labels = condition["labels"]
    rows = [
        ("Labels", f"{labels:,}, balanced over classes, drawn from seed 0" if labels else "all"),
        ("Encoder", "q(z|x, y)" if condition["encoder"] else "q(z|x)"),
        ("The ELBO is a bound of", numbers["bound_of"]),
    ]
    if "accuracy" in numbers:
        sentence = (
            f"{numbers['accuracy']:.2%}; of grey images, not binarised, {numbers['accuracy_undrawn']:.2%}"
        )
        rows.append(("Test accuracy of q(y|x)", sentence))
    return rows


def elbo(numbers: dict[str, Any]) -> list[tuple[str, str]]:
    """Rows on the ELBO, its parts and the bound of weighed codes, if any; on why there are none, where
    variances stand on their bound."""
    if (found := evaluations.distance(numbers)) is not None:
        return [("ELBO", found[1]), ("Distance", f"{found[0]:.2f}"), ("KL", f"{numbers['kl']:.2f} nats")]
    reconstruction = ("Reconstruction", f"{numbers['reconstruction']:.2f} nats")
    if numbers.get("kl_note") is not None:
        return [("ELBO and KL", f"{numbers['kl_note']} {variance_bound.WHY}"), reconstruction]
    rows = [("ELBO", f"{numbers['elbo']:.2f} nats"), reconstruction, ("KL", f"{numbers['kl']:.2f} nats")]
    if numbers["bits_per_dimension"] is not None:
        sentence = f"at most {numbers['bits_per_dimension']:.3f}, of {numbers['bits_scale']}, by the ELBO"
        rows.append(("Bits per dimension", sentence))
    if "bound" in numbers:
        rows.append((f"Bound, k = {numbers['bound_samples']}", f"{numbers['bound']:.2f} nats"))
    return rows


def log_px(numbers: dict[str, Any]) -> list[tuple[str, str]]:
    """Rows on log p(x): how much, over which images, and what its samples are worth."""
    if numbers["log_px"] is None:
        return [("log p(x)", str(numbers["log_px_note"]))]
    images, samples = numbers["log_px_images"], numbers["log_px_samples"]
    each = f"{samples:,} importance samples" + (" under each class" if "bound_of" in numbers else "")
    worth = (
        f"{numbers['log_px_effective_median']:,.1f} independent draws in the median over images, "
        f"{numbers['log_px_effective_mean']:,.1f} in the mean"
    )
    rows = [
        (
            "log p(x)",
            f"{numbers['log_px']:.2f} nats, the mean of the first {images:,} images; standard error over "
            f"images {numbers['log_px_error']:.2f}, over samples {numbers['log_px_sampling_error']:.3f}",
        ),
        ("Its samples", f"{each}, worth {worth}"),
    ]
    if numbers.get("kl_note") is None:
        rows.append(("ELBO of the same images", f"{numbers['log_px_elbo']:.2f} nats, of log p(x)"))
    return rows


def table(rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, its first row the heads."""
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = ["|" + "".join(f" {cell} |" if cell else " |" for cell in row) for row in escaped]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])
