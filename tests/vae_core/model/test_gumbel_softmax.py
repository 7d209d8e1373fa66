"""Codes of categories: against torch.distributions, and against enumeration where there is one group."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from torch.distributions import Categorical, kl_divergence

from vae_core import data
from vae_core.model.vae import VAE
from vae_core.objectives.schedules import decay
from vae_core.spec import Spec, SpecError
from vae_core.training.loop import Trainer

M, K = 3, 4


def model(groups: int = M, **changes: object) -> VAE:
    """On images of 2 by 2, with parameters so large that codes matter."""
    torch.manual_seed(0)
    spec = Spec.parse(
        {"data": {"image_shape": (1, 2, 2), "binarisation": "static"}, "latent": groups}
    ).change(**{"posterior.kind": "gumbel", "posterior.categories": K, "net.widths": "8"} | changes)
    found = VAE(spec)
    for parameter in found.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return found


def test_the_prior_is_the_uniform_one_and_its_probabilities_sum_to_1() -> None:
    one = model()
    assert (one.spec.prior.kind, one.spec.prior.categories, one.latent) == ("uniform_groups", K, M * K)
    every = torch.stack([torch.eye(K)[list(chosen)].flatten() for chosen in product(range(K), repeat=M)])
    assert one.prior.log_prob(every).exp().sum().item() == pytest.approx(1)
    drawn = one.prior.sample(8000, torch.Generator().manual_seed(0)).view(-1, M, K)
    assert (drawn.sum(-1) == 1).all()
    torch.testing.assert_close(drawn.mean(0), torch.full((M, K), 1 / K), atol=0.02, rtol=0)
    assert one.spec.change(**{"posterior.kind": "diagonal_gaussian"}).prior.kind == "standard_normal"


@pytest.mark.parametrize(
    "change, field",
    [({"prior.kind": "mixture"}, "prior.kind"), ({"objective.kind": "iwae"}, "objective.kind"),
     ({"objective.kl": "monte_carlo"}, "objective.kl")],
)  # fmt: skip
def test_what_does_not_go_with_categories_is_refused(change: dict[str, str], field: str) -> None:
    with pytest.raises(SpecError, match=f"^{field}"):
        model().spec.change(**change)


def test_the_kl_of_a_group_is_log_k_less_the_entropy() -> None:
    params = 3 * torch.randn(5, M * K)
    q = Categorical(logits=params.view(5, M, K))
    expected = kl_divergence(q, Categorical(logits=torch.zeros(5, M, K)))
    kl = model().posterior.kl(params)
    torch.testing.assert_close(kl, expected)
    torch.testing.assert_close(kl, math.log(K) - q.entropy())


def test_draws_are_as_frequent_as_they_are_probable_and_log_q_says_so() -> None:
    posterior, params = model().posterior.eval(), torch.randn(1, M * K)
    z, log_q = posterior.sample(params, 20_000, torch.Generator().manual_seed(0))
    q = Categorical(logits=params.view(1, M, K))
    torch.testing.assert_close(z.mean(0).view(1, M, K), q.probs, atol=0.015, rtol=0)
    torch.testing.assert_close(log_q, q.log_prob(z.view(-1, 1, M, K).argmax(-1)).sum(-1))
    torch.testing.assert_close(posterior.log_prob(params, z), log_q)
    mean, log_var = posterior.moments(params)
    torch.testing.assert_close(mean.view(1, M, K), q.probs)
    torch.testing.assert_close(log_var.exp(), mean * (1 - mean))


def test_relaxed_codes_lie_between_and_harden_as_the_temperature_falls() -> None:
    posterior, params = model().posterior, torch.randn(1, M * K)
    hard = posterior.eval().sample(params, 500, torch.Generator().manual_seed(0))[0]
    posterior.train()
    distance = []
    for temperature in (1.0, 0.1, 0.01):
        posterior.temperature.fill_(temperature)
        relaxed = posterior.sample(params, 500, torch.Generator().manual_seed(0))[0]
        torch.testing.assert_close(relaxed.view(500, M, K).sum(-1), torch.ones(500, M))
        distance.append((relaxed - hard).abs().mean().item())
    assert distance[0] > 5 * distance[1] > 25 * distance[2]


def test_straight_through_has_the_hard_value_and_the_relaxed_gradient() -> None:
    found = {}
    for straight in (True, False):
        posterior = model(**{"posterior.straight_through": straight}).posterior
        params = torch.randn(1, M * K, generator=torch.Generator().manual_seed(1)).requires_grad_()
        z = posterior.sample(params, 2, torch.Generator().manual_seed(2))[0]
        (z * torch.arange(M * K)).sum().backward()
        found[straight] = z.detach(), params.grad
    assert set(found[True][0].unique().tolist()) == {0.0, 1.0}
    assert found[False][0].max() < 1
    torch.testing.assert_close(found[True][1], found[False][1])


def exact(one: VAE, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The ELBO [B] and log p(x) [B] of a model of one group, by a sum over its K codes."""
    params = one.encode(x)
    log_q = params.log_softmax(-1)
    log_px = one.likelihood.log_prob(one.decode(torch.eye(K)[:, None].expand(-1, len(x), -1)), x).T  # [B, K]
    joint = log_px - math.log(K)
    return (log_q.exp() * (joint - log_q)).sum(-1), joint.logsumexp(-1)


