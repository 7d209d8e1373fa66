"""What the board's pictures are of p(x|z)."""

import numpy as np

from widgets.components.board import shown_pixels

MEANS = np.array([0, 51, 127, 128, 204, 255], np.uint8).repeat(2000).reshape(6, 1, 40, 50)


def test_the_means_of_a_bernoulli_say_its_modes_and_draws() -> None:
    shot = {"samples": MEANS, "step": np.array([7])}
    modes = shown_pixels.of_frame(shot, "samples", "modes", two_valued=True)
    assert modes[:, 0, 0, 0].tolist() == [0, 0, 0, 255, 255, 255]
    drawn = shown_pixels.of_frame(shot, "samples", "drawn", two_valued=True)
    assert set(np.unique(drawn)) == {0, 255}
    share, p = drawn.mean((1, 2, 3)) / 255, MEANS[:, 0, 0, 0] / 255
    assert (np.abs(share - p) <= 4 * np.sqrt(p * (1 - p) / 2000)).all()
    again = shown_pixels.of_frame(shot, "samples", "drawn", two_valued=True)
    assert (drawn == again).all()


def test_a_frame_of_before_that_has_only_means_says_so() -> None:
    shot = {"samples": MEANS, "step": np.array([7])}
    assert shown_pixels.of_frame(shot, "samples", "drawn", two_valued=False) is MEANS
    assert "only means" in shown_pixels.in_words([shot], "drawn", two_valued=False)
    kept = shot | {"samples_drawn": MEANS // 2}
    assert (shown_pixels.of_frame(kept, "samples", "drawn", two_valued=False) == MEANS // 2).all()
    assert shown_pixels.in_words([kept], "drawn", two_valued=False) == ", drawn"
    assert shown_pixels.in_words([shot], "means", two_valued=False) == ""
