"""The settings of priors p(z)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from vae_core.spec.settings import Kinds, Settings


class PriorSettings(Settings):
    """What all priors have.

    closed_form: whether it is a Gaussian given the class, so that the KL of a Gaussian posterior from it has
    one; where it has none, a Spec takes `objective.kl=monte_carlo`. per_class: whether it needs a condition
    on the class. least_latent: of how many dimensions it is at least. of_encoder: whether it is made of the
    encoder's posteriors. quantised: whether it is one of the indices of a codebook. equation: what it is, in
    LaTeX.
    """

    closed_form: ClassVar[bool] = False
    per_class: ClassVar[bool] = False
    least_latent: ClassVar[int] = 1
    of_encoder: ClassVar[bool] = False
    quantised: ClassVar[bool] = False
    equation: ClassVar[str] = "p(z)"

    @property
    def needs_class(self) -> bool:
        """Whether it needs a condition on the class, with the values that it has."""
        return self.per_class


class StandardNormalPrior(PriorSettings):
    """p(z) = N(0, I), whatever the condition."""

    closed_form: ClassVar[bool] = True
    equation: ClassVar[str] = r"p(z) = \mathcal{N}(0, I)"
    title: ClassVar[str] = "N(0, I) for all"
    kind: Literal["standard_normal"] = "standard_normal"


class ClassNormalPrior(PriorSettings):
    """p(z|y) = N(mu_y, diag(sigma_y^2)), learned for each class."""

    closed_form: ClassVar[bool] = True
    per_class: ClassVar[bool] = True
    equation: ClassVar[str] = r"p(z|y) = \mathcal{N}(\mu_y, \mathrm{diag}(\sigma_y^2))"
    title: ClassVar[str] = "Learned for each class"
    kind: Literal["class_normal"] = "class_normal"


class ClassablePrior(PriorSettings):
    """What learned priors have that may be one for each class."""

    of_class: bool = Field(
        False,
        title="One for each class",
        description="p(z|y) in place of p(z), where the model is told the class.",
        json_schema_extra={"needs_class": True},
    )

    @property
    def needs_class(self) -> bool:
        return self.of_class


class MixturePrior(ClassablePrior):
    """p(z) = sum_k w_k N(mu_k, diag(sigma_k^2)), all learned."""

    equation: ClassVar[str] = r"p(z) = \sum_k w_k\, \mathcal{N}(\mu_k, \mathrm{diag}(\sigma_k^2))"
    title: ClassVar[str] = "Mixture of Gaussians"
    kind: Literal["mixture"] = "mixture"
    components: Annotated[int, Field(ge=1, le=500)] = Field(
        30,
        title="Components",
        description="Gaussians with means, variances and weights that are learned.",
        json_schema_extra={"step": 10},
    )


class VampPrior(PriorSettings):
    """p(z) = 1/K sum_k q(z|u_k) with learned pseudo-inputs u_k; Tomczak and Welling 2018."""

    of_encoder: ClassVar[bool] = True
    equation: ClassVar[str] = r"p(z) = \frac{1}{K}\sum_{k=1}^{K} q(z|u_k)"
    title: ClassVar[str] = "Mixture of posteriors (VampPrior)"
    kind: Literal["vamp"] = "vamp"
    pseudo_inputs: Annotated[int, Field(ge=1, le=1000)] = Field(
        50,
        title="Pseudo-inputs",
        description="Images that are learned, at first training images: the prior is the mixture of what the "
        "encoder says of them.",
        json_schema_extra={"step": 10},
    )


class UniformGroupsPrior(PriorSettings):
    """The same probability for each of K categories in every group. `Spec.parse` sets K, as the posterior has
    it."""

    closed_form: ClassVar[bool] = True
    equation: ClassVar[str] = r"p(z) = K^{-M}"
    title: ClassVar[str] = "Uniform over categories"
    kind: Literal["uniform_groups"] = "uniform_groups"
    categories: Annotated[int, Field(ge=2, le=256)] = Field(10, title="Categories of a group")


class FlowPrior(ClassablePrior):
    """N(0, I) moved by affine couplings (RealNVP); Dinh et al. 2017."""

    least_latent: ClassVar[int] = 2
    equation: ClassVar[str] = (
        r"\log p(z) = \log \mathcal{N}(f^{-1}(z); 0, I) + \log |\det \partial f^{-1} / \partial z|"
    )
    title: ClassVar[str] = "Flow (RealNVP)"
    kind: Literal["flow"] = "flow"
    couplings: Annotated[int, Field(ge=1, le=32)] = Field(
        8,
        title="Couplings",
        description="Each moves one half of the dimensions by what it reads in the other.",
    )
    hidden: Annotated[int, Field(ge=1, le=1024)] = Field(
        32,
        title="Hidden units of a coupling",
        description="Of each of its two hidden layers.",
        json_schema_extra={"step": 8},
    )


class UniformPrior(PriorSettings):
    """Every code of a codebook is as likely as any other, in every cell."""

    quantised: ClassVar[bool] = True
    equation: ClassVar[str] = r"p(z) = K^{-hw}"
    title: ClassVar[str] = "Uniform over codes"
    kind: Literal["uniform"] = "uniform"


class AutoregressivePrior(ClassablePrior):
    """The code of each cell given those of the cells before it, by masked convolutions;
    van den Oord et al. 2016."""

    quantised: ClassVar[bool] = True
    equation: ClassVar[str] = r"p(z) = \prod_{i=1}^{hw} p(z_i | z_1, \ldots, z_{i-1})"
    title: ClassVar[str] = "Autoregressive over codes"
    kind: Literal["autoregressive"] = "autoregressive"
    hidden: Annotated[int, Field(ge=1, le=1024)] = Field(
        64,
        title="Channels of the prior",
        description="Of each of its five masked convolutions.",
        json_schema_extra={"step": 16},
    )
    class_in_cells: bool = Field(
        True,
        title="Class in every cell",
        description="A prior for each class adds it to every cell, too. Runs of before do not.",
        json_schema_extra={"hidden": True},
    )


Prior = Annotated[
    StandardNormalPrior
    | ClassNormalPrior
    | MixturePrior
    | VampPrior
    | FlowPrior
    | UniformGroupsPrior
    | UniformPrior
    | AutoregressivePrior,
    Kinds(),
]
