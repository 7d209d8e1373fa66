"""The settings of what a model is made of, but for its distributions: data, networks, mask, noise,
condition."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from vae_core.data import catalogue
from vae_core.spec.settings import Kinds, Settings, SpecError

# --- data ---------------------------------------------------------------------------------------


ClassName = Annotated[str, Field(max_length=200)]


class Data(Settings):
    """Which images, and how grey levels become what the likelihood sees."""

    name: str = Field("mnist", title="Images")
    # Where pixels are binary already: none.
    binarisation: Literal["none", "static", "dynamic"] = Field("dynamic", title="Binarisation")
    # Where a user's own images lie, and the size they are brought to; None keeps theirs.
    path: str | None = Field(None, title="Your own images")
    height: Annotated[int, Field(ge=4, le=256)] | None = Field(None, title="Size in pixels")
    width: Annotated[int, Field(ge=4, le=256)] | None = Field(None, title="Size in pixels")
    grey: bool = True
    # (channels, height, width): of a known dataset from the catalogue; of a user's own from the images, by
    # `resolve`. A run keeps it, and needs no data to be loaded.
    image_shape: tuple[int, int, int] | None = None
    # Names of the classes, likewise, where the run has a condition on them.
    classes: Annotated[tuple[ClassName, ...], Field(min_length=2, max_length=1000)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _as_the_catalogue_says(cls, value: Any) -> Any:
        """The shape of a dataset that is known, and that binary pixels are left as they are."""
        name = value.get("name", "mnist") if isinstance(value, dict) else None
        info = catalogue.CATALOGUE.get(name) if isinstance(name, str) else None
        if info is None:
            return value
        known: dict[str, Any] = {}
        if info.binary and "binarisation" not in value:
            known["binarisation"] = "none"
        if info.image_shape is not None and value.get("image_shape") is None:
            known["image_shape"] = info.image_shape
        return value | known

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if self.image_shape is None or self.name not in catalogue.CATALOGUE:
            catalogue.check(self.name, self.path, self.height, self.width)
            return self
        channels, height, width = self.image_shape
        if not (1 <= channels <= 4 and 1 <= height <= 256 and 1 <= width <= 256):
            raise ValueError("image_shape must be 1 to 4 channels and at most 256 by 256 pixels")
        return self

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width). Raises SpecError of own images at which nobody has looked yet."""
        if self.image_shape is None:
            raise SpecError("The size of the images is not known: nobody has looked at them yet.")
        return self.image_shape


# --- networks -----------------------------------------------------------------------------------

Width = Annotated[int, Field(ge=1, le=4096)]
Activation = Literal["relu", "leaky_relu", "silu", "tanh"]


class NetSettings(Settings):
    """What all networks have. partial: whether the encoder is told which pixels are observed. affine: whether
    both are one affine map. of_grid: whether a code is a grid of cells, and not one vector."""

    partial: ClassVar[bool] = False
    affine: ClassVar[bool] = False
    of_grid: ClassVar[bool] = False

    @property
    def reach(self) -> int:
        """How many pixels far the decoder sees those before each pixel; 0: pixels are independent given z."""
        return 0

    def fault(self, image_shape: tuple[int, int, int]) -> str | None:
        """Why it cannot be of images of that shape (C, H, W), beginning with the field; None where it can."""
        return None

    def grid(self, image_shape: tuple[int, int, int]) -> tuple[int, int]:
        """Rows and columns of a code's cells; (1, 1) where it is one vector."""
        return 1, 1


class Convolutions(NetSettings):
    """Convolutions of stride 2 with the given channels, then one hidden layer; the decoder mirrors them."""

    channels: Annotated[tuple[Width, ...], Field(min_length=1, max_length=5)] = Field(
        (16, 32), title="Channels", description="Of each convolution of stride 2, with commas."
    )
    hidden: Width = Field(
        128, title="Hidden units", description="Of the layer between convolutions and code."
    )
    activation: Activation = Field("relu", title="Activation", description="Between any two layers.")

    def fault(self, image_shape: tuple[int, int, int]) -> str | None:
        (_, height, width), layers = image_shape, len(self.channels)
        if min(height, width) >= 2**layers:
            return None
        return (
            f"channels: {layers} convolutions of stride 2 need images of at least "
            f"{2**layers} by {2**layers} pixels, and these are {height} by {width}; "
            "use fewer channels or the mlp network"
        )


