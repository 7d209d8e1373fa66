"""Learned priors: each integrates to one, agrees with its samples, and is what its paper says."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from scipy import stats
from torch import Tensor
from torch.autograd.functional import jacobian
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from vae_core.analysis import aggregate, kl_divergence, surgery
from vae_core.model import priors
from vae_core.model.posteriors import Posteriors
from vae_core.model.priors import ClassPrior, Flow, Given, LearnedMixture, Prior, Vamp
from vae_core.model.vae import VAE
from vae_core.spec import FlowPrior, MixturePrior, Spec, SpecError

K = 3  # classes


def noise(seed: int = 5) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def moved(prior: Prior, far: float) -> Prior:
    """Away from how it begins."""
    with torch.no_grad():
        for parameter in prior.parameters():
            parameter += far * torch.randn(parameter.shape, generator=noise(1))
    return prior.requires_grad_(False)


def mixture(latent: int = 2, of_class: bool = False) -> LearnedMixture:
    settings = MixturePrior(components=4, of_class=of_class)
    made = moved(LearnedMixture(settings, latent, ClassPrior(K, True)), 0.7)
    assert isinstance(made, LearnedMixture)
    return made


def flow(latent: int = 2, of_class: bool = False) -> Flow:
    settings = FlowPrior(couplings=5, hidden=8, of_class=of_class)
    made = moved(Flow(settings, latent, ClassPrior(K, True)), 0.3)
    assert isinstance(made, Flow)
    return made


def vamp(latent: int = 2) -> Vamp:
    """Of a model of 8 x 8 images whose codes are spread wide."""
    spec = Spec().change(
        **{"data.name": "digits", "latent": latent, "prior.kind": "vamp", "prior.pseudo_inputs": 6}
    )
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = VAE(spec)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += 0.2 * torch.randn(parameter.shape)
        model.requires_grad_(False)
    assert isinstance(model.prior, Vamp)
    MODELS.append(model)
    return model.prior


MODELS: list[VAE] = []  # of which the priors above are parts
Make = Callable[[], Prior]
ALL: dict[str, Make] = {
    "mixture": mixture,
    "a mixture for each class": lambda: mixture(of_class=True),
    "vamp": vamp,
    "flow": flow,
    "a flow for each class": lambda: flow(of_class=True),
}
GIVEN = {
    **ALL,
    "a mixture of one class": lambda: Given(mixture(of_class=True), torch.eye(K)[1]),
    "a flow of one class": lambda: Given(flow(of_class=True), torch.eye(K)[1]),
}


@pytest.mark.parametrize("name", GIVEN)
def test_it_integrates_to_one_on_a_grid(name: str) -> None:
    axis = torch.linspace(-12, 12, 1201, dtype=torch.float64).float()
    prior = GIVEN[name]()
    with torch.no_grad():
        log_p = prior.log_prob(torch.cartesian_prod(axis, axis)).double()
    assert float(log_p.exp().sum()) * float(axis[1] - axis[0]) ** 2 == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("name", GIVEN)
def test_its_samples_agree_with_its_density(name: str) -> None:
    """Counts in cells against the density's integral over each, by a chi-square test."""
    prior, count, cells, fine = GIVEN[name](), 20_000, 8, 16
    with torch.no_grad():
        z = prior.sample(count, noise())
        low, high = z.quantile(0.02, dim=0), z.quantile(0.98, dim=0)
        steps = (torch.arange(cells * fine) + 0.5) / (cells * fine)
        axes = [low[d] + (high[d] - low[d]) * steps for d in (0, 1)]
        density = prior.log_prob(torch.cartesian_prod(*axes)).double().exp().view(cells * fine, -1)
    share = density.unflatten(0, (cells, fine)).unflatten(2, (cells, fine)).sum((1, 3))
    share *= float((high - low).prod()) / (cells * fine) ** 2
    at = ((z - low) / (high - low) * cells).floor().long()
    inside = ((at >= 0) & (at < cells)).all(1)
    counts = torch.bincount(at[inside] @ torch.tensor([cells, 1]), minlength=cells**2).double()
    expected = torch.cat([share.flatten(), (1 - share.sum())[None]]) * count
    found = torch.cat([counts, count - counts.sum()[None]])
    usual = expected > 5
    expected = torch.cat([expected[usual], expected[~usual].sum()[None]])
    found = torch.cat([found[usual], found[~usual].sum()[None]])
    filled = expected > 0.5
    result = stats.chisquare(found[filled], expected[filled] * (found[filled].sum() / expected[filled].sum()))
    assert result.pvalue > 1e-3


