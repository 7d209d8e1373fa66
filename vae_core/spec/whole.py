"""How long a run is trained, and the whole of what describes it."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, ValidationError, model_validator

from vae_core.data import catalogue
from vae_core.sentences import quote, short
from vae_core.spec import compatibility
from vae_core.spec.likelihoods import BernoulliLikelihood, Likelihood
from vae_core.spec.objectives import ElboObjective, Objective
from vae_core.spec.parts import (
    ClassCondition,
    Condition,
    Data,
    Mask,
    MlpNet,
    Net,
    NoCondition,
    Noise,
    NoMask,
    NoNoise,
)
from vae_core.spec.posteriors import DiagonalGaussianPosterior, Posterior
from vae_core.spec.priors import Prior, StandardNormalPrior, UniformGroupsPrior
from vae_core.spec.settings import Settings, SpecError, all_settings, kind_of, kinds, sentence

ENDS = ("epochs", "steps", "seconds")


class Training(Settings):
    """How long, how fast, and from which seed. Exactly one of epochs, steps and seconds ends it."""

    epochs: Annotated[float, Field(gt=0, le=100_000)] | None = Field(None, title="Epochs")
    steps: Annotated[int, Field(ge=1, le=100_000_000)] | None = Field(None, title="Steps")
    seconds: Annotated[float, Field(gt=0, le=1_000_000)] | None = Field(None, title="Seconds")
    batch_size: Annotated[int, Field(ge=1, le=8192)] = Field(128, title="Batch")
    learning_rate: Annotated[float, Field(gt=0, le=1)] = Field(2e-3, title="Learning rate")
    schedule: Literal["constant", "cosine"] = Field(
        "constant",
        title="Learning rate over the run",
        description="The same all the time, or down to 0 at the run's end along half a cosine (Loshchilov "
        "and Hutter 2017): the last steps then average over the noise of single batches.",
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(0, title="Seed")
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", title="Device")
    # bfloat16 rounds the factors of training's products; weights, codes, logits, likelihoods and all that is
    # measured stay float32. auto rounds those that are faster for it; see training/rounding.py.
    products: Literal["auto", "float32", "bfloat16"] = "auto"

    @model_validator(mode="before")
    @classmethod
    def _an_end(cls, value: Any) -> Any:
        if isinstance(value, dict) and all(value.get(name) is None for name in ENDS):
            return value | {"epochs": 20.0}
        return value

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        ends = [name for name in ENDS if getattr(self, name) is not None]
        if len(ends) > 1:
            raise ValueError(f"give one of epochs, steps and seconds, not {' and '.join(ends)}")
        if self.schedule != "constant" and self.seconds is not None:
            raise ValueError("a learning rate that falls needs an end in epochs or steps, not in seconds")
        return self


class Spec(Settings):
    """The whole of a run: data, networks, mask, noise, likelihood, posterior, prior, condition, objective,
    training."""

    recipe: str | None = Field(None, title="Recipe")
    data: Data = Data()
    latent: Annotated[int, Field(ge=1, le=512)] = Field(2, title="Latent dimensions")
    net: Net = Field(MlpNet(), title="Network")
    mask: Mask = Field(NoMask(), title="The encoder sees")
    noise: Noise = Field(NoNoise(), title="Noise before the encoder")
    likelihood: Likelihood = Field(BernoulliLikelihood(), title="Likelihood p(x|z)")
    posterior: Posterior = Field(DiagonalGaussianPosterior(), title="Posterior q(z|x)")
    prior: Prior = Field(StandardNormalPrior(), title="Prior of z")
    condition: Condition = Field(NoCondition(), title="What the model is told")
    objective: Objective = Field(ElboObjective(), title="What is maximised")
    training: Training = Training()

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if (fault := compatibility.fault(self)) is not None:
            raise ValueError(fault)
        return self

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of a code's cells, of two levels the top one's; (1, 1) where it is one vector."""
        return self.net.grid(self.data.shape)

    @property
    def grids(self) -> tuple[tuple[int, int], ...]:
        """Rows and columns of every level, the top one first."""
        rows, columns = self.grid
        return tuple((rows << level, columns << level) for level in range(self.posterior.levels))

    @property
    def code_size(self) -> int:
        """Of how many numbers z is: those of each latent dimension; where there are codebooks, in every cell
        of all grids."""
        cells = sum(map(math.prod, self.grids)) if self.posterior.quantised else 1
        return self.latent * cells * self.posterior.width

    @property
    def codes(self) -> int:
        """How many codes its codebook has, of two levels the top one's; 0 where it has none."""
        return self.posterior.codebooks[0] if self.posterior.codebooks else 0

    @property
    def uniform_nats_of_levels(self) -> tuple[float, ...]:
        """What the codes of each level cost where all of a codebook are alike: h w log K nats."""
        of_levels = zip(self.grids, self.posterior.codebooks, strict=False)
        return tuple(math.prod(grid) * math.log(count) for grid, count in of_levels)

    @property
    def uniform_nats(self) -> float:
        """Those of all levels of an image; 0 where there is no codebook."""
        return sum(self.uniform_nats_of_levels, 0.0)

    @property
    def masked(self) -> bool:
        """Whether the encoder is told which pixels are observed."""
        return self.mask.kind != "none" or self.net.partial

    @property
    def encoder_sees_class(self) -> bool:
        """Whether the posterior is q(z|x, y)."""
        return self.condition.kind == "class" and self.condition.encoder

    @property
    def classes(self) -> int:
        """How many classes the condition tells apart; 0 where there is none."""
        return 0 if self.condition.kind == "none" else len(self.data.classes or ())

    @property
    def likelihood_note(self) -> str | None:
        """Why the run's nats are no log-likelihood of its images, in a sentence; None where they are."""
        return self.likelihood.note(self.data.binarisation != "none" or catalogue.binary(self.data.name))

    @property
    def bound_of(self) -> str:
        """Of what the run's ELBO is a lower bound, on images whose labels are known where it needs them."""
        if self.condition.kind == "none":
            return "log p(x)"
        return self.objective.bound_under_class

    @property
    def resolved(self) -> bool:
        """Whether shape and classes of the images are known; of users' own images, `resolve` finds out."""
        return self.data.image_shape is not None and (
            self.condition.kind == "none" or self.data.classes is not None
        )

    @classmethod
    def parse(cls, value: dict[str, Any]) -> Spec:
        """A Spec from plain data, looking at nothing but them and the catalogue of datasets.

        Raises SpecError, a sentence naming field, value and what is allowed.
        """
        try:
            spec = cls.model_validate(value)
            implied = spec._implied()
            return cls.model_validate(spec.model_dump(mode="json") | implied) if implied else spec
        except ValidationError as error:
            raise SpecError(sentence(error)) from None

    def _implied(self) -> dict[str, Any]:
        """What follows from other parts: names of the classes, a classifier where one is learned, and a KL by
        Monte Carlo where it has no closed form."""
        condition, source = self.condition, self.data
        implied: dict[str, Any] = {}
        if self.objective.kl == "analytic" and not (self.prior.closed_form and self.posterior.closed_form):
            implied["objective"] = self.objective.model_dump(mode="json") | {"kl": "monte_carlo"}
        implied |= self._prior_of_groups()
        if condition.kind == "none":
            return implied
        if source.classes is None and not catalogue.is_own(source.name):
            names = catalogue.class_names(source.name, None)
            implied["data"] = source.model_dump(mode="json") | {"classes": names}
        if self.objective.classifying and condition.classifier is None:
            classifier = self.net.model_dump(mode="json")
            implied["condition"] = condition.model_dump(mode="json") | {"classifier": classifier}
        return implied

    def _prior_of_groups(self) -> dict[str, Any]:
        """Categories ask for the uniform prior over as many in place of N(0, I), and all else for N(0, I)."""
        categories, kind = getattr(self.posterior, "categories", None), self.prior.kind
        if categories is not None and kind == "standard_normal":
            return {"prior": {"kind": "uniform_groups", "categories": categories}}
        if isinstance(self.prior, UniformGroupsPrior):
            if categories is None:
                return {"prior": {"kind": "standard_normal"}}
            if self.prior.categories != categories:
                return {"prior": {"kind": kind, "categories": categories}}
        return {}

    def to_json(self) -> str:
        return self.model_dump_json(indent=2) + "\n"

    def change(self, **changes: Any) -> Spec:
        """A copy with dotted fields replaced: `spec.change(**{"objective.beta": 4})`.

        Values may be text, as they come from a command line or an address bar. A change of `kind` starts that
        part from its defaults; of the dataset, the data settings, but for the binarisation where both are
        grey. Another likelihood brings the binarisation that it asks for, and a codebook the parts that go
        with one (`compatibility.companions`), unless they are named. Naming one of epochs, steps and seconds
        replaces the others; of a run that ends after seconds the learning rate is constant. Raises SpecError.
        """
        value = self.model_dump(mode="json")
        changes |= compatibility.companions(self, changes)
        kind = changes.get("likelihood.kind", self.likelihood.kind)
        asks_of_pixels = kind != self.likelihood.kind and "data.binarisation" not in changes
        # A kind must be in place before its own fields are set, and before the dataset that fits it.
        for name in sorted(changes, key=lambda name: (not name.endswith(".kind"), name != "data.name")):
            _assign(value, name, changes[name])
        if asks_of_pixels and not catalogue.binary(value["data"].get("name", "")):
            value["data"]["binarisation"] = _usual_binarisation(kind)
        return Spec.parse(value)

    def change_text(self, assignments: list[str]) -> Spec:
        """`change` from texts such as `objective.beta=4`. Raises SpecError."""
        changes = {}
        for text in assignments:
            name, equals, value = text.partition("=")
            if not equals or not name.strip():
                raise SpecError(f"{quote(text)} is no setting; write it like objective.beta=4.")
            changes[name.strip()] = value.strip()
        return self.change(**changes)


