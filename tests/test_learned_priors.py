"""Runs whose prior learns: they train, resume, are evaluated, travel, replay, and open on every page."""

import math
import shutil
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from tests.pages.shown import unfold
from vae_core import data, recipes, train
from vae_core.analysis import evaluation, kl_divergence
from vae_core.model import priors
from vae_core.runs import archive, frames, schema
from vae_core.runs.run import Run
from vae_core.spec import Prior, Spec
from vae_core.spec.settings import kinds
from vae_core.training.loop import Trainer
from widgets.run_data.codes import prior_of_frame

ROOT = Path(__file__).parents[1]
PAGES = ("train", "latent_map", "traverse", "interpolate", "inpaint", "compare")
CLASS = {"condition.kind": "class"}
CHANGES = {
    "mixture": {"prior.kind": "mixture"},
    "vamp": {"prior.kind": "vamp", "prior.pseudo_inputs": 20},
    "flow": {"prior.kind": "flow", "prior.couplings": 2},
    "mixture of one dimension": {"prior.kind": "mixture", "latent": 1},
    "mixture of each class": {"prior.kind": "mixture", "prior.of_class": True, **CLASS},
    "vamp beside a class": {"prior.kind": "vamp", **CLASS, "condition.encoder": False},
    "flow of each class": {
        "prior.kind": "flow",
        "prior.of_class": True,
        "prior.couplings": 2,
        **CLASS,
        "latent": 3,
    },
}


def settings(name: str) -> Spec:
    return recipes.get("vae-2d").change(**{"data.name": "digits", "training.steps": 20} | CHANGES[name])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def one(name: str) -> Path:
        if name not in made:
            made[name] = tmp_path_factory.mktemp("learned") / name.replace(" ", "-")
            train(settings(name), out=made[name])
        return made[name]

    return one


@pytest.fixture
def run(trained: Callable[[str], Path], own_runs: Path, name: str) -> Run:
    path = trained(name)
    return Run(shutil.copytree(path, own_runs / path.name))


@pytest.mark.parametrize("name", CHANGES)
def test_it_trains_is_evaluated_and_its_bars_sum_to_the_kl(run: Run, name: str) -> None:
    assert run.status.state == "finished"
    numbers = run.evaluation
    assert numbers is not None
    q, p = run.posteriors, run.model.prior
    of_each = kl_divergence.average(q, p)
    assert of_each.dimension.tolist() == pytest.approx(numbers["dimension_kl"], rel=1e-3)
    images = data.load("digits", "test")
    again = evaluation.evaluate(run.model, images, samples=20, log_px_images=20)
    assert again["elbo"] == pytest.approx(numbers["elbo"], abs=1e-3)
    assert again["log_px"] >= again["log_px_elbo"] - 0.5
    # What `evaluate` drew, one code for each image, against quadrature and the dependence.
    spread = 3 * math.sqrt(2 * run.spec.latent / len(q)) + 4 * of_each.dependence.error
    assert of_each.total == pytest.approx(numbers["kl"] - numbers.get("class_kl", 0.0), abs=spread)
    assert 0 <= numbers["hole_mass"] <= 0.95


@pytest.mark.parametrize("name", CHANGES)
def test_a_resumed_training_reaches_the_weights_of_one_that_never_stopped(name: str) -> None:
    images = data.load("digits")
    whole, stopped, resumed = (Trainer(settings(name), images) for _ in range(3))
    assert whole.direct is None  # the fused step knows N(0, I) alone
    list(islice(whole, 12))
    list(islice(stopped, 5))
    resumed.restore(stopped.state())
    list(islice(resumed, 7))
    begun = Trainer(settings(name), images).model.prior.state_dict()
    for key, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[key]), key
    moved = [not torch.equal(value, begun[key]) for key, value in whole.model.prior.state_dict().items()]
    assert any(moved)


@pytest.mark.parametrize("name", CHANGES)
def test_its_frames_hold_the_prior_of_their_moment_and_are_read_back(run: Run, name: str) -> None:
    shots = [shot for file in run.frames if (shot := run.frame(frames.step_of(file))) is not None]
    assert len(shots) > 1
    z = torch.randn(50, run.spec.latent, generator=torch.Generator().manual_seed(0))
    first, last = (prior_of_frame(run, shot) for shot in (shots[0], shots[-1]))
    assert first is not None
    assert last is not None
    with torch.no_grad():
        now = run.model.prior.log_prob(z)
        torch.testing.assert_close(last.log_prob(z), now, rtol=1e-4, atol=1e-4)
        assert not torch.allclose(first.log_prob(z), now, atol=1e-3)
    schema.check(run.path, f"frames/{frames.LATEST}", run.spec)


