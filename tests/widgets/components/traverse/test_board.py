"""What the board takes from Python, at every width and for every kind of image."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.widgets.components.traverse.models import (
    assert_shows,
    described,
    moved,
    network,
)
from vae_core.browser import wire
from vae_core.model.vae import VAE
from vae_core.spec import Spec
from widgets.components import traverse as tr


def test_a_link_restores_the_sliders(boards, model, vae) -> None:
    state = tr.TraverseState((((0, 1.25), (3, -4.5)),), open_dead=True)
    boards.show([model], state=state.to_browser())
    assert_shows(boards.image(), vae, moved(model, z1=1.25, z4=-4.5))
    assert boards.row(3).locator("output").inner_text() == "−4.50"
    assert float(boards.slider(3).evaluate("(s) => s.value")) == 0  # beyond the range, at its end


def test_python_moves_the_sliders_only_with_a_new_revision(boards, model, vae) -> None:
    boards.show([model])
    boards.press(0, "End")
    boards.said()
    boards.show([model], state=tr.TraverseState((((1, 1.0),),)).to_browser())
    assert_shows(boards.image(), vae, moved(model, z1=3))
    boards.forget()
    boards.show([model], state=tr.TraverseState((((1, 1.0),),)).to_browser(), revision=1)
    assert_shows(boards.image(), vae, moved(model, z2=1))
    assert boards.said()["moved"] == [[[1, 1.0]]]


def test_another_image_keeps_moved_sliders_and_the_rows_themselves(boards, model, vae) -> None:
    boards.show([model])
    boards.press(0, "End")
    boards.page.evaluate("() => { window.before = window.roots.board.querySelector('input[type=range]'); }")
    other = replace(model, origin=np.array([0.3, -0.4, 0.5, 0.6], np.float32))
    boards.show([other])
    assert_shows(boards.image(), vae, moved(other, z1=3))
    assert_shows(boards.tile(2, 0), vae, moved(other, z1=3, z3=-3))
    assert boards.page.evaluate(
        "() => window.before === window.roots.board.querySelector('input[type=range]')"
    )


def test_another_model_starts_from_its_own_code(boards, model) -> None:
    boards.show([model])
    boards.press(0, "End")
    assert boards.said()["moved"] == [[[0, 3.0]]]
    boards.forget()
    six = network(6, seed=3)
    boards.show([described(six, "b")])
    assert_shows(boards.image(), six, described(six).origin)
    assert boards.said()["moved"] == [[]]


def test_between_quantiles_that_lie_unevenly_the_slider_is_linear(boards, vae) -> None:
    quantiles = np.array([-2.5, -1.0, -0.4, 0.0, 0.3, 1.2, 2.0])
    model = described(vae, stops=np.tile(quantiles, (4, 1)), origin=None)
    boards.show([model])
    boards.slider(0).fill(
        "0.25"
    )  # a quarter of the six distances between stops: midway from the 2nd to the 3rd
    boards.settle()
    assert_shows(boards.image(), vae, [-0.7, 0, 0, 0])
    assert_shows(boards.tile(0, 5), vae, [1.2, 0, 0, 0])


def test_colour_images_and_convolutions(boards) -> None:
    vae = network(3, shape=(3, 12, 8), net="conv")
    model = described(vae)
    boards.show([model])
    boards.press(1, "PageUp")
    boards.decoded()
    to = boards.said()["moved"][0][0][1]
    assert_shows(boards.image(), vae, moved(model, z2=to))
    assert_shows(boards.tile(0, 6), vae, moved(model, z2=to, z1=3))


def test_of_many_dimensions_only_those_in_sight_are_built(boards) -> None:
    vae = network(300)
    model = described(vae, origin=np.zeros(300))
    boards.show([model], height=400)
    built = boards.page.locator(".row input[type=range]")
    assert 5 < built.count() < 30
    boards.page.locator(".rows").evaluate("(rows) => { rows.scrollTop = rows.scrollHeight; }")
    boards.row(299).locator("input[type=range]").wait_for()
    boards.decoded()
    assert_shows(boards.tile(299, 6), vae, moved(model, z300=3))
    assert built.count() < 60


def test_the_board_is_saved_as_a_picture(boards, pair) -> None:
    from PIL import Image

    boards.show(pair[2])
    with boards.page.expect_download() as download:
        boards.page.get_by_label("Take away").click()
        boards.page.get_by_role("button", name="PNG 2×").click()
    assert download.value.suggested_filename == "traverse-b-2x.png"
    sheet = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert sheet.width > sheet.height > 400
    assert len(sheet.convert("RGB").getcolors(1 << 24)) > 50


def test_what_is_unmounted_leaves_no_worker_behind(boards, model) -> None:
    boards.show([model])
    (worker,) = boards.page.workers
    with worker.expect_event("close"):  # which the browser says a moment later
        boards.page.evaluate("() => window.ends.board()")
    assert not boards.page.workers


def test_nothing_moves_while_images_come_and_sliders_go(boards, model) -> None:
    boards.show([model])
    places = """() => [...window.roots.board.querySelectorAll("canvas, input, output, .caption, button")]
      .map((part) => { const { left, top } = part.getBoundingClientRect(); return [left, top]; })"""
    before = boards.page.evaluate(places)
    boards.press(0, "End")
    boards.page.get_by_role("button", name="Random").click()
    boards.decoded()
    assert boards.page.evaluate(places) == before


def test_a_model_that_is_told_the_class_is_shown_at_the_class_its_parcel_names(boards) -> None:
    net = {"net.widths": [16], "latent": 3}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = VAE(Spec().change(**{"data.name": "digits", "condition.kind": "class", **net})).eval()
    with torch.no_grad():
        for parameter in vae.decoder.parameters():
            parameter *= 3
    model = replace(described(vae), decoder=wire.decoder(vae, "float32", y=7))
    boards.show([model])
    for pixels, z in [(boards.image(), model.origin), (boards.tile(0, 6), moved(model, z1=3))]:
        mean = vae.decode_mean(torch.tensor(np.asarray(z))[None], torch.tensor([7]))[0, 0]
        np.testing.assert_allclose(pixels[:, :, 0], 255 * mean.numpy(), atol=1)


@pytest.mark.parametrize("width", [380, 640, 900, 1240, 1620])
@pytest.mark.parametrize("count", [1, 2])
def test_at_every_width_rows_fit_and_strips_stand_over_their_slider(
    boards, pair, width: int, count: int
) -> None:
    boards.page.set_viewport_size({"width": width, "height": 900})
    boards.show(pair[2][:count])
    found = boards.page.evaluate(
        """() => [...window.roots.board.querySelectorAll(".board")].map((board) => {
          const box = (selector, k = 0) => board.querySelectorAll(selector)[k].getBoundingClientRect();
          const centre = ({ left, right }) => (left + right) / 2, middle = centre(box(".strip canvas", 3));
          const { scrollWidth, clientWidth } = board.querySelector(".rows");
          return { over: scrollWidth - clientWidth, beyond: box(".rows").right - innerWidth,
                   apart: [centre(box(".here")) - middle, centre(box("input[type=range]")) - middle] };
        })"""
    )
    assert len(found) == count
    for board in found:  # all models start at 0, in the middle of both strip and slider
        assert board["over"] <= 0
        assert board["beyond"] <= 0
        assert board["apart"] == pytest.approx([0, 0], abs=1)
