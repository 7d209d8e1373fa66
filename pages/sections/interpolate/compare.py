"""Autoencoder against VAE: which runs make such a pair, and why the VAE's path stays among the data."""

from __future__ import annotations

from collections.abc import Sequence

from vae_core.runs.run import Run
from widgets.run_data import library
from widgets.run_data.capabilities import has_codes
from widgets.shell import links, url_state

SHIPPED = ("vae-2d-mnist", "autoencoder-2d-mnist")

WHY = (
    "**Why the path through the VAE stays on digits.** The KL draws all posteriors together, each wide "
    "enough to touch its neighbours, so that between two digits’ codes lie other digits’, which the decoder "
    "has learned to draw."
)


def is_autoencoder(run: Run) -> bool:
    """Trained with beta 0: codes are points, and nothing orders them."""
    return bool(getattr(run.spec.objective, "beta", None) == 0)


def why(runs: Sequence[Run], empty: Sequence[float | None]) -> str | None:
    """The sentence, with the measured shares of both paths; None where it is no such pair."""
    if len({is_autoencoder(run) for run in runs}) < 2:
        return None
    share = {is_autoencoder(run): value for run, value in zip(runs, empty, strict=True)}
    vae, plain = share[False], share[True]
    if vae is None or plain is None:
        return WHY
    return (
        f"{WHY} Of this path {100 * (1 - vae):.0f} % run where the data’s codes are, of the autoencoder’s "
        f"{100 * (1 - plain):.0f} %: the rest its decoder was never asked to draw. What it makes up there "
        "may look like a digit all the same."
    )


def pair(run: Run, runs: list[Run]) -> tuple[Run, Run] | None:
    """The run with its counterpart, autoencoder or VAE, of the same images and as many dimensions; else the
    pair that came with the app, where it is here."""
    same = [
        each
        for each in runs
        if has_codes(each)
        and each.name != run.name
        and each.spec.data == run.spec.data
        and each.spec.latent == run.spec.latent
        and is_autoencoder(each) != is_autoencoder(run)
    ]
    plain = [each for each in same if getattr(each.spec.objective, "beta", None) in (0, 1)]
    if plain or same:
        return run, (plain or same)[0]
    shipped = {each.name: each for each in runs if each.name in SHIPPED and has_codes(each)}
    return (shipped[SHIPPED[0]], shipped[SHIPPED[1]]) if len(shipped) == 2 else None


def choose(first: Run, second: Run) -> None:
    """For a callback."""
    library.use(first)
    url_state.write(links.COMPARE, second.name)
