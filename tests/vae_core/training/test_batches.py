"""Which images a step sees: orders known from the step alone, labels balanced over classes."""

from __future__ import annotations

import itertools

import pytest
import torch

from vae_core import data
from vae_core.spec import Spec
from vae_core.training.batches import Stream, balanced, shifted
from vae_core.training.loop import Trainer


@pytest.fixture(scope="module")
def digits() -> data.Dataset:
    return data.load("digits")


def semi(**changes) -> Spec:
    given = {"data.name": "digits", "net.widths": [24], "latent": 3, "condition.kind": "class"}
    given |= {"objective.kind": "m2", "condition.labels": 50, "condition.batch_size": 20}
    return Spec().change(**{**given, **changes})


def run(trainer: Trainer, steps: int) -> Trainer:
    for _ in itertools.islice(trainer, steps):
        pass
    return trainer


def test_a_stream_passes_over_its_indices_once_an_epoch_in_another_order_each_time():
    stream = Stream(torch.arange(100, 130), 10, seed=4)
    epochs = [torch.cat([stream.at(step) for step in range(3 * e, 3 * e + 3)]) for e in range(3)]
    assert all(sorted(epoch.tolist()) == list(range(100, 130)) for epoch in epochs)
    assert not torch.equal(epochs[0], epochs[1])


def test_a_step_s_batch_depends_on_seed_and_step_alone():
    stream, again = Stream(torch.arange(30), 7, seed=4), Stream(torch.arange(30), 7, seed=4)
    walked = [stream.at(step) for step in range(20)]
    for step in (19, 3, 8):
        assert torch.equal(again.at(step), walked[step])
    assert not torch.equal(Stream(torch.arange(30), 7, seed=5).at(0), walked[0])


@pytest.mark.parametrize("count", [10, 50, 100, 600])
def test_labels_are_balanced_over_classes(digits, count):
    index = balanced(digits.labels, count, seed=0)
    assert len(index.unique()) == count
    assert digits.labels[index].bincount(minlength=10).tolist() == [count // 10] * 10
    assert torch.equal(index, balanced(digits.labels, count, seed=0))
    assert not torch.equal(index, balanced(digits.labels, count, seed=1))


def test_counts_that_do_not_divide_and_classes_too_small_are_filled_from_others():
    labels = torch.tensor([0] * 50 + [1] * 3 + [2] * 50)
    assert balanced(labels, 10, 0).numel() == 10
    assert labels[balanced(labels, 31, 0)].bincount().tolist() == [14, 3, 14]
    assert sorted(labels[balanced(labels, 8, 0)].bincount().tolist()) == [2, 3, 3]
    assert len(balanced(labels, 1000, 0)) == 103


def test_the_same_labels_serve_runs_of_several_seeds(digits):
    streams = [Trainer(semi(**{"training.seed": seed}), digits).beside for seed in (0, 1)]
    assert torch.equal(streams[0].index, streams[1].index)
    other = Trainer(semi(**{"condition.labels_seed": 1}), digits).beside
    assert not torch.equal(streams[0].index, other.index)


def test_labelled_and_unlabelled_images_are_different_ones_and_together_all(digits):
    trainer = Trainer(semi(), digits)
    together = torch.cat([trainer.beside.index, trainer.stream.index])
    assert torch.equal(together.sort().values, torch.arange(len(digits)))
    assert len(trainer.beside.index) == 50


def test_an_objective_of_labelled_images_sees_no_others(digits):
    trainer = Trainer(semi(**{"objective.kind": "joint"}), digits)
    assert trainer.beside is None
    assert len(trainer.stream.index) == 50
    assert trainer.batch_size == 50


def test_with_all_labels_there_is_nothing_beside(digits):
    for labels in (None, 100_000):
        trainer = Trainer(semi(**{"condition.labels": labels}), digits)
        assert trainer.beside is None
        assert len(trainer.stream.index) == len(digits)


@pytest.mark.parametrize("at", [1, 4, 11])
@pytest.mark.parametrize("changes", [{}, {"condition.shift": 1, "objective.class_warm_up": 6}])
def test_a_resumed_run_of_both_kinds_of_image_ends_as_one_that_never_stopped(digits, at, changes):
    spec = semi(**changes)
    whole = run(Trainer(spec, digits), 14).state()
    first = run(Trainer(spec, digits), at)
    second = Trainer(spec, digits)
    second.restore({name: value.clone() for name, value in first.state().items()})
    ended = run(second, 14 - at).state()
    assert whole.keys() == ended.keys()
    assert all(torch.equal(whole[name], ended[name]) for name in whole)


def test_reports_say_how_the_classifier_does_and_keep_the_elbo_s_books(digits):
    trainer = run(Trainer(semi(), digits), 5)
    report = trainer.report()
    assert {"classification", "class_kl", "accuracy"} <= report.keys()
    assert report["kl"] == pytest.approx(sum(report["dimension_kl"]) + report["class_kl"], rel=1e-5)
    assert report["loss"] == pytest.approx(
        report["kl"] + 10 * report["classification"] - report["reconstruction"], rel=1e-5
    )
    test = data.load("digits", "test")
    asked = trainer.evaluate(test.images, test.labels)
    right = trainer.model.classify(test.images).argmax(1) == test.labels
    assert asked["accuracy"] == pytest.approx(right.float().mean().item())
    # The classes are not known to a bound of log p(x), whether or not labels are at hand.
    assert asked["elbo"] == trainer.evaluate(test.images)["elbo"]


def test_images_whose_labels_are_missing_are_refused_with_a_sentence(digits):
    from dataclasses import replace

    with pytest.raises(ValueError, match="have no labels"):
        Trainer(semi(), replace(digits, labels=None))
    with pytest.raises(ValueError, match="have more by now"):
        Trainer(semi(), replace(digits, labels=digits.labels + 3))


def test_shifted_images_are_the_same_moved_by_at_most_so_many_pixels():
    images = torch.zeros(500, 2, 9, 7, dtype=torch.uint8)
    images[:, 0, 4, 3], images[:, 1, 4, 3] = 200, 100
    moved = shifted(images, 2, torch.Generator().manual_seed(0))
    assert moved.shape == images.shape
    assert moved.dtype == torch.uint8
    assert torch.equal(moved[:, 1], moved[:, 0] // 2)
    places = moved[:, 0].flatten(1).argmax(1)
    offsets = set(zip((places // 7 - 4).tolist(), (places % 7 - 3).tolist(), strict=True))
    assert offsets == set(itertools.product(range(-2, 3), range(-2, 3)))


def test_what_a_shift_moves_out_is_gone_and_what_comes_in_is_black():
    ones = torch.full((200, 1, 5, 5), 255, dtype=torch.uint8)
    sums = shifted(ones, 1, torch.Generator().manual_seed(0)).flatten(1).sum(1) // 255
    assert set(sums.tolist()) == {25, 20, 16}
