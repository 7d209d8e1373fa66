"""Images of one's own in Chromium: a zip is dropped, seen, kept and learned from; digits are drawn."""

import base64
import io
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from vae_core.data import drawn_sets

RNG = np.random.default_rng(0)
DROP = """(node, content) => {
    const carried = new DataTransfer();
    const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
    carried.items.add(new File([bytes], "pets.zip", { type: "application/zip" }));
    for (const type of ["dragenter", "dragover", "drop"])
        node.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: carried }));
}"""


def pictures() -> str:
    """A zip of forty pictures in two folders, in base64."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as bundle:
        for number in range(40):
            pixels = io.BytesIO()
            Image.fromarray(RNG.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(pixels, "PNG")
            bundle.writestr(f"{'cat' if number % 2 else 'dog'}/{number}.png", pixels.getvalue())
        bundle.writestr("notes.txt", "hi")
    return base64.b64encode(file.getvalue()).decode()


def images(page: Page, button: str) -> None:
    page.get_by_role("button", name=re.compile("^Images:")).click()
    page.get_by_role("button", name=button).click()


def test_a_zip_is_dropped_kept_and_trained_on_and_digits_are_drawn(
    own_server: Callable[..., Any],
    new_tab: Callable[[str], Page],
    stroke: Callable[..., None],
    wait_until: Callable[..., None],
    mnist_root: Path,
    tmp_path: Path,
    monkeypatch: Any,
) -> None:
    # Without MNIST the form would have the server draw strokes, which are not needed here.
    (tmp_path / "MNIST").symlink_to(mnist_root / "MNIST")
    server = own_server(data=tmp_path, empty=True, environment={"HOME": str(tmp_path)})
    page = new_tab(f"{server.url}/train?recipe=vae-2d&set=data.name=digits")
    images(page, "Upload images")
    dialog = page.get_by_test_id("stDialog")
    zone = dialog.get_by_test_id("stFileUploaderDropzone")
    expect(zone).to_be_visible()
    zone.evaluate(DROP, pictures())
    expect(dialog.get_by_text("in 2 classes: cat 20, dog 20")).to_be_visible()
    expect(dialog.get_by_alt_text("The first images of each class")).to_be_visible()
    expect(dialog.get_by_text("notes.txt in the zip is no picture")).to_be_visible()
    dialog.get_by_role("button", name="Keep and use").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("40 images of 16 × 16 pixels, in colour, 2 classes")).to_be_visible()
    page.get_by_role("button", name="Play", exact=True).click()
    wait_until(lambda: any(run.status.step > 0 for run in server.all_runs()), "it trains")
    (run,) = server.all_runs()
    assert (run.spec.data.path, run.spec.data.shape) == ("pets", (3, 16, 16))
    run.stop()

    wait_until(lambda: not run.live, "it has stopped")
    server.kill()
    server.start()
    page = new_tab(f"{server.url}/train?recipe=vae-2d&set=data.name=digits")
    page.get_by_role("button", name="Settings", exact=True).click()
    page.get_by_role("button", name=re.compile("^Images:")).click()
    expect(page.get_by_alt_text("Images of pets")).to_be_visible()
    page.get_by_role("button", name="Draw images").click()
    canvas = dialog_of(page).locator(".paint .over")
    monkeypatch.setenv("VAE_DATA", str(tmp_path))
    for number in (1, 2):
        stroke(page, canvas, (0.3, 0.2), (0.7, 0.2), (0.4, 0.8))
        page.keyboard.press("Enter")
        expect(dialog_of(page).get_by_text(f"{number} drawings:")).to_be_visible()
    kept = drawn_sets.read("my digits")
    assert kept is not None
    assert (kept.images.reshape(2, -1).max(1) == 255).all()
    assert os.listdir(tmp_path / "own")


def dialog_of(page: Page) -> Any:
    return page.get_by_test_id("stDialog")
