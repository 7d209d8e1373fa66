"""The board of a path under the hand, in Chromium, on a page without Streamlit."""

import dataclasses

import numpy as np
import pytest
import torch

from vae_core.analysis import aggregate
from vae_core.analysis import interpolate as paths
from vae_core.browser import wire
from vae_core.model.posteriors import Posteriors
from vae_core.model.vae import VAE
from vae_core.spec import Spec
from widgets.components import interpolate as ip
from widgets.components.interpolate import grid

T = torch.linspace(-0.5, 1.5, 201, dtype=torch.float64)
A, B = torch.tensor([-1.5, 0.5]), torch.tensor([1.0, 1.2])


@pytest.fixture(scope="module")
def vae() -> VAE:
    """Random weights, enlarged so that a small step visibly changes the image."""
    data = {"binarisation": "none", "image_shape": (1, 8, 8)}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = VAE(Spec.parse({"data": data, "latent": 2, "net": {"kind": "mlp", "widths": [16]}})).eval()
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter *= 3
    return model


@pytest.fixture(scope="module")
def told() -> VAE:
    """As `vae`, and told a class."""
    spec = Spec().change(**{"data.name": "digits", "net.widths": [16], "condition.kind": "class"})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = VAE(spec).eval()
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter *= 3
    return model


