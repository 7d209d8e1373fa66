"""Runs that are worth seeing side by side, and the link that shows them so."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from widgets.shell import links
from widgets.shell.link_types import Parameter

MOST = 4  # maps side by side

# By the names of runs that come with the app.
PRESETS: dict[str, tuple[str, ...]] = {
    "VAE | Autoencoder": ("vae-2d-mnist", "autoencoder-2d-mnist"),
    "Four betas": ("autoencoder-2d-mnist", "beta-0.1-mnist", "vae-2d-mnist", "beta-4-mnist"),
    "Noise and KL, apart": (
        "autoencoder-2d-no-noise-mnist",
        "autoencoder-2d-mnist",
        "vae-2d-no-noise-mnist",
        "vae-2d-mnist",
    ),
    "Four priors": ("vae-2d-mnist", "mixture-prior-2d-mnist", "vamp-2d-mnist", "flow-prior-2d-mnist"),
    "Four likelihoods": (
        "likelihood-gaussian-mnist",
        "likelihood-laplace-mnist",
        "likelihood-continuous-bernoulli-mnist",
        "likelihood-categorical-mnist",
    ),
}
ICONS = {
    "VAE | Autoencoder": ":material/splitscreen_right:",
    "Four betas": ":material/grid_view:",
    "Noise and KL, apart": ":material/noise_control_off:",
    "Four priors": ":material/bubble_chart:",
    "Four likelihoods": ":material/grain:",
}


def presets(names: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Those of which all runs are among the names."""
    return {title: runs for title, runs in PRESETS.items() if set(runs) <= set(names)}


def changes(names: Sequence[str]) -> dict[Parameter, str | None]:
    """What a link to the page changes, for these runs from a fresh view."""
    fresh = (links.RANGE, links.VIEW, links.FRAME, links.PLACE, links.SAME)
    return {links.RUNS: ",".join(names), **dict.fromkeys(fresh)}
