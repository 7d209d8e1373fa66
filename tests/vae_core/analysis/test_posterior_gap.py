"""Quadrature and the gap against a linear-Gaussian model, and against mixtures whose integral is known."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import Independent, MultivariateNormal, Normal, kl_divergence

from tests.vae_core.analysis.linear_gaussian import SIGMA, linear_gaussian, some_images
from vae_core.analysis import posterior_gap
from vae_core.analysis.progress import Reporter
from vae_core.analysis.quadrature import Integral, Lattice, integrate, joint_of
from vae_core.model.vae import VAE
from vae_core.spec import Spec


def true_posterior(model: VAE, x: Tensor) -> MultivariateNormal:
    """p(z|x) of one image [C, H, W]; Bishop 2006, equation 12.42."""
    w, b = model.decoder[0].weight.detach().double(), model.decoder[0].bias.detach().double()
    precision = torch.eye(model.latent).double() + w.T @ w / SIGMA**2
    mean = torch.linalg.solve(precision, w.T @ (x.flatten().double() - b) / SIGMA**2)
    return MultivariateNormal(mean, precision_matrix=precision)


def integral(model: VAE, x: Tensor) -> Integral:
    return posterior_gap.integral_of(model, Lattice.of(model, 6.0), x)


def weighed(mixture: list[tuple[float, tuple[float, float], float]]) -> Integral:
    """The integral of a sum of round Gaussians: (weight, mean, deviation)."""
    axis = (torch.arange(64) + 0.5) * 0.125 - 4
    z = torch.cartesian_prod(axis, axis)

    def log_joint(z: Tensor) -> Tensor:
        parts = [
            math.log(weight) + Normal(torch.tensor(mean).double(), deviation).log_prob(z.double()).sum(-1)
            for weight, mean, deviation in mixture
        ]
        return torch.stack(parts).logsumexp(0)

    return integrate(log_joint, z, log_joint(z), 0.125)


@pytest.mark.parametrize("latent", [1, 2])
def test_log_px_is_exact_in_one_and_two_dimensions(latent: int) -> None:
    model, exact = linear_gaussian(latent)
    for x in some_images(model, 3):
        found = integral(model, x)
        assert found.log_px == pytest.approx(float(exact.log_prob(x.flatten().double())), abs=2e-3)
        assert found.moved < 1e-3


def test_mean_and_variances_are_those_of_the_true_posterior() -> None:
    model, _ = linear_gaussian(2)
    (x,) = some_images(model, 1)
    mean, variance = integral(model, x).moments()
    true = true_posterior(model, x)
    torch.testing.assert_close(mean, true.mean, rtol=0, atol=1e-3)
    torch.testing.assert_close(variance, true.variance, rtol=1e-2, atol=0)


def test_the_region_of_half_the_mass_is_the_ellipse_of_theory() -> None:
    found = weighed([(0.2, (0.3, -0.4), 0.2)])
    # Of a round Gaussian half the mass lies within sqrt(2 log 2) deviations of its mean.
    edge = math.log(0.2) - math.log(2 * math.pi * 0.2**2) - math.log(2)
    assert found.level(0.5) == pytest.approx(edge, abs=0.02)
    assert found.log_px == pytest.approx(math.log(0.2), abs=1e-3)


def test_what_is_far_narrower_than_a_cell_is_found() -> None:
    found = weighed([(1.0, (0.37, -1.21), 0.02)])
    assert found.log_px == pytest.approx(0, abs=2e-3)


def test_modes_are_the_pieces_of_the_region_and_light_ones_do_not_count() -> None:
    found = weighed([(0.7, (-1.0, 0.0), 0.1), (0.25, (1.0, 1.0), 0.05), (0.05, (2.0, -2.0), 0.1)])
    first, second = found.modes(mass=0.98, least=0.1)
    assert float(found.mass[first].sum()) == pytest.approx(0.7, abs=0.03)
    assert float(found.mass[second].sum()) == pytest.approx(0.25, abs=0.03)
    mean, _ = found.moments(second)
    assert mean.tolist() == pytest.approx([1.0, 1.0], abs=0.01)


def test_one_round_hump_is_one_mode() -> None:
    assert len(weighed([(1.0, (0.5, 0.5), 0.3)]).modes()) == 1


@pytest.mark.parametrize("latent", [1, 2])
def test_elbo_plus_divergence_is_log_px_for_every_q(latent: int) -> None:
    model, exact = linear_gaussian(latent)
    (x,) = some_images(model, 1)
    log_joint, true = joint_of(model, x), true_posterior(model, x)
    generator = torch.Generator().manual_seed(2)
    for _ in range(5):
        mean = true.mean + 0.3 * torch.randn(latent, generator=generator)
        log_var = true.variance.log() + 0.5 * torch.randn(latent, generator=generator)
        q = Independent(Normal(mean, torch.exp(0.5 * log_var)), 1)
        q_full = MultivariateNormal(mean, log_var.exp().diag())
        elbo = float(posterior_gap.elbo(log_joint, mean, log_var, 12).detach())
        divergence = float(kl_divergence(q_full, true))
        assert q.log_prob(mean) == pytest.approx(float(q_full.log_prob(mean)), abs=1e-9)
        assert elbo + divergence == pytest.approx(float(exact.log_prob(x.flatten().double())), abs=5e-3)


def test_both_gaps_are_those_of_theory() -> None:
    model, exact = linear_gaussian(2)
    (x,) = some_images(model, 1)
    found, true = posterior_gap.of_plane(model, x, integral(model, x)), true_posterior(model, x)
    precision = true.precision_matrix
    # The best diagonal Gaussian has the mean and the diagonal precisions of p(z|x); Bishop 2006, 10.1.2.
    approximation = 0.5 * float(precision.diagonal().log().sum() - precision.logdet())
    encoder = MultivariateNormal(true.mean, true.covariance_matrix.diagonal().diag())
    amortisation = float(kl_divergence(encoder, true)) - approximation
    assert approximation > 0.1
    assert amortisation > 0.03
    assert found.approximation == pytest.approx(approximation, abs=5e-3)
    assert found.amortisation == pytest.approx(amortisation, abs=5e-3)
    assert found.log_px == pytest.approx(float(exact.log_prob(x.flatten().double())), abs=2e-3)
    torch.testing.assert_close(found.best.mean, true.mean, rtol=0, atol=5e-3)
    torch.testing.assert_close(found.best.log_var, -precision.diagonal().log(), rtol=0, atol=0.02)


def test_the_encoders_gap_may_be_nothing_but_the_best_fit_is_never_below_it() -> None:
    model, _ = linear_gaussian(2)
    for x in some_images(model, 3):
        found = posterior_gap.of_plane(model, x, integral(model, x))
        assert found.amortisation >= 0
        assert found.approximation > -1e-3


def test_in_more_dimensions_sampling_comes_within_its_errors_of_theory() -> None:
    model, exact = linear_gaussian(4)
    (x,) = some_images(model, 1)
    found, true = posterior_gap.of_samples(model, x), true_posterior(model, x)
    precision = true.precision_matrix
    approximation = 0.5 * float(precision.diagonal().log().sum() - precision.logdet())
    assert found.log_px == pytest.approx(
        float(exact.log_prob(x.flatten().double())), abs=4 * found.error + 0.02
    )
    assert found.best.elbo == pytest.approx(found.log_px - approximation, abs=4 * found.best.error + 0.05)
    assert found.encoder.elbo < found.best.elbo
    assert len(found.way) == posterior_gap.ADAM_STEPS
    assert found.integral is None


def test_where_pixels_are_affine_the_lattice_is_that_of_the_likelihood() -> None:
    spec = Spec().change(**{"data.name": "digits", "latent": 2, "net.widths": (16,)})
    model = VAE(spec).eval()
    lattice = Lattice.of(model, 3.0)
    x = torch.bernoulli(torch.full(model.image_shape, 0.4))
    torch.testing.assert_close(
        lattice.log_joint(model, x), joint_of(model, x)(lattice.z.clone()).detach(), rtol=0, atol=1e-3
    )


def test_a_survey_gives_what_single_images_give() -> None:
    model, exact = linear_gaussian(2)
    images = some_images(model, 3)
    lattice, told = Lattice.of(model, 6.0), []
    found = posterior_gap.survey(
        model, images, lattice_of=lambda _: lattice, reporter=Reporter(lambda share, _: told.append(share))
    )
    torch.testing.assert_close(found.log_px, exact.log_prob(images.flatten(1).double()), rtol=0, atol=0.02)
    single = posterior_gap.of_plane(model, images[0], integral(model, images[0]))
    assert float(found.gap[0]) == pytest.approx(single.amortisation + single.approximation, abs=0.02)
    assert told == [0, 1 / 3, 2 / 3]
    assert found.second is not None
    assert found.second.tolist() == [0, 0, 0]


def test_more_dimensions_than_two_are_refused_by_quadrature() -> None:
    model, _ = linear_gaussian(3)
    with pytest.raises(ValueError, match="one or two dimensions, and this model has 3"):
        Lattice.of(model, 5.0)
