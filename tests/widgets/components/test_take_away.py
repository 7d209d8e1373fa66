"""What is taken away says where it is from: the words are read back from each kind of file."""

from __future__ import annotations

import io
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from widgets.components import take_away
from widgets.shell import sheets

FACTS = {"run": "VAE on MNIST", "seed": "7", "link": "http://127.0.0.1:8501/inpaint?run=a&k=8"}
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 6, 1, 8, 8), np.uint8)


def test_a_png_holds_the_words_and_the_same_pixels() -> None:
    plain = sheets.tile(IMAGES[0], 3, 2)
    stamped = take_away.stamped(plain, "png", FACTS)
    assert isinstance(stamped, bytes)
    before, after = (Image.open(io.BytesIO(content)) for content in (plain, stamped))
    np.testing.assert_array_equal(np.asarray(before), np.asarray(after))
    assert after.text == {
        "Software": "Elbo Room", "Run": FACTS["run"], "Seed": "7", "Link": FACTS["link"],
    }  # fmt: skip


@pytest.mark.parametrize("words", ["short", "long " * 200])
def test_a_gif_holds_the_words_and_the_same_frames(words: str) -> None:
    plain = sheets.film(IMAGES, 3)
    stamped = take_away.stamped(plain, "gif", {"run": words})
    assert isinstance(stamped, bytes)
    before, after = (Image.open(io.BytesIO(content)) for content in (plain, stamped))
    assert before.n_frames == after.n_frames == 3
    for k in range(3):
        before.seek(k)
        after.seek(k)
        np.testing.assert_array_equal(np.asarray(before.convert("L")), np.asarray(after.convert("L")))
    assert words[:250].encode() in stamped


def test_a_table_begins_with_the_words_as_comments() -> None:
    stamped = take_away.stamped("a,b\n1,2\n", "csv", {"run": "two\nlines", "link": FACTS["link"]})
    assert stamped == f"# run: two lines\n# link: {FACTS['link']}\na,b\n1,2\n"


def test_a_drawing_holds_the_words_and_stays_one() -> None:
    stamped = take_away.stamped('<svg width="2"><path d="M0 0"/></svg>', "svg", FACTS)
    description = ElementTree.fromstring(stamped).find("desc")
    assert description is not None
    assert FACTS["link"] in str(description.text)


def test_names_of_files_are_plain() -> None:
    assert take_away.slug("VAE „Straße“ / image 7: 50 %") == "vae-stra-e-image-7-50"
    assert take_away.slug("βγ") == "elbo-room"
