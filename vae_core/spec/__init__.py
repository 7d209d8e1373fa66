"""Spec: the one description of a run, validated, JSON both ways.

Nothing here imports torch, so that a form can be checked without loading it.
Each part of a run has a settings class in `parts.py`, `likelihoods.py`, `posteriors.py`, `priors.py` or
`objectives.py`; the class that implements it is found under the same `kind` in `nets.py`, `likelihoods.py`,
`posteriors.py`, `priors/` or `objectives/`.
"""

from vae_core.spec.likelihoods import (
    BernoulliLikelihood,
    CategoricalLikelihood,
    ContinuousBernoulliLikelihood,
    GaussianLikelihood,
    LaplaceLikelihood,
    Likelihood,
    LikelihoodSettings,
)
from vae_core.spec.objectives import (
    BetaTcObjective,
    CapacityObjective,
    ConstraintObjective,
    ElboObjective,
    FactorObjective,
    FreeBitsObjective,
    InfoObjective,
    IwaeObjective,
    JointObjective,
    M2Objective,
    Objective,
    ObjectiveSettings,
)
from vae_core.spec.parts import (
    ClassCondition,
    Condition,
    ConvNet,
    Data,
    LectureNet,
    LinearNet,
    Mask,
    MlpNet,
    Net,
    NetSettings,
    Noise,
    NoNoise,
    PartialConvNet,
)
from vae_core.spec.posteriors import (
    DiagonalGaussianPosterior,
    IafPosterior,
    PointPosterior,
    Posterior,
    PosteriorSettings,
)
from vae_core.spec.priors import (
    ClassNormalPrior,
    FlowPrior,
    MixturePrior,
    Prior,
    PriorSettings,
    StandardNormalPrior,
    VampPrior,
)
from vae_core.spec.resolve import resolve
from vae_core.spec.settings import Settings, SpecError, titles
from vae_core.spec.whole import Spec, Training, register

__all__ = [
    "BernoulliLikelihood",
    "BetaTcObjective",
    "CapacityObjective",
    "CategoricalLikelihood",
    "ClassCondition",
    "ClassNormalPrior",
    "Condition",
    "ConstraintObjective",
    "ContinuousBernoulliLikelihood",
    "ConvNet",
    "Data",
    "DiagonalGaussianPosterior",
    "ElboObjective",
    "FactorObjective",
    "FlowPrior",
    "FreeBitsObjective",
    "GaussianLikelihood",
    "IafPosterior",
    "InfoObjective",
    "IwaeObjective",
    "JointObjective",
    "LaplaceLikelihood",
    "LectureNet",
    "Likelihood",
    "LikelihoodSettings",
    "LinearNet",
    "M2Objective",
    "Mask",
    "MixturePrior",
    "MlpNet",
    "Net",
    "NetSettings",
    "NoNoise",
    "Noise",
    "Objective",
    "ObjectiveSettings",
    "PartialConvNet",
    "PointPosterior",
    "Posterior",
    "PosteriorSettings",
    "Prior",
    "PriorSettings",
    "Settings",
    "Spec",
    "SpecError",
    "StandardNormalPrior",
    "Training",
    "VampPrior",
    "register",
    "resolve",
    "titles",
]
