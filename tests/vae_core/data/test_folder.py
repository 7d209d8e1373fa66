import io
import os
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vae_core import data
from vae_core.data import catalogue, own, store
from vae_core.data.dataset import Refusal
from vae_core.data.folder import read_one

HEIGHT, WIDTH = 6, 8


def picture(
    shade: int, height: int = HEIGHT, width: int = WIDTH, kind: str = "PNG", mode: str = "L"
) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((height, width), shade, np.uint8)).convert(mode).save(stream, kind)
    return stream.getvalue()


def files(count: int = 20, **where: str) -> dict[str, bytes]:
    """Names and contents of `count` images, of shades 0, 1, 2 and on."""
    return {f"{where.get('folder', '')}{shade:02}.png": picture(shade) for shade in range(count)}


def folder(at: Path, contents: dict[str, bytes]) -> str:
    for name, content in contents.items():
        (at / name).parent.mkdir(parents=True, exist_ok=True)
        (at / name).write_bytes(content)
    return str(at)


def zipped(at: Path, contents: dict[str, bytes]) -> str:
    with zipfile.ZipFile(at, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return str(at)


@pytest.fixture(params=["folder", "zip"])
def put(request: pytest.FixtureRequest, tmp_path: Path):
    """put(contents) -> path: the same images once as a folder and once as a zip."""
    if request.param == "folder":
        return lambda contents: folder(tmp_path / "images", contents)
    return lambda contents: zipped(tmp_path / "images.zip", contents)


def both(path: str, **settings) -> tuple[data.Dataset, data.Dataset]:
    return data.load("folder", "train", path=path, **settings), data.load(
        "folder", "test", path=path, **settings
    )


def refusal(path: str, **settings) -> str:
    with pytest.raises(data.Unavailable) as refused:
        data.load("folder", path=path, **settings)
    return str(refused.value)


def test_every_image_is_in_one_of_the_splits_and_a_fifth_is_for_testing(put):
    train, test = both(put(files(50)))
    shades = [int(image[0, 0, 0]) for dataset in (train, test) for image in dataset.images]
    assert sorted(shades) == list(range(50))
    assert len(test) == 10
    assert train.image_shape == (1, HEIGHT, WIDTH)
    assert train.labels is None


def test_the_split_is_the_same_every_time_and_mixes_the_order(put):
    path = put(files(50))
    first, again = data.load("folder", "test", path=path), data.load("folder", "test", path=path)
    shades = first.images[:, 0, 0, 0].tolist()
    assert shades == again.images[:, 0, 0, 0].tolist()
    assert shades != sorted(shades)


def test_names_of_sub_folders_become_classes(put):
    contents = {
        f"set/{kind}/{n}.png": picture(shade) for kind, shade in (("cat", 10), ("dog", 20)) for n in range(20)
    }
    train, test = both(put(contents))
    assert train.class_names == test.class_names == ("cat", "dog")
    for dataset in (train, test):
        assert (dataset.images[:, 0, 0, 0] == 10 * (dataset.labels + 1)).all()


def test_classes_named_by_numbers_are_in_the_order_of_numbers(put):
    train, test = both(put({f"{kind}/{n}.png": picture(kind) for kind in (2, 10, 1) for n in range(20)}))
    assert train.class_names == ("1", "2", "10")
    for dataset in (train, test):
        shades = torch.tensor([1, 2, 10])[dataset.labels]
        assert (dataset.images[:, 0, 0, 0] == shades).all()


def test_images_beside_sub_folders_leave_no_classes(put):
    train, _ = both(put(files() | {"cat/1.png": picture(1)}))
    assert train.labels is None
    assert train.class_names == ()


def test_sub_folders_named_train_and_test_are_the_splits(put):
    contents = {
        f"{s}/{kind}/{n}.png": picture(n) for s in ("train", "test") for kind in "ab" for n in range(10)
    }
    contents |= {f"train/a/{n}.png": picture(n) for n in range(10, 15)}
    train, test = both(put(contents))
    assert (len(train), len(test)) == (25, 20)
    assert train.class_names == ("a", "b")
    assert train.labels.bincount().tolist() == [15, 10]


def test_what_is_no_image_is_passed_over(put):
    noise = {
        "notes.txt": b"hello",
        "__MACOSX/._00.png": b"noise",
        ".DS_Store": b"noise",
        "cat/.hidden.png": b"",
    }
    assert sum(map(len, both(put(files() | noise)))) == 20


def test_images_are_resized_and_kept_in_colour_on_request(put):
    stream = io.BytesIO()
    Image.new("RGB", (40, 20), (200, 100, 50)).save(stream, "PNG")
    path = put({f"{n}.png": stream.getvalue() for n in range(20)})
    colour = data.load("folder", path=path, height=10, width=10, grey=False)
    assert colour.image_shape == (3, 10, 10)
    assert colour.images[0, :, 5, 5].tolist() == [200, 100, 50]
    grey = data.load("folder", path=path, height=10)
    # The other side keeps the shape. Luma of ITU-R 601: 0.299 R + 0.587 G + 0.114 B.
    assert grey.image_shape == (1, 10, 20)
    assert int(grey.images[0, 0, 5, 5]) == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)


