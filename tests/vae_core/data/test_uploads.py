"""What somebody uploads: pictures, zips, arrays, and what was made to do harm."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from vae_core.data import own, suggestion, uploads
from vae_core.data.dataset import Refusal

RNG = np.random.default_rng(0)


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def noise(height: int = 12, width: int = 12, channels: int = 3) -> np.ndarray:
    return RNG.integers(0, 256, (height, width, channels)[: 2 + (channels > 1)], dtype=np.uint8)


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in members.items():
            bundle.writestr(name, content)
    return file.getvalue()


def saved(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def test_folders_in_a_zip_are_classes_and_pixels_of_the_right_size_stay_as_they_are():
    pictures = {f"pets/{kind}/{n}.png": noise() for kind in ("dog", "cat") for n in range(3)}
    upload = uploads.read([("pets.zip", zipped({name: png(each) for name, each in pictures.items()}))])
    assert (upload.class_names, upload.side, upload.test) == (("cat", "dog"), 12, None)
    assert upload.labels.tolist() == [1, 1, 1, 0, 0, 0]
    assert (upload.images == np.stack(list(pictures.values())).transpose(0, 3, 1, 2)).all()
    assert not upload.refused


def test_folders_named_train_and_test_are_the_splits_and_classes_lie_below_them():
    names = [f"{split}/{kind}/{n}.png" for split in ("train", "test") for kind in "ab" for n in range(2)]
    upload = uploads.read([("set.zip", zipped({name: png(noise()) for name in names}))])
    assert upload.test.tolist() == [False] * 4 + [True] * 4
    assert upload.class_names == ("a", "b")


def test_large_pictures_are_cut_to_a_square_from_their_middle():
    wide = np.zeros((200, 600, 3), np.uint8)
    wide[:, 200:400] = (255, 0, 0)
    upload = uploads.read([("wide.png", png(wide))])
    assert upload.images.shape == (1, 3, uploads.USUAL, uploads.USUAL)
    assert (upload.images[0, 0, :, 2:-2] > 250).all()
    assert (upload.images[0, 1:] == 0).all()
    assert uploads.read([("wide.png", png(wide))], 20).images.shape == (1, 3, 20, 20)


@pytest.mark.parametrize("form", ["npy", "npz"])
def test_arrays_come_with_their_pixels_and_labels(form: str):
    images = RNG.integers(0, 256, (20, 10, 10), dtype=np.uint8)
    file = io.BytesIO()
    np.save(file, images)
    content = file.getvalue() if form == "npy" else saved(images=images, labels=np.arange(20) % 3)
    upload = uploads.read([(f"set.{form}", content)])
    assert (upload.images == images[:, None]).all()
    assert upload.class_names == (() if form == "npy" else ("0", "1", "2"))


def test_splits_of_an_npz_stay():
    arrays = {f"x_{split}": RNG.integers(0, 256, (20, 64), dtype=np.uint8) for split in ("train", "test")}
    upload = uploads.read([("set.npz", saved(**arrays))])
    assert upload.test.tolist() == [False] * 20 + [True] * 20
    assert (upload.images[20:, 0].reshape(20, 64) == arrays["x_test"]).all()


def test_each_file_that_is_no_use_is_named_in_a_sentence_and_the_others_stay():
    inside = {"a/1.png": png(noise()), "a/broken.png": b"no", "b/2.png": png(noise()), "notes.txt": b"hi"}
    upload = uploads.read(
        [
            ("set.zip", zipped(inside)),
            ("letter.docx", b"PK"),
            ("bad.zip", b"no"),
            ("bad.npy", b"no"),
            ("one.png", png(noise())),
        ]
    )
    assert len(upload.images) == 3
    assert len(upload.refused) == 5
    for name in ("a/broken.png", "notes.txt", "letter.docx", "bad.zip", "bad.npy"):
        (sentence,) = [each for each in upload.refused if name in each]
        assert sentence.endswith(".")
    assert upload.labels is None
    assert "1 of the images lie in no folder" in upload.note
    with pytest.raises(Refusal, match=r"letter\.docx"):
        uploads.read([("letter.docx", b"PK")])


@pytest.mark.parametrize(
    "name", ["../../out.png", "/etc/out.png", "a/../../out.png", "C:\\out.png", "..\\out.png"]
)
def test_a_zip_whose_names_lead_out_of_it_is_refused_whole(name: str):
    bad = zipped({name: png(noise()), "fine.png": png(noise())})
    upload = uploads.read([("bad.zip", bad), ("one.png", png(noise()))])
    assert len(upload.images) == 1
    assert "leads out of it" in upload.refused[0]


def test_a_bomb_of_pixels_is_left_after_the_pixels_that_may_be_decoded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uploads, "MOST_PIXELS", 2_500_000)
    black = png(np.zeros((1000, 1000), np.uint8))
    assert len(black) < 5000
    upload = uploads.read([("bomb.zip", zipped({f"{n}.png": black for n in range(50)}))])
    assert len(upload.images) == 2
    assert upload.refused == ("There are more than 2,500,000 pixels in all; the rest is left out.",)


def test_a_picture_of_too_many_pixels_is_refused_by_its_header(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(own, "MAX_PIXELS", 999_999)
    black = png(np.zeros((1000, 1000), np.uint8))
    upload = uploads.read([("huge.png", black), ("one.png", png(noise()))])
    assert len(upload.images) == 1
    assert "1,000,000 pixels" in upload.refused[0]


def test_a_bomb_of_bytes_unpacks_no_further_than_it_may(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(own, "MAX_IMAGE_FILE", 2**20)
    monkeypatch.setattr(uploads, "MOST_UNPACKED", 3 * 2**20)
    read = []
    real = uploads._member
    monkeypatch.setattr(uploads, "_member", lambda *given: read.append(1) or real(*given))
    bomb = zipped({f"{n}.png": bytes(64 * 2**20) for n in range(20)})
    assert len(bomb) < 2 * 2**20
    upload = uploads.read([("one.png", png(noise())), ("bomb.zip", bomb)], 12)
    assert len(read) <= 5
    assert len(upload.images) == 1


def test_too_many_bytes_together_are_refused_before_any_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uploads, "MOST_BYTES", 100)
    with pytest.raises(Refusal, match="together"):
        uploads.read([("one.png", bytes(60)), ("two.png", bytes(60))])


def test_colour_is_seen_and_grey_is_what_pillow_makes_of_it():
    coloured = np.stack([noise() for _ in range(4)]).transpose(0, 3, 1, 2)
    assert suggestion.has_colour(coloured)
    pillow = np.stack(
        [np.asarray(Image.fromarray(each.transpose(1, 2, 0)).convert("L")) for each in coloured]
    )
    grey = suggestion.to_grey(coloured)
    assert (grey[:, 0] == pillow).all()
    again = np.repeat(grey, 3, 1)
    assert not suggestion.has_colour(again)
    assert (suggestion.to_grey(again) == grey).all()


def test_likelihood_and_binarisation_follow_the_pixels():
    ink = (RNG.random((50, 1, 8, 8)) < 0.3).astype(np.uint8) * 255
    assert (suggestion.of(ink).likelihood, suggestion.of(ink).binarisation) == ("bernoulli", "none")
    soft = ink.copy()
    soft[:, :, 0] = 128  # an eighth of the pixels
    assert (suggestion.of(soft).likelihood, suggestion.of(soft).binarisation) == ("bernoulli", "dynamic")
    assert "88%" in suggestion.of(soft).reason
    photographs = np.full((50, 1, 8, 8), 128, np.uint8)
    assert (suggestion.of(photographs).likelihood, suggestion.of(photographs).binarisation) == (
        "gaussian",
        "none",
    )
    assert suggestion.of(np.repeat(ink, 3, 1)).likelihood == "gaussian"


def test_too_few_images_are_warned_of():
    assert "at least 16" in suggestion.warning(15)
    assert "by heart" in suggestion.warning(16)
    assert suggestion.warning(500) is None
