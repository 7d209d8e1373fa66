"""Every step of the tour opens without a fault, asks, answers, and is left."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from widgets.shell import tours

STEPS = tours.tour("first").steps
ROOT = Path(tours.__file__).parents[3]


@pytest.fixture(autouse=True)
def gallery_that_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_GALLERY", str(ROOT / "checkpoints"))


def link(number: int) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {"tour": "first", "step": str(number)}
    for field, value in STEPS[number - 1].state().items():
        if value is not None:
            found[field.name] = list(value) if isinstance(value, tuple) else value
    return found


def said(at: AppTest) -> str:
    return "\n".join(each.value for each in at.markdown)


def answers(at: AppTest) -> list[str]:
    return [each.label for each in at.button if each.key and each.key.startswith("tour-answer")]


@pytest.mark.parametrize("number", range(1, len(STEPS) + 1))
def test_a_step_asks_before_it_says(app: Callable[..., AppTest], number: int) -> None:
    step = STEPS[number - 1]
    at = app(step.page, **link(number))
    assert not at.exception
    assert not at.error
    assert not at.warning
    assert f"Step {number} of 7" in [each.value for each in at.caption]
    assert step.question in said(at)
    assert answers(at) == [step.answers[place] for place in step.order]
    assert "Right." not in said(at)
    at.button(f"tour-answer-{number}-0").click().run()
    assert not at.exception
    assert not at.error
    assert "**Right.**" in said(at)
    assert at.query_params["guess"] == "1"
    assert answers(at) == []


def test_a_wrong_guess_is_told_and_numbers_are_those_of_the_evaluation(app: Callable[..., AppTest]) -> None:
    at = app("latent_map", **link(4))
    at.button("tour-answer-4-2").click().run()
    assert "**Not quite.** 94.5 %." in said(at)
    assert at.query_params["guess"] == "3"


def test_back_and_skip_lead_to_the_same_step_at_once(app: Callable[..., AppTest]) -> None:
    at = app("latent_map", **link(3))
    for number in (2, 3, 2, 3):
        at.button(f"tour-to-{number}").click().run()
        assert not at.exception
        assert f"Step {number} of 7" in [each.value for each in at.caption]
        assert {name: at.query_params[name] for name in at.query_params} == link(number)


def test_leaving_keeps_the_page_as_it_is(app: Callable[..., AppTest]) -> None:
    at = app("latent_map", **link(3), guess="2")
    at.button("tour-leave").click().run()
    assert not at.exception
    assert not at.error
    assert dict(at.query_params) == {"run": "vae-2d-mnist"}


def test_a_step_on_another_page_offers_the_way_back(app: Callable[..., AppTest]) -> None:
    at = app("traverse", tour="first", step="2", run="vae-2d-mnist")
    assert not at.exception
    assert not at.error
    assert "This step is on the page Latent map." in said(at)


def test_a_step_that_there_is_not_is_replaced(app: Callable[..., AppTest]) -> None:
    at = app("traverse", tour="first", step="99", run="sprites-beta-tc")
    (warning,) = (each.value for each in at.warning)
    assert "The link asks for step of the tour 99; the most is 7." in warning.replace("the step", "step")
    assert at.query_params["step"] == "7"