@pytest.fixture(scope="module")
def posteriors() -> Posteriors:
    """Two clusters, around A and around B, and a hole between them."""
    generator = torch.Generator().manual_seed(0)
    mean = torch.cat([end + 0.2 * torch.randn(100, 2, generator=generator) for end in (A, B)])
    return Posteriors(mean, torch.full_like(mean, -4.0), torch.arange(200) // 100)


@pytest.fixture(scope="module")
def way(vae: VAE, posteriors: Posteriors) -> ip.PathView:
    codes = paths.linear(A, B, T)
    passed = paths.log_q_along(posteriors, codes)
    ends = tuple((255 * vae.decode_mean(end[None])[0]).round().byte().numpy() for end in (A, B))
    return ip.PathView(
        "Model",
        wire.decoder(vae, "float32"),
        codes.numpy(),
        -0.5,
        1.5,
        [(0, "A"), (1, "B")],
        plane=ip.plane(aggregate.grid(posteriors, size=64), posteriors.mean, posteriors.labels, (0, 1)),
        ends=(ends[0], ends[1]),
        log_q=passed.log_q.numpy(),
        log_p=passed.log_p.numpy(),
        hole=passed.hole.numpy(),
        facts=[("Length", "2.60 σ", "From A to B.")],
    )


class Board:
    def __init__(self, stage) -> None:
        self.stage, self.page = stage, stage.page

    def show(self, ways: list[ip.PathView], t: float = 0.5, revision: int = 0) -> None:
        """As `interpolate` would: the parcels each by themselves, then the board that names them."""
        listed = []
        for k, way in enumerate(ways):
            parts = {"decoder": way.decoder, "path": way.parcel(), "plane": way.plane}
            for slot, part in parts.items():
                self.stage.bring(f"{slot}-{k}", part, "board")
            listed.append({slot: wire.header(part)["id"] for slot, part in parts.items()})
        self.stage.mount("board", {"ways": listed, "t": t, "revision": revision, "label": "Path"})
        self.page.wait_for_selector("#board .side[data-decoded='true']")
        self.stage.settle()

    def image(self, what: str = ".decoded", side: int = 0) -> np.ndarray:
        return self.stage.pixels(f".side:nth-of-type({side + 1}) {what}", "board")[:, :, 0].astype(float)

    def slider(self):
        return self.page.locator("#board input[type=range]").first

    def at(self, t: float) -> tuple[float, float]:
        """Where t is on the page, on the strip of densities."""
        box = self.page.locator("#board .passed").first.bounding_box()
        return box["x"] + (t + 0.5) / 2 * box["width"], box["y"] + box["height"] / 2


@pytest.fixture
def board(stage) -> Board:
    return Board(stage(ip.script(), ip.css()))


def decoded(vae: VAE, t: float) -> np.ndarray:
    return 255 * vae.decode_mean(paths.linear(A, B, torch.tensor([t])))[0, 0].numpy()


@pytest.mark.parametrize(
    "log_ratio, hole, kind",
    [(0.0, False, "data"), (-2.0, False, "thin"), (-3.0, True, "hole"), (-3.0, False, "empty")],
)
def test_a_place_is_named_after_its_density(javascript, log_ratio: float, hole: bool, kind: str) -> None:
    assert javascript("path.js", "kindOf(r, h)", "interpolate", r=log_ratio, h=hole) == kind


def test_a_stepped_path_is_at_the_nearer_of_two_points(javascript) -> None:
    at = """[0, 0.2, 0.3, 0.74, 0.76, 1].map((t) => codeAt({
      codes: Object.assign(Float32Array.from([5, 7, 9]), { shape: [3, 1] }), first: 0, last: 1, stepped: {},
    }, t)[0])"""
    assert javascript("path.js", at, "interpolate") == [5, 5, 7, 7, 9, 9]
    given = "[0, 0.24, 0.26, 1].map((t) => givenAt({ first: 0, last: 1, arrays: { places: [3, 1] } }, t))"
    assert javascript("path.js", given, "interpolate") == [0, 0, 1, 2]


def test_sizes_that_do_not_fit_are_refused(way: ip.PathView) -> None:
    for wrong in (
        {"codes": np.zeros((5, 3))},
        {"log_q": np.zeros(7)},
        {"classes": np.zeros((201, 10))},
        {"last": -1.0},
        {"marks": [(2.0, "x")]},
    ):
        with pytest.raises(ValueError, match=r"path|run|marks|classes"):
            ip.PathView(**{name: getattr(way, name) for name in way.__dataclass_fields__} | wrong)


def test_the_image_is_that_of_the_slider_and_the_fade_that_of_pixels(board: Board, vae: VAE, way) -> None:
    board.show([way], t=0.3)
    np.testing.assert_allclose(board.image(), decoded(vae, 0.3), atol=1)
    expected = paths.fade(*(torch.from_numpy(end) / 255 for end in way.ends), torch.tensor([0.3]))
    np.testing.assert_allclose(board.image(".faded"), 255 * expected[0, 0].numpy(), atol=1)


def test_the_frames_run_from_before_a_to_beyond_b(board: Board, vae: VAE, way) -> None:
    board.show([way])
    for k, t in ((0, -0.5), (5, 0.0), (10, 0.5), (20, 1.5)):
        np.testing.assert_allclose(
            board.image(f".frames canvas:nth-of-type({k + 1})"), decoded(vae, t), atol=1
        )
    assert board.page.locator("#board .frames >> nth=0").locator("canvas[data-beyond]").count() == 10


def test_hovering_looks_and_a_click_stays_and_is_told(board: Board, vae: VAE, way) -> None:
    board.show([way])
    board.page.mouse.move(*board.at(0.8))
    board.stage.settle()
    np.testing.assert_allclose(board.image(), decoded(vae, 0.8), atol=2)
    board.page.mouse.move(5, 5)
    board.stage.settle()
    np.testing.assert_allclose(board.image(), decoded(vae, 0.5), atol=1)
    assert board.stage.all_said("board") == []
    board.page.mouse.click(*board.at(1.2))
    board.stage.settle()
    np.testing.assert_allclose(board.image(), decoded(vae, 1.2), atol=2)
    assert board.stage.said("board") == pytest.approx(1.2, abs=0.011)


def test_keys_move_and_play(board: Board, vae: VAE, way) -> None:
    board.show([way])
    board.slider().focus()
    for key in ("ArrowRight", "ArrowRight", "PageUp"):
        board.page.keyboard.press(key)
    board.stage.settle()
    np.testing.assert_allclose(board.image(), decoded(vae, 0.62), atol=1)
    assert board.stage.said("board") == 0.62
    board.page.keyboard.press("Space")
    board.page.wait_for_function(
        "() => Number(window.roots.board.querySelector('input[type=range]').value) > 0.7"
    )
    board.page.keyboard.press("Space")
    assert board.page.locator("#board .play").get_attribute("data-playing") == "false"


def test_the_strip_is_red_in_the_hole_and_not_where_the_codes_are(board: Board, way) -> None:
    board.show([way])
    strip = board.stage.pixels(".passed", "board")
    middle, width = strip.shape[0] // 2, strip.shape[1]
    red, green, _, alpha = strip[middle, width // 2].tolist()
    assert red > 2 * green
    assert alpha > 200  # a hole, within the prior's region
    red, green, _, _ = strip[middle, width // 4].tolist()  # A
    assert green > red
    assert "a hole" in board.stage.text(".reading", "board")


def test_the_class_travels_with_t_as_pytorch_decodes_it(board: Board, told: VAE, way) -> None:
    codes, ends = paths.linear(A, B, T), torch.eye(10)[[4, 7]]
    classes = paths.along(ends, T.clamp(0, 1))
    parts = {"decoder": wire.decoder(told, "float32"), "codes": codes.numpy(), "classes": classes.numpy()}
    for t, says in ((0.0, ""), (0.3, ", as 70\u00a0% 4, 30\u00a0% 7"), (1.0, ""), (1.5, "")):
        board.show([dataclasses.replace(way, **parts)], t=t, revision=int(10 * t))
        share = min(t, 1.0)
        y = (1 - share) * ends[0] + share * ends[1]
        z = paths.linear(A, B, torch.tensor([t]))
        np.testing.assert_allclose(board.image(), 255 * told.decode_mean(z, y)[0, 0].numpy(), atol=1)
        assert board.stage.text(".live figcaption", "board") == f"Decoded at t = {t:.2f}{says}"
    last = 255 * told.decode_mean(B[None], torch.tensor([7]))[0, 0].numpy()
    np.testing.assert_allclose(board.image(".frames canvas:nth-of-type(16)"), last, atol=1)


def test_two_paths_move_together_and_the_board_comes_and_goes(board: Board, vae: VAE, way) -> None:
    board.show([way, way])
    board.page.mouse.click(*board.at(0.1))
    board.stage.settle()
    for side in (0, 1):
        np.testing.assert_allclose(board.image(side=side), decoded(vae, 0.1), atol=2)
    board.show([way], t=1.0, revision=1)
    assert board.page.locator("#board .side").count() == 1
    np.testing.assert_allclose(board.image(), decoded(vae, 1.0), atol=1)
    board.stage.unmount("board")


def test_a_grid_is_decoded_as_pytorch_does_and_enlarges_what_pointer_or_arrow_keys_are_at(
    stage, told: VAE
) -> None:
    corners, classes = (
        torch.tensor([[-1.5, 0.5], [1.0, 1.2], [0.0, -1.0], [0.7, 0.7]]),
        torch.eye(10)[[4, 7, 1, 4]],
    )
    steps = torch.linspace(0, 1, 5)
    codes, weights = (paths.bilinear(each, steps, steps) for each in (corners, classes))
    board = stage(grid.script(), grid.css())
    parts = {"decoder": wire.decoder(told, "float32"), "grid": grid.parcel(codes, weights)}
    for slot, part in parts.items():
        board.bring(slot, part, "grid")
    board.mount("grid", {slot: wire.header(part)["id"] for slot, part in parts.items()} | {"label": "Grid"})
    board.page.wait_for_selector("#grid .image-grid[data-decoded='true']")

    expected = 255 * told.decode_mean(codes.flatten(0, 1), weights.flatten(0, 1))[:, 0].numpy()
    expected = expected.reshape(5, 5, 8, 8)
    tiles = board.pixels(".tiles", "grid")[:, :, 0].astype(float)
    np.testing.assert_allclose(tiles, expected.transpose(0, 2, 1, 3).reshape(40, 40), atol=1)

    def enlarged(row: int, column: int, says: str) -> None:
        board.settle()
        large = board.pixels(".decoded", "grid")[:, :, 0].astype(float)
        np.testing.assert_allclose(large, expected[row, column], atol=1)
        assert board.text("figcaption", "grid") == says

    enlarged(2, 2, "0.50 of the way to the right, 0.50 down, as 25\u00a0% 1, 50\u00a0% 4, 25\u00a0% 7")
    box = board.page.locator("#grid .tiles").bounding_box()
    board.page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.1 * box["height"])
    enlarged(0, 4, "1.00 of the way to the right, 0.00 down")
    board.page.mouse.move(5, 5)
    enlarged(2, 2, board.text("figcaption", "grid"))
    board.page.locator("#grid .over").focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowUp", "ArrowLeft"):
        board.page.keyboard.press(key)
    enlarged(0, 1, "0.25 of the way to the right, 0.00 down, as 75\u00a0% 4, 25\u00a0% 7")
    board.unmount("grid")
