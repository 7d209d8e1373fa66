"""Every sampler against the exact conditional of a linear-Gaussian model; the baseline, which misses it."""

from __future__ import annotations

import importlib
import math

import pytest
import torch
from torch import Tensor, nn

from vae_core.analysis import inpaint
from vae_core.analysis.inpaint import Completions
from vae_core.analysis.progress import Cancelled
from vae_core.model.vae import VAE
from vae_core.spec import Spec

K = 1000
# In standard errors: the largest of 48 numbers is below that, but for one time in 3000.
NOISE = 4.5
# Few steps do here: the posterior is a Gaussian, and the chains are many.
SAMPLERS = {
    "metropolis_within_gibbs": {"iterations": 150},
    "importance": {"pool": 10_000},
    "langevin": {"steps": 60, "warm_up": 60},
    "hmc": {"steps": 10, "warm_up": 30},
}
MASKS = ["left half", "centre", "random 50 %", "random 75 %"]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def masks() -> Tensor:
    """[4, 1, 8, 8]."""
    return torch.stack([inpaint.preset(name, 8, 8) for name in MASKS])


def worst(found: Completions, world, x: Tensor, mask: Tensor, i: int) -> tuple[float, float]:
    """How many standard errors the mean and the covariance of the codes are off, at most."""
    mean, covariance = world.given(x[i], mask[i])
    z = found.z[:, i].double()
    draws = K if found.log_px is None else 1 / (1 / K + 1 / float(found.ess[i]))
    variance = covariance.diagonal()
    mean_error = (variance / draws).sqrt()
    covariance_error = ((torch.outer(variance, variance) + covariance.square()) / draws).sqrt()
    return (
        float(((z.mean(0) - mean).abs() / mean_error).max()),
        float(((z.T.cov() - covariance).abs() / covariance_error).max()),
    )


@pytest.mark.parametrize("method", SAMPLERS)
def test_codes_follow_the_exact_conditional_however_rough_the_encoder(method, rough) -> None:
    x, mask = rough.images(4), masks()
    found = inpaint.METHODS[method](rough.model, x, mask, K, generator=seeded(), **SAMPLERS[method])
    assert found.z.shape == (K, 4, 3)
    for i in range(4):
        assert max(worst(found, rough, x, mask, i)) < NOISE


def test_pseudo_gibbs_is_exact_where_the_encoder_is_and_off_where_it_is_not(exact, rough) -> None:
    mask = masks()
    for world, is_exact in ((exact, True), (rough, False)):
        x = world.images(4)
        found = inpaint.pseudo_gibbs(world.model, x, mask, K, generator=seeded())
        for i in range(4):
            assert (max(worst(found, world, x, mask, i)) < NOISE) == is_exact


@pytest.mark.parametrize("fill", [0.0, 0.5])
def test_the_encoder_on_a_filled_image_misses_the_conditional(fill, exact) -> None:
    """Even with the exact posterior of whole images, and filled with the mean of the data."""
    x, mask = exact.images(4), masks()
    found = inpaint.encoder_fill(exact.model, x, mask, K, fill=fill, generator=seeded())
    for i in range(4):
        assert min(worst(found, exact, x, mask, i)) > NOISE


@pytest.mark.parametrize("method", [*SAMPLERS, "pseudo_gibbs"])
def test_hidden_pixels_follow_their_exact_conditional_and_observed_ones_stay(method, exact) -> None:
    x, mask = exact.images(1)[0], inpaint.preset("right half", 8, 8)
    settings = SAMPLERS.get(method, {})
    found = inpaint.METHODS[method](exact.model, x, mask, K, generator=seeded(), **settings)
    assert found.images.shape == (K, 1, 8, 8)
    seen = mask > 0
    assert bool((found.images[:, seen] == x[seen]).all())
    assert float(found.std[seen].max()) == 0
    wanted = exact.hidden(x, mask)
    # The mean of p(x|z) varies by what is left without the pixel's own noise.
    spread = (wanted.variance - 0.1**2).sqrt()
    mean, std = (part[~seen].double() for part in (found.mean, found.std))
    draws = K if found.ess is None else min(K, float(found.ess.min()))
    assert float(((mean - wanted.mean).abs() / spread).max()) < 5 / math.sqrt(draws)
    assert float((std / spread - 1).abs().max()) < 5 / math.sqrt(2 * draws)


