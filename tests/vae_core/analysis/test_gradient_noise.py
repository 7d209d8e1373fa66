"""The noise of gradients, where both mean and variance are known by enumeration."""

from __future__ import annotations

import pytest
import torch

from vae_core.analysis.gradient_noise import WAYS, measure
from vae_core.model.vae import VAE
from vae_core.spec import Spec

K = 3


@pytest.fixture
def one() -> VAE:
    """One group of three categories on images of 2 by 2."""
    torch.manual_seed(0)
    spec = Spec.parse({"data": {"image_shape": (1, 2, 2), "binarisation": "static"}, "latent": 1}).change(
        **{"posterior.kind": "gumbel", "posterior.categories": K, "net.widths": "4"}
    )
    model = VAE(spec)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return model.eval().requires_grad_(False)


def exact(model: VAE, x: torch.Tensor) -> tuple[torch.Tensor, float]:
    """Of the score function on one image: mean [weights] and summed variance of its gradient, by its K codes.

    With one image and one sample there is nothing to compare with, and the baseline is 0.
    """
    model.encoder.requires_grad_(True)
    weights, codes = list(model.encoder.parameters()), torch.eye(K)
    log_q = model.encode(x)[0].log_softmax(-1)
    log_px = model.likelihood.log_prob(model.decode(codes[:, None]), x)[:, 0].detach()
    kl = (log_q.exp() * log_q).sum()

    def gradient(value: torch.Tensor) -> torch.Tensor:
        return torch.cat([g.flatten() for g in torch.autograd.grad(value, weights, retain_graph=True)])

    rows = torch.stack([gradient(log_px[k] * log_q[k] - kl) for k in range(K)])
    p = log_q.detach().exp()
    model.encoder.requires_grad_(False)
    mean = p @ rows
    return mean, float(p @ (rows - mean).square().sum(1))


def test_mean_and_variance_of_the_score_function_are_those_of_enumeration(one: VAE) -> None:
    x = torch.tensor([1.0, 0, 0, 1]).view(1, 1, 2, 2)
    mean, variance = exact(one, x)
    found = measure(one, x, draws=500)
    assert set(found) == set(WAYS)
    score = found["score"]
    assert score.deviation == pytest.approx(variance**0.5, rel=0.1)
    assert score.length == pytest.approx(mean.norm().item(), abs=4 * (variance / 500) ** 0.5)
    assert score.cosine == pytest.approx(1)
    assert found["relaxed"].deviation < score.deviation / 2
    assert not any(parameter.requires_grad for parameter in one.parameters())
    assert one.posterior.settings == one.spec.posterior
    assert not one.posterior.training


def test_codes_that_are_no_categories_are_refused() -> None:
    spec = Spec.parse({"data": {"image_shape": (1, 2, 2), "binarisation": "static"}})
    with pytest.raises(ValueError, match="no categories"):
        measure(VAE(spec), torch.zeros(1, 1, 2, 2))
