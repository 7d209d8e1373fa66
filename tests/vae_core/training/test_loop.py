"""The training loop: the same seed gives the same weights, whatever else happens; and it does learn."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
import torch

from vae_core import data
from vae_core.analysis.evaluation import evaluate
from vae_core.data import Dataset
from vae_core.data.dataset import Source
from vae_core.model import noise as model_noise
from vae_core.spec import Spec
from vae_core.training.loop import Trainer, pick_device, prepare


def small(**changes) -> Spec:
    return Spec().change(
        **{"data.name": "digits", "net.widths": [32], "latent": 3, "training.batch_size": 100, **changes}
    )


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return data.load("digits")


def run(trainer: Trainer, steps: int) -> Trainer:
    for _ in itertools.islice(trainer, steps):
        pass
    return trainer


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in trainer.model.state_dict().items()}


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("mask", ["none", "random"])
@pytest.mark.parametrize("binarisation", ["none", "static", "dynamic"])
def test_the_same_seed_gives_the_same_weights_bit_for_bit_and_another_seed_others(digits, binarisation, mask):
    spec = small(**{"data.binarisation": binarisation, "mask.kind": mask})
    first, second = (run(Trainer(spec, digits), 40) for _ in range(2))
    assert same(weights(first), weights(second))
    other = run(Trainer(spec.change(**{"training.seed": 1}), digits), 40)
    assert not same(weights(first), weights(other))


@pytest.mark.parametrize("objective", ["elbo", "factor"])
def test_reports_and_evaluations_on_the_way_change_nothing(digits, objective):
    spec = small(**{"objective.kind": objective})
    plain = run(Trainer(spec, digits), 30)
    watched = Trainer(spec, digits)
    for step in itertools.islice(watched, 30):
        if step % 7 == 0:
            watched.report()
            watched.evaluate(digits.images[:50])
            watched.model.decode_mean(torch.randn(4, 3))
    assert same(plain.state(), watched.state())


@pytest.mark.parametrize("at", [1, 13, 14, 15])  # an epoch is 14 steps: before, at and after its end
@pytest.mark.parametrize("objective", ["elbo", "capacity", "beta_tc", "factor", "iwae", "masked", "noised"])
def test_a_resumed_run_ends_with_the_weights_of_one_that_never_stopped(digits, at, objective):
    seen = {"masked": {"mask.kind": "random"}, "noised": {"noise.kind": "gaussian"}}
    spec = small(**seen.get(objective, {"objective.kind": objective}))
    whole = run(Trainer(spec, digits), 30)
    first = run(Trainer(spec, digits), at)
    state = {name: value.clone() for name, value in first.state().items()}
    second = Trainer(spec, digits)
    second.restore(state)
    assert second.step == at
    run(second, 30 - at)
    assert same(weights(whole), weights(second))
    assert same(whole.state(), second.state())


@pytest.mark.parametrize("objective", ["beta_tc", "factor", "free_bits", "capacity"])
def test_beta_moves_its_own_weight_and_no_other(digits, objective):
    trainer = run(Trainer(small(**{"objective.kind": objective}), digits), 40)
    trainer.report()
    trainer.set_beta(3.0)
    report = run(trainer, 1).report()
    settings, kl = trainer.spec.objective, report["kl"]
    expected = {
        "beta_tc": lambda: kl + 2 * report["total_correlation"],
        "factor": lambda: 3 * kl + settings.gamma * report["total_correlation"],
        "free_bits": lambda: 3 * sum(max(settings.free_bits, each) for each in report["dimension_kl"]),
        "capacity": lambda: 3 * abs(kl - settings.capacity * 40 / settings.capacity_steps),
    }[objective]()
    assert report["beta"] == 3
    assert report["beta_kl"] == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_a_moved_beta_and_learning_rate_survive_a_resume(digits):
    first = run(Trainer(small(), digits), 5)
    first.set_beta(7)
    first.set_learning_rate(0.0)
    second = Trainer(small(), digits)
    second.restore(first.state())
    before = weights(second)
    run(second, 3)
    report = second.report()
    assert (report["beta"], report["learning_rate"]) == (7, 0)
    assert same(before, weights(second))


def test_a_learning_rate_falls_along_half_a_cosine_also_when_moved_and_resumed(digits):
    spec = small(**{"training.steps": 10, "training.schedule": "cosine", "training.learning_rate": 0.01})
    trainer, rates = Trainer(spec, digits), []
    for step in itertools.islice(trainer, 5):
        rates.append(trainer.report()["learning_rate"])
        if step == 4:
            trainer.set_learning_rate(0.02)
    again = Trainer(spec, digits)
    again.restore(trainer.state())
    for _ in itertools.islice(again, 5):
        rates.append(again.report()["learning_rate"])
    expected = [(0.01 if k < 4 else 0.02) * (1 + math.cos(math.pi * k / 10)) / 2 for k in range(10)]
    assert rates == pytest.approx(expected)


def test_a_state_from_another_kind_of_device_goes_on_with_noise_of_its_own(digits):
    first = run(Trainer(small(), digits), 5)
    state = first.state()
    state["noise.cuda"] = state.pop("noise.cpu")[:16]
    second = Trainer(small(), digits)
    second.restore(state)
    assert same(weights(first), weights(second))
    run(second, 2)
    assert second.step == 7


def test_the_state_of_another_model_is_refused(digits):
    state = Trainer(small(), digits).state()
    with pytest.raises((KeyError, RuntimeError)):
        Trainer(small(latent=4), digits).restore(state)


def test_an_epoch_shows_every_image_once(digits):
    spec = small(**{"data.binarisation": "none", "training.batch_size": 1437 // 3})
    trainer = Trainer(spec, digits)
    for _ in range(2):
        seen = []
        for _ in range(3):
            seen.append(digits.images[trainer.stream.at(trainer.step)])
            trainer.step += 1
        together = torch.cat(seen).flatten(1)
        assert sorted(map(bytes, together.numpy())) == sorted(map(bytes, digits.images.flatten(1).numpy()))


def test_images_that_are_drawn_when_asked_for_train_as_those_in_memory(digits):
    spec = small()
    held = run(Trainer(spec, digits), 100)
    first = digits.subset(torch.arange(20))
    source = Source(len(digits), lambda numbers: digits.images[numbers])
    asked = run(Trainer(spec, replace(first, source=source)), 100)
    assert asked.epoch == held.epoch
    assert same(weights(held), weights(asked))


def test_a_report_averages_the_steps_since_the_last_and_keeps_the_elbo_s_books(digits):
    trainer = run(Trainer(small(**{"objective.beta": 3.0}), digits), 10)
    report = trainer.report()
    assert report["elbo"] == pytest.approx(report["reconstruction"] - report["kl"])
    assert report["beta_kl"] == pytest.approx(3 * report["kl"], rel=1e-5)
    assert report["loss"] == pytest.approx(report["beta_kl"] - report["reconstruction"])
    assert sum(report["dimension_kl"]) == pytest.approx(report["kl"], rel=1e-5)
    assert trainer.report() == {}


def test_the_average_is_that_of_single_step_reports(digits):
    together = run(Trainer(small(), digits), 8).report()
    trainer = Trainer(small(), digits)
    alone = [trainer.report() for _ in itertools.islice(trainer, 8)]
    assert together["elbo"] == pytest.approx(sum(report["elbo"] for report in alone) / 8, rel=1e-5)


def test_training_learns(digits):
    spec = small(**{"training.learning_rate": 3e-3})
    trainer = Trainer(spec, digits)
    test = data.load("digits", "test").images
    before = trainer.evaluate(test)["elbo"]
    run(trainer, 300)
    after = trainer.evaluate(test)["elbo"]
    # Fair coins for pixels cost 64 ln 2 nats; a model that has learned nothing is there or worse.
    assert before < -64 * math.log(2) + 1
    assert after > before + 10


def test_an_evaluation_is_the_same_every_time_and_weighs_every_image_alike(digits):
    trainer = run(Trainer(small(**{"data.binarisation": "none", "objective.kl": "analytic"}), digits), 5)
    images = digits.images[:700]  # one whole block and a part of one
    assert trainer.evaluate(images) == trainer.evaluate(images)
    kl = trainer.model.posterior.kl(trainer.model.encode(images / 255)).sum(1).mean().item()
    assert trainer.evaluate(images)["kl"] == pytest.approx(kl, rel=1e-4)


@pytest.mark.parametrize("net", [{"net.widths": [32]}, {"net.kind": "partial_conv", "net.channels": [8]}])
def test_a_run_with_masks_learns_to_complete_and_its_evaluation_is_under_masks(digits, net):
    test = data.load("digits", "test")
    spec = Spec().change(
        **{"data.name": "digits", "latent": 3, "training.batch_size": 100, "mask.kind": "random", **net}
    )
    trainer = run(Trainer(spec, digits), 600)
    images = data.binarised_once(test, spec.data.binarisation)
    numbers = evaluate(trainer.model, test, samples=0)
    masked = numbers["masked"]
    assert evaluate(trainer.model, test, samples=2, log_px_images=5)["masked"] == masked
    assert masked["elbo"] == pytest.approx(masked["reconstruction"] - masked["kl"])
    # Seen whole an image is told better than seen in part, and seen in part better than not at all.
    nothing = torch.zeros(len(images), 1, 8, 8)
    blind = trainer.model(images / 255, 1, torch.Generator().manual_seed(0), mask=nothing)
    assert (
        numbers["elbo"] - 0.3 > masked["elbo"] > (blind.log_px.mean() - blind.kl.sum(-1).mean()).item() + 0.3
    )
    assert trainer.evaluate(images)["elbo"] == pytest.approx(masked["elbo"], abs=0.5)
    assert trainer.evaluate(images) == trainer.evaluate(images)


def test_a_run_under_noise_learns_to_give_the_clean_image_and_its_evaluation_is_under_noise(digits):
    test = data.load("digits", "test")
    noise = {"noise.kind": "salt_and_pepper", "noise.strength": 1.0}
    spec = small(**noise, **{"net.widths": [32]})
    trainer = run(Trainer(spec, digits), 600)
    numbers = evaluate(trainer.model, test, samples=0)
    noised = numbers["noised"]
    assert evaluate(trainer.model, test, samples=2, log_px_images=5)["noised"] == noised
    assert numbers["elbo"] - 0.3 > noised["elbo"] == pytest.approx(noised["reconstruction"] - noised["kl"])
    images = data.binarised_once(test, spec.data.binarisation)
    assert trainer.evaluate(images)["elbo"] == pytest.approx(noised["elbo"], abs=0.5)
    # One that never saw noise does worse under it: 300 images under the same noise, scored when clean.
    other = run(Trainer(spec.change(**{"noise.kind": "none"}), digits), 600).model
    x, generator = images / 255, torch.Generator().manual_seed(1)
    seen = model_noise.draw(spec.noise, x, generator)
    with torch.no_grad():
        own, plain = (model(x, 1, seen=seen).elbo().value.mean() for model in (trainer.model, other))
    assert own > plain + 1


def test_the_end_is_counted_in_steps_epochs_or_not_at_all(digits):
    assert Trainer(small(**{"training.steps": 77}), digits).steps_total == 77
    assert Trainer(small(**{"training.epochs": 2}), digits).steps_total == 28
    assert Trainer(small(**{"training.seconds": 5}), digits).steps_total is None
    assert run(Trainer(small(), digits), 7).epoch == 0.5


def test_a_batch_larger_than_the_dataset_takes_the_dataset(digits):
    few = digits.subset(torch.arange(10))
    assert Trainer(small(), few).batch_size == 10


@pytest.mark.parametrize("how", ["static", "dynamic"])
def test_the_pixels_to_evaluate_on_are_drawn_once(digits, how):
    spec = small(**{"data.binarisation": how})
    assert set(data.binarised_once(digits, spec.data.binarisation).unique().tolist()) == {0, 255}
    assert torch.equal(
        data.binarised_once(digits, spec.data.binarisation),
        data.binarised_once(digits, spec.data.binarisation),
    )


def test_static_binarisation_trains_on_pixels_drawn_once_and_dynamic_draws_them_anew(digits):
    assert set(prepare(digits, small(**{"data.binarisation": "static"})).unique().tolist()) == {0, 255}
    trainer, seen = Trainer(small(), digits), []
    trainer.model.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    for _ in range(2):
        trainer._terms()  # of the same step, and so of the same images
    assert set(seen[0].unique().tolist()) == {0, 1}
    assert not torch.equal(*seen)


def test_images_of_another_shape_and_devices_that_are_not_there_are_refused_with_a_sentence(digits):
    with pytest.raises(ValueError, match="image_shape"):
        Trainer(small(**{"data.name": "mnist"}), digits)
    assert pick_device("cpu").type == "cpu"
    with pytest.raises(ValueError, match=r"not available here\. Choose auto"):
        pick_device("tpu")
