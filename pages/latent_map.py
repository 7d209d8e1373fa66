"""Latent map: where the images went, against where the prior expects them; of a run whose codes are grids of
cells, the map of an image's codes, of each level one; of categories, what each group says."""

from __future__ import annotations

from pages.sections import category_map, code_map, latent_map
from vae_core.spec import StandardNormalPrior
from widgets.run_data import capabilities, library
from widgets.shell import layout
from widgets.shell.error_boundary import error_boundary

run = library.current()
prior = run.spec.prior if run is not None and run.status.state != "unreadable" else StandardNormalPrior()

can = capabilities.of(run)

if not can.isdisjoint(("grid", "levels")):
    with error_boundary():
        code_map.page(run)
    of_prior = prior.equation
    if "levels" in can:
        of_prior = r"p(z) = p(z_{\mathrm{top}})\, p(z_{\mathrm{bottom}} | z_{\mathrm{top}})"
    layout.equation(
        "Each cell takes the vector of the codebook that is nearest to the encoder's. Codes are chosen, not "
        "drawn, so the ELBO is log p(x|z) and the log probability of the codes.",
        r"z_{ij} = e_k \qquad k = \arg\min_j \lVert v_{ij} - e_j \rVert",
        rf"\mathrm{{ELBO}} = \log p(x|z) + \log p(z) \qquad {of_prior}",
    )
elif "categories" in can:
    with error_boundary():
        category_map.page(run)
    layout.equation(
        "The encoder gives each category of each group its probability; the prior finds all alike. The mean "
        "of q(z|x) over the images is q(z). On average a group's KL is what it knows of an image and how far "
        "its q(z) is from the prior.",
        r"q(z|x) = \prod_{m=1}^{M} \mathrm{Cat}\left(z_m; \pi_m(x)\right) \qquad "
        r"\mathrm{KL}_m(x) = \log K - \mathcal{H}\left(\pi_m(x)\right)",
        r"\frac{1}{N} \sum_{n=1}^{N} \mathrm{KL}_m(x_n) = I(x; z_m) + "
        rf"\mathrm{{KL}}\left(q(z_m)\,\|\,p(z_m)\right) \qquad {prior.equation}",
    )
else:
    with error_boundary():
        latent_map.page(run)
    layout.equation(
        "The aggregated posterior, the mean of all images' posteriors; training asks it to look like the "
        "prior.",
        rf"q(z) = \frac{{1}}{{N}}\sum_{{i=1}}^{{N}} q(z|x_i) \qquad {prior.equation}",
    )
