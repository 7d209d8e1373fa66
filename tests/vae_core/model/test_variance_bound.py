"""Where a posterior's KL is that of the bound on its variances."""

import math

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from vae_core.model import variance_bound
from vae_core.model.posteriors import DiagonalGaussian
from vae_core.spec import DiagonalGaussianPosterior

GAUSSIAN = DiagonalGaussian(DiagonalGaussianPosterior(), 2)


def test_beyond_the_bound_the_kl_is_the_bounds_whatever_the_encoder_says() -> None:
    # An encoder on its way to a point: log variances of -20, -200 and -2,000 have one KL.
    mean = torch.tensor([[0.5, -1.0]])
    narrow = GAUSSIAN.kl(torch.cat([mean, torch.full((1, 2), -20.0)], 1))
    for log_var in (-200.0, -2000.0):
        params = torch.cat([mean, torch.full((1, 2), log_var)], 1)
        assert torch.equal(GAUSSIAN.kl(params), narrow)
        assert variance_bound.share_on_bound(GAUSSIAN.split(params)[1]) == 1
    q = Normal(mean.double(), math.exp(-variance_bound.BOUND / 2))
    torch.testing.assert_close(narrow.double(), kl_divergence(q, Normal(0.0, 1.0)), rtol=1e-5, atol=0)


@pytest.mark.parametrize("as_array", [np.asarray, torch.tensor, lambda rows: np.asarray(rows, np.float16)])
def test_the_share_on_a_bound_is_counted_of_arrays_and_tensors(as_array) -> None:
    log_var = as_array([[-16.0, -15.9], [16.0, 0.0], [-16.0, -16.0], [3.0, float("nan")]])
    assert variance_bound.share_on_bound(log_var) == 4 / 8
    assert variance_bound.share_on_bound(log_var[:0]) == 0


def test_the_kl_is_undefined_where_most_variances_stand_on_the_bound() -> None:
    log_var = np.full((100, 2), -16.0)
    log_var[:, 1] = 0
    assert variance_bound.undefined_kl(log_var) is None  # half of them do not decide
    log_var[:96, 1] = -16
    assert variance_bound.undefined_kl(log_var) == "KL undefined: 98 % of variances stand on the bound."
