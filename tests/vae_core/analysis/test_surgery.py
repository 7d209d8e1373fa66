"""The decomposition against closed forms and quadrature; that its parts add up would prove nothing."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from vae_core.analysis import kl_divergence, surgery
from vae_core.model.posteriors import Posteriors


def whitened(n: int, covariance: Tensor) -> Tensor:
    """n Gaussian points [n, D] whose sample mean and covariance are exactly 0 and the given one."""
    x = torch.randn(n, len(covariance), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x = x - x.mean(0)
    root = torch.linalg.cholesky(x.T @ x / n)
    return torch.linalg.solve_triangular(root, x.T, upper=False).T @ torch.linalg.cholesky(covariance).T


def test_gaussian_images_have_closed_forms() -> None:
    # mean ~ N(0, C) and q(z|x) = N(mean, s^2 I) make q(z) = N(0, C + s^2 I).
    s2, c = 0.3, torch.tensor([[0.9, 0.5], [0.5, 0.6]], dtype=torch.float64)
    total = c + s2 * torch.eye(2)
    posteriors = Posteriors(whitened(6000, c).float(), torch.full((6000, 2), math.log(s2)))
    parts = surgery.decompose(posteriors)
    variance = total.diagonal()
    assert parts.kl == pytest.approx(0.5 * float(c.trace() + 2 * s2 - 2 - 2 * math.log(s2)), abs=1e-4)
    # The sample of images is not quite Gaussian: hence 0.02 and not only the estimate's own error.
    assert parts.mutual_information == pytest.approx(0.5 * float((total / s2).logdet()), abs=0.02)
    assert parts.marginal_kl == pytest.approx(0.5 * float(total.trace() - 2 - total.logdet()), abs=0.02)
    assert parts.total_correlation == pytest.approx(
        0.5 * float(variance.log().sum() - total.logdet()), abs=0.02
    )
    torch.testing.assert_close(parts.dimension_kl, 0.5 * (variance - 1 - variance.log()), rtol=0, atol=0.01)


def quadrature(posteriors: Posteriors) -> dict[str, Tensor]:
    """The same quantities of a two-dimensional mixture by the midpoint rule in float64."""
    mean, variance = posteriors.mean.double(), posteriors.log_var.double().exp()
    axis = torch.linspace(-9, 9, 1801, dtype=torch.float64)
    h = float(axis[1] - axis[0])
    single = (-0.5 * (axis[:, None, None] - mean).square() / variance).exp() / (2 * math.pi * variance).sqrt()
    q = single[..., 0] @ single[..., 1].T / len(mean)
    marginals = single.mean(1)  # [G, 2]
    log_p = -0.5 * (axis.square() + math.log(2 * math.pi))

    def expected_log(density: Tensor, log: Tensor) -> Tensor:
        return torch.where(density > 0, density * log, 0).sum()

    entropy = -expected_log(q, q.log()) * h**2
    dimension = torch.stack([expected_log(m, m.log() - log_p) * h for m in marginals.T])
    cross = torch.stack([expected_log(m, m.log()) * h for m in marginals.T])
    conditional = 0.5 * (1 + (2 * math.pi * variance).log()).sum(1).mean()
    return {
        "mutual_information": entropy - conditional,
        "total_correlation": -entropy - cross.sum(),
        "dimension_kl": dimension,
    }


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n", [3, 40])
def test_any_mixture_agrees_with_quadrature_within_its_stated_error(n: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    mean = 1.5 * torch.randn(n, 2, generator=generator)
    posteriors = Posteriors(mean, 2.5 * torch.rand(n, 2, generator=generator) - 3)
    parts, exact = surgery.decompose(posteriors, seed=seed), quadrature(posteriors)
    for name in ("mutual_information", "total_correlation"):
        error = getattr(parts, f"{name}_error")
        assert getattr(parts, name) == pytest.approx(float(exact[name]), abs=4 * error + 1e-4)
        assert error < 0.02
    assert ((parts.dimension_kl - exact["dimension_kl"]).abs() < 4 * parts.dimension_kl_error + 1e-4).all()


def test_stated_errors_are_about_the_spread_over_seeds() -> None:
    generator = torch.Generator().manual_seed(0)
    posteriors = Posteriors(torch.randn(50, 3, generator=generator), torch.full((50, 3), -1.5))
    runs = [surgery.decompose(posteriors, seed=seed, points=500) for seed in range(40)]
    for name in ("mutual_information", "total_correlation"):
        spread = torch.tensor([getattr(parts, name) for parts in runs]).std()
        stated = torch.tensor([getattr(parts, f"{name}_error") for parts in runs]).mean()
        assert 0.3 < float(spread / stated) < 1.5


@pytest.mark.parametrize(
    ("latent", "variance", "n", "near"),
    [(2, 0.3, 2000, True), (8, 0.3, 2000, False), (32, 0.65, 3000, False)],
)
def test_the_mutual_information_of_a_gaussian_lies_between_its_two_bounds(latent, variance, n, near) -> None:
    # mean ~ N(0, (1 - v) I) and q(z|x) = N(mean, v I): q(z) is N(0, I), and I = D/2 log(1/v), whatever N is.
    found = []
    for seed in range(4):
        generator = torch.Generator().manual_seed(seed)
        mean = math.sqrt(1 - variance) * torch.randn(n, latent, generator=generator)
        posteriors = Posteriors(mean, torch.full((n, latent), math.log(variance)))
        found.append(surgery.decompose(posteriors, seed=seed, points=2000))
    true = -0.5 * latent * math.log(variance)
    low, high = (
        torch.tensor([getattr(parts, name) for parts in found])
        for name in ("mutual_information", "mutual_information_upper")
    )
    error = float(low.std()) + float(high.std())
    assert float(low.mean()) < true + 2 * error
    assert float(high.mean()) > true - 2 * error
    # Far below the ceiling, in many dimensions, it is low by nats, and the bounds say so.
    assert (float((high - low).mean()) < 0.05) == near
    if latent == 32:
        assert true - float(low.mean()) > 0.3
        assert max(true, float(low.mean())) < math.log(n) - 1


def test_the_upper_bound_leaves_out_each_images_own_posterior_and_is_never_above_the_kl() -> None:
    # By brute force, at the same draws.
    n, latent = 60, 3
    generator = torch.Generator().manual_seed(3)
    posteriors = Posteriors(2 * torch.randn(n, latent, generator=generator), torch.full((n, latent), -1.0))
    parts = surgery.decompose(posteriors, points=20_000)
    z = posteriors.mean[:, None] + math.exp(-0.5) * torch.randn(n, 3000, latent, generator=generator)
    log_q = (
        torch.distributions.Normal(posteriors.mean, math.exp(-0.5)).log_prob(z[:, :, None]).sum(-1)
    )  # [N, S, N]
    own = torch.eye(n).bool()[:, None]
    others = log_q.masked_fill(own, -math.inf).logsumexp(-1) - math.log(n - 1)
    upper = (log_q.masked_select(own.expand_as(log_q)).view(n, -1) - others).mean()
    assert parts.mutual_information_upper == pytest.approx(float(upper), rel=0.02)
    assert parts.mutual_information_upper < parts.kl
    far = surgery.decompose(Posteriors(20 * torch.eye(5), torch.full((5, 5), -4.0)))
    assert far.mutual_information_upper == pytest.approx(far.kl)


def test_images_far_apart_share_log_n_nats_and_no_more() -> None:
    corners = torch.cartesian_prod(*[torch.arange(4.0)] * 3) * 10
    parts = surgery.decompose(Posteriors(corners, torch.full((64, 3), -4.0)))
    assert parts.log_n == pytest.approx(math.log(64))
    assert parts.mutual_information == pytest.approx(math.log(64), abs=1e-4)


def test_a_full_grid_of_images_has_no_total_correlation() -> None:
    # Means on a product of axes, one width: q(z) is a product, however far its factors are from Gaussian.
    mean = torch.cartesian_prod(
        torch.tensor([-1.0, 0.0, 2.0]), torch.tensor([0.0, 0.5]), torch.tensor([-3.0, 3])
    )
    parts = surgery.decompose(Posteriors(mean, torch.full((12, 3), -1.0)))
    assert parts.total_correlation == pytest.approx(0, abs=4 * parts.total_correlation_error + 1e-5)
    assert parts.total_correlation_error < 0.02


def test_images_along_the_diagonal_have_the_total_correlation_of_a_copied_code() -> None:
    # Well apart: z_1 names the image, and so does z_2; each carries log N, together log N.
    mean = 20 * torch.arange(32.0)[:, None].expand(32, 2)
    parts = surgery.decompose(Posteriors(mean, torch.zeros(32, 2)))
    assert parts.total_correlation == pytest.approx(
        math.log(32), abs=4 * parts.total_correlation_error + 1e-3
    )


def test_one_posterior_for_all_images_tells_nothing_about_them() -> None:
    posteriors = Posteriors(
        torch.tensor([[1.0, -0.5]]).expand(300, 2), torch.tensor([[0.3, -1.0]]).expand(300, 2)
    )
    parts = surgery.decompose(posteriors)
    assert parts.mutual_information == pytest.approx(0, abs=1e-5)
    assert parts.total_correlation == pytest.approx(0, abs=1e-5)
    assert parts.marginal_kl == pytest.approx(parts.kl, abs=1e-5)
    torch.testing.assert_close(parts.dimension_kl, kl_divergence.dimensions(posteriors)[0], rtol=0, atol=1e-5)


def test_a_collapsed_code_is_zero_in_every_part() -> None:
    parts = surgery.decompose(Posteriors(torch.zeros(100, 4), torch.zeros(100, 4)))
    for value in (parts.kl, parts.mutual_information, parts.marginal_kl, parts.total_correlation):
        assert value == pytest.approx(0, abs=1e-5)
    assert float(parts.dimension_kl.abs().max()) < 1e-5


def test_a_random_part_of_the_images_estimates_the_same() -> None:
    generator = torch.Generator().manual_seed(2)
    mean, log_var = torch.randn(2000, 3, generator=generator), -3 * torch.rand(2000, 3, generator=generator)
    whole = surgery.decompose(Posteriors(mean, log_var))
    part = surgery.decompose(Posteriors(mean, log_var), points=500)
    assert part.kl == whole.kl
    for name in ("mutual_information", "total_correlation"):
        error = math.hypot(getattr(part, f"{name}_error"), getattr(whole, f"{name}_error"))
        assert getattr(part, name) == pytest.approx(getattr(whole, name), abs=4 * error)


def test_the_parts_of_one_report_add_up() -> None:
    generator = torch.Generator().manual_seed(2)
    parts = surgery.decompose(Posteriors(torch.randn(70, 3, generator=generator), torch.zeros(70, 3)), -90.0)
    assert parts.reconstruction == -90.0
    assert parts.kl == pytest.approx(parts.mutual_information + parts.marginal_kl)
    assert parts.marginal_kl == pytest.approx(parts.total_correlation + float(parts.dimension_kl.sum()))


def test_the_same_seed_gives_the_same_numbers() -> None:
    posteriors = Posteriors(
        torch.randn(30, 2, generator=torch.Generator().manual_seed(0)), torch.zeros(30, 2)
    )
    first, again, other = (surgery.decompose(posteriors, seed=seed, points=300) for seed in (1, 1, 2))
    assert first.mutual_information == again.mutual_information != other.mutual_information
