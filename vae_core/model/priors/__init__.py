"""Priors p(z) or p(z|y) of a code, and p(y) of its class: those there are, and how one is made or registered.

What a prior answers, `prior.py` says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor

from vae_core import spec
from vae_core.model.priors.codes import AutoregressiveCodes, Codebook, CodePrior, UniformCodes
from vae_core.model.priors.flow import Flow
from vae_core.model.priors.gaussian import ClassNormal, StandardNormal
from vae_core.model.priors.given import Given
from vae_core.model.priors.mixture import LearnedMixture
from vae_core.model.priors.prior import ClassPrior, GaussianMixture, Prior
from vae_core.model.priors.two_levels import TwoLevelCodes
from vae_core.model.priors.uniform_groups import UniformGroups
from vae_core.model.priors.vamp import Vamp
from vae_core.spec import PriorSettings
from vae_core.spec.settings import kind_of

__all__ = [
    "CODE_PRIORS",
    "PRIORS",
    "AutoregressiveCodes",
    "ClassNormal",
    "ClassPrior",
    "CodePrior",
    "Flow",
    "GaussianMixture",
    "Given",
    "LearnedMixture",
    "Prior",
    "StandardNormal",
    "TwoLevelCodes",
    "UniformCodes",
    "UniformGroups",
    "Vamp",
    "build",
    "of_state",
    "register",
]

PRIORS: dict[str, type[Prior]] = {
    "standard_normal": StandardNormal,
    "class_normal": ClassNormal,
    "mixture": LearnedMixture,
    "vamp": Vamp,
    "flow": Flow,
    "uniform_groups": UniformGroups,
}
CODE_PRIORS: dict[str, type[CodePrior]] = {
    "uniform": UniformCodes,
    "autoregressive": AutoregressiveCodes,
}


def register(settings: type[PriorSettings]) -> Callable[[type[Prior]], type[Prior]]:
    """Decorates the class of these settings: from now on Specs may have it."""

    def add(prior: type[Prior]) -> type[Prior]:
        spec.register(spec.Prior, settings)
        PRIORS[kind_of(settings)] = prior
        return prior

    return add


def build(
    settings: spec.Prior,
    latent: int,
    class_prior: ClassPrior | None = None,
    codebooks: Sequence[Codebook] = (),
) -> Prior:
    """The prior of codes that the settings describe; class_prior: p(y), None where there is no condition.
    codebooks: whose codes they are, one for each level, where they are of any."""
    if len(codebooks) == 2:
        top, bottom = codebooks
        return TwoLevelCodes(settings, (top, bottom), CODE_PRIORS[settings.kind], class_prior)
    if codebooks:
        return CODE_PRIORS[settings.kind](settings, codebooks[0], class_prior)
    return PRIORS[settings.kind](settings, latent, class_prior)


def of_state(whole: spec.Spec, state: Mapping[str, Tensor]) -> Prior:
    """The prior of a run of that Spec, as it was when `VAE.prior_state` gave these tensors. It learns no
    more."""

    def of(part: str) -> dict[str, Tensor]:
        return {name.removeprefix(part): value for name, value in state.items() if name.startswith(part)}

    class_prior = None
    if whole.condition.kind == "class":
        class_prior = ClassPrior(whole.classes, whole.condition.class_prior == "learned")
        class_prior.load_state_dict(of("class_prior."))
        class_prior.requires_grad_(False)
    prior = PRIORS[whole.prior.kind].of_kept(whole.prior, whole.code_size, class_prior, of("prior."))
    return prior.requires_grad_(False)
