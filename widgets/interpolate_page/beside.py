"""Autoencoder against VAE: which runs make such a pair, and why the VAE's path stays among the data."""

from __future__ import annotations

from vae_core.training.run import Run
from widgets import address, shell
from widgets.traverse_page.learned import showable

BESIDE = "beside"  # the second run, in the link
SHIPPED = ("vae-2d-mnist", "autoencoder-2d-mnist")

WHY = (
    "**Why the path through the VAE stays on digits.** The KL draws every posterior towards the prior, wide "
    "enough to touch its neighbours: the codes between two digits are other digits’ codes, which the decoder "
    "has learned to draw. Nothing asked the autoencoder to fill the space between its codes."
)


def is_autoencoder(run: Run) -> bool:
    """Trained with beta 0: codes are points, and nothing orders them."""
    return bool(getattr(run.spec.objective, "beta", None) == 0)


def pair(run: Run, runs: list[Run]) -> tuple[Run, Run] | None:
    """The run with its counterpart, autoencoder or VAE, of the same images and as many dimensions; else the
    pair that came with the app, where it is here."""
    same = [
        each
        for each in runs
        if showable(each)
        and each.name != run.name
        and each.spec.data == run.spec.data
        and each.spec.latent == run.spec.latent
        and is_autoencoder(each) != is_autoencoder(run)
    ]
    plain = [each for each in same if getattr(each.spec.objective, "beta", None) in (0, 1)]
    if plain or same:
        return run, (plain or same)[0]
    shipped = {each.name: each for each in runs if each.name in SHIPPED and showable(each)}
    return (shipped[SHIPPED[0]], shipped[SHIPPED[1]]) if len(shipped) == 2 else None


def choose(first: Run, second: Run) -> None:
    """For a callback."""
    shell.use(first)
    address.write(BESIDE, second.name)
