"""What a model that is told the class makes of it: samples, styles, blends, and how conditional it is.

Images are means E[x|z, y] in [0, 1], no pixel is drawn, unless a function says so. y: weights of the K
classes, or labels, as in `VAE`. Nothing here needs a page or a run: models, arrays and generators come in,
tensors go out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.analysis.decode import Pixels, decode
from vae_core.model.oracle_classifier import OracleClassifier
from vae_core.model.posteriors import Posteriors
from vae_core.model.vae import VAE

SAMPLES = 1000  # of each class, for an independent classifier: the same on pages and cards

# --- images -------------------------------------------------------------------------------------


def codes(
    model: VAE, y: Tensor, temperature: float = 1.0, generator: torch.Generator | None = None
) -> Tensor:
    """A draw of p(z|y) for each row of y, [M, D]; its deviation from the mean is multiplied by `temperature`.

    y: labels [M] or weights [M, K]. At temperature 0 every code is the prior's mean, of a mixture that of a
    component, of a flow the image of 0. Without a generator the draws are the same every time.
    """
    generator = generator or torch.Generator(model.device).manual_seed(0)
    y = model.weights(y)
    with torch.inference_mode():
        return model.prior.tempered(len(y), temperature, generator, y)


def sheet(
    model: VAE,
    classes: Sequence[int],
    count: int,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
    pixels: Pixels = "means",
) -> Tensor:
    """`count` samples of each of R classes, [R, count, C, H, W]. Rows have codes of their own."""
    y = torch.tensor(list(classes), dtype=torch.long).repeat_interleave(count)
    z = codes(model, y, temperature, generator)
    return decode(model, z, y, pixels, generator).unflatten(0, (-1, count))


def every_class(model: VAE, z: Tensor) -> Tensor:
    """The same codes z [M, D] under every class, [M, K, C, H, W]: one style in K classes."""
    z = z.repeat_interleave(model.classes, 0)
    y = torch.arange(model.classes).repeat(len(z) // model.classes)
    return model.decode_mean(z, y).unflatten(0, (-1, model.classes))


def styles(model: VAE, images: Tensor, labels: Tensor | None = None) -> Tensor:
    """The means of q(z|x, y) [N, D] of images [N, C, H, W], uint8 or float in [0, 1].

    labels [N]: their classes; without them an encoder that sees the class is told what `VAE.guess` says.
    """
    return model.posteriors(images, labels).mean


def transfer(model: VAE, images: Tensor, labels: Tensor | None = None) -> Tensor:
    """Each image's style in every class, [N, K, C, H, W]: analogies, Kingma et al. 2014, figure 1."""
    return every_class(model, styles(model, images, labels))


def blend(model: VAE, z: Tensor, first: int, second: int, steps: int) -> Tensor:
    """One code z [D] on the way from one class to another, [steps, C, H, W]: weights change linearly."""
    share = torch.linspace(0, 1, steps)[:, None]
    every = torch.eye(model.classes)
    return model.decode_mean(z.expand(steps, -1), torch.lerp(every[first], every[second], share))


# --- classifiers --------------------------------------------------------------------------------


def mean_by_class(values: Tensor, labels: Tensor, classes: int) -> Tensor:
    """The mean of values [N] over the images of each class [K]; nan where a class has none."""
    labels = labels.cpu()
    count = labels.bincount(minlength=classes)
    return torch.zeros(classes, dtype=values.dtype).index_add_(0, labels, values) / count


def confusion(probabilities: Tensor, labels: Tensor) -> Tensor:
    """How many images of class i were taken for class j, [K, K] int64; probabilities [N, K], labels [N]."""
    classes = probabilities.shape[1]
    return (labels * classes + probabilities.argmax(1)).bincount(minlength=classes**2).view(classes, classes)


def mistakes(probabilities: Tensor, labels: Tensor, count: int) -> Tensor:
    """Indices of the images [<= count] that were taken for a wrong class, the surest first."""
    sure, read = probabilities.max(1)
    wrong = (read != labels).nonzero()[:, 0]
    return wrong[sure[wrong].argsort(descending=True, stable=True)][:count]


# --- how conditional it is ----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Agreement:
    """How an independent classifier reads samples: of each asked class i, how many as class j.

    counts [K, K] int64; share [K]: read as asked; total: of all, and its standard error; samples: of each
    class; drawn: whether their pixels were drawn from p(x|z, y), or are its means.
    """

    counts: Tensor
    samples: int
    temperature: float
    drawn: bool = False

    @property
    def share(self) -> Tensor:
        return self.counts.diagonal().double() / self.samples

    @property
    def total(self) -> float:
        return self.share.mean().item()

    @property
    def error(self) -> float:
        """Of classes sampled equally often: the root of sum_k p_k (1 - p_k) / n, over K."""
        n, right = self.samples, self.counts.diagonal().double()
        likely = (right + 1) / (n + 2)  # so that all right is not taken for certainty
        return (likely * (1 - likely) / n).sum().sqrt().item() / len(right)


def agreement(
    model: VAE,
    oracle: OracleClassifier,
    samples: int = SAMPLES,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
    drawn: bool = False,
) -> Agreement:
    """Puts `samples` images of each class before an oracle of the same dataset (`oracle_classifier.load`).

    drawn: with every pixel drawn from p(x|z, y), as the model says that images come about; else the means,
    which are easier to read. Where the generators are the same, so are the codes of both.
    """
    generator = generator or torch.Generator(model.device).manual_seed(0)
    y = torch.arange(model.classes).repeat_interleave(samples)
    z = codes(model, y, temperature, generator)
    images = decode(model, z, y, "drawn" if drawn else "means", generator)
    return Agreement(confusion(oracle.read(images.cpu()), y), samples, temperature, drawn)


@dataclass(frozen=True)
class Probe:
    """accuracy: of logistic regression from z to y, on codes it was not fitted to; chance: of always saying
    the commonest class. fitted, tested: how many codes.
    """

    accuracy: float
    chance: float
    fitted: int
    tested: int


def probe(posteriors: Posteriors, seed: int = 0) -> Probe:
    """Does z still know the class? Where it does, y had no need to say it; whether it does, this cannot tell.

    Logistic regression from the posteriors' means, scaled to unit variance, to their labels: fitted on one
    half, drawn from `seed`, and tested on the other. ValueError where there are no labels or only one class.
    Takes seconds, and loads scikit-learn: not for a page's run.
    """
    from sklearn.linear_model import LogisticRegression

    if posteriors.labels is None or len(posteriors.labels.unique()) < 2:
        raise ValueError("A probe needs codes of images of two or more classes.")
    order = torch.randperm(len(posteriors), generator=torch.Generator().manual_seed(seed))
    fit, test = order.tensor_split(2)
    z = posteriors.mean.double()
    z = (z - z[fit].mean(0)) / z[fit].std(0).clamp(min=1e-6)
    y = posteriors.labels
    machine = LogisticRegression(max_iter=1000).fit(z[fit].numpy(), y[fit].numpy())
    accuracy = float(machine.score(z[test].numpy(), y[test].numpy()))
    commonest = y[fit].mode().values
    return Probe(accuracy, (y[test] == commonest).double().mean().item(), len(fit), len(test))
