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


def test_a_click_takes_a_category_and_every_picture_is_what_pytorch_decodes(stage) -> None:
    spec = Spec().change(**{"data.name": "digits", "net.widths": [16], "posterior.kind": "gumbel"})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = VAE(spec.change(**{"latent": M, "posterior.categories": K})).eval()
        for parameter in model.decoder.parameters():
            parameter.data *= 3
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
