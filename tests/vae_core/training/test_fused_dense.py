"""The step written out by hand against autograd's, for every model that it serves."""

from __future__ import annotations

import pytest
import torch

from vae_core import data, objectives, recipes
from vae_core.model.vae import VAE
from vae_core.spec import Spec
from vae_core.training import fused_dense
from vae_core.training.loop import Trainer

SERVED = [
    {"net.widths": [12]},
    {"net.widths": [12, 7], "net.activation": "leaky_relu"},
    {"net.kind": "lecture"},
    {"net.kind": "linear"},
    {"objective.beta": 4.0, "objective.warm_up": 10},
    {"objective.kind": "capacity", "objective.capacity": 3.0},
    {"objective.kind": "free_bits", "objective.free_bits": 0.02},
]
NOT_SERVED = [
    {"net.activation": "tanh"},
    {"net.kind": "conv"},
    {"likelihood.kind": "gaussian", "data.binarisation": "none"},
    {"objective.samples": 2},
    {"objective.kl": "monte_carlo"},
    {"objective.kind": "beta_tc"},
    {"objective.kind": "factor"},
    {"mask.kind": "random"},
    {"condition.kind": "class"},
    {"posterior.variance": "shared"},
]


def spec(**changes: object) -> Spec:
    return Spec().change(**{"data.name": "digits", "latent": 3, **changes})


def built(settings: Spec) -> tuple[VAE, objectives.Objective]:
    torch.manual_seed(0)
    return VAE(settings), objectives.build(settings.objective, latent=settings.latent, images=100)


@pytest.mark.parametrize("changes", SERVED, ids=str)
@pytest.mark.parametrize("spread", [1.0, 40.0])  # the second takes variances to their bound
def test_gradients_and_what_is_logged_are_autograd_s(changes: dict[str, object], spread: float) -> None:
    model, objective = built(spec(**changes))
    with torch.no_grad():
        model.encoder[-1].weight *= spread
    x = torch.rand(9, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    step = torch.tensor(3.0)

    loss, expected = objective(model(x, 1, torch.Generator().manual_seed(2)), step)
    loss.backward()
    gradients = {name: parameter.grad.clone() for name, parameter in model.named_parameters()}
    model.zero_grad()

    assert fused_dense.serves(model, objective)
    way = fused_dense.Direct(model, objective, batch=9)
    for _ in range(2):  # its memory is used again
        logged = way(x, step, torch.Generator().manual_seed(2))
    for name, parameter in model.named_parameters():
        scale = float(gradients[name].abs().max())
        torch.testing.assert_close(
            parameter.grad, gradients[name], rtol=1e-4, atol=1e-5 * max(scale, 1e-3), msg=name
        )
    assert logged.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(logged[name], value, rtol=1e-4, atol=1e-4, msg=name)


def test_the_encoder_may_see_another_image_than_is_scored() -> None:
    model, objective = built(spec(**{"net.widths": [12]}))
    x, seen = torch.rand(2, 9, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    step = torch.tensor(3.0)
    loss, expected = objective(model(x, 1, torch.Generator().manual_seed(2), seen=seen), step)
    loss.backward()
    gradients = [parameter.grad.clone() for parameter in model.parameters()]
    way = fused_dense.Direct(model, objective, batch=9)
    logged = way(x, step, torch.Generator().manual_seed(2), seen)
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(logged["reconstruction"], expected["reconstruction"])


@pytest.mark.parametrize("changes", NOT_SERVED, ids=str)
def test_other_models_go_through_autograd(changes: dict[str, object]) -> None:
    assert not fused_dense.serves(*built(spec(**changes)))


def test_a_run_trains_as_it_would_through_autograd() -> None:
    settings = recipes.get("vae-2d").change(
        **{"data.name": "digits", "training.steps": 40, "training.products": "float32"}
    )
    images = data.load("digits")
    one, other = Trainer(settings, images), Trainer(settings, images)
    assert one.direct is not None
    other.direct = None
    for trainer in (one, other):
        for step in trainer:
            if step == 40:
                break
    for (name, a), b in zip(one.model.named_parameters(), other.model.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4, msg=name)
    assert torch.equal(one.noise.get_state(), other.noise.get_state())
    assert one.report()["elbo"] == pytest.approx(other.report()["elbo"], abs=0.01)