@pytest.mark.parametrize("method", [*SAMPLERS, "pseudo_gibbs"])
def test_their_score_is_the_exact_log_density_of_the_hidden_pixels(method, exact) -> None:
    x, mask = exact.images(4), masks()
    found = inpaint.METHODS[method](exact.model, x, mask, K, generator=seeded(), **SAMPLERS.get(method, {}))
    scored = inpaint.scores(found, x, mask, exact.model)
    for i in range(4):
        hidden = x[i].flatten()[mask[i].flatten() == 0].double()
        wanted = exact.hidden(x[i], mask[i])
        assert float(scored.log_lik[i]) == pytest.approx(float(wanted.log_prob(hidden)), abs=0.2)
        error = float((hidden - wanted.mean).square().mean())
        assert float(scored.squared[i]) == pytest.approx(error, rel=0.05)
        assert int(scored.pixels[i]) == len(hidden)


@pytest.mark.parametrize("prior", ["standard_normal", "class_normal"])
@pytest.mark.parametrize("method", [*SAMPLERS, "pseudo_gibbs"])
def test_told_a_class_they_follow_the_exact_conditional_given_that_class(method, prior, of_classes) -> None:
    worlds = of_classes(prior, "exact" if method == "pseudo_gibbs" else "rough")
    x, mask = worlds[3].images(2), masks()[::3]
    for y, other in ((3, 8), (8, 3)):  # the images are of class 3
        model, settings = worlds[y].model, SAMPLERS.get(method, {})
        found = inpaint.METHODS[method](model, x, mask, K, generator=seeded(), **settings)
        for i in range(2):
            assert max(worst(found, worlds[y], x, mask, i)) < NOISE
            assert max(worst(found, worlds[other], x, mask, i)) > NOISE
            hidden = x[i].flatten()[mask[i].flatten() == 0].double()
            if y == 3:  # else so unlikely that K codes do not tell how much
                exactly = float(worlds[y].hidden(x[i], mask[i]).log_prob(hidden))
                scored = inpaint.scores(found, x, mask, model).log_lik[i]
                assert float(scored) == pytest.approx(exactly, abs=0.2)


def test_a_model_of_classes_is_told_one_of_its_own(rough, of_classes) -> None:
    told = of_classes("standard_normal", "exact")[0].model
    with pytest.raises(ValueError, match=r"with Told\(model, y\)"):
        inpaint.encoder_fill(told.model, rough.images(1)[0], torch.zeros(8, 8))
    with pytest.raises(ValueError, match="classes are 0 to 9; 10 is none"):
        inpaint.Told(told.model, 10)
    with pytest.raises(ValueError, match="no classes"):
        inpaint.Told(rough.model, 0)


def test_the_weights_sum_to_the_exact_density_of_the_observed_pixels(rough) -> None:
    x, mask = rough.images(4), masks()
    found = inpaint.importance(rough.model, x, mask, pool=20_000, generator=seeded())
    for i in range(4):
        seen = mask[i].flatten() > 0
        w = rough.w[seen].double()
        covariance = w @ w.T + 0.1**2 * torch.eye(len(w)).double()
        marginal = torch.distributions.MultivariateNormal(rough.b[seen].double(), covariance)
        exactly = float(marginal.log_prob(x[i].flatten()[seen].double()))
        error = 1 / math.sqrt(float(found.ess[i]))
        assert float(found.log_px[i]) == pytest.approx(exactly, abs=5 * error)


