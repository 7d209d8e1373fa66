"""The settings of likelihoods p(x|z): what a pixel is, given the code."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from vae_core.spec.settings import Kinds, Settings

GREY_LEVELS = 256  # of a pixel of an image as it is stored
DENSITY_OF_BINARY = (
    "A density of pixels that are only black or white can grow without limit: its nats are no log-likelihood "
    "of images. Leave grey pixels grey, or choose a Bernoulli."
)


class LikelihoodSettings(Settings):
    """What all likelihoods have: which pixels they are one of, and what is said where pixels are others.

    needs_grey: whether binarised pixels are refused. isotropic: whether it is a Gaussian of one variance.
    learns_spread: whether it is a density whose width training may shrink to nothing. two_valued: whether
    pixels are 0 or 1, so that the mean of p(x|z) says all of it. density: whether it is one over [0, 1].
    distance: what the reconstruction is, where it is none at all, and datasets: of which images it can be.
    """

    usual_binarisation: ClassVar[Literal["none", "dynamic"]] = "none"  # of grey pixels
    other_pixels: ClassVar[str | None] = None
    needs_grey: ClassVar[bool] = False
    two_valued: ClassVar[bool] = False
    density: ClassVar[bool] = False
    distance: ClassVar[str | None] = None
    datasets: ClassVar[tuple[str, ...] | None] = None

    @property
    def isotropic(self) -> bool:
        return False

    @property
    def learns_spread(self) -> bool:
        return False

    def beta_at_unit_variance(self, beta: float) -> float | None:
        """The weight of the KL under which a Gaussian of variance 1 has the same optimum as this one under
        `beta`; None where it has none."""
        return None

    @property
    def known_on_grey_levels(self) -> bool:
        """Whether log p of an image can be turned into that of its 256 grey levels."""
        return self.density

    def bits_to_grey_levels(self, shares: Sequence[float] | None = None) -> float | None:
        """Bits per pixel by which a grey level costs more than what this likelihood is of; a density is over
        [0, 1], of which a level is a 256th. shares [256]: of pixels at each level; None where they are needed
        and not given."""
        return math.log2(GREY_LEVELS) if self.density else None

    def note(self, binary: bool) -> str | None:
        """Why nats of binary, or of grey, pixels are no log-likelihood of images; None where they are."""
        return self.other_pixels if binary != (self.usual_binarisation == "dynamic") else None


class BernoulliLikelihood(LikelihoodSettings):
    """Independent Bernoulli pixels, on logits. A likelihood of binarised pixels only."""

    usual_binarisation: ClassVar[Literal["none", "dynamic"]] = "dynamic"
    other_pixels: ClassVar[str | None] = (
        "A Bernoulli of grey pixels is a cross-entropy, no likelihood; use binarised ones."
    )
    two_valued: ClassVar[bool] = True
    title: ClassVar[str] = "Bernoulli"
    kind: Literal["bernoulli"] = "bernoulli"


class ContinuousBernoulliLikelihood(LikelihoodSettings):
    """A density on [0, 1] per pixel (Loaiza-Ganem and Cunningham 2019)."""

    other_pixels: ClassVar[str | None] = DENSITY_OF_BINARY
    density: ClassVar[bool] = True
    title: ClassVar[str] = "Continuous Bernoulli"
    kind: Literal["continuous_bernoulli"] = "continuous_bernoulli"


class GaussianLikelihood(LikelihoodSettings):
    """A Gaussian density per pixel; its variance fixed, one learned number, or learned per pixel."""

    other_pixels: ClassVar[str | None] = DENSITY_OF_BINARY
    density: ClassVar[bool] = True
    title: ClassVar[str] = "Gaussian"
    kind: Literal["gaussian"] = "gaussian"
    variance: Literal["fixed", "shared", "learned"] = Field(
        "shared",
        title="Variance",
        description="Fixed, one learned number for all pixels, or learned for each.",
    )
    sigma: Annotated[float, Field(gt=0.001, le=10)] = Field(
        0.1,
        title="Standard deviation",
        description="On pixels from 0 to 1: the value where fixed, the start where shared.",
        json_schema_extra={"step": 0.01},
    )

    @property
    def isotropic(self) -> bool:
        return self.variance != "learned"

    @property
    def learns_spread(self) -> bool:
        return self.variance != "fixed"

    def beta_at_unit_variance(self, beta: float) -> float | None:
        """beta sigma^2: |x - mu|^2 / (2 sigma^2) + beta KL is 1 / sigma^2 times what is minimised there."""
        return beta * self.sigma**2 if self.variance == "fixed" else None


class LaplaceLikelihood(LikelihoodSettings):
    """A Laplace density per pixel, exp(-|x - mu| / b) / 2b: its mode is the median, where a Gaussian's is the
    mean. Its scale fixed, one learned number, or learned per pixel."""

    other_pixels: ClassVar[str | None] = DENSITY_OF_BINARY
    density: ClassVar[bool] = True
    title: ClassVar[str] = "Laplace"
    kind: Literal["laplace"] = "laplace"
    scale: Literal["fixed", "shared", "learned"] = Field(
        "shared",
        title="Scale",
        description="Fixed, one learned number for all pixels, or learned for each.",
    )
    b: Annotated[float, Field(gt=0.001, le=10)] = Field(
        0.1,
        title="Mean distance from the median",
        description="On pixels from 0 to 1: the value where fixed, the start where shared.",
        json_schema_extra={"step": 0.01},
    )

    @property
    def learns_spread(self) -> bool:
        return self.scale != "fixed"


class CategoricalLikelihood(LikelihoodSettings):
    """A probability for each of so many grey levels of each pixel, to the nearest of which it is rounded."""

    needs_grey: ClassVar[bool] = True
    title: ClassVar[str] = "Grey levels"
    kind: Literal["categorical"] = "categorical"
    levels: Annotated[int, Field(ge=2, le=256)] = Field(
        256,
        title="Grey levels",
        description="Each pixel has one of them; the decoder gives as many numbers for it. Of fewer than "
        "256 the nats are those of images rounded to them.",
    )

    @property
    def known_on_grey_levels(self) -> bool:
        return True

    def bits_to_grey_levels(self, shares: Sequence[float] | None = None) -> float | None:
        """Those that say which of the grey levels that are rounded to one it was, all of them as likely."""
        if self.levels == GREY_LEVELS:
            return 0.0
        if shares is None:
            return None
        rounded = [round(grey / (GREY_LEVELS - 1) * (self.levels - 1)) for grey in range(GREY_LEVELS)]
        together = Counter(rounded)
        return sum(share * math.log2(together[level]) for share, level in zip(shares, rounded, strict=True))


class PerceptualLikelihood(LikelihoodSettings):
    """No likelihood: a distance between the features of an image and of its reconstruction, as a classifier
    sees them."""

    datasets: ClassVar[tuple[str, ...] | None] = ("mnist",)
    distance: ClassVar[str | None] = "Feature distance"
    title: ClassVar[str] = "Features (no likelihood)"
    kind: Literal["perceptual"] = "perceptual"
    weight: Annotated[float, Field(gt=0, le=1000)] = Field(
        1.0,
        title="Weight of the distance",
        description="Against the KL. Of the classifier that comes with the app, the squared distance of all "
        "layers, halved.",
        json_schema_extra={"step": 0.1},
    )

    def note(self, binary: bool) -> str | None:
        return (
            "A distance between features is no likelihood: this run has no ELBO and no log p(x), and its "
            "numbers compare with no other's."
        )


Likelihood = Annotated[
    BernoulliLikelihood
    | ContinuousBernoulliLikelihood
    | GaussianLikelihood
    | LaplaceLikelihood
    | CategoricalLikelihood
    | PerceptualLikelihood,
    Kinds(),
]