class LectureNet(NetSettings):
    """Linear(D, 256), LeakyReLU, Linear(256, 2d), and its mirror."""

    title: ClassVar[str] = "Lecture"
    kind: Literal["lecture"] = "lecture"


class Dense(NetSettings):
    """Fully connected layers of the given widths; the decoder mirrors them."""

    widths: Annotated[tuple[Width, ...], Field(min_length=1, max_length=8)] = Field(
        (256, 128),
        title="Widths of the layers",
        description="Of the encoder, from the image to the code, with commas.",
    )
    activation: Activation = Field("relu", title="Activation", description="Between any two layers.")


class MlpNet(Dense):
    """Fully connected layers of the given widths; the decoder mirrors them."""

    title: ClassVar[str] = "Fully connected"
    kind: Literal["mlp"] = "mlp"


class PixelNet(Dense):
    """The fully connected network whose decoder gives p(x|z) = prod_i p(x_i | x_<i, z): each pixel by the
    code and, through masked convolutions, by those before it; Gulrajani et al. 2017 (PixelVAE), section 3.1.
    """

    title: ClassVar[str] = "Pixel by pixel"
    kind: Literal["pixel"] = "pixel"
    receptive_field: Annotated[int, Field(ge=0, le=7)] = Field(
        7,
        title="Receptive field, pixels",
        description="How far up, left and right a pixel sees those before it. At 0 it sees the code alone, "
        "as in the fully connected network; the farther it sees, the less it needs the code.",
    )
    channels: Annotated[int, Field(ge=1, le=256)] = Field(
        16, title="Channels", description="Of each of the five masked convolutions."
    )

    @property
    def reach(self) -> int:
        return self.receptive_field


class ConvNet(Convolutions):
    """Convolutions of stride 2 with the given channels, then one hidden layer; the decoder mirrors them."""

    title: ClassVar[str] = "Convolutional"
    kind: Literal["conv"] = "conv"


class PartialConvNet(Convolutions):
    """The convolutional network with an encoder of partial convolutions, which see observed pixels alone."""

    partial: ClassVar[bool] = True
    title: ClassVar[str] = "Partial convolutions"
    kind: Literal["partial_conv"] = "partial_conv"


class ConvGridNet(NetSettings):
    """Convolutions of stride 2 down to a grid of cells, residual blocks there, and the mirror of both;
    van den Oord et al. 2017, section 4.1."""

    of_grid: ClassVar[bool] = True
    title: ClassVar[str] = "Convolutional, to a grid"
    kind: Literal["conv_grid"] = "conv_grid"
    cell: Literal[2, 4, 8] = Field(
        4, title="Pixels of a cell", description="On each side: 4 make of 28 x 28 pixels 7 x 7 cells."
    )
    hidden: Width = Field(
        32,
        title="Channels at the grid",
        description="Half as many where the image is twice as large.",
        json_schema_extra={"step": 16},
    )
    blocks: Annotated[int, Field(ge=0, le=8)] = Field(
        1, title="Residual blocks", description="At the grid, on each side of the code."
    )
    activation: Activation = Field("relu", title="Activation", description="Between any two layers.")

    def fault(self, image_shape: tuple[int, int, int]) -> str | None:
        _, height, width = image_shape
        if height % self.cell == width % self.cell == 0:
            return None
        return (
            f"cell: cells of {self.cell} by {self.cell} pixels do not fill images of {height} by {width}; "
            "take sizes that are multiples of a cell"
        )

    def grid(self, image_shape: tuple[int, int, int]) -> tuple[int, int]:
        return image_shape[1] // self.cell, image_shape[2] // self.cell


class LinearNet(NetSettings):
    """One affine map each way: with a Gaussian likelihood, probabilistic PCA."""

    affine: ClassVar[bool] = True
    title: ClassVar[str] = "Linear"
    kind: Literal["linear"] = "linear"


Net = Annotated[
    LectureNet | MlpNet | ConvNet | PartialConvNet | ConvGridNet | LinearNet | PixelNet,
    Kinds(),
]


