"""The board of sliders under the hand, in Chromium, on a page without Streamlit."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vae_core.browser import wire
from vae_core.model.vae import VAE
from vae_core.spec import Spec
from widgets.components import traverse as tr

SIGMAS = np.linspace(-3, 3, 7)
TICKS = [f"{v:g}σ" for v in SIGMAS]


def network(latent: int, shape: tuple[int, int, int] = (1, 8, 8), net: str = "mlp", seed: int = 0) -> VAE:
    """Random weights, enlarged so that each slider visibly changes the image."""
    widths = {"mlp": {"widths": [16]}, "conv": {"channels": [4, 6], "hidden": 8}}[net]
    data = {"binarisation": "none", "image_shape": shape}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        vae = VAE(Spec.parse({"data": data, "latent": latent, "net": {"kind": net, **widths}})).eval()
    with torch.no_grad():
        for parameter in vae.decoder.parameters():
            parameter *= 3
    return vae


def described(vae: VAE, key: str = "a", **more) -> tr.Model:
    D = vae.latent
    given = {
        "kl": np.arange(D, 0, -1) / 2,
        "stops": np.tile(SIGMAS, (D, 1)),
        "ticks": TICKS,
        "origin": np.linspace(-0.8, 0.9, D).astype(np.float32),
    }
    return tr.Model(key, f"Model {key}", wire.decoder(vae, "float32"), **given | more)


@pytest.fixture(scope="module")
def vae() -> VAE:
    return network(4)


@pytest.fixture(scope="module")
def model(vae: VAE) -> tr.Model:
    return described(vae)


def decoded(vae: VAE, z) -> np.ndarray:
    """[H, W, C], in grey levels."""
    mean = vae.decode_mean(torch.as_tensor(np.asarray(z, np.float32))[None])[0]
    return 255 * mean.permute(1, 2, 0).numpy()


def assert_shows(pixels: np.ndarray, vae: VAE, z) -> None:
    """Within a grey level of what torch decodes: canvases round."""
    channels = vae.image_shape[0]
    np.testing.assert_allclose(pixels[:, :, :channels], decoded(vae, z), atol=1)


def moved(model: tr.Model, **to: float) -> np.ndarray:
    """The model's own code with z1, z2 ... as given."""
    z = np.array(model.origin, np.float32)
    for name, value in to.items():
        z[int(name[1:]) - 1] = value
    return z


def test_at_first_the_images_code_is_decoded_beside_the_image(boards, model, vae) -> None:
    image = np.arange(64, dtype=np.uint8).reshape(1, 8, 8) * 4
    boards.show([replace(model, image=image)])
    assert_shows(boards.image(), vae, model.origin)
    assert_shows(boards.pixels(".again", "board"), vae, model.origin)
    np.testing.assert_allclose(boards.pixels(".original", "board")[:, :, 0], image[0], atol=1)


def test_without_an_image_the_prior_mean_is_decoded(boards, model, vae) -> None:
    boards.show([replace(model, origin=None)])
    assert_shows(boards.image(), vae, [0, 0, 0, 0])
    assert not boards.page.locator(".pair").is_visible()


def test_dragging_a_slider_decodes_as_torch_does_and_python_hears_of_it_once_it_is_let_go(
    boards, model, vae
) -> None:
    boards.show([model])
    box = boards.slider(1).bounding_box()

    def at(t: float) -> tuple[float, float]:  # the thumb is 14 pixels wide, and stays within
        return box["x"] + 7 + t * (box["width"] - 14), box["y"] + box["height"] / 2

    boards.page.mouse.move(*at(0.4))
    boards.page.mouse.down()
    for t in np.linspace(0.4, 0.75, 12):
        boards.page.mouse.move(*at(t))
        boards.settle()
        z = float(boards.slider(1).evaluate("(s) => s.value")) * 6 - 3
        assert_shows(boards.image(), vae, moved(model, z2=z))
    boards.page.wait_for_timeout(400)  # longer than the pause after which a hand at rest is reported
    assert boards.all_said("board") == []
    boards.page.mouse.up()
    assert boards.said()["moved"] == [[[1, pytest.approx(1.5, abs=0.05)]]]
    assert len(boards.all_said("board")) == 1


def test_strips_go_through_the_code_on_screen(boards, model, vae) -> None:
    boards.show([model])
    for k in (0, 3, 6):
        assert_shows(boards.tile(2, k), vae, moved(model, z3=SIGMAS[k]))
    boards.press(0, "PageUp")
    boards.decoded()
    to = boards.said()["moved"][0][0][1]
    for k in (0, 3, 6):
        assert_shows(boards.tile(2, k), vae, moved(model, z1=to, z3=SIGMAS[k]))
        assert_shows(boards.tile(0, k), vae, moved(model, z1=SIGMAS[k]))


