"""What a code of categories costs, and how images use categories, against enumeration and SciPy."""

import math

import numpy as np
import pytest
import scipy.stats
import torch
import torch.nn.functional as F

from vae_core.analysis import category_map
from vae_core.model.gumbel_softmax import GroupCodes
from vae_core.model.vae import VAE
from vae_core.spec import Spec

M, K = 2, 3
CODES = torch.cartesian_prod(*M * [torch.arange(K)])  # [K^M, M]
X = torch.tensor([[[1.0, 0, 1], [0, 1, 1]]])


@pytest.fixture
def model(two_groups: VAE) -> VAE:
    return two_groups


def test_codes_cost_what_the_distributions_say_and_the_bound_is_their_mean(model: VAE) -> None:
    """The ELBO is the sum over all codes of q(z|x) [log p(x, z) - log q(z|x)]."""
    pi = torch.distributions.Categorical(logits=model.encode(X[None])[0].view(M, K))
    total = elbo = 0.0
    for chosen in CODES:
        found = category_map.cost(model, X[0][None], chosen)
        p = model.decode_mean(F.one_hot(chosen, K).float().flatten()[None])[0]
        log_px = float(torch.distributions.Bernoulli(p).log_prob(X[0]).sum())
        assert found.log_px == pytest.approx(log_px, abs=1e-4)
        assert found.log_pz == pytest.approx(-M * math.log(K), abs=1e-5)
        assert found.log_qz == pytest.approx(float(pi.log_prob(chosen).sum()), abs=1e-4)
        total += math.exp(found.log_qz)
        elbo += math.exp(found.log_qz) * (found.joint - found.log_qz)
    assert total == pytest.approx(1, abs=1e-4)
    bound = category_map.bound(model, X[0][None], samples=20_000)
    assert bound.elbo == pytest.approx(elbo, abs=4 * bound.error)
    assert 0 < bound.error < 0.02


def test_the_mean_kl_of_a_group_is_its_information_and_the_kl_of_its_marginal() -> None:
    generator = torch.Generator().manual_seed(0)
    codes = GroupCodes((3 * torch.randn(500, M, K, generator=generator)).softmax(-1))
    shares = codes.probabilities.mean(0)
    uniform = np.full(K, 1 / K)
    wanted = [scipy.stats.entropy(row, uniform) for row in shares.double().numpy()]
    found = category_map.marginal_kl(shares)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    # I(x; z_m) = H(z_m) - H(z_m | x), images being equally likely.
    entropies = scipy.stats.entropy(codes.probabilities.double().numpy(), axis=2).mean(0)
    information = scipy.stats.entropy(shares.double().numpy(), axis=1) - entropies
    np.testing.assert_allclose(codes.kl.mean(0), information + found.numpy(), atol=1e-4)


def test_a_hole_is_a_category_that_the_prior_takes_far_more_often_than_the_images() -> None:
    shares = torch.tensor([[0.5, 0.5, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25], [0.3, 0.3, 0.374, 0.026]])
    holes = category_map.holes(shares)  # below 1 / 40
    assert holes.int().tolist() == [[0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert category_map.prior_in_holes(holes) == pytest.approx(0.5)
    holes[2, 3] = True
    assert category_map.prior_in_holes(holes) == pytest.approx(1 - 0.5 * 0.75)


def test_the_images_that_use_a_category_most_come_first() -> None:
    probabilities = torch.tensor([[[0.2, 0.8]], [[0.9, 0.1]], [[0.5, 0.5]], [[0.2, 0.8]]])
    images, given = category_map.most_using(GroupCodes(probabilities), 0, 1, 3)
    assert images.tolist() == [0, 3, 2]
    torch.testing.assert_close(given, torch.tensor([0.8, 0.8, 0.5]))


def test_codes_that_are_no_categories_are_refused() -> None:
    with torch.random.fork_rng():
        model = VAE(Spec())
    with pytest.raises(ValueError, match="no groups of categories"):
        category_map.cost(model, torch.zeros(1, 28, 28), torch.zeros(2, dtype=torch.long))
