"""Parts of one's own: each is defined here, registers in one line, and works wherever the library's do."""

import math
import shutil
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, ClassVar, Literal, get_args

import pytest
import torch
from pydantic import Field
from streamlit.testing.v1 import AppTest
from torch import Tensor, nn

from tests.pages.shown import unfold
from vae_core import data, objectives, recipes, spec, train
from vae_core.analysis import evaluation, kl_divergence
from vae_core.data import catalogue
from vae_core.data.catalogue import Info
from vae_core.data.dataset import Dataset, Request
from vae_core.model import likelihoods, nets, posteriors, priors
from vae_core.model.priors import GaussianMixture
from vae_core.model.terms import Terms
from vae_core.objectives import Logged, Objective
from vae_core.runs import archive
from vae_core.runs.run import Run
from vae_core.training.loop import Trainer

ROOT = Path(__file__).parents[1]
PAGES = ("train", "latent_map", "traverse", "interpolate", "inpaint")


# --- a likelihood ----------------------------------------------------------------------------------


class DoubleExponentialLikelihood(spec.LikelihoodSettings):
    title: ClassVar[str] = "Double exponential"
    kind: Literal["double_exponential"] = "double_exponential"
    scale: Annotated[float, Field(gt=0)] = 0.1


class DoubleExponential(likelihoods.Likelihood):
    browser_mean = "first"

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale

    def pixel_log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        return -(x - params).abs() / self.scale - math.log(2 * self.scale)

    def mean(self, params: Tensor) -> Tensor:
        return params

    def sample(self, params: Tensor, generator: torch.Generator | None = None) -> Tensor:
        u = torch.rand(params.shape, generator=generator, device=params.device) - 0.5
        return params - self.scale * u.sign() * (1 - 2 * u.abs()).clamp(min=1e-12).log()


# --- priors: one with samples and log_prob alone, one that is a mixture -----------------------------


class StudentTPrior(spec.PriorSettings):
    title: ClassVar[str] = "Student-t"
    kind: Literal["student_t"] = "student_t"
    freedom: Annotated[int, Field(ge=3, le=100)] = 4


