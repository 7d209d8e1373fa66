"""log p(hidden | observed) against the closed form, its error against repetition, a count of its own."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import MultivariateNormal

from vae_core.analysis import inpaint

METHODS = [name for name in inpaint.METHODS if name != "encoder"]
SIGMA = 0.1


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("method", METHODS)
def test_it_is_the_exact_log_density_within_its_error(method, exact) -> None:
    x, mask = exact.images(6), torch.stack([inpaint.preset("left half", 8, 8)] * 6)
    found = inpaint.METHODS[method](exact.model, x, mask, generator=seeded())
    told = inpaint.log_likelihood(found, x, mask, exact.model)
    hidden = mask[0].flatten() == 0
    wanted = torch.stack([exact.hidden(i, mask[0]).log_prob(i.flatten()[hidden].double()) for i in x])
    off = (told.value - wanted) / told.error
    assert float(off.abs().max()) < 5
    assert float(told.error.max()) < 0.5


def test_of_the_encoder_it_is_the_score_of_its_own_distribution(exact) -> None:
    # Codes N(m, S) of the filled image make hidden pixels N(W m + b, W S W' + sigma^2).
    x, mask = exact.images(1), inpaint.preset("left half", 8, 8)[None]
    found = inpaint.encoder_fill(exact.model, x, mask, fill=0.5, generator=seeded())
    told = inpaint.log_likelihood(found, x, mask, exact.model)
    filled = torch.where(mask > 0, x, torch.full_like(x, 0.5))
    mean, log_var = exact.model.posterior.split(exact.model.encode(filled).detach())
    hidden = mask[0].flatten() == 0
    w = exact.w[hidden].double()
    covariance = w @ log_var[0].exp().diag().double() @ w.T + SIGMA**2 * torch.eye(len(w)).double()
    own = MultivariateNormal(w @ mean[0].double() + exact.b[hidden], covariance)
    pixels = x[0].flatten()[hidden].double()
    assert float(told.value) == pytest.approx(float(own.log_prob(pixels)), abs=5 * float(told.error))
    under_the_model = float(exact.hidden(x[0], mask[0]).log_prob(pixels))
    assert abs(float(told.value) - under_the_model) > 10 * float(told.error)


@pytest.mark.parametrize("method", inpaint.METHODS)
def test_its_error_is_how_far_repetitions_differ(method, rough) -> None:
    x, mask = rough.images(1)[0], inpaint.preset("random 50 %", 8, 8)
    settings = {"pseudo_gibbs": {"iterations": 60}, "metropolis_within_gibbs": {"iterations": 60}}
    settings |= {"langevin": {"steps": 40, "warm_up": 40}, "hmc": {"steps": 20, "warm_up": 20}}
    told = []
    for seed in range(40):
        found = inpaint.METHODS[method](
            rough.model, x, mask, generator=seeded(seed), **settings.get(method, {})
        )
        told.append(inpaint.log_likelihood(found, x, mask, rough.model))
    spread = torch.stack([each.value for each in told]).std()
    error = torch.stack([each.error for each in told]).square().mean().sqrt()
    # Of 40 repetitions a deviation is known to 11 %, and the jackknife of 16 chains errs as well.
    assert float(error) == pytest.approx(float(spread), rel=0.5)


@pytest.mark.parametrize("method", inpaint.METHODS)
def test_it_does_not_move_with_the_number_of_completions(method, rough) -> None:
    x, mask = rough.images(1)[0], inpaint.preset("left half", 8, 8)

    def told(count: int) -> inpaint.HiddenLikelihood:
        found = inpaint.METHODS[method](rough.model, x, mask, count, generator=seeded())
        assert len(found) == count
        return inpaint.log_likelihood(found, x, mask, rough.model)

    few, usual, many = told(1), told(16), told(64)
    if method != "importance":  # the codes that are resampled say nothing of those that are weighed
        assert few.codes == usual.codes
    torch.testing.assert_close(few.value, usual.value)
    torch.testing.assert_close(few.error, usual.error)
    # More than 16 are as many chains: other draws, of the same distribution, and as many of them are taken.
    assert 500 <= many.codes <= max(usual.codes * 1.3, 2000)
    assert abs(float(many.value - usual.value)) < 5 * float((many.error**2 + usual.error**2).sqrt())


def test_what_does_not_fit_is_refused_in_a_sentence(rough) -> None:
    found = inpaint.encoder_fill(rough.model, rough.images(1)[0], torch.zeros(8, 8))
    with pytest.raises(ValueError, match="1 images and 3"):
        inpaint.log_likelihood(found, rough.images(3), torch.zeros(8, 8), rough.model)