# --- mask ---------------------------------------------------------------------------------------


class NoMask(Settings):
    """The encoder sees whole images."""

    title: ClassVar[str] = "The whole image"
    kind: Literal["none"] = "none"


class RandomMask(Settings):
    """The encoder sees part of each image, which part drawn anew at every look: the mixture of `masks.py`.

    Hidden pixels are 0 and the mask is one more channel. The decoder is still to give all pixels.
    """

    title: ClassVar[str] = "A random part of it"
    kind: Literal["random"] = "random"


Mask = Annotated[NoMask | RandomMask, Kinds()]


# --- noise --------------------------------------------------------------------------------------


class NoNoise(Settings):
    """The encoder sees images as they are."""

    title: ClassVar[str] = "None"
    kind: Literal["none"] = "none"


class NoiseSettings(Settings):
    """The encoder sees images under noise, of which the decoder is to give the clean ones; Im et al. 2017.

    Of each image the strength is drawn anew at every look, uniformly from 0 to `strength`, so that one
    encoder serves all of these; what it means, `model/noise.py` says.
    """

    strength: Annotated[float, Field(gt=0, le=1)] = Field(
        0.5,
        title="Strength, at most",
        description="Of each image another, from none to this: the share of pixels hit; of Gaussian noise "
        "the standard deviation, white being 1.",
        json_schema_extra={"step": 0.1},
    )


class ErasedNoise(NoiseSettings):
    """Pixels become black, and nobody says which."""

    title: ClassVar[str] = "Erased pixels"
    kind: Literal["erased"] = "erased"


class SaltAndPepperNoise(NoiseSettings):
    """Pixels become black or white."""

    title: ClassVar[str] = "Salt and pepper"
    kind: Literal["salt_and_pepper"] = "salt_and_pepper"


class GaussianNoise(NoiseSettings):
    """A normal number is added to every pixel, and the sum is clipped to [0, 1]."""

    title: ClassVar[str] = "Gaussian"
    kind: Literal["gaussian"] = "gaussian"


Noise = Annotated[NoNoise | ErasedNoise | SaltAndPepperNoise | GaussianNoise, Kinds()]


# --- condition ----------------------------------------------------------------------------------


class NoCondition(Settings):
    """p(x|z): the model is not told what it sees."""

    title: ClassVar[str] = "The image alone"
    kind: Literal["none"] = "none"


class ClassCondition(Settings):
    """p(x|z, y) and q(z|x, y): the image's class y beside z, and beside x; Sohn et al. 2015.

    y enters the first fully connected layer of a network, as K numbers of which one is 1.
    """

    title: ClassVar[str] = "The image and its class"
    kind: Literal["class"] = "class"
    # Whether the encoder sees y. If not, q(z|x): one code for all classes.
    encoder: bool = Field(
        True,
        title="The encoder sees the class",
        description="q(z|x, y); without, q(z|x): one code whatever the class.",
    )
    # p(y): the same for every class, or learned, a logit for each.
    class_prior: Literal["uniform", "learned"] = Field(
        "uniform",
        title="Prior of the class p(y)",
        description="The same for every class, or learned from the labels.",
    )
    # The network of q(y|x); none where nothing asks for one. Objectives that do take the encoder's.
    classifier: Net | None = Field(None, title="Classifier q(y|x)")
    # How many training images have a label, as many of each class; None for all. What is done with the rest
    # the objective says. Which ones is drawn from `labels_seed`, so that runs of several seeds share them.
    labels: Annotated[int, Field(ge=2, le=1_000_000)] | None = Field(None, title="Images with a label")
    labels_seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    # Labelled images of a step, where unlabelled ones make up the batch.
    batch_size: Annotated[int, Field(ge=1, le=8192)] = 100
    # By how many pixels at most labelled images are shifted, anew at every step: many from few.
    shift: Annotated[int, Field(ge=0, le=8)] = Field(
        0,
        title="Labelled images shifted by up to, pixels",
        description="Anew at every step: many labelled images from few.",
    )


Condition = Annotated[NoCondition | ClassCondition, Kinds()]


# --- probability --------------------------------------------------------------------------------
