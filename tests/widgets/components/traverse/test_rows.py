"""Rows: their order, the unused ones, and their names."""

from dataclasses import replace

import pytest

from tests.widgets.components.traverse.models import assert_shows, described, moved


def test_rows_are_sorted_by_kl_which_stands_beside_them_in_nats(boards, vae) -> None:
    boards.show([described(vae, kl=[0.5, 2.25, 0.1, 1.0])])
    rows = boards.page.locator(".row[data-dimension]")
    assert [text.split()[0] for text in rows.all_inner_texts()] == ["z2", "z4", "z1", "z3"]
    assert boards.page.locator(".nats").all_inner_texts() == [
        "2.25 nats",
        "1.00 nats",
        "0.50 nats",
        "0.10 nats",
    ]


def test_hardly_used_dimensions_are_folded_away_until_asked_for(boards, vae) -> None:
    model = described(vae, dead=[False, True, False, True])
    boards.show([model])
    assert [boards.row(d).is_visible() for d in range(4)] == [True, False, True, False]
    fold = boards.page.get_by_role("button", name="2 dimensions hardly used")
    fold.click()
    boards.decoded()
    assert boards.said() == {"moved": [[]], "linked": True, "open_dead": True}
    assert_shows(boards.tile(1, 6), vae, moved(model, z2=3))
    fold.click()
    boards.settle()
    assert not boards.row(1).is_visible()


def test_a_model_that_uses_no_dimension_shows_them_all(boards, vae) -> None:
    boards.show([described(vae, dead=[True] * 4)])
    assert boards.row(0).is_visible()


@pytest.mark.parametrize("how", ["pencil", "double click", "key"])
def test_a_dimension_is_named_and_python_hears_of_it(boards, model, how: str) -> None:
    boards.show([model])
    if how == "pencil":
        boards.row(1).hover()
        boards.row(1).locator(".pencil").click()
    elif how == "double click":
        boards.row(1).locator("b").dblclick()
    else:
        boards.press(1, "Enter")
    boards.page.keyboard.type("  slant  ")
    boards.page.keyboard.press("Enter")
    assert boards.all_said("board") == [{"renamed": {"key": "a", "dimension": 1, "name": "slant"}}]
    assert "slant" in boards.row(1).inner_text()
    assert boards.slider(1).get_attribute("aria-label") == "z2, slant"
    boards.show([replace(model, names=["", "tilt", "", ""])])  # nothing but what was just said counts less
    assert "slant" in boards.row(1).inner_text()
    boards.show([replace(model, names=["", "slant", "", ""])])
    boards.show([replace(model, names=["", "tilt", "", ""])])
    assert "tilt" in boards.row(1).inner_text()


def test_escape_keeps_the_old_name(boards, model) -> None:
    boards.show([replace(model, names=["width", "", "", ""])])
    boards.press(0, "Enter")
    boards.page.keyboard.type("height")
    boards.page.keyboard.press("Escape")
    assert "width" in boards.row(0).inner_text()
    assert boards.all_said("board") == []


def test_a_name_is_text_and_never_markup(boards, model) -> None:
    boards.show([replace(model, names=["<img src=x onerror=alert(1)>", "", "", ""])])
    assert boards.page.locator(".traverse img").count() == 0
    assert "<img" in boards.row(0).inner_text()