@pytest.mark.parametrize("name", CHANGES)
def test_it_travels_in_a_zip(run: Run, name: str) -> None:
    other = archive.import_zip(archive.export_zip(run), "again")
    before = run.model.state_dict()
    assert all(torch.equal(value, before[key]) for key, value in other.model.state_dict().items())


def test_pseudo_inputs_begin_as_training_images_and_end_as_images() -> None:
    trainer = Trainer(settings("vamp"), data.load("digits"))
    prior = trainer.model.prior
    assert isinstance(prior, priors.Vamp)
    known = trainer.images.flatten(1).float() / 255
    begun = prior.pseudo_inputs.detach()
    near = torch.cdist(begun.flatten(1), known).min(1)
    assert float(near.values.max()) < 0.01 * math.sqrt(64) + 1e-3  # but for what keeps them off 0 and 1
    assert len(near.indices.unique()) == 20
    list(islice(trainer, 5))
    now = prior.pseudo_inputs.detach()
    assert not torch.equal(now, begun)
    assert 0 <= float(now.min()) <= float(now.max()) <= 1


@pytest.mark.parametrize("name", CHANGES)
def test_every_page_opens_on_it(run: Run, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import widgets.service

    monkeypatch.setattr(widgets.service, "service", lambda _: None)  # nothing is trained here
    for page in (*PAGES, *(("generate",) if run.spec.classes else ())):
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).switch_page(f"pages/{page}.py")
        at.query_params["runs" if page == "compare" else "run"] = run.name
        at.run()
        assert not at.exception, (page, [each.message for each in at.exception])
        assert not at.error, (page, [each.value for each in at.error])


@pytest.mark.parametrize("name", ["mixture", "vamp", "flow"])
def test_contours_on_the_map_hold_the_mass_that_they_say(run: Run, name: str) -> None:
    from widgets.components.latent_map import densities
    from widgets.components.latent_map.map_view import View
    from widgets.components.latent_map.parcels import regions
    from widgets.run_data.codes import newest

    codes = newest(run)
    assert codes is not None
    field = densities.field(codes, View(extent=6.0))
    p = run.model.prior
    with torch.no_grad():
        expected = p.log_prob(torch.cartesian_prod(field.grid.x, field.grid.y)).view(field.grid.log_p.shape)
        np.testing.assert_allclose(field.grid.log_p, expected, atol=2e-3)
        inside = p.log_prob(p.sample(50_000, torch.Generator().manual_seed(3)))
    for mass, level in regions(field.grid):
        assert float((inside > level).double().mean()) == pytest.approx(mass, abs=0.012)


def form(monkeypatch: pytest.MonkeyPatch, *changes: str) -> AppTest:
    import widgets.service

    monkeypatch.setattr(widgets.service, "service", lambda _: None)
    at = unfold(AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).switch_page("pages/train.py"))
    at.query_params["recipe"] = "vae-2d"
    at.query_params["set"] = ["data.name=digits", *changes]
    at.run()
    assert not at.exception
    return at


def test_the_form_has_their_settings_and_one_for_each_class_where_the_model_is_told_classes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = {
        "mixture": {"Components"},
        "vamp": {"Pseudo-inputs"},
        "flow": {"Couplings", "Hidden units of a coupling"},
    }
    for kind, labels in numbers.items():
        at = form(monkeypatch, f"prior.kind={kind}")
        assert labels <= {box.label for box in at.number_input}
        assert "One for each class" not in [box.label for box in at.toggle]
    at = form(monkeypatch, "prior.kind=flow", "condition.kind=class")
    (toggle,) = (box for box in at.toggle if box.label == "One for each class")
    toggle.set_value(True).run()
    assert "prior.of_class=True" in at.query_params["set"]
    assert not at.exception


def test_a_prior_that_cannot_be_is_said_in_the_forms_words(monkeypatch: pytest.MonkeyPatch) -> None:
    at = form(monkeypatch, "prior.kind=vamp", "condition.kind=class")
    said = " ".join(each.value for each in (*at.error, *at.caption))
    assert "mixture of what the encoder says of images without a class" in said


def test_the_readme_names_every_prior() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.split("| `prior.kind` |")[1].split("\n\n")[0]
    assert all(f"| `{kind}` |" in table for kind in kinds(Prior))


def test_the_map_states_the_prior_that_the_run_has(
    trained: Callable[[str], Path], own_runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import widgets.service

    monkeypatch.setattr(widgets.service, "service", lambda _: None)
    run = Run(shutil.copytree(trained("vamp"), own_runs / "vamp"))
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).switch_page("pages/latent_map.py")
    at.query_params["run"] = run.name
    at.run()
    assert any("q(z|u_k)" in each.value for each in at.latex)
    assert any("VampPrior" in each.value for each in at.sidebar.caption)
