"""Two models beside each other, their sliders linked or not."""

from dataclasses import replace

import numpy as np

from tests.widgets.components.traverse.models import SIGMAS, assert_shows


def test_linked_sliders_of_the_same_rank_move_together(boards, pair) -> None:
    one, two, models = pair
    boards.show(models)
    boards.press(3, *["ArrowRight"] * 5)
    assert_shows(boards.image(0), one, [0, 0, 0, 0.5])
    assert_shows(boards.image(1), two, [0.5, 0, 0])
    boards.press(2, "PageDown", board=1)
    assert_shows(boards.image(0), one, [0, -1, 0, 0.5])
    assert_shows(boards.image(1), two, [0.5, 0, -1])
    boards.said()
    boards.forget()
    boards.press(2, "End", board=0)  # rank 4: the other model has none
    assert_shows(boards.image(0), one, [0, -1, 3, 0.5])
    assert boards.said()["moved"] == [[[1, -1], [2, 3], [3, 0.5]], [[0, 0.5], [2, -1]]]


def test_unlinked_sliders_move_alone(boards, pair) -> None:
    one, two, models = pair
    boards.show(models)
    boards.page.get_by_role("button", name="Link sliders").click()
    boards.press(3, "End")
    assert_shows(boards.image(0), one, [0, 0, 0, 3])
    assert_shows(boards.image(1), two, [0, 0, 0])
    assert boards.said() == {"moved": [[[3, 3.0]], []], "linked": False, "open_dead": False}


def test_a_linked_draw_gives_the_same_rank_the_same_value(boards, pair) -> None:
    boards.show(pair[2])
    boards.page.get_by_role("button", name="Random").click()
    first, second = (dict(map(tuple, sliders)) for sliders in boards.said()["moved"])
    assert [first[d] for d in (1, 3, 0)] == [second[d] for d in (2, 0, 1)]


def test_linked_quantiles_are_the_same_quantile(boards, pair) -> None:
    one, two, models = pair
    wide = np.tile(SIGMAS / 2, (3, 1))
    boards.show([models[0], replace(models[1], stops=wide)])
    boards.press(1, "PageUp", "PageUp")
    assert_shows(boards.image(0), one, [0, 2, 0, 0])
    assert_shows(boards.image(1), two, [0, 0, 1])


def test_the_second_model_may_go_and_come_back(boards, pair) -> None:
    _, two, models = pair
    boards.show(models)
    boards.show(models[:1])
    assert boards.page.locator(".board").count() == 1
    assert not boards.page.get_by_role("button", name="Link sliders").is_visible()
    boards.show(models)
    assert_shows(boards.image(1), two, [0, 0, 0])
