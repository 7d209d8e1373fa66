"""Numbers and names as a person writes them."""

import pytest

from vae_core import recipes
from widgets.shell import words


@pytest.mark.parametrize(
    "seconds, said",
    [
        (None, "–"),
        (float("inf"), "–"),
        (0.04, "0.0 s"),
        (9.96, "10.0 s"),
        (59.6, "1:00"),
        (61, "1:01"),
        (3661, "1:01:01"),
    ],
)
def test_durations(seconds: float | None, said: str) -> None:
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    "value, said",
    [
        (0, "0"),
        (1.0, "1"),
        (0.5, "0.5"),
        (4.0, "4"),
        (1e-3, "1e-3"),
        (3e-4, "3e-4"),
        (1e-5, "1e-5"),
        (0.01, "0.01"),
    ],
)
def test_settings(value: float, said: str) -> None:
    assert words.number(value) == said
    assert float(said) == value


def test_nats_have_a_true_minus() -> None:
    assert words.nats(-146.04) == "−146.0"
    assert words.nats(float("nan")) == "–"


def test_names_lose_their_date_and_nothing_else() -> None:
    assert words.short_name("vae-2d-mnist-20261121-015531") == "vae-2d-mnist 01:55:31"
    assert words.short_name("my-run-2") == "my-run-2"


def test_markdown_in_a_name_is_only_a_name() -> None:
    assert words.literal("a*b_[c](d)") == r"a\*b\_\[c\](d)"


def test_a_code_is_as_large_as_its_groups_say() -> None:
    assert words.code_size(recipes.get("gumbel")) == "20 × 10 categories"
    assert words.code_size(recipes.get("vq")) == "7 × 7 of 64 codes"
    assert words.code_size(recipes.get("vae-2d")) == "2 dimensions"
