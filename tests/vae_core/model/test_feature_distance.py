"""A distance between features: nothing between equal images, a gradient for the decoder alone, no ELBO."""

from __future__ import annotations

import pytest
import torch

from vae_core.analysis.decode import ways
from vae_core.analysis.evaluation import evaluate
from vae_core.data import Dataset
from vae_core.model import oracle_classifier
from vae_core.model.vae import VAE
from vae_core.runs import evaluations
from vae_core.spec import PerceptualLikelihood, Spec, SpecError
from vae_core.spec.capabilities import capabilities


@pytest.fixture(scope="module")
def model() -> VAE:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        changes = {"likelihood.kind": "perceptual", "likelihood.weight": 2.0, "net.widths": [16]}
        return VAE(Spec().change(**changes))


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0)).clamp(0.01, 0.99)


def test_equal_images_are_no_distance_apart(model: VAE, images: torch.Tensor) -> None:
    params = images.logit()[None]
    assert model.likelihood.log_prob(params, images).abs().max() < 1e-4
    assert (model.likelihood.log_prob(params, images.flip(0))[:, [0, 2]] < -0.1).all()


def test_the_distance_is_that_of_all_layers_after_their_activation(model: VAE, images: torch.Tensor) -> None:
    network, other = oracle_classifier.load("mnist").network, images.flip(0)
    expected = torch.zeros(3)
    for layers in (2, 4, 7):  # up to each ReLU
        part = network[:layers]
        expected += (part(images) - part(other)).square().flatten(1).sum(1)
    found = model.likelihood.log_prob(images.logit()[None], other)[0]
    torch.testing.assert_close(found, -0.5 * 2.0 * expected, rtol=1e-3, atol=1e-3)


def test_the_gradient_reaches_the_decoder_and_the_classifier_is_no_part_of_the_run(
    model: VAE, images: torch.Tensor
) -> None:
    weights = [p.clone() for p in oracle_classifier.load("mnist").network.parameters()]
    model.zero_grad()
    with torch.inference_mode():  # as a look at the model before its first step
        model(images, 1, torch.Generator().manual_seed(0))
    model(images, 1, torch.Generator().manual_seed(0)).elbo().mean().elbo.neg().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.decoder.parameters())
    assert not any(name.startswith("likelihood") for name in model.state_dict())
    for before, after in zip(weights, oracle_classifier.load("mnist").network.parameters(), strict=True):
        assert torch.equal(before, after)
        assert after.grad is None


def test_an_evaluation_says_no_elbo_and_no_log_px(model: VAE) -> None:
    pixels = torch.randint(256, (8, 1, 28, 28), generator=torch.Generator().manual_seed(1))
    found = evaluate(model, Dataset("mnist", "test", pixels.to(torch.uint8), None), samples=10)
    assert [found[name] for name in ("elbo", "reconstruction", "log_px", "bits_per_dimension")] == [None] * 4
    assert "no likelihood" in found["log_px_note"]
    said = evaluations.distance(found)
    assert said is not None
    assert said[0] > 0
    assert "no ELBO" in said[1]
    assert evaluations.elbo(found) is None


def test_there_is_one_where_a_classifier_ships_and_no_p_of_x_to_ask(model: VAE) -> None:
    shipped = {file.stem for file in oracle_classifier.FOLDER.glob("*.safetensors")}
    assert set(PerceptualLikelihood.datasets or ()) == shipped
    with pytest.raises(SpecError, match="one of mnist, and none of strokes"):
        model.spec.change(**{"data.name": "strokes"})
    with pytest.raises(SpecError, match="no likelihood, and the objective iwae needs one"):
        model.spec.change(**{"objective.kind": "iwae"})
    assert "likelihood" not in capabilities(model.spec)
    assert ways(model) == ("means",)
    with pytest.raises(ValueError, match="whole images"):
        model.likelihood.log_prob(torch.zeros(1, 1, 1, 28, 28), *torch.zeros(2, 1, 1, 28, 28))
