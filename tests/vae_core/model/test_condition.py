"""Models that are told the class: conditions flow as they should, and bounds are those of the papers."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from vae_core import objectives
from vae_core.analysis import anomaly, evaluation, likelihood
from vae_core.model import priors
from vae_core.model.posteriors import DiagonalGaussian
from vae_core.model.vae import VAE
from vae_core.spec import ClassNormalPrior, DiagonalGaussianPosterior, Spec, SpecError, resolve

K = 10
STEP = torch.zeros(())


def spec(**changes) -> Spec:
    given = {
        "data.name": "digits",
        "latent": 3,
        "condition.kind": "class",
    }
    given |= {} if "net.kind" in changes else {"net.widths": [12]}
    return Spec().change(**{**given, **changes})


def model(far: float = 0.3, **changes) -> VAE:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        vae = VAE(spec(**changes))
        with torch.no_grad():  # far from the start, where much is zero
            for parameter in vae.parameters():
                parameter += far * torch.randn(parameter.shape)
    return vae


def images(count: int = 6) -> torch.Tensor:
    return (torch.rand(count, 1, 8, 8, generator=torch.Generator().manual_seed(1)) < 0.4).float()


def noise(seed: int = 5) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


NETS = [{}, {"net.kind": "conv", "net.channels": [3, 4]}, {"net.kind": "linear"}, {"net.kind": "lecture"}]
M2 = {"objective.kind": "m2"}
PRIORS = [{}, {"prior.kind": "class_normal"}]


# --- conditions in networks ---------------------------------------------------------------------


@pytest.mark.parametrize("changes", NETS)
def test_labels_and_their_one_hot_weights_are_the_same_condition(changes):
    vae, x, y = model(**changes), images(), torch.tensor([0, 3, 9, 1, 1, 4])
    one_hot = torch.eye(K)[y]
    assert torch.equal(vae.encode(x, y), vae.encode(x, one_hot))
    z = torch.randn(6, 3, generator=noise())
    assert torch.equal(vae.decode(z, y), vae.decode(z, one_hot))
    assert not torch.allclose(vae.decode(z, y), vae.decode(z, (y + 1) % K))
    assert not torch.allclose(vae.encode(x, y), vae.encode(x, (y + 1) % K))


@pytest.mark.parametrize("changes", NETS)
def test_the_first_linear_layer_is_that_of_the_inputs_side_by_side(changes):
    decoder = model(**changes).decoder
    z, y = torch.randn(4, 3, generator=noise()), torch.eye(K)[:4]
    joined = torch.nn.functional.linear(torch.cat([z, y], 1), decoder[0].weight, decoder[0].bias)
    torch.testing.assert_close(decoder[0](z, y), joined)


def test_a_blend_of_classes_blends_what_the_first_layer_gives_linearly():
    decoder = model().decoder
    z = torch.randn(5, 3, generator=noise())
    threes, eights = (torch.eye(K)[label].expand(5, -1) for label in (3, 8))
    for share in (0.0, 0.25, 1.0):
        blend = decoder[0](z, torch.lerp(threes, eights, share))
        torch.testing.assert_close(blend, torch.lerp(decoder[0](z, threes), decoder[0](z, eights), share))


@pytest.mark.parametrize("changes", NETS)
def test_every_class_at_once_gives_what_each_gives_alone(changes):
    vae, x = model(**changes), images()
    every = torch.eye(K)[:, None].expand(-1, len(x), -1)
    together = vae.encode(x, every)
    for label in range(K):
        torch.testing.assert_close(together[label], vae.encode(x, torch.full((len(x),), label)))


def test_without_a_class_a_decoder_takes_the_blend_by_the_class_prior():
    vae, z = model(**M2, **{"condition.class_prior": "learned"}), torch.randn(4, 3, generator=noise())
    weights = torch.softmax(vae.class_prior.logits, 0).expand(4, -1)
    torch.testing.assert_close(vae.decode(z), vae.decode(z, weights))
    torch.testing.assert_close(vae.decode_mean(z), vae.decode_mean(z, weights[0]))


def test_without_a_class_an_encoder_takes_the_classifiers():
    vae, x = model(**M2), images()
    torch.testing.assert_close(vae.encode(x), vae.encode(x, vae.classify(x).argmax(-1)))


def test_an_encoder_that_does_not_see_the_class_gives_one_code_whatever_it_is():
    vae, x = model(**{"condition.encoder": False}), images()
    assert torch.equal(vae.encode(x, torch.zeros(6, dtype=torch.long)), vae.encode(x))


def test_codes_of_a_set_are_those_under_the_true_classes():
    vae, y = model(), torch.arange(600) % K
    x = images(600)
    codes = vae.posteriors(x, y)
    torch.testing.assert_close(codes.mean, vae.encode(x, y).detach()[:, :3])
    assert torch.equal(codes.labels, y)


def test_a_model_without_classes_takes_no_condition_and_says_so():
    vae = VAE(Spec().change(**{"data.name": "digits"}))
    with pytest.raises(ValueError, match="takes no condition"):
        vae(images(), y=torch.zeros(6, dtype=torch.long))
    with pytest.raises(ValueError, match="weights of 10 classes, not 7"):
        model().decode(torch.zeros(2, 3), torch.ones(2, 7))
    with pytest.raises(ValueError, match="no classifier"):
        model().classify(images())


# --- priors -------------------------------------------------------------------------------------


def class_normal() -> priors.ClassNormal:
    prior = priors.ClassNormal(ClassNormalPrior(), 3, priors.ClassPrior(K, False))
    with torch.no_grad():
        for parameter in prior.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=noise()))
    return prior


def test_a_prior_of_each_class_is_that_of_torch_distributions():
    prior, y = class_normal(), torch.eye(K)[[2, 7]]
    oracle = Independent(Normal(prior.mean[[2, 7]], torch.exp(0.5 * prior.log_var[[2, 7]])), 1)
    z = torch.randn(4, 2, 3, generator=noise())
    torch.testing.assert_close(prior.log_prob(z, y), oracle.log_prob(z))
    drawn = prior.sample(20_000, noise(), torch.eye(K)[4])
    torch.testing.assert_close(drawn.mean(0), prior.mean[4].detach(), atol=0.05, rtol=0)
    torch.testing.assert_close(drawn.var(0).log(), prior.log_var[4].detach(), atol=0.05, rtol=0)


def test_the_kl_against_a_prior_of_each_class_is_the_closed_form_of_torch_distributions():
    prior, y = class_normal(), torch.eye(K)[[2, 7, 7]]
    params = torch.randn(3, 6, generator=noise())
    mean, log_var = params.chunk(2, -1)
    oracle = kl_divergence(
        Normal(mean, torch.exp(0.5 * log_var)),
        Normal(prior.mean[[2, 7, 7]], torch.exp(0.5 * prior.log_var[[2, 7, 7]])),
    )
    torch.testing.assert_close(DiagonalGaussian(DiagonalGaussianPosterior(), 2).kl(params, prior, y), oracle)


# --- bounds -------------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("encoder", [True, False])
def test_the_bound_of_unlabelled_images_is_the_sum_over_classes_by_brute_force(samples, prior, encoder):
    vae, x = model(**M2, **prior, **{"condition.encoder": encoder}), images()
    terms = vae(x, samples, noise())
    q = vae.classifier(x).softmax(-1)
    log_py = -math.log(K)
    total = torch.zeros(len(x))
    for label in range(K):
        # Each class on its own, with the codes that the enumeration drew for it.
        y = torch.full((len(x),), label)
        z = terms.z[label]
        log_px = vae.likelihood.log_prob(vae.decode(z, y), x)
        torch.testing.assert_close(terms.log_px[label], log_px)
        q_mean, q_log_var = vae.posterior.split(vae.encode(x, y))
        posterior = Normal(q_mean, torch.exp(0.5 * q_log_var))
        mean, log_var = vae.prior.gaussian(vae.weights(y))
        kl = kl_divergence(posterior, Normal(mean, torch.exp(0.5 * log_var))).sum(-1)
        total += q[:, label] * (log_px.mean(0) - kl + log_py - q[:, label].log())
    torch.testing.assert_close(terms.elbo().value, total)
    torch.testing.assert_close(terms.elbo().mean().elbo, total.mean())


def test_with_all_labels_the_bound_of_m2_is_that_of_the_cvae_and_log_p_of_y():
    m2 = model(**M2, **{"condition.class_prior": "learned"})
    cvae = VAE(spec())
    cvae.load_state_dict({k: v for k, v in m2.state_dict().items() if k in cvae.state_dict()})
    x, y = images(), torch.tensor([0, 3, 9, 1, 1, 4])
    objective = objectives.build(m2.spec.objective)
    _, logged = objective(m2(x, 2, noise(), y=y), STEP)
    _, expected = objectives.build(cvae.spec.objective)(cvae(x, 2, noise(), y=y), STEP)
    log_py = torch.log_softmax(m2.class_prior.logits, 0)[y].mean()
    torch.testing.assert_close(
        logged["reconstruction"] - logged["kl"], expected["reconstruction"] - expected["kl"] + log_py
    )


def test_the_bounds_are_below_log_p_of_x_and_of_x_and_y_and_their_samples_reach_it():
    vae, x, y = model(0.05, **M2), images(3), torch.tensor([4, 0, 2])
    # log p(x|y) by averaging over the prior itself, which needs no encoder.
    z = torch.randn(20_000, 3, generator=noise())
    log_pxy = []
    for label in range(K):
        rows = [
            vae.likelihood.log_prob(vae.decode(z, torch.full((len(z),), label))[:, None], x[[i]])
            for i in range(3)
        ]
        log_pxy.append(torch.stack([r[:, 0].logsumexp(0) - math.log(len(z)) for r in rows]).detach())
    log_pxy = torch.stack(log_pxy)  # [K, 3], of p(x|y)
    log_px = log_pxy.logsumexp(0) - math.log(K)
    estimate = likelihood.log_px(vae, x, 1000, noise())
    torch.testing.assert_close(estimate.float(), log_px, atol=0.1, rtol=0)
    given = likelihood.log_px(vae, x, 1000, noise(), labels=y)
    torch.testing.assert_close(given.float(), log_pxy[y, torch.arange(3)], atol=0.1, rtol=0)
    assert bool((vae(x, 500, noise()).elbo().value < log_px + 0.1).all())


@pytest.mark.parametrize("kl", ["analytic", "monte_carlo"])
def test_the_codes_part_of_the_kl_is_the_same_in_expectation_by_samples(kl):
    vae, x = model(**M2, **{"prior.kind": "class_normal"}), images()
    exact = vae(x, 1, noise()).elbo().mean().code_kl
    sampled = vae(x, 4000, noise()).elbo(analytic=False).mean().code_kl
    torch.testing.assert_close(sampled, exact, rtol=0.03, atol=0.03)


# --- learning -----------------------------------------------------------------------------------


def test_gradients_reach_the_classifier_from_images_without_labels():
    vae, x = model(**M2), images()
    loss, logged = objectives.build(vae.spec.objective)(vae(x, 1, noise()), STEP)
    loss.backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in vae.classifier.parameters())
    assert "classification" not in logged


def test_through_its_warm_up_the_classifier_heeds_the_bound_by_degrees():
    vae, x = model(**M2), images()

    def gradient(step: float) -> torch.Tensor:
        vae.zero_grad()
        settings = spec(**M2, **{"objective.class_warm_up": 100}).objective
        objectives.build(settings)(vae(x, 1, noise()), torch.tensor(step))[0].backward()
        return vae.classifier[1].weight.grad.clone()

    assert torch.equal(gradient(0.0), torch.zeros_like(gradient(0.0)))
    torch.testing.assert_close(gradient(25.0), 0.25 * gradient(100.0))


def test_the_joint_objective_adds_alpha_times_the_classifiers_cross_entropy():
    vae = model(**{"objective.kind": "joint", "objective.alpha": 3.0})
    x, y = images(), torch.tensor([0, 3, 9, 1, 1, 4])
    terms = vae(x, 1, noise(), y=y)
    loss, logged = objectives.build(vae.spec.objective)(terms, STEP)
    entropy = torch.nn.functional.cross_entropy(vae.classifier(x), y)
    torch.testing.assert_close(logged["classification"], entropy)
    parts = terms.elbo().mean()
    joint = parts.reconstruction - parts.code_kl + math.log(1 / K)
    torch.testing.assert_close(loss, 3 * entropy - joint)
    torch.testing.assert_close(parts.elbo, joint)
    right = (vae.classify(x).argmax(1) == y).float().mean()
    assert logged["accuracy"] == right


def test_m2_weighs_the_bounds_of_both_kinds_of_image():
    vae, x, y = model(**M2), images(), torch.tensor([0, 3, 9, 1, 1, 4])
    objective = objectives.build(spec(**M2, **{"objective.labelled_share": 0.25}).objective)
    unlabelled, labelled = vae(x, 1, noise(), y=None), vae(x.flip(0), 1, noise(), y=y)
    _, logged = objective(replace(unlabelled, labelled=labelled), STEP)
    elbos = [terms.elbo().value.mean() for terms in (unlabelled, labelled)]
    torch.testing.assert_close(logged["reconstruction"] - logged["kl"], 0.75 * elbos[0] + 0.25 * elbos[1])


def test_a_learned_class_prior_tends_to_the_share_of_each_class():
    vae = model(**{"objective.kind": "joint", "condition.class_prior": "learned"})
    y = torch.tensor([0] * 6 + [5] * 2)
    terms = vae(images(8), 1, noise(), y=y)
    optimiser = torch.optim.SGD(vae.class_prior.parameters(), 2.0)
    for _ in range(600):
        optimiser.zero_grad()
        replace(terms, log_py=vae.class_prior.log_probs).elbo().mean().class_kl.backward()
        optimiser.step()
    shares = vae.class_prior.log_probs.exp().detach()
    torch.testing.assert_close(shares[[0, 5]], torch.tensor([0.75, 0.25]), atol=0.02, rtol=0)


def test_without_a_classifier_the_class_is_summed_out_under_the_best_that_could_be():
    # The bound is highest in q(y|x) where q is p(y) exp ELBO(x|y), normalised; any other q lowers it.
    vae, x = model(), images()
    terms = vae(x, 3, noise())
    given = terms.log_px.mean(1) - terms.kl.sum(-1)
    torch.testing.assert_close(terms.elbo().value, given.logsumexp(0) - math.log(K))
    for seed in range(5):
        other = torch.randn(len(x), K, generator=noise(seed)).log_softmax(-1)
        assert bool((replace(terms, log_qy=other).elbo().value <= terms.elbo().value + 1e-4).all())


@pytest.mark.parametrize("kind", ["elbo", "joint", "m2"])
def test_training_evaluation_and_single_images_speak_of_one_elbo(kind):
    # What is logged, what `evaluate` averages over each class, and what an image has alone.
    vae = model(**{"objective.kind": kind})
    x, y = images(), torch.tensor([0, 3, 9, 1, 1, 4])
    terms = vae(x, 1, noise(0), y=None if kind == "m2" else y)
    _, logged = objectives.build(vae.spec.objective)(terms, STEP)
    whole = torch.cat([b.value for b in evaluation.bounds(vae, (x * 255).byte(), y, noise(0))])
    torch.testing.assert_close(logged["reconstruction"] - logged["kl"], whole.mean())
    torch.testing.assert_close(terms.elbo().value, whole)
    given = terms.log_px.mean(1) - terms.kl.sum(-1)  # of log p(x|y)
    log_py = -math.log(K)
    if kind == "m2":
        q = vae.classify(x).clone().T
        torch.testing.assert_close(whole, (q * (given + log_py - q.log())).sum(0))
        torch.testing.assert_close(anomaly.elbo(vae, x, 1, noise(0)), whole)
    else:
        torch.testing.assert_close(whole, given[0] + (log_py if kind == "joint" else 0))


# --- settings -----------------------------------------------------------------------------------


def test_the_names_of_the_classes_come_from_the_dataset_and_go_with_it():
    fashion = spec(**{"data.name": "fashion_mnist"})
    assert fashion.data.classes[:2] == ("T-shirt", "trousers")
    assert fashion.classes == 10
    assert fashion.change(**{"data.name": "sprites"}).classes == 3
    assert Spec.parse(fashion.model_dump(mode="json")) == fashion
    assert Spec().data.classes is None


def test_an_objective_that_classifies_takes_the_encoders_network_where_none_is_chosen():
    assert spec(**M2).condition.classifier == spec(**M2).net
    conv = spec(**M2, **{"condition.classifier.kind": "conv", "condition.classifier.hidden": 50})
    assert (conv.condition.classifier.kind, conv.condition.classifier.hidden) == ("conv", 50)
    assert VAE(conv).classifier[0].weight.shape == (16, 1, 3, 3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"condition.kind": "none", "objective.kind": "m2"}, "m2 is about each image's class"),
        ({"condition.kind": "none", "prior.kind": "class_normal"}, "needs condition.kind=class"),
        ({"condition.labels": 7}, "7 labels do not reach 10 classes"),
        ({"condition.class_prior": "learned"}, "learns neither"),
        ({"condition.classifier.kind": "mlp"}, "learns neither"),
        ({"condition.kind": "animal"}, "condition.kind: 'animal' is not known"),
        ({"condition.labels": "many"}, "condition.labels: 'many' is not allowed"),
    ],
)
def test_what_cannot_go_together_is_refused_with_a_sentence(changes, words):
    with pytest.raises(SpecError, match=words):
        spec(**changes)


def test_images_without_labels_refuse_a_condition_with_a_sentence(tmp_path):
    import numpy as np

    file = tmp_path / "images.npy"
    np.save(file, np.zeros((40, 8, 8), np.uint8))
    own = Spec().change(**{"data.name": "array", "data.path": str(file)})
    with pytest.raises(SpecError, match="have no labels of two or more classes"):
        resolve(own.change(**{"condition.kind": "class"}))
    np.savez(tmp_path / "both.npz", images=np.zeros((40, 8, 8), np.uint8), y=np.arange(40) % 4)
    both = resolve(own.change(**{"data.path": str(tmp_path / "both.npz"), "condition.kind": "class"}))
    assert both.data.classes == ("0", "1", "2", "3")
