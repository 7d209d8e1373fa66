import pytest
import torch

from vae_core import data
from vae_core.model.vae import VAE
from vae_core.spec import Spec
from vae_core.training.loop import Trainer
from vae_core.workers.snapshots import Snapshots, representative


@pytest.fixture
def digits():
    return data.load("digits", "test")


def test_the_probes_are_one_digit_of_each_class_in_order(digits):
    window = Snapshots(digits.images, digits.labels, torch.device("cpu"))
    labels = [int(digits.labels[(digits.images == probe).flatten(1).all(1)][0]) for probe in window.probes]
    assert labels == list(range(10))


@pytest.mark.parametrize("kind", ["bernoulli", "gaussian", "categorical"])
def test_a_frame_holds_the_modes_and_draws_that_its_means_do_not_say(digits, kind):
    spec = Spec().change(**{"data.name": "digits", "data.binarisation": "none", "likelihood.kind": kind})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = VAE(spec).eval()
    with torch.no_grad():
        model.decoder[-2].bias += 0.5  # within [0, 1], where nothing is cut off
    frame = Snapshots(digits.images, digits.labels, torch.device("cpu")).take(model)
    others = {name for name in frame if name.startswith("samples_")}
    assert others == (set() if kind == "bernoulli" else {"samples_modes", "samples_drawn"})
    if kind == "gaussian":
        assert (frame["samples_modes"] == frame["samples"]).all()
        off = (frame["samples_drawn"].astype(float) - frame["samples"]) / 255
        assert off.std() == pytest.approx(0.1, rel=0.1), "its sigma"


@pytest.mark.parametrize("classes", [1, 3, 20])
def test_there_are_ten_different_probes_however_many_classes(classes):
    images = torch.arange(60, dtype=torch.uint8)[:, None, None, None].expand(60, 1, 4, 4)
    window = Snapshots(images, torch.arange(60) % classes, torch.device("cpu"))
    assert window.probes.shape == (10, 1, 4, 4)
    assert len(window.probes.unique(dim=0)) == 10


@pytest.mark.parametrize("count", [1, 4, 60])
def test_images_without_labels_have_probes_too(count):
    images = torch.zeros(count, 1, 4, 4, dtype=torch.uint8)
    assert len(Snapshots(images, None, torch.device("cpu")).probes) == min(10, count)


def test_a_look_at_a_masked_run_reconstructs_the_probes_from_what_it_shows_of_them(small, digits):
    trainer = Trainer(small(**{"mask.kind": "random"}), data.load("digits"))
    window = Snapshots(digits.images, digits.labels, torch.device("cpu"), "random")
    assert window.masks.shape == (10, 1, 8, 8)
    assert set(window.masks.unique().tolist()) == {0, 1}
    params = trainer.model.encode(window.probes / 255, mask=window.masks.float())
    expected = trainer.model.decode_mean(trainer.model.posterior.split(params)[0])
    found = torch.from_numpy(window.take(trainer.model)["reconstructions"])
    torch.testing.assert_close(found / 255, expected, atol=0.003, rtol=0)
    assert Snapshots(digits.images, digits.labels, torch.device("cpu")).masks is None


def test_a_look_at_a_run_under_noise_reconstructs_the_probes_from_what_it_shows_of_them(small, digits):
    trainer = Trainer(small(**{"noise.kind": "salt_and_pepper"}), data.load("digits"))
    settings = trainer.spec.noise
    window = Snapshots(digits.images, digits.labels, torch.device("cpu"), noise_settings=settings)
    assert window.noisy.shape == window.probes.shape
    assert not torch.equal(window.noisy, window.probes)
    expected = trainer.model.decode_mean(trainer.model.posteriors(window.noisy).mean)
    found = torch.from_numpy(window.take(trainer.model)["reconstructions"])
    torch.testing.assert_close(found / 255, expected, atol=0.003, rtol=0)


def test_the_images_of_the_live_numbers_are_as_far_from_their_classes_as_all_are():
    noise = torch.Generator().manual_seed(0)
    labels = torch.arange(4000) % 4
    # Around each class's grey level images spread by as much as their row says; a few are all noise.
    spread = torch.rand(4000, 1, generator=noise) ** 4 * 60
    pixels = 100 + 20 * labels[:, None] + spread * torch.randn(4000, 64, generator=noise)
    images = pixels.clamp(0, 255).byte().view(4000, 1, 8, 8)
    mean = torch.stack([images[labels == k].double().mean(0) for k in range(4)])
    distance = (images - mean[labels]).square().sum((1, 2, 3))
    for told in (labels, None):
        chosen = representative(images, told, 500)
        assert len(chosen.unique()) == 500
    chosen = representative(images, labels, 500)
    for count in (125, 250, 500):
        # A random choice errs by 10 % of the mean with 125 images, and by 5 % with 500.
        assert float(distance[chosen[:count]].mean()) == pytest.approx(float(distance.mean()), rel=0.03)


@pytest.mark.parametrize("count", [1, 3, 60])
def test_of_few_images_all_are_chosen(count):
    images = torch.arange(count, dtype=torch.uint8)[:, None, None, None].expand(count, 1, 4, 4)
    assert sorted(representative(images, None, 500).tolist()) == list(range(count))


def test_a_look_is_the_same_twice_and_leaves_training_as_it_was(small, digits):
    trainers = [Trainer(small(), data.load("digits")) for _ in range(2)]
    window = Snapshots(digits.images, digits.labels, torch.device("cpu"))
    for step, _ in zip(trainers[0], range(20), strict=False):
        first, second = window.take(trainers[0].model), window.take(trainers[0].model)
        assert all((first[name] == second[name]).all() for name in first), step
        window.affordable(trainers[0], 0.01)
    for _ in zip(trainers[1], range(20), strict=False):
        pass
    states = [trainer.state() for trainer in trainers]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_a_slow_model_is_tested_on_fewer_images(small, digits):
    trainer = Trainer(small(), data.load("digits"))
    window = Snapshots(digits.images, digits.labels, torch.device("cpu"))
    assert window.affordable(trainer, 1e-9) == 125
    assert window.affordable(trainer, 1e9) == 500


@pytest.mark.parametrize("latent, most", [(2, 2000), (8, 1000), (64, 500)])
def test_a_frame_holds_codes_of_as_many_images_as_time_and_room_allow(small, latent, most):
    model = Trainer(small().change(latent=latent), data.load("digits")).model
    images = torch.zeros(2500, 1, 8, 8, dtype=torch.uint8)
    window = Snapshots(images, None, torch.device("cpu"), latent=latent)
    assert window.affordable_codes(model, 1e-9) == 500
    window.codes = window.affordable_codes(model, 1e9)
    frame = window.take(model)
    assert len(frame["mean"]) == len(frame["log_var"]) == most