class StudentT(priors.Prior):
    def log_prob(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        v, d = self.settings.freedom, self.latent
        constant = math.lgamma((v + d) / 2) - math.lgamma(v / 2) - d / 2 * math.log(v * math.pi)
        return constant - (v + d) / 2 * torch.log1p(z.square().sum(-1) / v)

    def sample(self, count: int, generator: torch.Generator | None = None, y: Tensor | None = None) -> Tensor:
        normal = torch.randn(count, self.latent, generator=generator)
        chi = torch.randn(count, self.settings.freedom, generator=generator).square().sum(1, keepdim=True)
        return normal / (chi / self.settings.freedom).sqrt()


class TwoHillsPrior(spec.PriorSettings):
    title: ClassVar[str] = "Two hills"
    kind: Literal["two_hills"] = "two_hills"


class TwoHills(priors.Prior):
    """0.3 N(-2, 0.25 I) + 0.7 N(m, I), whose second mean is learned."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.mean = nn.Parameter(torch.ones(self.latent))

    def mixture(self, y: Tensor | None = None) -> GaussianMixture:
        mean = torch.stack([torch.full_like(self.mean, -2.0), self.mean])
        log_var = torch.stack([torch.full_like(self.mean, math.log(0.25)), torch.zeros_like(self.mean)])
        return GaussianMixture(mean, log_var, torch.tensor([0.3, 0.7]).log())

    def log_prob(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        mean, log_var, log_weight = self.mixture()
        t = (z[..., None, :] - mean).square() * torch.exp(-log_var)
        return (log_weight - 0.5 * (t + log_var + math.log(2 * math.pi)).sum(-1)).logsumexp(-1)

    def sample(self, count: int, generator: torch.Generator | None = None, y: Tensor | None = None) -> Tensor:
        mean, log_var, log_weight = self.mixture()
        which = torch.multinomial(log_weight.exp(), count, replacement=True, generator=generator)
        noise = torch.randn(count, self.latent, generator=generator)
        return mean[which] + (0.5 * log_var[which]).exp() * noise


# --- a posterior with samples and a density, and no closed form ---------------------------------------


class LogisticPosterior(spec.PosteriorSettings):
    title: ClassVar[str] = "Logistic"
    kind: Literal["logistic"] = "logistic"


class Logistic(posteriors.Posterior):
    """Independent logistic distributions, which one learned matrix then turns: z = A (m + s logit(u))."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.turn = nn.Parameter(0.3 * torch.ones(self.latent, self.latent).triu(1))

    def _parts(self, params: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_scale = params.chunk(2, -1)
        return mean, log_scale.clamp(-8, 8)

    def sample(
        self, params: Tensor, samples: int = 1, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        mean, log_scale = self._parts(params)
        u = torch.rand(samples, *mean.shape, generator=generator, device=mean.device)
        z = (mean + log_scale.exp() * u.logit(1e-6)) @ (torch.eye(self.latent) + self.turn.triu(1))
        return z, self.log_prob(params, z)

    def log_prob(self, params: Tensor, z: Tensor) -> Tensor:
        mean, log_scale = self._parts(params)
        straight = z @ torch.linalg.inv(torch.eye(self.latent) + self.turn.triu(1))
        t = (straight - mean) / log_scale.exp()
        return (-t - 2 * nn.functional.softplus(-t) - log_scale).sum(-1)

    def location(self, params: Tensor) -> Tensor:
        return self._parts(params)[0] @ (torch.eye(self.latent) + self.turn.triu(1))


# --- an objective, a network, a dataset -------------------------------------------------------------


class SquaredObjective(spec.ObjectiveSettings):
    title: ClassVar[str] = "Squared KL"
    kind: Literal["squared"] = "squared"


class Squared(Objective):
    """reconstruction - beta KL^2."""

    def penalty(self, terms: Terms, kl: Tensor, step: Tensor) -> tuple[Tensor, Logged]:
        return self.beta * kl.square(), {"beta": self.beta}


class ShallowNet(spec.NetSettings):
    title: ClassVar[str] = "Shallow"
    kind: Literal["shallow"] = "shallow"
    units: Annotated[int, Field(ge=1, le=4096)] = 32


def shallow(settings: ShallowNet, sizes: nets.Sizes) -> nets.Pair:
    image, pixels = math.prod(sizes.image), math.prod(sizes.pixels)
    encoder = nets.Net(
        nn.Flatten(), nn.Linear(image, settings.units), nn.ReLU(), nn.Linear(settings.units, sizes.outputs)
    )
    decoder = nets.Net(
        nn.Linear(sizes.latent, settings.units),
        nn.ReLU(),
        nn.Linear(settings.units, pixels),
        nn.Unflatten(1, sizes.pixels),
    )
    return encoder, decoder


def bars(request: Request) -> Dataset:
    """A bar across or a bar upwards, at one of eight places."""
    generator = torch.Generator().manual_seed(int(request.split == "test"))
    labels = torch.randint(2, (400,), generator=generator)
    places = torch.randint(8, (400,), generator=generator)
    images = torch.zeros(400, 1, 8, 8, dtype=torch.uint8)
    for image, label, place in zip(images, labels, places, strict=True):
        image[0].movedim(int(label), 0)[place] = 255
    return Dataset("bars", request.split, images, labels, ("across", "upwards"))


BARS = Info(
    "bars", "Bars", (1, 8, 8), ("across", "upwards"), 400, 400, "", "A bar in a square.",
    SimpleNamespace(load=bars), binary=True,
)  # fmt: skip

# One line each, but that here they are taken out again.
REGISTER = {
    "double_exponential": lambda: likelihoods.register(DoubleExponentialLikelihood)(DoubleExponential),
    "student_t": lambda: priors.register(StudentTPrior)(StudentT),
    "two_hills": lambda: priors.register(TwoHillsPrior)(TwoHills),
    "logistic": lambda: posteriors.register(LogisticPosterior)(Logistic),
    "squared": lambda: objectives.register(SquaredObjective)(Squared),
    "shallow": lambda: nets.register(ShallowNet)(shallow),
    "bars": lambda: catalogue.register(BARS),
}
CHANGES = {
    "double_exponential": {"likelihood.kind": "double_exponential"},
    "student_t": {"prior.kind": "student_t"},
    "two_hills": {"prior.kind": "two_hills"},
    "logistic": {"posterior.kind": "logistic"},
    "squared": {"objective.kind": "squared"},
    "shallow": {"net.kind": "shallow"},
    "bars": {"data.name": "bars"},
}


@pytest.fixture(scope="module", autouse=True)
def _registered() -> Iterator[None]:
    registries = [
        likelihoods.LIKELIHOODS,
        priors.PRIORS,
        posteriors.POSTERIORS,
        objectives.OBJECTIVES,
        nets.NETS,
    ]
    before = [dict(registry) for registry in registries]
    for add in REGISTER.values():
        add()
    yield
    for registry, old in zip(registries, before, strict=True):
        registry.clear()
        registry.update(old)
    for part in (spec.Likelihood, spec.Prior, spec.Posterior, spec.Objective, spec.Net):
        get_args(part)[1].added.clear()
    for each in (spec.ClassCondition, spec.Spec):
        each.model_rebuild(force=True)
    del catalogue.CATALOGUE["bars"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A run of each, trained for some steps, then resumed from its state for some more."""
    made: dict[str, Path] = {}

    def one(name: str) -> Path:
        if name not in made:
            first = {"data.name": "digits", "training.steps": 20} | CHANGES[name]
            path = tmp_path_factory.mktemp("extending") / name
            train(recipes.get("vae-2d").change(**first), out=path)
            made[name] = path
        return made[name]

    return one


@pytest.fixture
def run(trained: Callable[[str], Path], own_runs: Path, name: str) -> Run:
    return Run(shutil.copytree(trained(name), own_runs / name))


@pytest.mark.parametrize("name", REGISTER)
def test_it_trains_evaluates_and_says_the_same_number_everywhere(run: Run, name: str) -> None:
    assert run.status.state == "finished"
    numbers = evaluation.evaluate(
        run.model, data.load(run.spec.data.name, "test"), samples=20, log_px_images=50
    )
    assert math.isfinite(numbers["elbo"])
    stored = run.evaluation
    assert stored is not None
    assert stored["elbo"] == pytest.approx(numbers["elbo"], abs=1e-3)
    of_each, q, p = kl_divergence.average(run.posteriors, run.model.prior), run.posteriors, run.model.prior
    images = data.binarised_once(data.load(run.spec.data.name, "test"), run.spec.data.binarisation)
    params = run.model.encode(data.binarise(images, "none"))
    z, log_q = run.model.posterior.sample(params, 400, torch.Generator().manual_seed(0))
    of_draws = log_q - p.log_prob(z)
    bound = 0.02 if q.gaussian else 5 * of_each.dependence.error
    assert of_each.total == pytest.approx(float(of_draws.mean()), abs=bound)
    error = float(of_draws.std()) / len(q) ** 0.5  # `evaluate` draws one code for each image
    assert numbers["kl"] == pytest.approx(float(of_draws.mean()), abs=5 * error)  # heavy tails
    assert of_each.dimension.tolist() == pytest.approx(numbers["dimension_kl"], rel=1e-3)
    assert 0 <= numbers["hole_mass"] <= 0.95


@pytest.mark.parametrize("name", REGISTER)
def test_a_resumed_training_reaches_the_weights_of_one_that_never_stopped(name: str) -> None:
    settings = recipes.get("vae-2d").change(**{"data.name": "digits", "training.steps": 12} | CHANGES[name])
    images = data.load(settings.data.name)
    whole, stopped, resumed = (Trainer(settings, images) for _ in range(3))
    list(islice(whole, 12))
    list(islice(stopped, 5))
    resumed.restore(stopped.state())
    list(islice(resumed, 7))
    for key, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[key]), key


@pytest.mark.parametrize("name", REGISTER)
def test_it_travels_in_a_zip(run: Run, name: str, own_runs: Path) -> None:
    other = archive.import_zip(archive.export_zip(run), "again")
    assert other.spec == run.spec
    before = run.model.state_dict()
    assert all(torch.equal(value, before[key]) for key, value in other.model.state_dict().items())


@pytest.mark.parametrize("name", REGISTER)
def test_every_page_opens_on_it(run: Run, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import widgets.service

    monkeypatch.setattr(widgets.service, "service", lambda _: None)  # nothing is trained here
    for page in PAGES:
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).switch_page(f"pages/{page}.py")
        at.query_params["run"] = run.name
        at.run()
        assert not at.exception, (page, [each.message for each in at.exception])
        assert not at.error, (page, [each.value for each in at.error])


def test_the_form_has_the_controls_of_what_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    import widgets.service

    monkeypatch.setattr(widgets.service, "service", lambda _: None)
    chosen = {
        "likelihood.kind": ("double_exponential", "Double exponential"),
        "posterior.kind": ("logistic", "Logistic"),
        "prior.kind": ("student_t", "Student-t"),
        "objective.kind": ("squared", "Squared KL"),
        "net.kind": ("shallow", "Shallow"),
    }
    at = unfold(AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).switch_page("pages/train.py"))
    at.query_params["recipe"] = "vae-2d"
    at.query_params["set"] = ["data.name=digits", *(f"{name}={kind}" for name, (kind, _) in chosen.items())]
    at.run()
    assert not at.exception
    assert not at.error
    shown = {box.value: box for box in at.selectbox}
    for kind, title in chosen.values():
        assert title in shown[kind].options
    numbers = {box.label: box for box in at.number_input}
    assert (numbers["Freedom"].value, numbers["Freedom"].min, numbers["Freedom"].max) == (4, 3, 100)
    assert (numbers["Units"].value, numbers["Scale"].value) == (32, 0.1)
    numbers["Freedom"].set_value(7).run()
    assert "prior.freedom=7" in at.query_params["set"]


def test_the_form_offers_what_is_registered() -> None:
    assert spec.titles(spec.Likelihood)["double_exponential"] == "Double exponential"
    assert spec.Spec().change_text(["prior.kind=student_t"]).objective.kl == "monte_carlo"
    with pytest.raises(spec.SpecError, match="closed form"):
        spec.Spec().change(**{"prior.kind": "student_t", "objective.kind": "free_bits"})
    with pytest.raises(ValueError, match="another name"):
        spec.register(spec.Likelihood, spec.BernoulliLikelihood)


@pytest.mark.parametrize("name", ["shallow"])
def test_the_app_says_which_module_of_ones_own_it_misses_and_goes_on(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import widgets.service

    monkeypatch.setattr(widgets.service, "service", lambda _: None)
    monkeypatch.setenv("VAE_PARTS", "no_such_thing")
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).switch_page("pages/latent_map.py")
    at.query_params["run"] = run.name
    at.run()
    (fault,) = at.error
    assert "VAE_PARTS names the module no_such_thing" in fault.value.replace("\\", "")
    assert run.name in at.query_params["run"]
    assert len(at.main.children) > 2
