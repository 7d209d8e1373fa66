"""What is said of a drawing: where its ELBO lies among those of the test images."""

import pytest
import torch

from widgets.components.picker import unlike

REFERENCE = -torch.arange(1000.0, 0, -1)  # -1000 to -1


@pytest.mark.parametrize(
    "elbo, words",
    [
        (-2000.0, "Unlike the data: its ELBO, −2000.0 nats, is lower than that of any of the test images."),
        (-995.5, "Unlike the data: its ELBO, −995.5 nats, is lower than that of 99.5 % of the test images."),
        (-950.5, "Unusual: its ELBO, −950.5 nats, is above that of 5 % of the test images."),
        (-500.5, "Like the data: its ELBO, −500.5 nats, is above that of 50 % of the test images."),
        (-0.5, "Like the data: its ELBO, −0.5 nats, is above that of 100 % of the test images."),
    ],
)
def test_the_sentence_says_how_rare_so_low_a_bound_is(elbo: float, words: str) -> None:
    assert unlike.sentence(elbo, REFERENCE).removeprefix(":material/warning: ") == words
