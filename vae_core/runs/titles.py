"""`title.json`: what people call a run. Its folder's name stays what links and programs go by. No torch.

A new run is called after its images and what sets it apart from a plain VAE of two dimensions: "Strokes, beta
10", "MNIST, 16 dimensions". Whoever wants gives it another title.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path

from typing_extensions import TypedDict

from vae_core.data import catalogue
from vae_core.runs import files
from vae_core.runs.reading import Plain, RunError, read_json
from vae_core.runs.records import Title, typed
from vae_core.sentences import quote, reason, short
from vae_core.spec import Spec

LONGEST = 80  # characters of a title


class Titled(TypedDict, extra_items=Plain):  # type: ignore[call-arg]
    """`title.json`."""

    title: Title


parse: Callable[[dict[str, object]], dict[str, object]] = typed(Titled, files.TITLE)


def clean(title: str) -> str:
    """The title in one line of at most 80 characters that can be printed."""
    printable = "".join(sign if sign.isprintable() else " " for sign in title)
    return " ".join(printable.split())[:LONGEST].strip()


def load(path: Path) -> str:
    """The title in the run's folder, "" where it has none. Never raises."""
    title = (read_json(path / files.TITLE) or {}).get("title")
    return clean(title) if isinstance(title, str) else ""


def write(path: Path, title: str) -> None:
    """Keeps it in the run's folder. Raises RunError, a sentence, where it is empty or cannot be written."""
    if not (title := clean(title)):
        raise RunError("A run needs a title of a letter at least.")
    try:
        files.write_json(path / files.TITLE, {"title": title})
    except OSError as error:
        raise RunError(f"The title of {short(path.name)} cannot be written: {reason(error)}.") from None


def free(title: str, taken: Collection[str]) -> str:
    """The title, or the title with the first number that nobody has: "Strokes, beta 10 (2)"."""
    title, number, known = clean(title), 1, {each.casefold() for each in taken}
    shown = title
    while shown.casefold() in known:
        number += 1
        ending = f" ({number})"
        shown = title[: LONGEST - len(ending)].rstrip() + ending
    return shown


def check_free(title: str, taken: Collection[str]) -> None:
    """Raises RunError where another run is called so."""
    if clean(title).casefold() in {each.casefold() for each in taken}:
        raise RunError(f"There is already a run called {quote(clean(title))}.")


def beside(path: Path) -> list[str]:
    """What the other runs beside a run's folder are called, and those that came with the app."""
    folders = dict.fromkeys(filter(None, [path.parent, files.gallery()]))
    there = [folder / name for folder in folders for name in files.names_in(folder)]
    return [_called(each) for each in there if each != path and not each.name.startswith(".")]


def _called(path: Path) -> str:
    card = (read_json(path / files.CARD) or {}).get("title")
    if isinstance(card, str) and card:
        return clean(card)
    return load(path) or os.fsencode(path.name).decode("utf-8", "backslashreplace")


def compose(spec: Spec) -> str:
    """What a run of the Spec is called where nobody says otherwise."""
    parts = [_objective(spec), f"{spec.latent} dimensions" if spec.latent > 2 else ""]
    if spec.latent == 1:
        parts.append("1 dimension")
    usual = Spec()
    if spec.codes:
        counts = " and ".join(map(str, spec.posterior.codebooks))
        level = "-2" if spec.posterior.levels == 2 else ""
        parts = [f"VQ-VAE{level}, {counts} codes of {spec.latent} dimensions"]
    elif spec.posterior.form == "probabilities":
        parts = [_objective(spec), f"{spec.latent} groups of {spec.posterior.width} categories"]
    if not spec.posterior.continuous:  # what goes with such codes anyway needs no name
        usual = usual.change(**{"posterior.kind": spec.posterior.kind})
    if spec.prior.title != usual.prior.title:
        parts.append(f"prior {_within(spec.prior.title)}")
    if spec.posterior.title != usual.posterior.title:
        parts.append(f"posterior {_within(spec.posterior.title)}")
    if getattr(spec.posterior, "variance", "image") == "shared":
        parts.append("shared variances")
    if spec.classes and not spec.objective.classifying:
        parts.append("conditional")
    if spec.mask.kind != "none":
        parts.append("masked")
    if spec.noise.kind != "none":
        parts.append("denoising")
    if spec.net.title != usual.net.title:
        parts.append(_within(spec.net.title))
    differs = [part for part in parts if part] or [f"{spec.latent} dimensions"]
    return clean(", ".join([catalogue.title(spec.data.name, spec.data.path), *differs]))


def _objective(spec: Spec) -> str:
    now = spec.objective
    own = "" if now.kind == "elbo" else now.title.partition(",")[0].partition(":")[0]
    beta = getattr(now, "beta", 1.0)
    usual = type(now).model_fields["beta"].default if "beta" in type(now).model_fields else beta
    weight = "autoencoder" if now.kind == "elbo" and beta == 0 else f"beta {beta:.4g}"
    warm = "KL warm-up" if getattr(now, "warm_up", 0) else ""
    return ", ".join(part for part in (own, "" if beta == usual else weight, warm) if part)


def _within(title: str) -> str:
    """A part's title as it stands within another: a name stays as it is, other words begin small."""
    return title[:1].lower() + title[1:] if title[1:2].islower() and "-" not in title else title