def test_arrow_keys_nudge_a_tenth_and_with_shift_a_hundredth(boards, model, vae) -> None:
    boards.show([replace(model, origin=None)])
    boards.press(3, "ArrowRight", "ArrowUp", "Shift+ArrowLeft")
    assert_shows(boards.image(), vae, [0, 0, 0, 0.19])
    assert boards.said()["moved"] == [[[3, pytest.approx(0.19)]]]
    assert boards.row(3).locator("output").inner_text() == "0.19"


def test_paging_goes_to_the_next_image_of_the_strip(boards, model, vae) -> None:
    boards.show([model])
    boards.press(0, "PageUp")
    assert_shows(boards.image(), vae, moved(model, z1=0))
    boards.press(0, "PageDown", "PageDown")
    assert_shows(boards.image(), vae, moved(model, z1=-2))
    boards.press(0, "End")
    assert_shows(boards.image(), vae, moved(model, z1=3))


@pytest.mark.parametrize("how", ["Home", "double click", "Reset"])
def test_a_slider_goes_back_to_the_images_own_value(boards, model, vae, how: str) -> None:
    boards.show([model])
    boards.press(2, "End")
    assert boards.said()["moved"] != []
    boards.forget()
    if how == "Home":
        boards.press(2, "Home")
    elif how == "Reset":
        boards.page.get_by_role("button", name="Reset").click()
    else:
        boards.slider(2).dblclick()
    boards.settle()
    assert_shows(boards.image(), vae, model.origin)
    assert boards.said()["moved"] == [[]]
    assert boards.page.get_by_role("button", name="Reset").is_disabled()


def test_an_image_of_a_strip_is_previewed_under_the_pointer_and_gone_to_with_a_click(
    boards, model, vae
) -> None:
    boards.show([model])
    tile = boards.row(1).locator(".strip canvas >> nth=5")
    tile.hover()
    boards.settle()
    assert_shows(boards.image(), vae, moved(model, z2=2))
    boards.page.mouse.move(2, 2)
    boards.settle()
    assert_shows(boards.image(), vae, model.origin)
    tile.click()
    boards.page.mouse.move(2, 2)
    boards.settle()
    assert_shows(boards.image(), vae, moved(model, z2=2))
    assert boards.said()["moved"] == [[[1, 2.0]]]


def test_a_finger_taps_an_image_of_a_strip(boards, model, vae) -> None:
    boards.show([model])
    boards.row(1).locator(".strip canvas >> nth=0").tap()
    boards.settle()
    assert_shows(boards.image(), vae, moved(model, z2=-3))


def test_space_plays_a_dimension_back_and_forth_and_tells_python_only_where_it_ends(boards, model) -> None:
    boards.show([model])
    boards.page.evaluate(
        """() => {
          window.seen = [];
          const slider = window.roots.board.querySelector(".row[data-dimension='0'] input");
          const look = () => { window.seen.push(Number(slider.value)); requestAnimationFrame(look); };
          look();
        }"""
    )
    boards.press(0, " ")
    assert boards.row(0).locator(".play").get_attribute("data-playing") == "true"
    boards.page.wait_for_function("() => Math.max(...window.seen) > 0.99", timeout=10_000)
    boards.page.wait_for_function("() => Math.min(...window.seen) < 0.01", timeout=10_000)
    assert boards.all_said("board") == []
    boards.press(0, " ")
    said = boards.said()["moved"][0]
    assert [d for d, _ in said] == [0]
    stood = float(boards.slider(0).evaluate("(s) => s.value")) * 6 - 3
    assert said[0][1] == pytest.approx(stood, abs=1e-4)


def test_a_draw_of_the_prior_moves_every_slider_and_the_next_one_differs(boards, model, vae) -> None:
    boards.show([model])
    draws = []
    for _ in range(2):
        boards.page.get_by_role("button", name="Random").click()
        draws.append([z for _, z in boards.said()["moved"][0]])
        boards.settle()
        assert_shows(boards.image(), vae, draws[-1])
        boards.forget()
    assert len(draws[0]) == 4
    assert draws[0] != draws[1]


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


@pytest.fixture
def pair() -> tuple[VAE, VAE, list[tr.Model]]:
    """Two models of 4 and 3 dimensions, whose ranks are other dimensions."""
    one, two = network(4), network(3, seed=5)
    kls = [0.5, 2.25, 0.1, 1.0], [0.2, 0.1, 3.0]  # ranks: z2 z4 z1 z3, and z3 z1 z2
    models = [described(one, "a", kl=kls[0], origin=None), described(two, "b", kl=kls[1], origin=None)]
    return one, two, models


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
        boards.page.get_by_role("button", name="PNG").click()
    assert download.value.suggested_filename == "traverse-a-b.png"
    sheet = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert sheet.width > sheet.height > 400
    assert len(sheet.convert("RGB").getcolors(1 << 24)) > 50


def test_what_is_unmounted_leaves_no_worker_behind(boards, model) -> None:
    boards.show([model])
    assert len(boards.page.workers) == 1
    boards.page.evaluate("() => window.ends.board()")
    boards.settle()
    assert len(boards.page.workers) == 0


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
