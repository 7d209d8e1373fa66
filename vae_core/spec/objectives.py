"""The settings of what is maximised."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from vae_core.spec.parts import Width
from vae_core.spec.settings import Kinds, Settings

Weight = Annotated[float, Field(ge=0, le=1000)]
Samples = Annotated[int, Field(ge=1, le=64)]
Steps = Annotated[int, Field(ge=0, le=10_000_000)]

WARM_UP: int = Field(
    0,
    title="Warm-up, steps",
    description="β rises from 0 over this many steps; 0 for none.",
    json_schema_extra={"step": 500},
)
CLASSIFIER = "α, the weight of the classifier"
LABELLED = "How much log q(y|x) of labelled images counts."


class ObjectiveSettings(Settings):
    """What all objectives have. `beta` is the weight that may move while a run trains.

    closed_form: whether it needs a KL that has one. independent: whether it needs a posterior whose
    dimensions are independent given the image. classifying: whether it learns q(y|x) and p(y). unlabelled:
    whether it learns from images without labels. standard_prior: whether it needs p(z) = N(0, I).
    beta_follows: whether it moves beta itself. weighs_samples: whether the codes of an image are weighed
    together, for a bound of its own. plain: whether it is the ELBO, but for the weight of the KL.
    bound_under_class: of what its ELBO is a bound under a condition.
    """

    closed_form: ClassVar[bool] = False
    independent: ClassVar[bool] = False
    classifying: ClassVar[bool] = False
    unlabelled: ClassVar[bool] = False
    standard_prior: ClassVar[bool] = False
    beta_follows: ClassVar[bool] = False
    weighs_samples: ClassVar[bool] = False
    plain: ClassVar[bool] = False
    bound_under_class: ClassVar[str] = "log p(x|y)"
    beta: Weight = Field(1.0, title="β")
    kl: Literal["analytic", "monte_carlo"] = Field(
        "analytic", title="KL", description="Exact for two Gaussians, or estimated from the samples."
    )
    samples: Samples = Field(
        1, title="Samples per image", description="Codes drawn from q(z|x) for each image and step."
    )


class ElboObjective(ObjectiveSettings):
    """reconstruction - beta * KL, with beta rising from 0 over the first `warm_up` steps."""

    plain: ClassVar[bool] = True
    title: ClassVar[str] = "ELBO with β"
    kind: Literal["elbo"] = "elbo"
    warm_up: Steps = WARM_UP


class IwaeObjective(ObjectiveSettings):
    """log of the mean weight p(x, z) / q(z|x) of `samples` codes; with another beta, its KL is weighed.

    beta rises from 0 over the first `warm_up` steps.
    """

    weighs_samples: ClassVar[bool] = True
    title: ClassVar[str] = "IWAE"
    kind: Literal["iwae"] = "iwae"
    samples: Samples = Field(
        5, title="Codes per image, k", description="Drawn from q(z|x) and weighed together; 1 is the ELBO."
    )
    gradient: Literal["standard", "doubly_reparameterised"] = Field(
        "standard",
        title="Gradient of the encoder",
        description="That of the bound, or doubly reparameterised (Tucker et al. 2019): the same in the "
        "mean, with less noise where k is large.",
    )
    kl: Literal["monte_carlo"] = "monte_carlo"
    warm_up: Steps = WARM_UP


class CapacityObjective(ObjectiveSettings):
    """reconstruction - beta * |KL - C|, with C rising from 0 to `capacity` nats over `capacity_steps`."""

    title: ClassVar[str] = "Capacity"
    kind: Literal["capacity"] = "capacity"
    beta: Weight = 30.0
    capacity: Annotated[float, Field(ge=0, le=1000)] = Field(
        25.0, title="Capacity C, nats", description="What the KL may reach in the end."
    )
    capacity_steps: Steps = Field(
        10_000,
        title="Steps until C",
        description="Over how many steps C rises from 0.",
        json_schema_extra={"step": 500},
    )


class FreeBitsObjective(ObjectiveSettings):
    """reconstruction - beta * sum over dimensions of max(free_bits, KL of the dimension)."""

    closed_form: ClassVar[bool] = True
    title: ClassVar[str] = "Free bits"
    kind: Literal["free_bits"] = "free_bits"
    free_bits: Annotated[float, Field(ge=0, le=1000)] = Field(
        0.25,
        title="Free nats per dimension",
        description="A dimension's KL costs nothing more below this.",
        json_schema_extra={"step": 0.05},
    )
    kl: Literal["analytic"] = "analytic"


class BetaTcObjective(ObjectiveSettings):
    """reconstruction - alpha * mutual information - beta * total correlation - gamma * dimension-wise KL.

    beta rises from 0 over the first `warm_up` steps.
    """

    independent: ClassVar[bool] = True
    title: ClassVar[str] = "β-TCVAE"
    kind: Literal["beta_tc"] = "beta_tc"
    alpha: Weight = Field(
        1.0,
        title="α, the weight of the mutual information",
        description="What the code tells about the image.",
    )
    beta: Weight = 6.0
    gamma: Weight = Field(
        1.0,
        title="γ, the weight of the dimension-wise KL",
        description="How near each q(z_d) comes to the prior.",
    )
    warm_up: Steps = WARM_UP
    # How q(z), a mixture over the whole dataset, is estimated from a batch.
    sampling: Literal["weighted", "stratified"] = Field(
        "weighted",
        title="q(z) from a batch",
        description="Weighted: the mixture of the batch alone. Stratified: an unbiased estimate of the "
        "mixture of all images; but its logarithm is too low, which training may exploit.",
    )


class FactorObjective(ObjectiveSettings):
    """reconstruction - beta * KL - gamma * total correlation, which a discriminator learns to estimate."""

    title: ClassVar[str] = "FactorVAE"
    kind: Literal["factor"] = "factor"
    gamma: Weight = Field(
        10.0,
        title="γ, the weight of the total correlation",
        description="As the discriminator estimates it: how far the dimensions of the code depend on each "
        "other.",
    )
    # The paper's discriminator has six layers of 1,000; this one learns as fast and costs far less.
    widths: Annotated[tuple[Width, ...], Field(min_length=1, max_length=8)] = Field(
        (256, 256, 256),
        title="Widths of the discriminator",
        description="The paper's is 1000, 1000, 1000, 1000, 1000, 1000, and slow.",
    )
    discriminator_rate: Annotated[float, Field(gt=0, le=1)] = Field(
        1e-4,
        title="Its learning rate",
        description="Of the discriminator's own Adam; the model's learning rate leaves it alone.",
        json_schema_extra={"step": 1e-4},
    )


class InfoObjective(ObjectiveSettings):
    """reconstruction - beta * KL - weight * MMD^2 of the batch's codes from N(0, I)."""

    standard_prior: ClassVar[bool] = True
    title: ClassVar[str] = "InfoVAE, with MMD"
    kind: Literal["info"] = "info"
    beta: Weight = Field(0.1, title="β, the weight of each image's KL", description="1 − α in the paper.")
    weight: Annotated[float, Field(ge=0, le=1_000_000)] = Field(
        100.0,
        title="Weight of the MMD",
        description="How much the codes of a batch, taken together, have to look like N(0, I): the squared "
        "maximum mean discrepancy, between 0 and 2, times this.",
        json_schema_extra={"step": 100},
    )
    width: Annotated[float, Field(ge=0.05, le=20)] = Field(
        1.0,
        title="Width of the kernel",
        description="The kernel is exp(−|a − b|² / 2s²) with s² = width² × D.",
        json_schema_extra={"step": 0.1},
    )


