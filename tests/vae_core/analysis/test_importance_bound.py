"""The bound against k on models whose p(x) is known."""

from __future__ import annotations

import math

import pytest
import torch

from tests.vae_core.analysis.test_likelihood import linear_gaussian, some_images
from vae_core import data
from vae_core.analysis import evaluation, importance_bound
from vae_core.analysis.progress import Cancelled
from vae_core.model.vae import VAE
from vae_core.spec import Spec


def test_it_begins_at_the_elbo_and_ends_at_log_p() -> None:
    model, exact = linear_gaussian(latent=3)
    x = some_images(model, 1)
    found = importance_bound.against_k(importance_bound.log_weights(model, x)[0])
    assert found.counts == importance_bound.COUNTS
    log_px = []
    for seed in range(4):  # of draws of its own, with the KL in closed form
        terms = model(x, 5000, torch.Generator().manual_seed(100 + seed))
        log_px.append(terms.log_px[0, :, 0].detach().double())
    each = torch.cat(log_px)
    elbo = float(each.mean() - model.posterior.kl(model.encode(x)).detach().sum())
    error = float(each.std()) / math.sqrt(len(each))
    assert abs(float(found.value[0]) - elbo) < 4 * math.hypot(error, float(found.error[0]))
    log_p = float(exact.log_prob(x.flatten(1).double()))
    assert abs(float(found.value[-1]) - log_p) < 3 * float(found.error[-1])
    assert log_p - elbo > 10 * float(found.error[0])  # there is a way to go


def test_it_rises_with_k_and_stays_below_log_p_on_average() -> None:
    model, exact = linear_gaussian(latent=3)
    x = some_images(model, 1).repeat(40, 1, 1, 1)
    log_w = importance_bound.log_weights(model, x, 200)
    values = torch.stack([importance_bound.against_k(row, (1, 2, 5, 20, 100)).value for row in log_w])
    rises = values.diff(dim=1)
    assert (rises.mean(0) > 2 * rises.std(0) / math.sqrt(40)).all()
    log_p = float(exact.log_prob(x[:1].flatten(1).double()))
    assert float(values.mean(0)[-1]) < log_p + 2 * float(values[:, -1].std()) / math.sqrt(40)


def test_equal_weights_have_no_error_and_all_count() -> None:
    model, exact = linear_gaussian(latent=1)  # q is the true posterior: every weight is p(x)
    x = some_images(model, 2)
    log_w = importance_bound.log_weights(model, x, 1000)
    log_p = exact.log_prob(x.flatten(1).double())
    for row, expected in zip(log_w, log_p, strict=True):
        found = importance_bound.against_k(row)
        torch.testing.assert_close(found.value, expected.expand_as(found.value), atol=1e-3, rtol=0)
        assert float(found.error.max()) < 1e-3
        assert found.counts[-1] == 1000
        assert importance_bound.effective_samples(row) == pytest.approx(1000, rel=1e-4)


def test_the_error_is_that_of_repeated_estimates() -> None:
    generator = torch.Generator().manual_seed(0)
    log_w = 0.8 * torch.randn(400, 5000, generator=generator, dtype=torch.float64)
    found = [importance_bound.against_k(row, (1, 100, 5000)) for row in log_w]
    values, errors = (torch.stack([getattr(each, name) for each in found]) for name in ("value", "error"))
    torch.testing.assert_close(errors.mean(0), values.std(0), rtol=0.15, atol=0)
    # E log of one lognormal weight is 0, and the mean weight is exp(0.8^2 / 2).
    assert float(values[:, 0].mean()) == pytest.approx(0, abs=4 * float(values[:, 0].std()) / 20)
    assert float(values[:, 2].mean()) == pytest.approx(0.32, abs=0.01)


def test_weights_of_a_model_of_classes_are_given_the_class() -> None:
    torch.manual_seed(0)
    changes = {"data.name": "digits", "net.widths": [8], "condition.kind": "class"}
    model = VAE(Spec().change(**changes)).eval()
    x, labels = torch.rand(3, 1, 8, 8), torch.tensor([1, 2, 3])
    found = importance_bound.log_weights(model, x, 7, labels=labels)
    terms = model(x, 7, torch.Generator().manual_seed(0), y=labels)
    torch.testing.assert_close(found, (terms.log_px + terms.log_pz - terms.log_qz)[0].T.double())
    with pytest.raises(ValueError, match="told the class"):
        importance_bound.log_weights(model, x, 7)


def test_it_says_how_far_it_is_and_stops_when_told_to() -> None:
    model, _ = linear_gaussian(latent=2)
    said: list[float] = []
    importance_bound.log_weights(model, some_images(model, 2), 20_000, progress=lambda at, _: said.append(at))
    assert said == sorted(said)
    assert len(said) > 2
    assert said[-1] == 1
    with pytest.raises(Cancelled):
        importance_bound.log_weights(model, some_images(model, 1), 10, cancelled=lambda: True)


def test_the_evaluation_of_a_run_that_weighs_codes_has_its_bound_of_all_images() -> None:
    changes = {"data.name": "digits", "net.widths": [8], "objective.kind": "iwae", "objective.samples": 6}
    torch.manual_seed(0)
    model = VAE(Spec().change(**changes)).eval()
    images = data.load("digits", "test")
    numbers = evaluation.evaluate(model, images, samples=0)
    assert numbers["bound_samples"] == 6
    x = data.binarised_once(images, "dynamic").float() / 255
    with torch.inference_mode():
        terms = model(x, 600, torch.Generator().manual_seed(3))
    log_w = (terms.log_px + terms.log_pz - terms.log_qz)[0].double()
    sixes = log_w.view(100, 6, -1).logsumexp(1) - math.log(6)
    error = float(sixes.std(0).mean()) / math.sqrt(len(x))
    assert numbers["bound"] == pytest.approx(float(sixes.mean()), abs=5 * error)
    assert numbers["elbo"] < numbers["bound"]
    plain = VAE(model.spec.change(**{"objective.kind": "elbo"}))
    assert "bound" not in evaluation.evaluate(plain, images, samples=0)
