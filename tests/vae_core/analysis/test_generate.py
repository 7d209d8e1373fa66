"""What a conditional model makes: images against the model itself, numbers against oracles."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.metrics import confusion_matrix

from vae_core import data
from vae_core.analysis import generate
from vae_core.model import oracle_classifier
from vae_core.model.oracle_classifier import OracleClassifier
from vae_core.model.posteriors import Posteriors
from vae_core.model.vae import VAE
from vae_core.spec import Spec

K = 10


def model(**changes) -> VAE:
    spec = Spec().change(
        **{"data.name": "digits", "latent": 3, "net.widths": [12], "condition.kind": "class", **changes}
    )
    with torch.random.fork_rng():
        torch.manual_seed(3)
        vae = VAE(spec)
        with torch.no_grad():
            for parameter in vae.parameters():
                parameter += 0.2 * torch.randn(parameter.shape)
    return vae.eval().requires_grad_(False)


def images(count: int = 5) -> torch.Tensor:
    return torch.rand(count, 1, 8, 8, generator=torch.Generator().manual_seed(1))


# --- images -------------------------------------------------------------------------------------


def test_a_sheet_holds_rows_of_the_classes_asked_for():
    vae = model()
    sheet = generate.sheet(vae, [7, 2], 4, generator=torch.Generator().manual_seed(9))
    z = torch.randn(8, 3, generator=torch.Generator().manual_seed(9))
    torch.testing.assert_close(sheet[0], vae.decode_mean(z[:4], torch.full((4,), 7)))
    torch.testing.assert_close(sheet[1], vae.decode_mean(z[4:], torch.full((4,), 2)))


@pytest.mark.parametrize("prior", ["standard_normal", "class_normal"])
def test_temperature_scales_deviations_from_the_mean_of_the_prior(prior):
    vae, y = model(**{"prior.kind": prior}), torch.arange(K)
    whole, half, none = (generate.codes(vae, y, temperature) for temperature in (1.0, 0.5, 0.0))
    mean = torch.zeros(K, 3) if prior == "standard_normal" else vae.prior.mean
    torch.testing.assert_close(none, mean)
    torch.testing.assert_close(half, (whole + mean) / 2)


def test_one_style_comes_in_every_class():
    vae, z = model(), torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    grid = generate.every_class(vae, z)
    assert grid.shape == (4, K, 1, 8, 8)
    for label in range(K):
        torch.testing.assert_close(grid[:, label], vae.decode_mean(z, torch.full((4,), label)))


def test_transfer_under_an_images_own_class_is_its_reconstruction():
    vae, x, y = model(), images(), torch.tensor([0, 5, 9, 2, 2])
    own = generate.transfer(vae, x, y)[torch.arange(5), y]
    torch.testing.assert_close(own, vae.decode_mean(vae.encode(x, y)[:, :3], y))


def test_a_blend_begins_and_ends_at_its_classes():
    vae, z = model(), torch.tensor([0.3, -1.0, 0.5])
    way = generate.blend(vae, z, 3, 8, 5)
    ends = vae.decode_mean(z.expand(2, -1), torch.tensor([3, 8]))
    torch.testing.assert_close(way[[0, -1]], ends)
    half = torch.zeros(K)
    half[[3, 8]] = 0.5
    torch.testing.assert_close(way[2:3], vae.decode_mean(z[None], half))


# --- numbers ------------------------------------------------------------------------------------


def test_the_mean_by_class_is_over_the_images_of_each_and_nan_where_there_are_none():
    values, y = torch.tensor([-1.0, -2.0, -3.0, -4.0, -8.0]), torch.tensor([0, 5, 9, 2, 2])
    mean = generate.mean_by_class(values, y, K)
    assert (mean[2].item(), mean[5].item(), mean[0].item()) == (-6, -2, -1)
    assert math.isnan(mean[1].item())


def test_the_confusion_matrix_is_scikit_learns():
    probabilities = torch.rand(200, 4, generator=torch.Generator().manual_seed(0)).softmax(1)
    labels = torch.randint(0, 4, (200,), generator=torch.Generator().manual_seed(1))
    oracle = confusion_matrix(labels, probabilities.argmax(1), labels=range(4))
    assert generate.confusion(probabilities, labels).tolist() == oracle.tolist()


def test_the_surest_mistakes_come_first_and_what_is_right_never():
    probabilities = torch.tensor([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.05, 0.95], [0.3, 0.7]])
    labels = torch.tensor([0, 1, 0, 0, 1])
    assert generate.mistakes(probabilities, labels, 9).tolist() == [3, 1, 2]
    assert generate.mistakes(probabilities, labels, 1).tolist() == [3]


class Fixed(torch.nn.Module):
    """Reads every image as the class it is told."""

    def __init__(self, said: torch.Tensor) -> None:
        super().__init__()
        self.said = said

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 10 * torch.eye(K)[self.said[: len(x)]]


def test_agreement_counts_what_a_judge_reads_class_by_class():
    said = torch.arange(K).repeat_interleave(6)
    said[:3] = 4  # half of the zeros are read as fours
    found = generate.agreement(model(), OracleClassifier("digits", Fixed(said), 1.0, 1.0), samples=6)
    assert found.share.tolist() == [0.5] + [1.0] * 9
    assert found.total == pytest.approx(0.95)
    assert found.counts[0].tolist() == [3, 0, 0, 0, 3, 0, 0, 0, 0, 0]


class FirstPixel(torch.nn.Module):
    """Reads class 1 where the first pixel is rather white, else class 0."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 10 * torch.eye(K)[(x[:, 0, 0, 0] > 0.5).long()]