# What has several kinds, by its name in a Spec, or in its condition.
PARTS: dict[str, Any] = {
    "net": Net,
    "mask": Mask,
    "noise": Noise,
    "likelihood": Likelihood,
    "posterior": Posterior,
    "prior": Prior,
    "condition": Condition,
    "classifier": Net,
    "objective": Objective,
}


def register(part: Any, settings: type[Settings]) -> None:
    """From now on a Spec's part (`spec.Likelihood`) may be of this kind; one registered before is replaced.

    ValueError where a kind of the library has the name.
    """
    kind, (union, marker) = kind_of(settings), get_args(part)
    if kind in map(kind_of, get_args(union) or (union,)):
        raise ValueError(f"{kind!r} is a kind of this part already; give yours another name.")
    marker.added[:] = [each for each in marker.added if kind_of(each) != kind] + [settings]
    for each in (ClassCondition, Spec):
        each.model_rebuild(force=True)


def _assign(tree: dict[str, Any], name: str, value: Any) -> None:
    *path, field = name.split(".")
    here = tree
    for part in path:
        if part == "classifier" and here.get(part) is None:
            here[part] = {}
        if not isinstance(here.get(part), dict):
            raise SpecError(f"{short(name)}: there is no such setting; {_known(here)}")
        here = here[part]
    known_here = field in here or (path and field in _all_fields(path[-1]))
    if not known_here:
        raise SpecError(f"{short(name)}: there is no such setting; {_known(here)}")
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
        if field == "seconds":  # nobody knows how far the run is
            here["schedule"] = "constant"
    here[field] = value


def _binarisation(data: dict[str, Any], name: str, likelihood: str) -> str:
    """What another dataset makes of it: binary pixels need none, and say nothing of what grey ones need."""
    if catalogue.binary(name):
        return "none"
    if catalogue.binary(data["name"]):
        return _usual_binarisation(likelihood)
    return str(data["binarisation"])


def _usual_binarisation(likelihood: str) -> str:
    """What the likelihood asks of grey pixels; of an unknown one `parse` says that it is."""
    known: Any = kinds(Likelihood).get(likelihood)
    return str(known.usual_binarisation) if known is not None else "none"


def _all_fields(part: str) -> set[str]:
    """Every field that some kind of this part has: which of them fit, validation says."""
    if part in PARTS:
        return {name for settings in kinds(PARTS[part]).values() for name in settings.model_fields}
    return {
        name
        for settings in all_settings()
        if settings.__name__.lower().endswith(part)
        for name in settings.model_fields
    }


def _known(tree: dict[str, Any]) -> str:
    return f"known here are {', '.join(sorted(tree))}."