@pytest.mark.parametrize("name", ["mixture", "a mixture for each class", "vamp"])
def test_a_mixture_is_that_of_torch_distributions(name: str) -> None:
    prior = ALL[name]()
    parts = prior.mixture()
    assert parts is not None
    assert float(parts.log_weight.detach().exp().sum()) == pytest.approx(1, abs=1e-6)
    each = Independent(Normal(parts.mean, (0.5 * parts.log_var).exp()), 1)
    oracle = MixtureSameFamily(Categorical(logits=parts.log_weight), each)
    z = 2 * torch.randn(7, 5, 2, generator=noise())
    torch.testing.assert_close(prior.log_prob(z), oracle.log_prob(z), rtol=1e-5, atol=1e-5)
    mean, variance = prior.moments()
    torch.testing.assert_close(mean, oracle.mean)
    torch.testing.assert_close(variance, oracle.variance)


@pytest.mark.parametrize("latent", [2, 3, 6])
@pytest.mark.parametrize("of_class", [False, True])
def test_the_flows_log_determinant_is_that_of_autograds_jacobian_and_its_inverse_is_exact(
    latent: int, of_class: bool
) -> None:
    prior = flow(latent, of_class).double()
    y = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64) if of_class else None
    u = torch.randn(5, latent, generator=noise(), dtype=torch.float64)
    z, log_det = prior(u, y)
    for k in range(len(u)):
        whole = jacobian(lambda at: prior(at, y)[0], u[k])
        assert float(log_det[k]) == pytest.approx(float(torch.linalg.slogdet(whole).logabsdet), abs=1e-9)
    back, log_det_back = prior.inverse(z, y)
    torch.testing.assert_close(back, u, rtol=0, atol=1e-10)
    torch.testing.assert_close(log_det_back, -log_det, rtol=0, atol=1e-10)
    torch.testing.assert_close(z.std(0) > 0, torch.ones(latent, dtype=torch.bool))


def test_a_flow_begins_as_a_standard_normal_and_a_mixture_near_one() -> None:
    z = torch.randn(1000, 4, generator=noise())
    normal = Independent(Normal(torch.zeros(4), torch.ones(4)), 1).log_prob(z)
    torch.testing.assert_close(Flow(FlowPrior(), 4).log_prob(z).detach(), normal)
    begun = LearnedMixture(MixturePrior(components=500), 4)
    with torch.no_grad():
        assert abs(float((normal - begun.log_prob(z)).mean())) < 0.1


@pytest.mark.parametrize("make", [mixture, flow])
def test_without_a_class_the_prior_is_the_marginal_over_classes(make: Callable[..., Prior]) -> None:
    prior = make(of_class=True)
    z, every = torch.randn(9, 2, generator=noise()), torch.eye(K)
    given = torch.stack([prior.log_prob(z, y) for y in every], -1)
    torch.testing.assert_close(prior.log_prob(z), (given + prior.log_py).logsumexp(-1))
    torch.testing.assert_close(prior.log_prob(z[:3], every), given[:3].diagonal())
    drawn = prior.sample(4000, noise(), every[2])
    low, high = prior.log_prob(drawn, every[0]).mean(), prior.log_prob(drawn, every[2]).mean()
    assert low < high


def test_the_deviation_of_a_mixtures_draw_is_that_from_its_components_mean() -> None:
    prior = mixture()
    still = prior.tempered(50, 0.0, noise())
    nearest = (still[:, None] - prior.mean).norm(dim=-1).min(1)  # cdist cancels near 0
    assert float(nearest.values.max()) < 1e-6
    assert len(nearest.indices.unique()) > 1
    one, half = (prior.tempered(50, t, noise()) for t in (1.0, 0.5))
    torch.testing.assert_close(half - still, 0.5 * (one - still))
    assert torch.equal(one, prior.sample(50, noise()))


def test_a_flows_temperature_is_that_of_the_noise_it_moves() -> None:
    prior = flow()
    cool, warm = (prior.tempered(50, t, noise()) for t in (0.5, 1.0))
    torch.testing.assert_close(prior.inverse(cool)[0], 0.5 * prior.inverse(warm)[0], rtol=0, atol=1e-5)


# --- pseudo-inputs ------------------------------------------------------------------------------


def test_with_all_images_as_pseudo_inputs_the_vamp_prior_is_the_aggregated_posterior() -> None:
    prior = vamp()
    model = MODELS[-1]
    images = 0.1 + 0.8 * torch.rand(6, 1, 8, 8, generator=noise())
    prior.start_from(lambda count: images[:count])
    torch.testing.assert_close(prior.pseudo_inputs, images)
    q = model.posteriors(images)
    z = 2 * torch.randn(50, 2, generator=noise())
    torch.testing.assert_close(prior.log_prob(z), aggregate.log_density(q, z), rtol=1e-4, atol=1e-4)
    split = surgery.decompose(q, prior=prior)
    assert split.marginal_kl == pytest.approx(0, abs=4 * split.mutual_information_error + 0.02)
    assert split.kl == pytest.approx(split.mutual_information, abs=0.05)


