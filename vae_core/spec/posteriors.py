"""The settings of approximate posteriors q(z|x)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from vae_core.spec.settings import Kinds, Settings

Codes = Annotated[int, Field(ge=1, le=4096)]
Temperature = Annotated[float, Field(ge=0.05, le=10)]


class PosteriorSettings(Settings):
    """What all posteriors have.

    closed_form: whether its KL from a Gaussian prior has one; where it has none, a Spec takes
    `objective.kl=monte_carlo`. independent: whether the dimensions are, given the image. form: what a run
    keeps of each image's posterior; see `model/posteriors.py`. vector, continuous: what its codes are; see
    `capabilities.py`. width: of how many numbers each latent dimension is in z. quantised: whether a code is
    a grid of vectors of a codebook. levels: of how many grids it is, each twice as fine as the one before.
    """

    closed_form: ClassVar[bool] = False
    independent: ClassVar[bool] = False
    form: ClassVar[Literal["gaussian", "draws", "indices", "levels", "probabilities"]] = "draws"
    vector: ClassVar[bool] = True
    continuous: ClassVar[bool] = True
    quantised: ClassVar[bool] = False
    levels: ClassVar[int] = 1

    @property
    def codebooks(self) -> tuple[int, ...]:
        """How many codes the codebook of each level has; () where there is none."""
        return ()

    @property
    def width(self) -> int:
        return 1

    @property
    def relaxed(self) -> bool:
        """Whether training sees other codes than the model has, nearer to its gradient."""
        return False


class DiagonalGaussianPosterior(PosteriorSettings):
    """q(z|x) = N(mu, diag(sigma^2)); sigma of each image, or the same for all images."""

    closed_form: ClassVar[bool] = True
    independent: ClassVar[bool] = True
    form: ClassVar[Literal["gaussian", "draws"]] = "gaussian"
    title: ClassVar[str] = "Diagonal Gaussian"
    kind: Literal["diagonal_gaussian"] = "diagonal_gaussian"
    variance: Literal["image", "shared"] = Field(
        "image",
        title="Variances of q(z|x)",
        description="The encoder gives those of each image; or one learned number for each dimension is the "
        "same for all images, as in the linear VAE (Lucas et al. 2019).",
    )


class PointPosterior(PosteriorSettings):
    """z = mu(x), without noise: a deterministic autoencoder. Of the KL the squared length of mu remains."""

    closed_form: ClassVar[bool] = True
    independent: ClassVar[bool] = True
    form: ClassVar[Literal["gaussian", "draws"]] = "gaussian"
    title: ClassVar[str] = "Point (no noise)"
    kind: Literal["point"] = "point"
    variance: ClassVar[str] = "none"


class IafPosterior(PosteriorSettings):
    """A diagonal Gaussian bent by an inverse autoregressive flow: any shape, and its density is known."""

    title: ClassVar[str] = "Flow (IAF)"
    kind: Literal["iaf"] = "iaf"
    depth: Annotated[int, Field(ge=1, le=4)] = Field(
        2, title="Steps of the flow", description="Each bends the posterior once more."
    )
    hidden: Annotated[int, Field(ge=1, le=1024)] = Field(
        64,
        title="Hidden units of a step",
        description="And so many numbers the encoder tells every step about the image.",
        json_schema_extra={"step": 16},
    )


class GumbelPosterior(PosteriorSettings):
    """One of K categories in every group, relaxed in training: Gumbel-softmax, Jang et al. 2017.

    `Spec.latent` is the number of groups.
    """

    closed_form: ClassVar[bool] = True
    form: ClassVar[Literal["gaussian", "draws", "probabilities"]] = "probabilities"
    continuous: ClassVar[bool] = False
    title: ClassVar[str] = "Categories (Gumbel-softmax)"
    kind: Literal["gumbel"] = "gumbel"
    categories: Annotated[int, Field(ge=2, le=256)] = Field(
        10, title="Categories", description="In each group; the latent dimensions are the groups."
    )
    estimator: Literal["relaxed", "score"] = Field(
        "relaxed",
        title="Gradient of the encoder",
        description="Through the relaxed choice, with bias and little noise; or by the score function less a "
        "baseline, without bias and with much.",
    )
    straight_through: bool = Field(
        False,
        title="Straight through",
        description="The decoder sees the hard choice, and the gradient is that of the relaxed one.",
    )
    temperature: Temperature = Field(
        1.0,
        title="Temperature",
        description="At first. How soft the relaxed choice is: near 0 it is hard, and its gradient noisy.",
        json_schema_extra={"step": 0.1},
    )
    last_temperature: Temperature = Field(
        0.5,
        title="Temperature at last",
        description="Where it falls to, by the same factor every step.",
        json_schema_extra={"step": 0.1},
    )
    temperature_steps: Annotated[int, Field(ge=0, le=10_000_000)] = Field(
        5000,
        title="Steps of its fall",
        description="Then it stays; at 0 it is the last one from the start.",
        json_schema_extra={"step": 500},
    )

    @property
    def width(self) -> int:
        return self.categories

    @property
    def relaxed(self) -> bool:
        return self.estimator == "relaxed" and not self.straight_through


class QuantisedSettings(PosteriorSettings):
    """What codebooks have. `Spec.latent` is the dimension of their vectors."""

    vector: ClassVar[bool] = False
    continuous: ClassVar[bool] = False
    quantised: ClassVar[bool] = True
    commitment: Annotated[float, Field(ge=0, le=100)] = Field(
        0.25,
        title="Commitment",
        description="How much the encoder is drawn to the codes that it chose.",
        json_schema_extra={"step": 0.05},
    )
    codebook: Literal["loss", "moving_average"] = Field(
        "loss",
        title="The codebook learns",
        description="By a loss that draws each code to the cells that chose it, or as their moving average.",
    )
    restart: bool = Field(
        True,
        title="Restart unused codes",
        description="A code that no cell chose for an epoch becomes what the encoder gives of some cell.",
    )


class VqPosterior(QuantisedSettings):
    """Of every cell of a grid the nearest of K vectors of a codebook: VQ-VAE, van den Oord et al. 2017."""

    form: ClassVar[Literal["indices"]] = "indices"
    title: ClassVar[str] = "Codebook (VQ)"
    kind: Literal["vq"] = "vq"
    codes: Codes = Field(
        64,
        title="Codes",
        description="K vectors, of which each cell of an image takes the nearest.",
        json_schema_extra={"step": 16},
    )

    @property
    def codebooks(self) -> tuple[int, ...]:
        return (self.codes,)


class Vq2Posterior(QuantisedSettings):
    """Two grids of codes, each with a codebook of its own: the bottom one, twice as fine, is chosen given the
    top one. VQ-VAE-2, Razavi et al. 2019."""

    form: ClassVar[Literal["levels"]] = "levels"
    levels: ClassVar[int] = 2
    title: ClassVar[str] = "Two codebooks (VQ-VAE-2)"
    kind: Literal["vq2"] = "vq2"
    codes: Codes = Field(
        64,
        title="Codes at the top",
        description="Vectors, of which each cell of the coarse grid takes the nearest.",
        json_schema_extra={"step": 16},
    )
    bottom_codes: Codes = Field(
        64,
        title="Codes at the bottom",
        description="Vectors for the cells of the grid that is twice as fine.",
        json_schema_extra={"step": 16},
    )

    @property
    def codebooks(self) -> tuple[int, ...]:
        return self.codes, self.bottom_codes


Posterior = Annotated[
    DiagonalGaussianPosterior | PointPosterior | IafPosterior | GumbelPosterior | VqPosterior | Vq2Posterior,
    Kinds(),
]
