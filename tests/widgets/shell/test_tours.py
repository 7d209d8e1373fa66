"""The files of tours: every step opens a page of the app, and says nothing that no evaluation says."""

import json
from pathlib import Path

import pytest

from widgets.shell import tours
from widgets.shell.links import TOUR
from widgets.shell.menu import MENU
from widgets.shell.tours import Step

ROOT = Path(tours.__file__).parents[3]
NAMES = sorted(path.stem for path in tours.HERE.glob("*.toml"))
STEPS = [
    pytest.param(step, id=f"{name}-{k}") for name in NAMES for k, step in enumerate(tours.tour(name).steps, 1)
]
A_STEP = {
    "title": "A", "link": "latent_map?ratio=2", "text": "", "question": "?", "answers": ["right", "wrong"],
    "order": [1, 0], "notice": "",
}  # fmt: skip


def test_every_tour_is_a_value_of_the_link() -> None:
    assert TOUR.options == tuple(NAMES)
    assert len(tours.tour("first").steps) == 7


@pytest.mark.parametrize("step", STEPS)
def test_a_step_opens_a_page_on_what_ships(step: Step) -> None:
    assert step.page in MENU
    state = {field.name: value for field, value in step.state().items()}
    run = state["run"]
    assert run is None or (ROOT / "checkpoints" / str(run) / "card.json").exists()
    assert step.question.endswith("?")


@pytest.mark.parametrize("step", STEPS)
def test_a_step_speaks_of_values_that_evaluations_have(step: Step) -> None:
    for run, name in tours.VALUE.findall(step.notice):
        evaluation = json.loads((ROOT / "checkpoints" / run / "evaluation.json").read_text())
        assert isinstance(evaluation[name], float)
    assert "{" not in tours.filled(step.notice, lambda run, name: "")


def test_the_right_answers_are_right() -> None:
    """What the steps call right, by the evaluations of the runs that they show."""

    def evaluated(run: str) -> dict[str, float]:
        found: dict[str, float] = json.loads((ROOT / "checkpoints" / run / "evaluation.json").read_text())
        return found

    code, _, holes, autoencoder, _, sample, _ = (step.answers[0] for step in tours.tour("first").steps)
    spec = json.loads((ROOT / "checkpoints" / "vae-2d-mnist" / "spec.json").read_text())
    assert code == str(spec["latent"])
    assert holes == "About a tenth"
    assert 0.05 < evaluated("vae-2d-mnist")["hole_mass"] < 0.15
    assert autoencoder == "Nearly all of it"
    assert evaluated("autoencoder-2d-mnist")["hole_mass"] > 0.9
    assert sample == "Hardly any"
    assert evaluated("beta-4-mnist")["hole_mass"] < 0.01


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"answers": ["one"], "order": [0]}, "two or three answers"),
        ({"order": [0, 0]}, "each of them once"),
        ({"link": "latent_map?nosuch=1"}, "latent_map has no nosuch"),
        ({"link": "latent_map?ratio=7"}, "that is none of the choices"),
    ],
)
def test_a_step_that_does_not_hold_together_is_refused(change: dict[str, object], said: str) -> None:
    assert tours._step(A_STEP).answers[0] == "right"
    with pytest.raises(ValueError, match=said):
        tours._step(A_STEP | change)
