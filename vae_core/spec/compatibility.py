"""Which parts of a run go together: a rule for each pair that does not, and the sentence that says so.

What a rule asks of a part is a fact of its settings, so that a part of one's own answers for itself. The form
and the command line show the sentences; nothing has started by then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from vae_core.spec.objectives import Objective
from vae_core.spec.parts import Net
from vae_core.spec.posteriors import Posterior
from vae_core.spec.priors import Prior, StandardNormalPrior
from vae_core.spec.settings import kinds

if TYPE_CHECKING:
    from vae_core.spec.whole import Spec

Rule = Callable[["Spec"], "str | None"]


def net_and_images(spec: Spec) -> str | None:
    if spec.data.image_shape is None:
        return None
    fault = spec.net.fault(spec.data.shape)
    return None if fault is None else f"net.{fault}"


def net_and_levels(spec: Spec) -> str | None:
    if spec.posterior.levels == 1 or getattr(spec.net, "cell", 4) >= 4:
        return None
    return (
        f"net.cell: the posterior {spec.posterior.kind} has a second grid, twice as fine; it needs cells of "
        "4 or 8 pixels"
    )


def net_and_condition(spec: Spec) -> str | None:
    if not spec.net.reach or spec.condition.kind == "none":
        return None
    return "net.kind: pixel is told no class; it goes with condition.kind=none"


def likelihood_and_pixels(spec: Spec) -> str | None:
    if not spec.likelihood.needs_grey or spec.data.binarisation == "none":
        return None
    return f"data.binarisation: the {spec.likelihood.kind} likelihood is over grey levels and needs none"


def likelihood_and_images(spec: Spec) -> str | None:
    known = spec.likelihood.datasets
    if known is None or spec.data.name in known:
        return None
    return (
        f"likelihood.kind: {spec.likelihood.kind} compares what a classifier that comes with the app sees; "
        f"there is one of {', '.join(known)}, and none of {spec.data.name}"
    )


def distance_and_objective(spec: Spec) -> str | None:
    if spec.likelihood.distance is None:
        return None
    needs = "likelihood.kind: {} is no likelihood, and {} needs one"
    if spec.objective.weighs_samples or spec.objective.classifying:
        return needs.format(spec.likelihood.kind, f"the objective {spec.objective.kind}")
    if spec.condition.kind != "none":
        return needs.format(spec.likelihood.kind, "a model that is told classes")
    if spec.net.reach:
        return needs.format(spec.likelihood.kind, f"the network {spec.net.kind}, pixel by pixel,")
    return None


def objective_and_condition(spec: Spec) -> str | None:
    if not spec.objective.classifying or spec.condition.kind != "none":
        return None
    return f"objective.kind: {spec.objective.kind} is about each image's class; it needs condition.kind=class"


def prior_and_condition(spec: Spec) -> str | None:
    if not spec.prior.needs_class or spec.condition.kind != "none":
        return None
    field = "prior.kind" if spec.prior.per_class else "prior.of_class"
    return f"{field}: {spec.prior.kind} is a prior for each class; it needs condition.kind=class"


def prior_and_latent(spec: Spec) -> str | None:
    least = spec.prior.least_latent
    if spec.latent >= least:
        return None
    return f"latent: the prior {spec.prior.kind} moves dimensions by others; there must be at least {least}"


def prior_and_encoder(spec: Spec) -> str | None:
    if not spec.prior.of_encoder:
        return None
    if spec.posterior.form != "gaussian":
        return (
            f"prior.kind: {spec.prior.kind} is a mixture of the encoder's Gaussians, and the posterior "
            f"{spec.posterior.kind} is none; choose another prior or posterior.kind=diagonal_gaussian"
        )
    if spec.encoder_sees_class:
        return (
            f"prior.kind: {spec.prior.kind} is a mixture of what the encoder says of images without a class, "
            "and this one is to see a class; choose another prior or condition.encoder=false"
        )
    return None


def posterior_and_prior(spec: Spec) -> str | None:
    if spec.posterior.kind != "gumbel" or spec.prior.kind in ("standard_normal", "uniform_groups"):
        return None
    return (
        f"prior.kind: {spec.prior.kind} is a density, and the codes of the posterior gumbel are categories; "
        "it goes with prior.kind=uniform_groups"
    )


def posterior_and_objective(spec: Spec) -> str | None:
    if spec.posterior.kind != "gumbel":
        return None
    if spec.objective.kind not in ("elbo", "capacity", "free_bits", "constraint"):
        return (
            f"objective.kind: {spec.objective.kind} measures codes as vectors, and those of the posterior "
            "gumbel are categories; choose elbo, capacity, free_bits or constraint"
        )
    if spec.objective.kl != "analytic":
        return "objective.kl: the KL of categories is known in closed form; choose objective.kl=analytic"
    return None


def condition_and_objective(spec: Spec) -> str | None:
    condition = spec.condition
    if condition.kind == "none" or spec.objective.classifying:
        return None
    if condition.classifier is None and condition.class_prior != "learned":
        return None
    learning = [kind for kind, each in kinds(Objective).items() if getattr(each, "classifying", False)]
    return (
        f"condition.classifier, condition.class_prior: the objective {spec.objective.kind} learns "
        f"neither q(y|x) nor p(y); choose {' or '.join(learning)}, or no classifier and a uniform "
        "class prior"
    )


def labels_and_classes(spec: Spec) -> str | None:
    condition = spec.condition
    if condition.kind == "none" or condition.labels is None or condition.labels >= spec.classes:
        return None
    return (
        f"condition.labels: {condition.labels} labels do not reach {spec.classes} classes; "
        f"take at least {spec.classes}"
    )


def objective_and_prior(spec: Spec) -> str | None:
    if spec.objective.standard_prior and not isinstance(spec.prior, StandardNormalPrior):
        return (
            f"objective.kind: {spec.objective.kind} measures how far codes are from N(0, I); it goes with "
            "prior.kind=standard_normal"
        )
    if not spec.objective.closed_form or spec.prior.closed_form:
        return None
    return (
        f"objective.kind: {spec.objective.kind} needs a KL in closed form, and the prior "
        f"{spec.prior.kind} has none; choose another objective"
    )


def objective_and_posterior(spec: Spec) -> str | None:
    if spec.objective.closed_form and not spec.posterior.closed_form:
        return (
            f"objective.kind: {spec.objective.kind} needs a KL in closed form, and the posterior "
            f"{spec.posterior.kind} has none; choose another objective"
        )
    if spec.objective.independent and not spec.posterior.independent:
        return (
            f"objective.kind: {spec.objective.kind} needs a posterior whose dimensions are independent given "
            f"the image, and those of {spec.posterior.kind} are not; choose another objective"
        )
    return None


def classifier_and_mask(spec: Spec) -> str | None:
    classifier = getattr(spec.condition, "classifier", None)
    if classifier is None or not (spec.masked or classifier.partial):
        return None
    return (
        f"objective.kind: {spec.objective.kind} learns a classifier of whole images; "
        "it goes with mask.kind=none and any network but partial_conv"
    )


def classifier_and_noise(spec: Spec) -> str | None:
    if getattr(spec.condition, "classifier", None) is None or spec.noise.kind == "none":
        return None
    return (
        f"objective.kind: {spec.objective.kind} learns a classifier of images without noise; "
        "it goes with noise.kind=none"
    )


def net_and_posterior(spec: Spec) -> str | None:
    if not spec.posterior.quantised:
        return _vector_and_grid(spec) if spec.net.of_grid else None
    if spec.net.of_grid:
        return None
    return (
        f"net.kind: the posterior {spec.posterior.kind} chooses a code for every cell of a grid, and "
        f"{spec.net.kind} has no grid; choose net.kind=conv_grid"
    )


def _vector_and_grid(spec: Spec) -> str | None:
    """A vector without a codebook is laid out over the cells, as many dimensions in each."""
    if spec.posterior.form != "gaussian":
        return (
            f"net.kind: {spec.net.kind} gives every cell of a grid numbers of its own, and the posterior "
            f"{spec.posterior.kind} is of the whole; choose another network or posterior.kind=vq"
        )
    rows, columns = (1, 1) if spec.data.image_shape is None else spec.grid
    if not rows * columns or spec.latent % (rows * columns) == 0:
        return None
    return (
        f"latent: {spec.net.kind} gives each of {rows} x {columns} cells as many dimensions; choose a "
        f"multiple of {rows * columns}, another network or posterior.kind=vq"
    )


def prior_and_posterior(spec: Spec) -> str | None:
    if spec.prior.quantised == spec.posterior.quantised:
        return None
    if spec.posterior.quantised:
        return (
            f"prior.kind: codes of the posterior {spec.posterior.kind} are indices of a codebook, and "
            f"{spec.prior.kind} is a prior of vectors; choose prior.kind=autoregressive or uniform"
        )
    return (
        f"prior.kind: {spec.prior.kind} is a prior of indices of a codebook, and the posterior "
        f"{spec.posterior.kind} has none; choose another prior or posterior.kind=vq"
    )


def objective_and_codebook(spec: Spec) -> str | None:
    if not spec.posterior.quantised:
        return None
    why = f"codes of the posterior {spec.posterior.kind} are chosen, not drawn, and"
    if not spec.objective.plain:
        return (
            f"objective.kind: {why} {spec.objective.kind} has nothing to weigh; it goes with "
            "objective.kind=elbo"
        )
    if spec.objective.beta != 1 or getattr(spec.objective, "warm_up", 0) > 0:
        field = "beta" if spec.objective.beta != 1 else "warm_up"
        return (
            f"objective.{field}: {why} no gradient of the KL reaches the encoder; it goes with "
            "objective.beta=1 and no warm-up"
        )
    return None


def codebook_and_mask(spec: Spec) -> str | None:
    if not spec.posterior.quantised or not spec.masked:
        return None
    return (
        f"mask.kind: the posterior {spec.posterior.kind} is of whole images; parts that are hidden are "
        "completed by its prior; it goes with mask.kind=none"
    )


RULES: tuple[Rule, ...] = (
    net_and_posterior,
    prior_and_posterior,
    objective_and_codebook,
    codebook_and_mask,
    net_and_images,
    net_and_levels,
    net_and_condition,
    likelihood_and_pixels,
    likelihood_and_images,
    distance_and_objective,
    objective_and_condition,
    prior_and_condition,
    prior_and_latent,
    prior_and_encoder,
    posterior_and_prior,
    posterior_and_objective,
    condition_and_objective,
    labels_and_classes,
    objective_and_prior,
    objective_and_posterior,
    classifier_and_mask,
    classifier_and_noise,
)


def companions(spec: Spec, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What else changes where a change of network, posterior or prior leads to a codebook, or away from one:
    parts that go with it, where none are named."""
    usual = {"net.kind": "mlp", "posterior.kind": "diagonal_gaussian", "prior.kind": "standard_normal"}
    of_codebook = {"net.kind": "conv_grid", "posterior.kind": "vq", "prior.kind": "autoregressive"}
    known = {"posterior.kind": kinds(Posterior), "prior.kind": kinds(Prior)}
    if not known.keys() & changes.keys():  # a grid may be without a codebook, where that is said
        known = {"net.kind": kinds(Net)}
    named = [known[field].get(changes[field]) for field in known if field in changes]
    quantised = {getattr(each, "quantised", getattr(each, "of_grid", False)) for each in named if each}
    if quantised != {not spec.posterior.quantised}:
        return {}
    found: dict[str, Any] = dict(usual if spec.posterior.quantised else of_codebook)
    if not spec.posterior.quantised:
        found |= {
            "objective.kind": "elbo",
            "objective.beta": 1.0,
            "objective.warm_up": 0,
            "mask.kind": "none",
        }
    return {field: value for field, value in found.items() if field not in changes}


def fault(spec: Spec) -> str | None:
    """Why these parts do not go together, beginning with the field to change; None where they do."""
    return next((sentence for rule in RULES if (sentence := rule(spec)) is not None), None)
