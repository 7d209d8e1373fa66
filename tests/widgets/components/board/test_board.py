"""The training board in Chromium: what its cloud shows of a prior, as the file that is taken away says."""

import base64
import math
import re
from typing import Any

import numpy as np
import pytest

from vae_core.browser import wire
from widgets.components import board

STEPS = (10, 20)
KINDS = ("elbo", "reconstruction", "kl", "beta_kl")


def parcel(unit_prior: bool, priors: int, **changes: Any) -> bytes:
    """A run of two moments and two classes, under a prior twice as wide as N(0, I), held by so many."""
    rng = np.random.default_rng(0)
    labels = np.array([0, 1, 255] * 10, np.uint8)
    axis = np.linspace(-8, 8, 121)
    log_p = -(axis[:, None] ** 2 + axis**2) / 8 - math.log(8 * math.pi)
    header: dict[str, Any] = {
        "kind": "board", "run": "mine", "step": 20, "classes": ["zero", "one"], "tiles": [], "latent": 2,
        "past_tiles": [[], []], "kl_note": "", "bars_note": "", "progress": None, "active": False,
        "pixels": "", "unit": "nats", "distance": "",
        "marks": [], "weighted": "", "terms": [], "film": True, "replay": True,
        "chosen": [0, 1], "axes": ["z1", "z2"], "cloud_note": "", "frame_steps": list(STEPS),
        "unit_prior": unit_prior, "grid": {"x": -8.0, "cell": axis[1] - axis[0], "size": 121},
        "regions": [[[m, math.log1p(-m) - math.log(8 * math.pi)] for m in (0.5, 0.95)]] * priors,
    }  # fmt: skip
    arrays = {
        "steps": np.array(STEPS, np.int32), "labels": labels,
        "log_p": np.stack([log_p] * priors).astype(np.float16),
        "cloud": rng.normal(size=(2, 30, 2)).astype(np.float32), "kl": np.ones((2, 2), np.float32),
        "reconstructions": np.zeros((2, 3, 1, 4, 4), np.uint8),
        "samples": np.zeros((2, 3, 1, 4, 4), np.uint8),
    }  # fmt: skip
    arrays |= {f"{kind}_{part}": np.ones(2, np.float32) for kind in KINDS for part in ("train", "test")}
    return wire.pack(header | changes, arrays)


@pytest.fixture
def cloud(stage: Any) -> Any:
    """cloud(unit_prior, priors, moment): the cloud as SVG."""
    shown = stage(board.script(), board.css())

    def svg(unit_prior: bool, priors: int, moment: int) -> str:
        shown.mount("board", base64.b64encode(parcel(unit_prior, priors)).decode())
        shown.page.locator(".slider").press("End" if moment else "Home")
        shown.settle()
        shown.page.locator(".cloud").get_by_label("Take away").first.click()
        with shown.page.expect_download() as caught:
            shown.page.locator(".cloud").get_by_role("button", name="SVG").first.click()
        return str(caught.value.path().read_text())

    return svg


@pytest.mark.parametrize(
    "unit_prior, priors, moment, there",
    [(False, 1, 1, True), (False, 1, 0, False), (True, 1, 0, True), (False, 2, 0, True)],
)
def test_where_moments_hold_no_prior_a_learned_one_is_shown_at_the_last_only(
    cloud: Any, unit_prior: bool, priors: int, moment: int, there: bool
) -> None:
    svg = cloud(unit_prior, priors, moment)
    assert (">50 %<" in svg, ">95 %<" in svg) == (there, there)
    # The region of 95 % reaches to 4.9, beyond the plane's 4: its name stands where its line is seen.
    assert all(0 < float(y) < 500 for y in re.findall(r'y="([\d.-]+)"[^>]*>95 %<', svg))
    assert svg.count('stroke="#9a6a00"') == (2 if there else 0)
    assert all(f">{name}<" in svg for name in ("zero", "one", "z1", "z2"))


def test_a_board_that_only_the_newest_moment_reached_asks_for_all(stage: Any) -> None:
    shown = stage(board.script(), board.css())

    def mount(**changes: Any) -> list[Any]:
        shown.mount("board", base64.b64encode(parcel(True, 1, **{"active": True} | changes)).decode())
        return shown.all_said("board")

    assert mount(film=False) == [{"missed": True}]
    assert mount(film=False) == [{"missed": True}] * 2  # until they come
    assert len(mount()) == 2
    assert len(mount(film=False)) == 2
    assert mount(film=False, run="other")[2:] == [{"missed": True}]
    assert len(mount(film=False, run="other", active=False)) == 3  # at rest all come in any case