def test_pseudo_inputs_stay_images_and_learn_through_the_encoder() -> None:
    prior, model = vamp(), MODELS[-1]
    model.requires_grad_(True)
    with torch.no_grad():
        prior.pixel_logits *= 1000
        assert 0 <= float(prior.pseudo_inputs.min()) <= float(prior.pseudo_inputs.max()) <= 1
        prior.pixel_logits /= 1000
    prior.log_prob(torch.ones(3, 2)).sum().backward()
    assert prior.pixel_logits.grad is not None
    assert float(prior.pixel_logits.grad.abs().max()) > 0
    assert all(p.grad is not None for p in model.encoder.parameters())
    names = [name for name in model.state_dict() if name.startswith("prior.")]
    assert names == ["prior.pixel_logits"]  # the encoder is saved once


@pytest.mark.parametrize("kind", ["mixture", "vamp", "flow", "class_normal"])
def test_what_a_frame_keeps_makes_the_same_prior_again(kind: str) -> None:
    changes = {"data.name": "digits", "prior.kind": kind}
    changes |= {"condition.kind": "class"} if kind == "class_normal" else {}
    spec = Spec().change(**changes)
    model = VAE(spec)
    moved(model.prior, 0.3)
    again = priors.of_state(spec, {name: value.detach() for name, value in model.prior_state().items()})
    z = torch.randn(20, 2, generator=noise())
    torch.testing.assert_close(again.log_prob(z), model.prior.log_prob(z).detach())
    assert not any(parameter.requires_grad for parameter in again.parameters())


# --- KL -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a mixture for each class", "a flow for each class"])
def test_the_kl_of_codes_with_labels_is_that_from_the_prior_of_their_class(name: str) -> None:
    prior = ALL[name]()
    labels = torch.arange(300) % K
    mean = torch.randn(300, 2, generator=noise()) + labels[:, None]
    q = Posteriors(mean, torch.full_like(mean, math.log(0.2)), labels)
    z = mean + math.sqrt(0.2) * torch.randn(400, 300, 2, generator=noise(6))
    with torch.no_grad():
        log_p = prior.log_prob(z, torch.eye(K)[labels])
    log_q = Independent(Normal(mean, math.sqrt(0.2)), 1).log_prob(z)
    expected = float((log_q - log_p).mean())
    found = kl_divergence.average(q, prior)
    assert found.total == pytest.approx(expected, abs=4 * found.dependence.error + 0.03)
    split = surgery.decompose(q, prior=prior, points=600)
    assert split.given_class
    assert split.kl == pytest.approx(expected, abs=4 * split.dependence_error + 0.03)


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prior.kind": "mixture", "prior.of_class": True}, "needs condition.kind=class"),
        ({"prior.kind": "flow", "latent": 1}, "at least 2"),
        ({"prior.kind": "vamp", "condition.kind": "class"}, "condition.encoder=false"),
        ({"prior.kind": "vamp", "objective.kind": "free_bits"}, "closed form"),
        ({"prior.kind": "vamp", "prior.pseudo_inputs": 0}, "greater than or equal to 1"),
    ],
)
def test_what_does_not_go_with_a_learned_prior_is_said(changes: dict[str, object], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        Spec().change(**changes)


def test_a_vamp_prior_goes_with_an_encoder_that_sees_no_class() -> None:
    spec = Spec().change(
        **{"prior.kind": "vamp", "condition.kind": "class", "condition.encoder": False, "data.name": "digits"}
    )
    model = VAE(spec)
    terms = model(torch.rand(4, 1, 8, 8), 2, noise(), y=torch.tensor([1, 2, 3, 4]))
    assert terms.log_pz.shape == (1, 2, 4)
    assert terms.kl is None


@pytest.mark.parametrize("kind", ["mixture", "flow"])
def test_where_the_class_is_summed_out_each_class_has_its_own_prior(kind: str) -> None:
    changes = {"data.name": "digits", "condition.kind": "class", "objective.kind": "m2"}
    model = VAE(Spec().change(**changes, **{"prior.kind": kind, "prior.of_class": True}))
    moved(model.prior, 0.3)
    terms = model(torch.rand(4, 1, 8, 8, generator=noise()), 3, noise())
    assert terms.log_pz.shape == (10, 3, 4)
    for label, y in enumerate(torch.eye(10)):
        torch.testing.assert_close(terms.log_pz[label], model.prior.log_prob(terms.z[label], y))


def log_p_in_parts(prior: Prior, z: Tensor) -> Tensor:
    return torch.cat([prior.log_prob(part) for part in z.split(7)])


def test_many_codes_at_once_are_scored_like_few(monkeypatch: pytest.MonkeyPatch) -> None:
    from vae_core.model.priors import mixture as module

    monkeypatch.setattr(module, "BLOCK", 16)
    prior, z = mixture(of_class=True), torch.randn(30, 4, 2, generator=noise())
    y = torch.eye(K)[[0, 2, 1, 0]]
    with torch.no_grad():
        torch.testing.assert_close(prior.log_prob(z), log_p_in_parts(prior, z))
        whole = prior.log_prob(z, y)
    monkeypatch.undo()
    torch.testing.assert_close(whole, prior.log_prob(z, y))
