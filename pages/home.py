"""Home: what a VAE is, one at work, the way into the tour, and all runs there are."""

from __future__ import annotations

from pages.sections.home import gallery, head, listing, own_runs
from vae_core.runs.run import hidden
from widgets.run_data import library
from widgets.shell import layout
from widgets.shell.error_boundary import error_boundary

every = library.runs()
shipped = [run for run in every if run.is_gallery]
own = [run for run in every if not run.is_gallery]

with error_boundary():
    head.head(shipped)
with error_boundary():
    if not every:
        gallery.first_steps()
with error_boundary():
    listing.bar(own, shipped)
with error_boundary():
    if listing.as_table():
        listing.table(own + shipped)
    else:
        own_runs.rows(own)
        gallery.cards(shipped, own, hidden())
layout.equation(
    "What every model here is trained on, or a variation of it: the evidence lower bound.",
    r"\log p(x) \;\ge\; \mathrm{ELBO}(x) = \mathbb{E}_{q(z|x)}\left[\log p(x|z)\right]"
    r" - \mathrm{KL}\left(q(z|x)\,\|\,p(z)\right)",
)