def test_two_modes_are_visited_as_often_as_they_weigh(monkeypatch) -> None:
    """x = z^2 / 4 + z / 10: observed, it says how large z is and less about its sign."""

    class Bent(nn.Module):
        def forward(self, z: Tensor) -> Tensor:
            value = z.square() / 4 + z / 10
            return value.view(-1, 1, 1, 1).expand(-1, 1, 8, 8)

    spec = Spec().change(
        **{
            "data.name": "digits",
            "data.binarisation": "none",
            "net.kind": "linear",
            "likelihood.kind": "gaussian",
            "likelihood.variance": "fixed",
            "likelihood.sigma": 0.5,
            "latent": 1,
        }
    )
    model = VAE(spec).eval()
    model.decoder = Bent()
    x, mask = torch.full((1, 8, 8), 0.5), inpaint.preset("left half", 8, 8)
    grid = torch.linspace(-5, 5, 4001, dtype=torch.float64)
    log_p = -0.5 * grid.square() - 32 * 0.5 * ((grid.square() / 4 + grid / 10 - 0.5) / 0.5).square()
    weight = log_p.softmax(0)
    right = float(weight[grid > 0].sum())
    # Chains seldom change sides: their share of each is that of the weighed codes that they start from.
    pool = 8192
    monkeypatch.setattr(importlib.import_module("vae_core.analysis.inpaint.hmc"), "START", pool)
    starts = inpaint.importance(model, x, mask, pool=pool, generator=seeded(3))
    error = NOISE * math.sqrt(right * (1 - right) * (1 / float(starts.ess) + 1 / K))
    assert abs(right - 0.5) > error
    for method, settings in (("importance", {"pool": pool}), ("langevin", {}), ("hmc", {})):
        found = inpaint.METHODS[method](model, x, mask, K, generator=seeded(3), **settings)
        assert float((found.z > 0).double().mean()) == pytest.approx(right, abs=error)
        size = float(found.z.abs().mean())
        assert size == pytest.approx(float((weight * grid.abs()).sum()), abs=0.02)


class Absolute(nn.Module):
    """z [..., 1] to 64 equal pixels |z|: which sign z has, no pixel tells."""

    def forward(self, z: Tensor) -> Tensor:
        return z.abs().view(-1, 1, 1, 1).expand(-1, 1, 8, 8)


@pytest.mark.parametrize("metropolis", [False, True])
def test_where_gibbs_cannot_reach_a_mode_of_half_the_mass_its_verdict_says_so(metropolis: bool) -> None:
    # p(z | x) has two modes, -2 and 2, of half the mass each. The encoder proposes only the right one: chains
    # that all began at q(z | filled image) would never see the left one, and agree.
    spec = {
        "data.name": "digits",
        "data.binarisation": "none",
        "net.kind": "linear",
        "likelihood.kind": "gaussian",
        "likelihood.variance": "fixed",
        "likelihood.sigma": 0.5,
        "latent": 1,
    }
    model = VAE(Spec().change(**spec)).eval()
    model.decoder = Absolute()
    encoder = next(m for m in model.encoder.modules() if isinstance(m, nn.Linear))
    with torch.no_grad():
        encoder.weight.zero_()
        encoder.weight[0] = 1 / 64  # the mean pixel
        encoder.bias.copy_(torch.tensor([0.0, 2 * math.log(0.1)]))
    x, mask = torch.full((1, 8, 8), 2.0), inpaint.preset("left half", 8, 8)
    found = inpaint.pseudo_gibbs(model, x, mask, 64, metropolis=metropolis, generator=seeded())
    share = float((found.z > 0).double().mean())
    assert found.ess is not None
    assert found.r_hat is not None
    mixed, said = inpaint.verdict(found.r_hat, found.ess)
    if metropolis:
        # As at the start, where few of 512 codes find the left mode by chance: no chain goes over.
        assert 0.1 < share < 0.9
        assert (mixed, float(found.r_hat.max()) > 2) == (False, True)
        assert "not mixed: chains disagree" in said
    else:
        # Without the coin every step is taken, and all end where the encoder says: agreed, and wrong.
        assert share == 1
    # What a chain of the same kind tells where nothing is in its way.
    plain = inpaint.pseudo_gibbs(model, x, torch.zeros(8, 8), 64, metropolis=metropolis, generator=seeded())
    assert bool(plain.ess.isfinite().all())


@pytest.mark.parametrize("metropolis", [False, True])
def test_gibbs_is_said_to_mix_where_it_does(metropolis: bool, exact) -> None:
    x, mask = exact.images(1), masks()[2:3]
    found = inpaint.pseudo_gibbs(
        exact.model, x, mask, 16, iterations=400, metropolis=metropolis, generator=seeded()
    )
    assert found.draws == 16 * 200
    assert inpaint.verdict(found.r_hat, found.ess) == (True, "mixed: chains agree")