class ConstraintObjective(ObjectiveSettings):
    """The reconstruction under KL <= limit: after every step beta moves by rate * (KL - limit)."""

    beta_follows: ClassVar[bool] = True
    title: ClassVar[str] = "KL as a constraint"
    kind: Literal["constraint"] = "constraint"
    beta: Weight = Field(1.0, title="β to begin with", description="It then follows from the constraint.")
    limit: Annotated[float, Field(gt=0, le=1000)] = Field(
        10.0, title="Most nats of KL", description="What a code may tell about its image, on average."
    )
    rate: Annotated[float, Field(gt=0, le=1)] = Field(
        1e-3,
        title="Rate of β",
        description="How far β moves in a step for each nat of KL above the limit, or below it.",
        json_schema_extra={"step": 1e-3},
    )


class JointObjective(ObjectiveSettings):
    """The ELBO of log p(x, y) plus alpha * log q(y|x), of labelled images alone."""

    classifying: ClassVar[bool] = True
    bound_under_class: ClassVar[str] = "log p(x, y)"
    title: ClassVar[str] = "Joint, with a classifier"
    kind: Literal["joint"] = "joint"
    warm_up: Steps = WARM_UP
    alpha: Weight = Field(1.0, title=CLASSIFIER, description=LABELLED)  # in nats per image


class M2Objective(ObjectiveSettings):
    """The joint objective of labelled images, and of the others a bound of log p(x) with y summed out."""

    classifying: ClassVar[bool] = True
    unlabelled: ClassVar[bool] = True
    bound_under_class: ClassVar[str] = "log p(x)"
    title: ClassVar[str] = "M2: labelled and unlabelled"
    kind: Literal["m2"] = "m2"
    warm_up: Steps = WARM_UP
    alpha: Weight = Field(10.0, title=CLASSIFIER, description=LABELLED)
    labelled_share: Annotated[float, Field(ge=0, le=1)] = Field(
        0.1,
        title="Share of labelled images in the bound",
        description="What part of the bound labelled images make up, however few they are.",
    )
    class_warm_up: Steps = Field(
        0,
        title="Steps until q(y|x) follows the bound",
        description="At first the classifier learns from labels alone; over these steps the bound comes to "
        "teach it too.",
        json_schema_extra={"step": 500},
    )


Objective = Annotated[
    ElboObjective
    | CapacityObjective
    | FreeBitsObjective
    | BetaTcObjective
    | FactorObjective
    | InfoObjective
    | ConstraintObjective
    | JointObjective
    | M2Objective
    | IwaeObjective,
    Kinds(),
]
