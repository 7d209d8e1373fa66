"""The settings of likelihoods p(x|z): what a pixel is, given the code."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from vae_core.spec.settings import Kinds, Settings

DENSITY_OF_BINARY = (
    "A density of pixels that are only black or white can grow without limit: its nats are no log-likelihood "
    "of images. Leave grey pixels grey, or choose a Bernoulli."
)


class LikelihoodSettings(Settings):
    """What all likelihoods have: which pixels they are one of, and what is said where pixels are others.

    needs_grey: whether binarised pixels are refused. isotropic: whether it is a Gaussian of one variance.
    learns_spread: whether it is a density whose width training may shrink to nothing. two_valued: whether
    pixels are 0 or 1, so that the mean of p(x|z) says all of it.
    """

    usual_binarisation: ClassVar[Literal["none", "dynamic"]] = "none"  # of grey pixels
    other_pixels: ClassVar[str | None] = None
    needs_grey: ClassVar[bool] = False
    two_valued: ClassVar[bool] = False

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
    title: ClassVar[str] = "Continuous Bernoulli"
    kind: Literal["continuous_bernoulli"] = "continuous_bernoulli"


class GaussianLikelihood(LikelihoodSettings):
    """A Gaussian density per pixel; its variance fixed, one learned number, or learned per pixel."""

    other_pixels: ClassVar[str | None] = DENSITY_OF_BINARY
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


Likelihood = Annotated[
    BernoulliLikelihood
    | ContinuousBernoulliLikelihood
    | GaussianLikelihood
    | LaplaceLikelihood
    | CategoricalLikelihood,
    Kinds(),
]