def test_the_elbo_of_one_group_is_that_of_enumeration() -> None:
    one, x = model(groups=1).eval(), torch.tensor([[1.0, 0, 0, 1], [0, 1, 1, 1]]).view(2, 1, 2, 2)
    elbo, log_px = exact(one, x)
    terms = one(x, 20_000, torch.Generator().manual_seed(0))
    error = terms.log_px[0].std(0) / 20_000**0.5
    assert ((terms.elbo().value - elbo).abs() < 4 * error).all()
    assert (elbo < log_px).all()


def test_the_gradient_of_the_score_function_is_that_of_the_exact_elbo() -> None:
    one, x = model(groups=1, **{"posterior.estimator": "score"}), torch.eye(4).view(4, 1, 2, 2)
    exact(one, x)[0].mean().backward()
    expected = one.encoder[-1].bias.grad.clone()
    for several in (1, 4):  # the baseline is of other images, or of other samples
        generator, rounds, draws = torch.Generator().manual_seed(0), 1000, []
        for _ in range(rounds):
            one.encoder[-1].bias.grad = None
            one(x, several, generator).elbo().mean().elbo.backward()
            draws.append(one.encoder[-1].bias.grad.clone())
        sample = torch.stack(draws)
        error = sample.std(0) / rounds**0.5
        assert ((sample.mean(0) - expected).abs() < 4 * error).all()


def test_the_temperature_falls_by_the_same_factor_every_step_and_then_stays() -> None:
    steps = torch.tensor([0.0, 5.0, 10.0, 100.0])
    found = [float(decay(step, 2.0, 0.5, 10)) for step in steps]
    assert found == pytest.approx([2.0, 1.0, 0.5, 0.5])
    assert decay(steps[0], 2.0, 0.5, 0) == 0.5


def test_a_temperature_set_by_hand_stays_and_is_still_there_after_a_resume() -> None:
    changes = {"data.name": "digits", "posterior.kind": "gumbel", "posterior.temperature": 2.0}
    changes |= {"posterior.last_temperature": 0.5, "posterior.temperature_steps": 2, "net.widths": "8"}
    spec, digits = Spec().change(**changes), data.load("digits")
    trainer = Trainer(spec, digits)
    found = []
    for step in trainer:
        found.append(trainer.report()["temperature"])
        if step == 3:
            trainer.set_temperature(1.5)
        if step == 4:
            break
    assert found == pytest.approx([2.0, 1.0, 0.5, 1.5])
    again = Trainer(spec, digits)
    again.restore(trainer.state())
    next(iter(again))
    assert again.report()["temperature"] == 1.5
