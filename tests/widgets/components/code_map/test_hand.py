"""Both levels of a code map under the hand, in Chromium, on a page without Streamlit."""

from typing import Any

import numpy as np
import pytest
import torch

from vae_core.analysis import cells
from vae_core.browser import wire
from vae_core.model.vae import VAE
from vae_core.spec import Spec
from widgets.components import code_map
from widgets.components.code_map import CodeMapState, parcels

TOP, BOTTOM = 6, 4  # codes; of 2 x 3 cells, and of 4 x 6 that count on from 6
EACH = (TOP,) * 6 + (BOTTOM,) * 24


@pytest.fixture
def model() -> VAE:
    spec = Spec.parse(
        {
            "data": {"binarisation": "none", "image_shape": (1, 8, 12)},
            "latent": 3,
            "net": {"kind": "conv_grid", "hidden": 8, "blocks": 1},
            "posterior": {"kind": "vq2", "codes": TOP, "bottom_codes": BOTTOM},
            "prior": {"kind": "uniform"},
        }
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = VAE(spec).eval().requires_grad_(False)
    for parameter in made.decoder.parameters():
        parameter *= 3  # so that pixels move with a code
    return made


@pytest.fixture
def own() -> torch.Tensor:
    return torch.arange(30) % 4


@pytest.fixture
def board(stage: Any, model: VAE, own: torch.Tensor) -> Any:
    board, grey = stage(code_map.script(), code_map.css()), np.random.default_rng(0)
    books = [
        parcels.codebook(
            grey.integers(0, 256, (book.count, 1, 4, 4), dtype=np.uint8),
            book.codebook.numpy(),
            np.ones(book.count),
        )
        for book in model.posterior.codebooks
    ]
    levels = [each.numpy() for each in cells.split(model, own)]
    coded = parcels.coded(np.zeros((1, 8, 12), np.uint8), levels)
    parts = {
        "decoder": wire.decoder(model, "float32"),
        "coded": coded,
        "book-0": books[0],
        "book-1": books[1],
    }
    for slot, part in parts.items():
        board.bring(slot, part, "map")
    ids = {slot: wire.header(part)["id"] for slot, part in parts.items()}
    board.data = {
        "decoder": ids["decoder"], "coded": ids["coded"], "codebooks": [ids["book-0"], ids["book-1"]],
        "state": CodeMapState(cell=0).to_browser(), "revision": 0, "y": None, "pixels": "means",
        "label": "Map",
    }  # fmt: skip
    board.mount("map", board.data)
    return board


def press(board: Any, panel: int, k: int, columns: int, rows: int) -> None:
    """A click on a tile of the panel of that number: both maps, then both codebooks."""
    over = board.page.locator("#map .over").nth(panel)
    side = over.bounding_box()["height"] / rows  # tiles are square
    over.click(position={"x": (k % columns + 0.5) * side, "y": (k // columns + 0.5) * side})
    board.settle()


def last_state(board: Any, name: str, count: int) -> CodeMapState:
    """The state that Python is told last, once it has so many changed or hidden cells."""
    last = "([name, count]) => window.said.map?.at(-1)?.[name]?.length === count"
    board.page.wait_for_function(last, arg=[name, count])
    found = CodeMapState.from_browser(board.said("map"), EACH)
    assert found is not None
    return found


def decoded(board: Any) -> np.ndarray:
    board.settle()
    return board.pixels(".panels > figure:last-of-type .shown canvas", "map")[:, :, 0].astype(float)


def test_cells_of_both_levels_take_codes_of_their_own_codebook(
    board: Any, model: VAE, own: torch.Tensor
) -> None:
    def expected(codes: torch.Tensor) -> np.ndarray:
        return 255 * model.decode_mean(cells.embed(model, codes[None]))[0, 0].numpy()

    books = board.page.locator("#map .codebook figure")
    np.testing.assert_allclose(decoded(board), expected(own), atol=1)
    press(board, 1, 8, 6, 4)
    assert [books.nth(k).is_visible() for k in range(2)] == [False, True]
    assert board.text(".says[aria-live]", "map") == "Row 2, column 3 of the bottom: code 2, the encoder's"
    press(board, 3, 3, 2, 2)  # four tiles, two by two
    changed = own.clone()
    changed[6 + 8] = 3
    board.page.mouse.move(2, 2)
    np.testing.assert_allclose(decoded(board), expected(changed), atol=1)
    top = board.page.locator("#map .over").nth(0)
    top.focus()
    # The first key goes to the cell over the bottom one, the second to the next; there the codebook's next.
    for key in ("ArrowRight", "ArrowRight", "Enter", "ArrowRight", "Enter"):
        board.page.keyboard.press(key)
    changed[2] = own[2] + 1
    np.testing.assert_allclose(decoded(board), expected(changed), atol=1)
    assert last_state(board, "changed", 2) == CodeMapState(((2, 3), (14, 3)), (), 2)
    board.page.get_by_role("button", name="The encoder's codes").click()
    np.testing.assert_allclose(decoded(board), expected(own), atol=1)
    board.page.get_by_role("button", name="Undo").click()
    np.testing.assert_allclose(decoded(board), expected(changed), atol=1)
    assert not board.errors


def test_what_is_changed_while_written_cells_appear_is_told_afterwards(board: Any, own: torch.Tensor) -> None:
    button = lambda name: board.page.get_by_role("button", name=name, exact=True)  # noqa: E731
    button("Hide cells").click()
    button("Bottom").click()
    assert last_state(board, "hidden", 24).hidden == tuple(range(6, 30))
    button("Let the prior write them").click()
    written = CodeMapState(((6, 3), (29, 3)), (), 0)
    board.mount("map", board.data | {"state": written.to_browser(), "revision": 1})
    button("Lower half").click()
    hidden = (3, 4, 5, *range(18, 30))
    assert last_state(board, "hidden", 15) == CodeMapState(written.changed, hidden, 0)
    assert not board.errors
