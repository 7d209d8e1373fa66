"""What the browser says of a click is read as a code, or not at all."""

import pytest

from widgets.components.forward_pass import place


@pytest.mark.parametrize(
    "said", [None, {}, {"open": None}, {"open": [1]}, {"open": [1, "2"]}, {"open": [1, float("nan")]}]
)
def test_nonsense_opens_nothing(said: object) -> None:
    assert place(said) is None


def test_a_click_is_a_code_within_reach() -> None:
    assert place({"open": [0.5, -1]}) == (0.5, -1.0)
    assert place({"open": [1e9, -1e9]}) == (100.0, -100.0)
