"""A model card: what a run of the gallery is and what it reaches, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vae_core.model import variance_bound
from vae_core.runs import evaluations
from vae_core.runs.run import Run
from vae_core.spec import Spec

# Of the images that are measured, and of those in training.
BINARISED = {
    "none": "",
    "static": ", binarised once, and so in training",
    "dynamic": ", binarised once; in training anew at every step",
}


def model_card(
    title: str, sentence: str, run: Run, numbers: dict[str, Any], weights: str, made_by: str, more: str = ""
) -> str:
    """numbers: an evaluation's. weights: in which precision they are. more: Markdown after the table."""
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
        f"# {title}\n\n{sentence}\n\n{table([('', ''), *rows])}\n\n"
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
