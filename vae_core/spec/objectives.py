"""The settings of what is maximised."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from vae_core.spec.parts import Width
from vae_core.spec.settings import Kinds, Settings

Weight = Annotated[float, Field(ge=0, le=1000)]
Samples = Annotated[int, Field(ge=1, le=64)]
Steps = Annotated[int, Field(ge=0, le=10_000_000)]


class ObjectiveSettings(Settings):
    """What all objectives have. `beta` is the weight that may move while a run trains.

    closed_form: whether it needs a KL that has one. independent: whether it needs a posterior whose
    dimensions are independent given the image. classifying: whether it learns q(y|x) and p(y). unlabelled:
    whether it learns from images without labels. bound_under_class: of what its ELBO is a bound under a
    condition.
    """

    closed_form: ClassVar[bool] = False
    independent: ClassVar[bool] = False
    classifying: ClassVar[bool] = False
    unlabelled: ClassVar[bool] = False
    bound_under_class: ClassVar[str] = "log p(x|y)"
    beta: Weight = 1.0
    kl: Literal["analytic", "monte_carlo"] = "analytic"
    samples: Samples = 1


class ElboObjective(ObjectiveSettings):
    """reconstruction - beta * KL, with beta rising from 0 over the first `warm_up` steps."""

    title: ClassVar[str] = "ELBO with β"
    kind: Literal["elbo"] = "elbo"
    warm_up: Steps = 0


class CapacityObjective(ObjectiveSettings):
    """reconstruction - beta * |KL - C|, with C rising from 0 to `capacity` nats over `capacity_steps`."""

    title: ClassVar[str] = "Capacity"
    kind: Literal["capacity"] = "capacity"
    beta: Weight = 30.0
    capacity: Annotated[float, Field(ge=0, le=1000)] = 25.0
    capacity_steps: Steps = 10_000


class FreeBitsObjective(ObjectiveSettings):
    """reconstruction - beta * sum over dimensions of max(free_bits, KL of the dimension)."""

    closed_form: ClassVar[bool] = True
    title: ClassVar[str] = "Free bits"
    kind: Literal["free_bits"] = "free_bits"
    free_bits: Annotated[float, Field(ge=0, le=1000)] = 0.25  # nats per dimension
    kl: Literal["analytic"] = "analytic"


class BetaTcObjective(ObjectiveSettings):
    """reconstruction - alpha * mutual information - beta * total correlation - gamma * dimension-wise KL.

    beta rises from 0 over the first `warm_up` steps.
    """

    independent: ClassVar[bool] = True
    title: ClassVar[str] = "β-TCVAE"
    kind: Literal["beta_tc"] = "beta_tc"
    alpha: Weight = 1.0
    beta: Weight = 6.0
    gamma: Weight = 1.0
    warm_up: Steps = 0
    # How q(z), a mixture over the whole dataset, is estimated from a batch.
    sampling: Literal["weighted", "stratified"] = "weighted"


class FactorObjective(ObjectiveSettings):
    """reconstruction - beta * KL - gamma * total correlation, which a discriminator learns to estimate."""

    title: ClassVar[str] = "FactorVAE"
    kind: Literal["factor"] = "factor"
    gamma: Weight = 10.0
    # The paper's discriminator has six layers of 1,000; this one learns as fast and costs far less.
    widths: Annotated[tuple[Width, ...], Field(min_length=1, max_length=8)] = (256, 256, 256)
    discriminator_rate: Annotated[float, Field(gt=0, le=1)] = 1e-4


class JointObjective(ObjectiveSettings):
    """The ELBO of log p(x, y) plus alpha * log q(y|x), of labelled images alone."""

    classifying: ClassVar[bool] = True
    bound_under_class: ClassVar[str] = "log p(x, y)"
    title: ClassVar[str] = "Joint, with a classifier"
    kind: Literal["joint"] = "joint"
    warm_up: Steps = 0
    # The weight of the classifier, in nats per image.
    alpha: Weight = 1.0


class M2Objective(ObjectiveSettings):
    """The joint objective of labelled images, and of the others a bound of log p(x) with y summed out."""

    classifying: ClassVar[bool] = True
    unlabelled: ClassVar[bool] = True
    bound_under_class: ClassVar[str] = "log p(x)"
    title: ClassVar[str] = "M2: labelled and unlabelled"
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
    Kinds(),
]
