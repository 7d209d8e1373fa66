"""Groups of categories under the hand, in Chromium, on a page without Streamlit."""

import numpy as np
import torch
import torch.nn.functional as F

from vae_core.browser import wire
from vae_core.model.vae import VAE
from vae_core.spec import Spec
from widgets.components import categories
from widgets.components.code_map import CodeMapState

M, K = 3, 4


def small_model() -> VAE:
    spec = Spec().change(**{"data.name": "digits", "net.widths": [16], "posterior.kind": "gumbel"})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = VAE(spec.change(**{"latent": M, "posterior.categories": K})).eval()
        for parameter in model.decoder.parameters():
            parameter.data *= 3
    return model


def test_a_click_takes_a_category_and_every_picture_is_what_pytorch_decodes(stage) -> None:
    model = small_model()
    start, kl = np.array([1, 0, 3]), np.array([0.2, 1.1, 0.4])
    shares = np.full((M, K), 1 / K)
    board = stage(categories.script(), categories.css())
    parts = {"decoder": wire.decoder(model, "float32"), "groups": categories.parcel(start, shares, kl)}
    for slot, part in parts.items():
        board.bring(slot, part, "rows")
    data = {slot: wire.header(part)["id"] for slot, part in parts.items()}
    data |= {"state": CodeMapState(((2, 1),)).to_browser(), "revision": 0, "y": None, "pixels": "means"}
    board.mount("rows", data | {"height": "500px", "label": "Categories"})

    def expected(*chosen: int) -> np.ndarray:
        z = F.one_hot(torch.tensor(chosen), K).float().flatten()[None]
        return 255 * model.decode_mean(z)[0, 0].detach().numpy()

    def picture(selector: str) -> np.ndarray:
        board.page.wait_for_selector("#rows .categories[data-decoded='true']")
        return board.pixels(selector, "rows")[:, :, 0].astype(float)

    np.testing.assert_allclose(picture(".live canvas"), expected(1, 0, 1), atol=1)
    # Rows by KL: groups 2, 3, 1.
    assert board.page.locator("#rows .who b").all_inner_texts() == ["z2", "z3", "z1"]
    np.testing.assert_allclose(
        picture(".row:nth-of-type(1) .tile:nth-of-type(3) canvas"), expected(1, 2, 1), atol=1
    )
    board.page.locator("#rows .row:nth-of-type(1) .tile:nth-of-type(3)").click()
    board.page.mouse.move(2, 2)
    board.settle()
    np.testing.assert_allclose(picture(".live canvas"), expected(1, 2, 1), atol=1)
    np.testing.assert_allclose(
        picture(".row:nth-of-type(3) .tile:nth-of-type(4) canvas"), expected(3, 2, 1), atol=1
    )
    assert CodeMapState.from_browser(board.said("rows"), (K,) * M) == CodeMapState(((1, 2), (2, 1)))
    assert float(board.page.locator("#rows .categories").get_attribute("data-decoding")) < 16
    assert not board.errors


def test_cells_are_as_full_as_probable_and_a_key_or_a_click_flips_a_group(stage) -> None:
    model = small_model()
    pi = np.array([[0.1, 0.6, 0.2, 0.1], [0.9, 0.05, 0.05, 0], [0.2, 0.2, 0.2, 0.4]])
    shares = np.array([[0.25, 0.25, 0.25, 0.25], [0.5, 0.25, 0.25, 0], [0.25, 0.25, 0.3, 0.2]])
    kl, holes = np.array([0.3, 1.0, 0.1]), shares == 0
    image = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)
    board = stage(categories.script(), categories.css())
    order = np.array([2, 0, 1])
    groups = categories.parcel(pi.argmax(1), shares, kl, image, pi, order=order, holes=holes)
    parts = {"decoder": wire.decoder(model, "float32"), "groups": groups}
    for slot, part in parts.items():
        board.bring(slot, part, "grid")
    data = {slot: wire.header(part)["id"] for slot, part in parts.items()}
    data |= {"state": CodeMapState(cell=1).to_browser(), "revision": 0, "y": None, "pixels": "means"}
    data |= {"cells": "probabilities", "unit": "bits", "facts": [["ELBO", "−1.0", "", "a bound"]]}
    board.mount("grid", data | {"height": "500px", "label": "Categories"})
    find = board.page.locator
    assert find("#grid .who b").all_inner_texts() == ["z3", "z1", "z2"]
    bits = [f"KL {kl[m] / np.log(2):.2f} bits" for m in order]
    assert find("#grid .who small").all_inner_texts() == bits
    full = find("#grid .cell").evaluate_all("cells => cells.map((c) => +c.style.getPropertyValue('--p'))")
    np.testing.assert_allclose(np.reshape(full, (M, K)), pi[order], atol=1e-6)
    assert find("#grid .use[data-hole]").count() == 1
    assert find("#grid .row[data-chosen='true'] b").inner_text() == "z2"
    assert find("#grid dd b").inner_text() == "−1.0"

    def live() -> np.ndarray:
        return board.pixels(".live canvas", "grid")[:, :, 0].astype(float)

    def expected(*chosen: int) -> np.ndarray:
        z = F.one_hot(torch.tensor(chosen), K).float().flatten()[None]
        return 255 * model.decode_mean(z)[0, 0].detach().numpy()

    np.testing.assert_allclose(live(), expected(1, 0, 3), atol=1)
    find("#grid .row:nth-of-type(2) .tile:nth-of-type(1)").click()
    board.page.keyboard.press("ArrowDown")
    board.page.keyboard.press("ArrowRight")
    np.testing.assert_allclose(live(), expected(0, 1, 3), atol=1)  # looked at, not taken
    board.page.keyboard.press("Enter")
    board.settle()
    np.testing.assert_allclose(live(), expected(0, 1, 3), atol=1)
    assert CodeMapState.from_browser(board.said("grid"), (K,) * M) == CodeMapState(((0, 0), (1, 1)), (), 1)
    board.forget("grid")
    find("#grid button", has_text="Back to the encoder").click()
    board.settle()
    assert CodeMapState.from_browser(board.said("grid"), (K,) * M) == CodeMapState((), (), 1)
    assert not board.errors