def test_acceptance_ess_and_r_hat_are_told(exact) -> None:
    x, mask = exact.images(2), masks()[:2]
    hmc = inpaint.hmc(exact.model, x, mask, generator=seeded())
    langevin = inpaint.langevin(exact.model, x, mask, generator=seeded())
    weighed = inpaint.importance(exact.model, x, mask, generator=seeded())
    assert hmc.draws == 16 * 100
    assert hmc.ess.shape == hmc.r_hat.shape == (2, 3)
    # Adapted to 0.8 and 0.574; a run of 100 steps of 16 chains comes near.
    assert hmc.acceptance.tolist() == pytest.approx([0.8, 0.8], abs=0.12)
    assert langevin.acceptance.tolist() == pytest.approx([0.574, 0.574], abs=0.12)
    assert float(hmc.r_hat.max()) < 1.05
    assert float(hmc.ess.min()) > 400
    assert 50 < float(langevin.ess.min()) < langevin.draws
    assert weighed.draws == pytest.approx(2000, abs=16)
    assert bool(((weighed.ess > 100) & (weighed.ess <= weighed.draws)).all())
    assert weighed.acceptance is hmc.log_px is None


@pytest.mark.parametrize("method", inpaint.METHODS)
def test_one_image_is_completed_as_in_a_batch_and_a_seed_decides(method, rough) -> None:
    x, mask = rough.images(1), masks()[:1]

    def complete(x: Tensor, mask: Tensor, seed: int = 0) -> Completions:
        return inpaint.METHODS[method](rough.model, x, mask, 5, generator=seeded(seed))

    alone, batch = complete(x[0], mask[0]), complete(x, mask)
    assert alone.z.shape == (5, 3)
    assert alone.images.shape == (5, 1, 8, 8)
    torch.testing.assert_close(alone.z, batch.z[:, 0])
    assert complete(x[0], mask[0, 0]).z.equal(alone.z)
    assert not complete(x[0], mask[0], seed=1).z.equal(alone.z)
    scored = inpaint.scores(alone, x[0], mask[0], rough.model)
    assert scored.log_lik.shape == scored.squared.shape == ()


@pytest.mark.parametrize("method", inpaint.METHODS)
@pytest.mark.parametrize("observed", [0.0, 1.0])
def test_all_hidden_and_nothing_hidden_are_masks_too(method, observed, rough) -> None:
    found = inpaint.METHODS[method](
        rough.model, rough.images(1)[0], torch.full((8, 8), observed), 4, generator=seeded()
    )
    assert bool(found.images.isfinite().all())
    if observed:
        assert float(found.std.max()) == 0


@pytest.mark.parametrize("method", inpaint.METHODS)
def test_progress_rises_to_the_end_and_cancelling_stops(method, rough) -> None:
    said: list[float] = []
    arguments = (rough.model, rough.images(1)[0], torch.zeros(8, 8), 4)
    inpaint.METHODS[method](*arguments, progress=lambda fraction, sentence: said.append(fraction))
    assert said == sorted(said)
    with pytest.raises(Cancelled):
        inpaint.METHODS[method](*arguments, cancelled=lambda: True)


def test_what_does_not_fit_is_refused_in_a_sentence(rough) -> None:
    x, mask = rough.images(1)[0], torch.zeros(8, 8)
    with pytest.raises(ValueError, match=r"Images of this model are \[1, 8, 8\]"):
        inpaint.encoder_fill(rough.model, x[:, :4], mask)
    with pytest.raises(ValueError, match="does not fit"):
        inpaint.encoder_fill(rough.model, x, mask[:4])
    found = inpaint.encoder_fill(rough.model, x, mask)
    with pytest.raises(ValueError, match="hides nothing"):
        inpaint.scores(found, x, mask + 1, rough.model)
    with pytest.raises(ValueError, match="1 images and 3"):
        inpaint.scores(found, rough.images(3), mask, rough.model)


@pytest.mark.parametrize(
    "changes", [{"mask.kind": "random"}, {"net.kind": "partial_conv", "net.channels": "4"}]
)
def test_a_masked_encoder_is_told_what_is_hidden(changes):
    model = VAE(Spec().change(**{"data.name": "digits", **changes}))
    x = torch.rand(3, 1, 8, 8)
    mask = (torch.rand(3, 1, 8, 8) < 0.5).float()
    problem = inpaint.Problem(model, x, mask)
    assert torch.equal(problem.encode_filled(), model.encode(x, mask=mask))
    assert not torch.equal(problem.encode_filled(), model.encode(x * mask))
