"""Objectives: known answers for the ELBO, beta, warm-up and capacity."""

from __future__ import annotations

import pytest
import torch

from vae_core import objectives, spec
from vae_core.model.terms import Terms
from vae_core.model.vae import VAE
from vae_core.objectives.schedules import ramp

TERMS = Terms(
    log_px=torch.tensor([[[-100.0, -80.0], [-110.0, -90.0]]]),
    log_pz=torch.tensor([[[-3.0, -4.0], [-5.0, -6.0]]]),
    log_qz=torch.tensor([[[-1.0, -1.0], [-2.0, -2.0]]]),
    kl=torch.tensor([[[1.0, 4.0], [3.0, 0.0]]]),
    z=torch.zeros(1, 2, 2, 2),
)
STEP = torch.tensor(0.0)


def test_the_elbo_averages_over_samples_and_images_and_sums_over_dimensions():
    loss, logged = objectives.build(spec.ElboObjective())(TERMS, STEP)
    assert logged["reconstruction"].item() == -95  # the mean of four
    assert logged["dimension_kl"].tolist() == [2, 2]  # means over the two images
    assert logged["kl"].item() == 4
    assert loss.item() == 95 + 4


def test_the_monte_carlo_kl_is_the_mean_log_ratio():
    loss, logged = objectives.build(spec.ElboObjective(kl="monte_carlo"))(TERMS, STEP)
    assert logged["kl"].item() == pytest.approx((2 + 3 + 3 + 4) / 4)
    assert loss.item() == pytest.approx(95 + 3)


def test_beta_weighs_the_kl_and_zero_takes_it_away():
    for beta in (0.0, 0.5, 4.0):
        loss, logged = objectives.build(spec.ElboObjective(beta=beta))(TERMS, STEP)
        assert loss.item() == 95 + beta * 4
        assert logged["beta_kl"].item() == beta * 4
        assert logged["kl"].item() == 4


def test_warm_up_rises_linearly_from_zero_and_stays():
    objective = objectives.build(spec.ElboObjective(beta=2.0, warm_up=100))
    weights = [
        objective(TERMS, torch.tensor(float(step)))[1]["beta"].item() for step in (0, 25, 50, 100, 900)
    ]
    assert weights == [0, 0.5, 1, 2, 2]
    assert ramp(STEP, 0) == 1


def test_capacity_pulls_the_kl_towards_c_from_both_sides():
    settings = spec.CapacityObjective(beta=10, capacity=8, capacity_steps=100)
    objective = objectives.build(settings)
    for step, target in ((0, 0), (25, 2), (50, 4), (100, 8), (500, 8)):
        loss, logged = objective(TERMS, torch.tensor(float(step)))
        assert logged["beta_kl"].item() == 10 * abs(4 - target)
        assert loss.item() == 95 + 10 * abs(4 - target)


def test_analytic_and_monte_carlo_bounds_of_a_model_agree_within_the_standard_error():
    torch.manual_seed(0)
    small = spec.Spec().change(**{"data.name": "digits", "net.widths": [16], "latent": 3})
    x = torch.rand(6, 1, 8, 8)
    with torch.no_grad():
        terms = VAE(small)(x, 20_000, torch.Generator().manual_seed(1))
    ratio = (terms.log_qz - terms.log_pz)[0].mean(1)
    assert abs(ratio.mean() - terms.kl[0].mean(0).sum()) < 5 * ratio.std() / len(ratio) ** 0.5


def test_where_no_closed_form_is_known_the_analytic_kl_is_refused_with_a_sentence():
    unknown = Terms(TERMS.log_px, TERMS.log_pz, TERMS.log_qz, None, TERMS.z)
    with pytest.raises(ValueError, match=r"objective\.kl=monte_carlo"):
        objectives.build(spec.ElboObjective())(unknown, STEP)
    _, logged = objectives.build(spec.ElboObjective(kl="monte_carlo"))(unknown, STEP)
    assert "dimension_kl" not in logged


def test_free_bits_charge_each_dimension_at_least_its_share():
    # The dimensions' KLs are means over the batch, 2 nats each: below 3 both pay 3, below 1 what they are.
    for least, charged in ((3.0, 6.0), (1.0, 4.0), (0.0, 4.0)):
        loss, logged = objectives.build(spec.FreeBitsObjective(free_bits=least, beta=2.0))(TERMS, STEP)
        assert logged["beta_kl"].item() == 2 * charged
        assert logged["kl"].item() == 4
        assert loss.item() == 95 + 2 * charged


def test_below_the_free_bits_nothing_presses_a_dimension_down():
    kl = torch.tensor([[[0.1, 3.0], [0.3, 5.0]]], requires_grad=True)
    terms = Terms(TERMS.log_px, TERMS.log_pz, TERMS.log_qz, kl, TERMS.z)
    objectives.build(spec.FreeBitsObjective(free_bits=0.5))(terms, STEP)[0].backward()
    assert kl.grad.tolist() == [[[0, 0.5], [0, 0.5]]]