def test_an_image_of_another_shape_is_cut_from_its_middle_not_squeezed(put):
    pixels = np.zeros((20, 40), np.uint8)
    pixels[:, 10:30] = 255
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    image = data.load(
        "folder", path=put({f"{n}.png": stream.getvalue() for n in range(20)}), height=20, width=20
    )
    assert image.images.min() == 255


def test_the_shape_is_known_before_anything_is_loaded(put, monkeypatch):
    path = put(files())
    for settings in ((None, None, True), (12, None, True), (None, 16, False), (28, 28, False)):
        height, width, grey = settings
        shape = catalogue.image_shape("folder", path, *settings)
        assert shape == data.load("folder", path=path, height=height, width=width, grey=grey).image_shape


@pytest.mark.parametrize(
    "kind, mode", [("JPEG", "L"), ("BMP", "L"), ("WEBP", "RGB"), ("TIFF", "L"), ("GIF", "P")]
)
def test_common_formats_are_read(put, kind: str, mode: str):
    contents = {f"{n}.{kind.lower()}": picture(128, 16, 16, kind, mode) for n in range(16)}
    images = data.load("folder", path=put(contents)).images
    assert images.shape[1:] == (1, 16, 16)
    assert ((images.int() - 128).abs() <= 2).all()


def test_sixteen_bits_of_grey_keep_their_upper_eight(put):
    stream = io.BytesIO()
    Image.fromarray(np.full((8, 8), 200 * 256 + 7, np.uint16)).save(stream, "PNG")
    assert (
        data.load("folder", path=put({f"{n}.png": stream.getvalue() for n in range(16)})).images == 200
    ).all()


def test_what_is_transparent_becomes_black(put):
    stream = io.BytesIO()
    Image.new("RGBA", (8, 8), (255, 255, 255, 0)).save(stream, "PNG")
    assert (
        data.load("folder", path=put({f"{n}.png": stream.getvalue() for n in range(16)})).images == 0
    ).all()


def test_a_photograph_taken_on_its_side_is_turned_upright(put):
    pixels = np.zeros((16, 24), np.uint8)
    pixels[:8] = 255
    image, stream = Image.fromarray(pixels), io.BytesIO()
    facts = Image.Exif()
    facts[0x0112] = 6  # to be turned by a quarter clockwise: the upper half goes to the right
    image.save(stream, "PNG", exif=facts)
    path = put({f"{n}.png": stream.getvalue() for n in range(16)})
    assert catalogue.image_shape("folder", path, None, None, True) == (1, 24, 16)
    turned = data.load("folder", path=path).images[0, 0]
    assert turned.shape == (24, 16)
    assert (turned[:, 8:] == 255).all()
    assert (turned[:, :8] == 0).all()


def test_a_changed_folder_is_read_again(tmp_path: Path):
    path = folder(tmp_path / "images", files(20))
    assert sum(map(len, both(path))) == 20
    folder(tmp_path / "images", {"new.png": picture(77)})
    assert 77 in {int(image[0, 0, 0]) for dataset in both(path) for image in dataset.images}


def test_progress_is_told(put):
    told: list[tuple[float, str]] = []
    data.load("folder", path=put(files(250)), progress=lambda *report: told.append(report))
    assert told == [(n / 250, f"Reading image {n + 1} of 250") for n in (0, 100, 200)]


# --- refusals ------------------------------------------------------------------------------------


def test_too_few_images(put):
    assert refusal(put(files(3))) == "there are 3 images, and at least 16 are needed."


def test_no_images(put):
    assert "holds no images; known are .png, .jpg" in refusal(put({"notes.txt": b"hello"}))


def test_too_many_images(put, monkeypatch):
    monkeypatch.setattr(own, "MAX_IMAGES", 20)
    assert "at most 20 can be used" in refusal(put(files(21)))


def test_different_sizes_are_refused_unless_one_is_asked_for(put):
    path = put(files() | {"99.png": picture(1, 9, 9)})
    sentence = refusal(path)
    assert sentence.startswith("99.png is 9 by 9 pixels and 00.png is 6 by 8; set data.height and data.width")
    assert sum(map(len, both(path, height=8, width=8))) == 21


def test_images_larger_than_a_network_takes_are_refused_unless_resized(put):
    path = put({f"{n}.png": picture(0, 300, 400) for n in range(16)})
    assert refusal(path).startswith("the images would be 300 by 400 pixels")
    assert data.load("folder", path=path, height=30).image_shape == (1, 30, 40)
    with pytest.raises(ValueError, match="300 by 400"):
        catalogue.image_shape("folder", path, None, None, True)


def test_a_damaged_image_is_named(put):
    assert refusal(put(files() | {"50.png": b"no image"})).startswith("50.png is no image that can be read")


def test_an_image_whose_pixels_are_cut_short_is_named(put):
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "PNG")
    assert refusal(put(files() | {"50.png": stream.getvalue()[:60]})).startswith("50.png cannot be read")


