"""Spec: the one description of a run, validated, JSON both ways.

Nothing here imports torch, so that a form can be checked without loading it.
Each part of a run has a settings class below; the class that implements it is found under the same
`kind` in `nets.py`, `likelihoods.py`, `posteriors.py`, `priors.py` or `objectives.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vae_core.data import catalogue


class SpecError(ValueError):
    """A Spec that cannot be; the message is a sentence for the user."""


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


# --- data ---------------------------------------------------------------------------------------


ClassName = Annotated[str, Field(max_length=200)]


class Data(Settings):
    """Which images, and how grey levels become what the likelihood sees."""

    name: str = "mnist"
    binarisation: Literal["none", "static", "dynamic"] = "dynamic"  # where pixels are binary already: none
    # Where a user's own images lie, and the size they are brought to; None keeps theirs.
    path: str | None = None
    height: Annotated[int, Field(ge=4, le=256)] | None = None
    width: Annotated[int, Field(ge=4, le=256)] | None = None
    grey: bool = True
    # (channels, height, width); filled in from the dataset, and kept so that a run needs no data to load.
    image_shape: tuple[int, int, int] | None = None
    # Names of the classes; filled in and kept likewise, where the run has a condition on them.
    classes: Annotated[tuple[ClassName, ...], Field(min_length=2, max_length=1000)] | None = None

    @model_validator(mode="after")
    def _leave_binary_pixels(self) -> Self:
        if "binarisation" not in self.model_fields_set and catalogue.binary(self.name):
            object.__setattr__(self, "binarisation", "none")
        return self

    @model_validator(mode="after")
    def _know_the_shape(self) -> Self:
        if self.image_shape is not None:
            channels, height, width = self.image_shape
            if not (1 <= channels <= 4 and 1 <= height <= 256 and 1 <= width <= 256):
                raise ValueError("image_shape must be 1 to 4 channels and at most 256 by 256 pixels")
            return self
        shape = catalogue.image_shape(self.name, self.path, self.height, self.width, self.grey)
        object.__setattr__(self, "image_shape", shape)
        return self

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        assert self.image_shape is not None
        return self.image_shape


# --- networks -----------------------------------------------------------------------------------

Width = Annotated[int, Field(ge=1, le=4096)]
Activation = Literal["relu", "leaky_relu", "silu", "tanh"]


class LectureNet(Settings):
    """Linear(D, 256), LeakyReLU, Linear(256, 2d), and its mirror."""

    kind: Literal["lecture"] = "lecture"


class MlpNet(Settings):
    """Fully connected layers of the given widths; the decoder mirrors them."""

    kind: Literal["mlp"] = "mlp"
    widths: Annotated[tuple[Width, ...], Field(min_length=1, max_length=8)] = (256, 128)
    activation: Activation = "relu"


class ConvNet(Settings):
    """Convolutions of stride 2 with the given channels, then one hidden layer; the decoder mirrors them."""

    kind: Literal["conv"] = "conv"
    channels: Annotated[tuple[Width, ...], Field(min_length=1, max_length=5)] = (16, 32)
    hidden: Width = 128
    activation: Activation = "relu"


class PartialConvNet(Settings):
    """The convolutional network with an encoder of partial convolutions, which see observed pixels alone."""

    kind: Literal["partial_conv"] = "partial_conv"
    channels: Annotated[tuple[Width, ...], Field(min_length=1, max_length=5)] = (16, 32)
    hidden: Width = 128
    activation: Activation = "relu"


class LinearNet(Settings):
    """One affine map each way: with a Gaussian likelihood, probabilistic PCA."""

    kind: Literal["linear"] = "linear"


Net = Annotated[LectureNet | MlpNet | ConvNet | PartialConvNet | LinearNet, Field(discriminator="kind")]


# --- mask ---------------------------------------------------------------------------------------


class NoMask(Settings):
    """The encoder sees whole images."""

    kind: Literal["none"] = "none"


class RandomMask(Settings):
    """The encoder sees part of each image, which part drawn anew at every look: the mixture of `masks.py`.

    Hidden pixels are 0 and the mask is one more channel. The decoder is still to give all pixels.
    """

    kind: Literal["random"] = "random"


Mask = Annotated[NoMask | RandomMask, Field(discriminator="kind")]


# --- condition ----------------------------------------------------------------------------------


class NoCondition(Settings):
    """p(x|z): the model is not told what it sees."""

    kind: Literal["none"] = "none"


class ClassCondition(Settings):
    """p(x|z, y) and q(z|x, y): the image's class y beside z, and beside x; Sohn et al. 2015.

    y enters the first fully connected layer of a network, as K numbers of which one is 1.
    """

    kind: Literal["class"] = "class"
    # Whether the encoder sees y. If not, q(z|x): one code for all classes.
    encoder: bool = True
    # p(y): the same for every class, or learned, a logit for each.
    class_prior: Literal["uniform", "learned"] = "uniform"
    # The network of q(y|x); none where nothing asks for one. Objectives that do take the encoder's.
    classifier: Net | None = None
    # How many training images have a label, as many of each class; None for all. What is done with the rest
    # the objective says. Which ones is drawn from `labels_seed`, so that runs of several seeds share them.
    labels: Annotated[int, Field(ge=2, le=1_000_000)] | None = None
    labels_seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    # Labelled images of a step, where unlabelled ones make up the batch.
    batch_size: Annotated[int, Field(ge=1, le=8192)] = 100
    # By how many pixels at most labelled images are shifted, anew at every step: many from few.
    shift: Annotated[int, Field(ge=0, le=8)] = 0


Condition = Annotated[NoCondition | ClassCondition, Field(discriminator="kind")]


# --- probability --------------------------------------------------------------------------------


class BernoulliLikelihood(Settings):
    """Independent Bernoulli pixels, on logits. A likelihood of binarised pixels only."""

    kind: Literal["bernoulli"] = "bernoulli"


class ContinuousBernoulliLikelihood(Settings):
    """A density on [0, 1] per pixel (Loaiza-Ganem and Cunningham 2019)."""

    kind: Literal["continuous_bernoulli"] = "continuous_bernoulli"


class GaussianLikelihood(Settings):
    """A Gaussian density per pixel; its variance fixed, one learned number, or learned per pixel."""

    kind: Literal["gaussian"] = "gaussian"
    variance: Literal["fixed", "shared", "learned"] = "shared"
    # Standard deviation on the pixel scale [0, 1]: the value where fixed, the start where shared.
    sigma: Annotated[float, Field(gt=0.001, le=10)] = 0.1


class CategoricalLikelihood(Settings):
    """A probability for each of the 256 grey levels of each pixel."""

    kind: Literal["categorical"] = "categorical"


Likelihood = Annotated[
    BernoulliLikelihood | ContinuousBernoulliLikelihood | GaussianLikelihood | CategoricalLikelihood,
    Field(discriminator="kind"),
]


class DiagonalGaussianPosterior(Settings):
    kind: Literal["diagonal_gaussian"] = "diagonal_gaussian"


class StandardNormalPrior(Settings):
    """p(z) = N(0, I), whatever the condition."""

    kind: Literal["standard_normal"] = "standard_normal"


class ClassNormalPrior(Settings):
    """p(z|y) = N(mu_y, diag(sigma_y^2)), learned for each class."""

    kind: Literal["class_normal"] = "class_normal"


Prior = Annotated[StandardNormalPrior | ClassNormalPrior, Field(discriminator="kind")]


# --- objectives ---------------------------------------------------------------------------------

Weight = Annotated[float, Field(ge=0, le=1000)]
Samples = Annotated[int, Field(ge=1, le=64)]
Steps = Annotated[int, Field(ge=0, le=10_000_000)]


class _Weighed(Settings):
    """What all objectives have. `beta` is the weight that may move while a run trains."""

    beta: Weight = 1.0
    kl: Literal["analytic", "monte_carlo"] = "analytic"
    samples: Samples = 1


class ElboObjective(_Weighed):
    """reconstruction - beta * KL, with beta rising from 0 over the first `warm_up` steps."""

    kind: Literal["elbo"] = "elbo"
    warm_up: Steps = 0


class CapacityObjective(_Weighed):
    """reconstruction - beta * |KL - C|, with C rising from 0 to `capacity` nats over `capacity_steps`."""

    kind: Literal["capacity"] = "capacity"
    beta: Weight = 30.0
    capacity: Annotated[float, Field(ge=0, le=1000)] = 25.0
    capacity_steps: Steps = 10_000


class FreeBitsObjective(_Weighed):
    """reconstruction - beta * sum over dimensions of max(free_bits, KL of the dimension)."""

    kind: Literal["free_bits"] = "free_bits"
    free_bits: Annotated[float, Field(ge=0, le=1000)] = 0.25  # nats per dimension
    kl: Literal["analytic"] = "analytic"


class BetaTcObjective(_Weighed):
    """reconstruction - alpha * mutual information - beta * total correlation - gamma * dimension-wise KL.

    beta rises from 0 over the first `warm_up` steps.
    """

    kind: Literal["beta_tc"] = "beta_tc"
    alpha: Weight = 1.0
    beta: Weight = 6.0
    gamma: Weight = 1.0
    warm_up: Steps = 0
    # How q(z), a mixture over the whole dataset, is estimated from a batch.
    sampling: Literal["weighted", "stratified"] = "weighted"


class FactorObjective(_Weighed):
    """reconstruction - beta * KL - gamma * total correlation, which a discriminator learns to estimate."""

    kind: Literal["factor"] = "factor"
    gamma: Weight = 10.0
    # The paper's discriminator has six layers of 1,000; this one learns as fast and costs far less.
    widths: Annotated[tuple[Width, ...], Field(min_length=1, max_length=8)] = (256, 256, 256)
    discriminator_rate: Annotated[float, Field(gt=0, le=1)] = 1e-4


class JointObjective(_Weighed):
    """The ELBO of log p(x, y) plus alpha * log q(y|x), of labelled images alone."""

    kind: Literal["joint"] = "joint"
    warm_up: Steps = 0
    # The weight of the classifier, in nats per image.
    alpha: Weight = 1.0


class M2Objective(_Weighed):
    """The joint objective of labelled images, and of the others a bound of log p(x) with y summed out."""

    kind: Literal["m2"] = "m2"
    warm_up: Steps = 0
    alpha: Weight = 10.0
    # What part of the bound labelled images make up, however few they are.
    labelled_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    # Steps over which the bound's gradient comes to reach q(y|x).
    class_warm_up: Steps = 0


Objective = Annotated[
    ElboObjective
    | CapacityObjective
    | FreeBitsObjective
    | BetaTcObjective
    | FactorObjective
    | JointObjective
    | M2Objective,
    Field(discriminator="kind"),
]
CLASSIFYING = ("joint", "m2")  # objectives that learn q(y|x) and p(y)


# --- training -----------------------------------------------------------------------------------


class Training(Settings):
    """How long, how fast, and from which seed. Exactly one of epochs, steps and seconds ends it."""

    epochs: Annotated[float, Field(gt=0, le=100_000)] | None = None
    steps: Annotated[int, Field(ge=1, le=100_000_000)] | None = None
    seconds: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=8192)] = 128
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 2e-3
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    # bfloat16 rounds the factors of training's matrix products; sums, weights, likelihoods and all that is
    # measured stay float32. auto rounds those that are faster for it; see training/direct.py.
    products: Literal["auto", "float32", "bfloat16"] = "auto"

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        ends = [name for name in ("epochs", "steps", "seconds") if getattr(self, name) is not None]
        if not ends:
            object.__setattr__(self, "epochs", 20.0)
        elif len(ends) > 1:
            raise ValueError(f"give one of epochs, steps and seconds, not {' and '.join(ends)}")
        return self


class Spec(Settings):
    """The whole of a run: data, networks, mask, likelihood, posterior, prior, condition, objective,
    training."""

    recipe: str | None = None
    data: Data = Data()
    latent: Annotated[int, Field(ge=1, le=512)] = 2
    net: Net = MlpNet()
    mask: Mask = NoMask()
    likelihood: Likelihood = BernoulliLikelihood()
    posterior: DiagonalGaussianPosterior = DiagonalGaussianPosterior()
    prior: Prior = StandardNormalPrior()
    condition: Condition = NoCondition()
    objective: Objective = ElboObjective()
    training: Training = Training()

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        _, height, width = self.data.shape
        if isinstance(self.net, ConvNet | PartialConvNet):
            layers = len(self.net.channels)
            if min(height, width) < 2**layers:
                raise ValueError(
                    f"net.channels: {layers} convolutions of stride 2 need images of at least "
                    f"{2**layers} by {2**layers} pixels, and these are {height} by {width}; "
                    "use fewer channels or the mlp network"
                )
        if self.likelihood.kind == "categorical" and self.data.binarisation != "none":
            raise ValueError(
                "data.binarisation: the categorical likelihood is over 256 grey levels and needs none"
            )
        self._condition_fits()
        classifier = getattr(self.condition, "classifier", None)
        if classifier is not None and (self.masked or classifier.kind == "partial_conv"):
            raise ValueError(
                f"objective.kind: {self.objective.kind} learns a classifier of whole images; "
                "it goes with mask.kind=none and any network but partial_conv"
            )
        return self

    def _condition_fits(self) -> None:
        condition, classifying = self.condition, self.objective.kind in CLASSIFYING
        if condition.kind == "none":
            if classifying:
                raise ValueError(
                    f"objective.kind: {self.objective.kind} is about each image's class; "
                    "it needs condition.kind=class"
                )
            if self.prior.kind == "class_normal":
                raise ValueError(
                    "prior.kind: class_normal is a prior for each class; it needs condition.kind=class"
                )
            return
        source = self.data
        if source.classes is None:
            names = catalogue.class_names(source.name, source.path)
            if len(names) < 2:
                raise ValueError(
                    f"condition.kind: the images of {source.name} have no labels of two or more classes, and "
                    "this model is told each image's class; choose labelled images"
                )
            object.__setattr__(self, "data", source.model_copy(update={"classes": names}))
        if classifying and condition.classifier is None:
            filled = condition.model_copy(update={"classifier": self.net})
            object.__setattr__(self, "condition", filled)
        if not classifying and (condition.classifier is not None or condition.class_prior == "learned"):
            raise ValueError(
                f"condition.classifier, condition.class_prior: the objective {self.objective.kind} learns "
                f"neither q(y|x) nor p(y); choose {' or '.join(CLASSIFYING)}, or no classifier and a uniform "
                "class prior"
            )
        if condition.labels is not None and condition.labels < self.classes:
            raise ValueError(
                f"condition.labels: {condition.labels} labels do not reach {self.classes} classes; "
                f"take at least {self.classes}"
            )

    @property
    def masked(self) -> bool:
        """Whether the encoder is told which pixels are observed."""
        return self.mask.kind != "none" or self.net.kind == "partial_conv"

    @property
    def encoder_sees_class(self) -> bool:
        """Whether the posterior is q(z|x, y)."""
        return self.condition.kind == "class" and self.condition.encoder

    @property
    def classes(self) -> int:
        """How many classes the condition tells apart; 0 where there is none."""
        return 0 if self.condition.kind == "none" else len(self.data.classes or ())

    @classmethod
    def parse(cls, value: dict[str, Any]) -> Spec:
        """A Spec from plain data. Raises SpecError, a sentence naming field, value and what is allowed."""
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise SpecError(_sentence(error)) from None

    @classmethod
    def load(cls, path: str | Path) -> Spec:
        """Read `spec.json`. Raises SpecError where the file is no Spec."""
        try:
            value = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise SpecError(f"{path} cannot be read as a run description: {error}.") from None
        if not isinstance(value, dict):
            raise SpecError(
                f"{path} is no run description: it holds a {type(value).__name__}, not an object."
            )
        return cls.parse(value)

    def to_json(self) -> str:
        return self.model_dump_json(indent=2) + "\n"

    def change(self, **changes: Any) -> Spec:
        """A copy with dotted fields replaced: `spec.change(**{"objective.beta": 4})`.

            Values may be text, as they come from a command line or an address bar.
            A change of `kind` starts that part from its defaults; of the dataset, the data settings, but for
        the binarisation where both are grey.
            Naming one of epochs, steps and seconds replaces the others. Raises SpecError.
        """
        value = self.model_dump(mode="json")
        # A kind must be in place before its own fields are set, and before the dataset that fits it.
        for name in sorted(changes, key=lambda name: (not name.endswith(".kind"), name != "data.name")):
            _assign(value, name, changes[name])
        return Spec.parse(value)

    def change_text(self, assignments: list[str]) -> Spec:
        """`change` from texts such as `objective.beta=4`. Raises SpecError."""
        changes = {}
        for text in assignments:
            name, equals, value = text.partition("=")
            if not equals or not name.strip():
                raise SpecError(f"{text!r} is no setting; write it like objective.beta=4.")
            changes[name.strip()] = value.strip()
        return self.change(**changes)


def _assign(tree: dict[str, Any], name: str, value: Any) -> None:
    *path, field = name.split(".")
    here = tree
    for part in path:
        if part == "classifier" and here.get(part) is None:
            here[part] = {}
        if not isinstance(here.get(part), dict):
            raise SpecError(f"{name}: there is no such setting; {_known(here)}")
        here = here[part]
    known_here = field in here or (path and field in _all_fields(path[-1]))
    if not known_here:
        raise SpecError(f"{name}: there is no such setting; {_known(here)}")
    if field in ("widths", "channels"):
        value = (
            [part for part in value.strip("()[] ").split(",") if part.strip()]
            if isinstance(value, str)
            else value
        )
    if isinstance(value, str) and value.lower() in ("none", "null") and field not in ("binarisation", "kind"):
        value = None
    if field == "kind" and here.get("kind") != value:
        here.clear()
    if name == "data.name" and here.get("name") != value:
        binarisation = _binarisation(here, value, tree["likelihood"].get("kind"))
        here.clear()
        here["binarisation"] = binarisation
    if path == ["data"] and field in ("path", "height", "width", "grey"):
        here.pop("image_shape", None)
        here.pop("classes", None)
    if path == ["training"] and field in ("epochs", "steps", "seconds") and value is not None:
        here.update(epochs=None, steps=None, seconds=None)
    here[field] = value


def _binarisation(data: dict[str, Any], name: str, likelihood: str) -> str:
    """What another dataset makes of it: binary pixels need none, and say nothing of what grey ones need."""
    if catalogue.binary(name):
        return "none"
    if catalogue.binary(data["name"]):
        return "dynamic" if likelihood == "bernoulli" else "none"
    return str(data["binarisation"])


def _all_fields(part: str) -> set[str]:
    """Every field that some kind of this part has: which of them fit, validation says."""
    names: set[str] = set()
    part = "net" if part == "classifier" else part
    for settings in _all_settings():
        if settings.__name__.lower().endswith(part):
            names |= set(settings.model_fields)
    return names


def _known(tree: dict[str, Any]) -> str:
    return f"known here are {', '.join(sorted(tree))}."


def _sentence(error: ValidationError) -> str:
    """The first fault, as a sentence naming the field, the value and what is allowed."""
    fault = error.errors(include_url=False)[0]
    # A union's location repeats the chosen kind after the part's name; users never typed it.
    where = ".".join(str(part) for at, part in enumerate(fault["loc"]) if at != 1 or part not in _kinds())
    text = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
    given = fault.get("input")
    if fault["type"] == "value_error":
        return f"{text}." if text.startswith(where) or not where else f"{where}: {text}."
    if fault["type"] == "extra_forbidden":
        return f"{where}: there is no such setting here."
    if fault["type"] == "union_tag_invalid":
        known = fault["ctx"]["expected_tags"]
        return f"{where}.kind: {given.get('kind')!r} is not known; it must be one of {known}."
    shown = given if isinstance(given, int | float | str | bool) or given is None else type(given).__name__
    return f"{where}: {shown!r} is not allowed; it {text}."


def _kinds() -> set[Any]:
    return {
        settings.model_fields["kind"].default
        for settings in _all_settings()
        if "kind" in settings.model_fields
    }


def _all_settings(of: type[Settings] = Settings) -> list[type[Settings]]:
    return [found for each in of.__subclasses__() for found in (each, *_all_settings(each))]
