"""Runs with a codebook: they go on bit for bit, are evaluated, and their settings go together or say why."""

import numpy as np
import pytest
import torch

import vae_core
from vae_core import data
from vae_core.analysis import evaluation
from vae_core.runs import files, frames
from vae_core.runs.reading import RunError
from vae_core.spec import Spec, SpecError
from vae_core.training.loop import Trainer

TINY = {
    "data": {"name": "digits"},
    "latent": 2,
    "net": {"kind": "conv_grid", "hidden": 8},
    "posterior": {"kind": "vq", "codes": 12},
    "prior": {"kind": "autoregressive", "hidden": 6},
    "training": {"steps": 30, "batch_size": 360},
}


def trained(trainer: Trainer, steps: int) -> dict[str, torch.Tensor]:
    for _, _ in zip(range(steps), trainer, strict=False):
        pass
    return trainer.state()


@pytest.mark.parametrize(("kind", "codebook"), [("vq", "loss"), ("vq", "moving_average"), ("vq2", "loss")])
def test_a_run_stopped_within_an_epoch_goes_on_bit_for_bit(kind: str, codebook: str) -> None:
    changes = {"posterior.kind": kind, "posterior.codebook": codebook}
    spec = Spec.parse(TINY).change(**changes, **{"prior.hidden": 6, "net.hidden": 8})
    digits = data.load("digits", "train")
    whole = trained(Trainer(spec, digits), 10)  # three epochs of three steps, and one more
    assert float(whole["model.posterior.bottom.epochs" if kind == "vq2" else "model.posterior.epochs"]) == 3
    first, second = Trainer(spec, digits), Trainer(spec, digits)
    second.restore(trained(first, 6))
    again = trained(second, 4)
    assert whole.keys() == again.keys()
    assert all(torch.equal(whole[name], again[name]) for name in whole)
    # The prior learns beside the model; codes that it is told have no gradient for it to pass on.
    of_prior = [value for name, value in whole.items() if name.startswith("adam.square.prior.")]
    assert min(float(value.sum()) for value in of_prior) > 0


def test_a_run_keeps_its_codes_and_states_their_cost(own_runs) -> None:
    run = vae_core.train(Spec.parse(TINY))
    assert run.status.state == "finished", run.status.message
    found, codes = run.evaluation, run.grid_codes
    assert found["elbo"] == pytest.approx(found["reconstruction"] - found["kl"], abs=1e-3)
    assert found["codes_used"] == len(codes.indices.unique())
    assert "hole_mass" not in found
    assert found["log_px"] is None
    assert "has one code" in found["log_px_note"]
    z = run.model.posterior.embed(codes.indices)
    assert found["kl"] == pytest.approx(-float(run.model.prior.log_prob(z).mean()), abs=1e-2)
    frame = run.frame()
    assert frame["uses"].sum() == 3 * 360 * 4  # the last whole epoch: three steps of 360 images of four cells
    assert frame["tiles"].shape == (12, 1, 12, 12)
    assert frame["samples"].shape == (16, 1, 8, 8)
    with pytest.raises(RunError, match="has no vectors"):
        _ = run.posteriors
    for wrong in (12, -1):
        indices = np.full((360, 2, 2), wrong, np.int16)
        files.replace(run.path / files.POSTERIORS, frames.pack({"indices": indices}))
        with pytest.raises(RunError, match="none of the run's codebook"):
            _ = run.grid_codes


def test_with_classes_encoder_decoder_and_prior_are_told_them() -> None:
    told = {"condition.kind": "class", "prior.of_class": "true", "training.steps": 5}
    spec = Spec.parse(TINY).change(**told)
    trainer = Trainer(spec, data.load("digits", "train"))
    trained(trainer, 3)
    found = evaluation.evaluate(trainer.model.eval(), data.load("digits", "test"), samples=0)
    assert found["bound_of"] == "log p(x|y)"
    z = trainer.model.prior.sample(4, torch.Generator().manual_seed(0), torch.eye(10)[3])
    assert trainer.model.decode_mean(z, torch.tensor([3, 3, 5, 5])).shape == (4, 1, 8, 8)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"net.kind": "mlp", "posterior.kind": "vq"}, "mlp has no grid; choose net.kind=conv_grid"),
        ({"prior.kind": "mixture", "posterior.kind": "vq"}, "choose prior.kind=autoregressive or uniform"),
        ({"posterior.kind": "point", "net.kind": "conv_grid", "latent": "6"}, "choose a multiple of 4,"),
        (
            {"posterior.kind": "gumbel", "net.kind": "conv_grid"},
            "choose another network or posterior.kind=vq",
        ),
        ({"objective.kind": "iwae"}, "it goes with objective.kind=elbo"),
        ({"objective.kind": "beta_tc"}, "it goes with objective.kind=elbo"),
        ({"objective.beta": "2"}, "no gradient of the KL reaches the encoder"),
        ({"objective.warm_up": "10"}, "no gradient of the KL reaches the encoder"),
        ({"mask.kind": "random"}, "it goes with mask.kind=none"),
        ({"prior.of_class": "true"}, "it needs condition.kind=class"),
    ],
)
def test_what_does_not_go_together_is_refused_in_a_sentence(changes: dict[str, str], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        Spec.parse(TINY).change(**changes)


@pytest.mark.parametrize("change", ["posterior.kind=vq", "net.kind=conv_grid", "prior.kind=uniform"])
def test_a_codebook_brings_what_goes_with_it_and_takes_it_away_again(change: str) -> None:
    usual = Spec.parse({}).change(**{"objective.beta": "4"})
    there = usual.change_text([change])
    assert (there.posterior.kind, there.net.kind, there.objective.beta) == ("vq", "conv_grid", 1)
    assert there.prior.kind == ("uniform" if "uniform" in change else "autoregressive")
    back = there.change(**{"posterior.kind": "diagonal_gaussian"})
    assert (back.net, back.prior) == (usual.net, usual.prior)


def test_the_same_networks_train_without_a_codebook() -> None:
    vector = {"posterior.kind": "diagonal_gaussian", "net.kind": "conv_grid", "latent": 4 * 3}
    spec = Spec.parse(TINY).change(**vector)
    assert (spec.prior.kind, spec.code_size) == ("standard_normal", 12)
    trainer = Trainer(spec, data.load("digits", "train"))
    trained(trainer, 3)
    x = torch.rand(2, 1, 8, 8)
    params = trainer.model.encode(x)
    # The last convolution gives each cell its means first, then its log variances.
    mean, log_var = trainer.model.posterior.moments(params)
    torch.testing.assert_close(torch.cat([mean, log_var], 1), params)
    z = params[:, :12].reshape(2, 3, 2, 2)  # three dimensions in each of four cells, channels first
    torch.testing.assert_close(trainer.model.decoder[0](mean), z)


def test_cells_that_do_not_fill_the_image_are_refused() -> None:
    with pytest.raises(SpecError, match="cells of 4 by 4 pixels do not fill images of 30 by 28"):
        Spec.parse(TINY | {"data": {"image_shape": (1, 30, 28)}})