def bomb(side: int) -> bytes:
    """A PNG of side x side black pixels in few bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [8000, 60_000])
@pytest.mark.filterwarnings("ignore:Image size")
def test_an_image_of_far_too_many_pixels_is_refused_by_its_header(put, side: int):
    assert refusal(put(files() | {"50.png": bomb(side)}), height=8, width=8).startswith("50.png ")
    with pytest.raises(ValueError, match=r"00\.png "):
        catalogue.image_shape(
            "folder", put({"00.png": bomb(side)} | files(20) | {"00.png": bomb(side)}), 8, 8, True
        )


def test_a_file_of_too_many_bytes_is_refused(put, monkeypatch):
    monkeypatch.setattr(own, "MAX_IMAGE_FILE", 1000)
    assert refusal(put(files() | {"50.png": picture(0) + bytes(1000)})) == "50.png has more than 0 MB."


def test_a_folder_that_fits_neither_into_memory_nor_on_a_disk_is_refused(put, monkeypatch):
    path = put(files())
    assert data.load("folder", path=path, height=8).source is None
    monkeypatch.setattr(store, "memory", lambda: 500)
    monkeypatch.setattr(store, "SPARE", 2**60)
    assert "there is no room for them in " in refusal(path)
    assert "name another folder in VAE_DATA" in refusal(path)


@pytest.mark.parametrize(
    "name", ["../../outside.png", "/etc/outside.png", "a/../../b.png", "..\\up.png", "C:/x.png"]
)
def test_a_zip_with_a_name_that_leads_out_of_it_is_refused(tmp_path: Path, name: str):
    path = zipped(tmp_path / "images.zip", files() | {name: picture(1)})
    assert "a name that leads out of it" in refusal(path)
    assert sorted(child.name for child in tmp_path.iterdir() if child.suffix == ".png") == []


def test_a_zip_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(own, "MAX_UNPACKED", 2**20)
    path = zipped(tmp_path / "images.zip", files() | {f"{n}.png": bytes(300_000) for n in range(90, 95)})
    assert Path(path).stat().st_size < 20_000
    assert "the zip unpacks to 0.0 GB" in refusal(path)


def test_an_encrypted_zip_is_refused(tmp_path: Path):
    path = Path(zipped(tmp_path / "images.zip", files()))
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.start_dir
    content[start + 8] |= 1  # the flag, in the first entry of the central directory
    path.write_bytes(content)
    assert "encrypted" in refusal(str(path))


def test_a_damaged_zip_is_refused(tmp_path: Path):
    path = Path(zipped(tmp_path / "images.zip", files()))
    content = bytearray(path.read_bytes())
    content[50:90] = bytes(40)  # within the first image
    path.write_bytes(content)
    assert "cannot be read" in refusal(str(path))


def test_links_in_a_zip_are_not_followed(tmp_path: Path):
    path = Path(zipped(tmp_path / "images.zip", files()))
    link = zipfile.ZipInfo("50.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert sum(map(len, both(str(path)))) == 20


def test_another_kind_of_file_is_refused(tmp_path: Path):
    (tmp_path / "images.rar").write_bytes(b"Rar!")
    assert refusal(str(tmp_path / "images.rar")) == "images.rar is neither a folder nor a zip."


def test_pipes_and_links_that_lead_nowhere_are_passed_over(tmp_path: Path):
    path = folder(tmp_path / "images", files())
    os.mkfifo(tmp_path / "images" / "50.png")
    (tmp_path / "images" / "51.png").symlink_to(tmp_path / "nowhere.png")
    assert sum(map(len, both(path))) == 20


def test_one_file_is_read_under_the_same_limits(monkeypatch):
    image = read_one("mine.png", picture(40, 6, 9), (3, 6, 6))
    np.testing.assert_array_equal(image, np.full((3, 6, 6), 40))
    with pytest.raises(Refusal, match=r"mine\.png is no image"):
        read_one("mine.png", b"MZ" * 100, (1, 8, 8))
    monkeypatch.setattr(own, "MAX_PIXELS", 10)
    with pytest.raises(Refusal, match="at most 10 are read"):
        read_one("mine.png", picture(40, 6, 9), (1, 8, 8))


def test_a_whole_disk_is_not_searched(tmp_path, monkeypatch):
    """`/` took minutes: a page that was given it hung."""
    monkeypatch.setattr(own, "MAX_ENTRIES", 50)
    for number in range(60):
        (tmp_path / f"{number}.txt").touch()
    with pytest.raises(data.Unavailable, match="holds more than 50 files and folders of all kinds"):
        data.load("folder", path=str(tmp_path))


@pytest.mark.parametrize("name", ["folder", "array"])
@pytest.mark.parametrize("path", ["/" + "x" * 3000, "~nobody-of-that-name/x", "/\0"])
def test_a_path_that_can_be_none_is_said_not_to_be_there(name, path):
    with pytest.raises(data.Unavailable, match=r"^there is no") as refused:
        data.load(name, path=path)
    assert len(str(refused.value)) < 150
