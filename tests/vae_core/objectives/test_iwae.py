"""The importance-weighted bound against the ELBO, and on a linear-Gaussian model whose p(x) is known."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from tests.vae_core.analysis.test_likelihood import linear_gaussian, some_images
from vae_core import data, objectives, spec
from vae_core.model.terms import Terms
from vae_core.model.vae import VAE
from vae_core.spec import Spec
from vae_core.training.loop import Trainer

STEP = torch.tensor(0.0)
TWICE = "doubly_reparameterised"


def iwae(k: int, **more: object) -> objectives.Objective:
    return objectives.build(spec.IwaeObjective(samples=k, **more))


def small(**changes: object) -> Spec:
    return Spec().change(**{"data.name": "digits", "net.widths": [12], "objective.kind": "iwae", **changes})


def gradients(model: VAE, objective: objectives.Objective, x: Tensor, seed: int) -> dict[str, Tensor]:
    model.zero_grad()
    terms = model(x, objective.samples, torch.Generator().manual_seed(seed))
    objective(terms, STEP)[0].backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def test_the_bound_is_the_log_of_the_mean_weight_and_the_rest_is_logged_beside_it() -> None:
    terms = Terms(
        log_px=torch.tensor([[[-100.0], [-102.0]]]),
        log_pz=torch.tensor([[[-3.0], [-4.0]]]),
        log_qz=torch.tensor([[[-1.0], [-2.0]]]),
        kl=None,
        z=torch.zeros(1, 2, 1, 2),
    )
    loss, logged = iwae(2)(terms, STEP)
    a, b = math.exp(-100 - 3 + 1 + 100), math.exp(-102 - 4 + 2 + 100)
    assert -loss.item() == pytest.approx(math.log((a + b) / 2) - 100, abs=1e-4)
    assert logged["bound"].item() == pytest.approx(-loss.item())
    assert logged["effective_samples"].item() == pytest.approx((a + b) ** 2 / (a**2 + b**2), rel=1e-4)
    assert logged["reconstruction"].item() == -101
    assert logged["kl"].item() == 2
    assert logged["beta_kl"].item() == pytest.approx(-101 + loss.item())


@pytest.mark.parametrize("beta", [1.0, 0.5])
def test_one_code_gives_the_elbos_gradient(beta: float) -> None:
    torch.manual_seed(0)
    model, x = VAE(small()), torch.rand(9, 1, 8, 8, generator=torch.Generator().manual_seed(1)).round()
    elbo = objectives.build(spec.ElboObjective(kl="monte_carlo", beta=beta))
    one, other = (gradients(model, each, x, 2) for each in (iwae(1, beta=beta), elbo))
    assert one.keys() == other.keys()
    for name, gradient in one.items():
        torch.testing.assert_close(gradient, other[name], rtol=1e-5, atol=1e-7, msg=name)


@pytest.mark.parametrize("gradient", ["standard", TWICE])
def test_where_q_is_the_true_posterior_all_weights_are_p_of_x(gradient: str) -> None:
    model, exact = linear_gaussian(latent=1)  # of one dimension every Gaussian is a diagonal one
    x = some_images(model, 6)
    terms = model(x, 16, torch.Generator().manual_seed(0))
    _, logged = iwae(16, gradient=gradient)(terms, STEP)
    assert logged["effective_samples"].item() == pytest.approx(16, rel=1e-4)
    expected = exact.log_prob(x.flatten(1).double()).mean().item()
    assert logged["bound"].item() == pytest.approx(expected, abs=1e-3)


def test_there_the_doubly_reparameterised_gradient_of_the_encoder_is_zero_and_the_other_is_noise() -> None:
    model, _ = linear_gaussian(latent=1)
    x = some_images(model, 6)
    norms = {}
    for kind in ("standard", TWICE):
        found = [gradients(model, iwae(16, gradient=kind), x, seed) for seed in range(20)]
        of_encoder = torch.stack([each["encoder.1.bias"] for each in found])
        norms[kind] = float(of_encoder.std(0).max())
    assert norms[TWICE] < 1e-2 * norms["standard"]


def test_the_bound_grows_with_k_towards_log_p() -> None:
    model, exact = linear_gaussian(latent=3)  # of a correlated posterior, which q is not
    x = some_images(model, 1).repeat(4000, 1, 1, 1)
    log_p = float(exact.log_prob(x[:1].flatten(1).double()))
    with torch.inference_mode():
        terms = model(x, 64, torch.Generator().manual_seed(0))
        log_w = (terms.log_px + terms.log_pz - terms.log_qz)[0].double()
    bounds = []
    for k in (1, 4, 16, 64):
        each = log_w.unflatten(0, (64 // k, k)).logsumexp(1) - math.log(k)
        bounds.append((float(each.mean()), float(each.std()) / each.numel() ** 0.5))
    for (low, of_low), (high, of_high) in pairwise(bounds):
        assert high - low > 3 * math.hypot(of_low, of_high)
    assert bounds[-1][0] < log_p
    logged = iwae(64)(terms, STEP)[1]
    assert logged["bound"].item() == pytest.approx(bounds[-1][0], abs=1e-3)
    assert log_p - bounds[-1][0] < 0.1 * (log_p - bounds[0][0])


@pytest.mark.parametrize("beta", [1.0, 0.5, 2.0])
@pytest.mark.parametrize(
    "posterior", [{}, {"posterior.variance": "shared"}, {"posterior.kind": "iaf", "posterior.hidden": 4}]
)
def test_both_gradients_are_the_same_in_the_mean(posterior: dict[str, object], beta: float) -> None:
    torch.manual_seed(0)
    model = VAE(small(**posterior)).double()
    with torch.no_grad():
        for parameter in (*model.encoder.parameters(), *model.posterior.parameters()):
            parameter.add_(0.3 * torch.randn_like(parameter))
    x = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(1)).round().double()
    many = x.repeat(3000, 1, 1, 1)  # a step's gradient is the mean over images: 3,000 draws of one image's
    difference: dict[str, list[Tensor]] = {}
    for seed in range(12):
        one = gradients(model, iwae(4, beta=beta), many, seed)
        other = gradients(model, iwae(4, beta=beta, gradient=TWICE), many, seed)
        for name in one:
            difference.setdefault(name, []).append(one[name] - other[name])
    seen = False
    for name, each in difference.items():
        values = torch.stack(each)
        error = values.std(0) / len(values) ** 0.5
        if name.startswith("decoder"):
            torch.testing.assert_close(values, torch.zeros_like(values), atol=1e-9, rtol=0)
            continue
        seen = seen or bool(error.max() > 1e-6)  # they do differ, draw by draw
        scale = values.mean(0).abs() / error.clamp(min=1e-9)
        assert float((scale > 4).double().mean()) < 0.02, name  # of t with 11 degrees of freedom: 0.2 %
    assert seen


def test_images_that_it_does_not_learn_from_are_measured_with_the_same_k() -> None:
    images = data.load("digits")
    trainer = Trainer(small(**{"objective.samples": 8, "training.steps": 60}), images)
    for step in trainer:
        if step == 60:
            break
    trained = trainer.report()
    assert trained["loss"] == pytest.approx(-trained["bound"], abs=1e-3)
    assert trained["elbo"] == pytest.approx(trained["reconstruction"] - trained["kl"])
    report = trainer.evaluate(images.images[:200])
    assert 1 < report["effective_samples"] <= 8
    x = data.binarise(images.images[:200], "none")
    with torch.inference_mode():
        terms = trainer.model(x, 8 * 40, torch.Generator().manual_seed(5))
        log_w = (terms.log_px + terms.log_pz - terms.log_qz)[0].double()
    eights = log_w.unflatten(0, (40, 8)).logsumexp(1) - math.log(8)
    for name, each, draws in (("bound", eights, 200), ("elbo", log_w, 1600)):
        error = float(each.std(0).mean()) / draws**0.5
        assert report[name] == pytest.approx(float(each.mean()), abs=6 * error)
    assert report["bound"] > report["elbo"]