def test_of_drawn_pixels_an_oracle_reads_what_the_likelihood_draws_and_of_means_their_threshold():
    # Every image's first pixel is white with probability 0.7: its mean is always read as a 1.
    vae, oracle, n = model(), OracleClassifier("digits", FirstPixel(), 1.0, 1.0), 4000
    for parameter in vae.decoder.parameters():
        parameter.zero_()
    [*_, last] = (layer for layer in vae.decoder.modules() if isinstance(layer, torch.nn.Linear))
    last.bias[0] = math.log(0.7 / 0.3)
    means, drawn = (generate.agreement(vae, oracle, n, drawn=pixels) for pixels in (False, True))
    assert means.share.tolist() == [0, 1] + [0] * 8
    error = math.sqrt(0.7 * 0.3 / n)
    assert drawn.share[:2].tolist() == pytest.approx([0.3, 0.7], abs=4 * error)
    # Two classes err so, the other eight hardly; the total is a tenth of all.
    assert drawn.error == pytest.approx(math.sqrt(2) * error / K, rel=0.05)


def test_the_error_of_an_agreement_is_the_spread_of_repeated_ones():
    vae, oracle = model(), OracleClassifier("digits", FirstPixel(), 1.0, 1.0)
    found = [
        generate.agreement(vae, oracle, 50, generator=torch.Generator().manual_seed(seed), drawn=True)
        for seed in range(80)
    ]
    spread = torch.tensor([each.total for each in found]).std().item()
    assert found[0].error == pytest.approx(spread, rel=0.3)  # of 80 deviations, to 8 %


def posteriors(mean: torch.Tensor, labels: torch.Tensor | None) -> Posteriors:
    return Posteriors(mean, torch.zeros_like(mean), labels)


def test_a_probe_finds_a_class_that_z_knows_and_none_where_it_does_not():
    noise = torch.Generator().manual_seed(0)
    y = torch.randint(0, 3, (3000,), generator=noise)
    knows = 4 * torch.eye(3)[y] + torch.randn(3000, 3, generator=noise)
    found = generate.probe(posteriors(knows, y))
    # Two of three such classes lie 4 sqrt(2) apart: hardly any error.
    assert found.accuracy > 0.98
    assert (found.fitted, found.tested) == (1500, 1500)
    blind = generate.probe(posteriors(torch.randn(3000, 3, generator=noise), y))
    assert abs(blind.accuracy - 1 / 3) < 0.06
    assert abs(blind.chance - 1 / 3) < 0.06


def test_a_probe_without_classes_is_refused_with_a_sentence():
    for labels in (None, torch.zeros(20, dtype=torch.long)):
        with pytest.raises(ValueError, match="two or more classes"):
            generate.probe(posteriors(torch.randn(20, 2), labels))


# --- the independent classifier -----------------------------------------------------------------


def test_the_judge_of_mnist_reads_as_well_as_it_says(mnist_root):
    test = data.load("mnist", "test")
    mnist = oracle_classifier.load("mnist")
    drawn = data.binarise_static(test.images, "test")
    for images, said in ((test.images, mnist.accuracy), (drawn, mnist.accuracy_binarised)):
        right = (mnist.read(images).argmax(1) == test.labels).double().mean().item()
        assert right == pytest.approx(said, abs=2e-4)
        assert said > 0.985


def test_a_dataset_without_a_judge_is_named_with_those_that_have_one():
    assert oracle_classifier.there_is("mnist")
    assert not oracle_classifier.there_is("sprites")
    with pytest.raises(LookupError, match=r"classifier of sprites.*mnist"):
        oracle_classifier.load("sprites")


def test_all_judges_together_are_below_a_megabyte():
    assert sum(file.stat().st_size for file in oracle_classifier.FOLDER.iterdir()) < 2**20
