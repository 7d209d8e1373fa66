import pickle
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from vae_core import data
from vae_core.data import array as array_files
from vae_core.data import catalogue, own
from vae_core.data.dataset import Request

RAMP = np.arange(20 * 6 * 8).reshape(20, 6, 8).astype(np.uint8)


def npy(tmp_path: Path, array: np.ndarray) -> str:
    np.save(tmp_path / "images.npy", array)
    return str(tmp_path / "images.npy")


def npz(tmp_path: Path, **arrays: np.ndarray) -> str:
    np.savez_compressed(tmp_path / "images.npz", **arrays)
    return str(tmp_path / "images.npz")


def both(path: str, **settings) -> tuple[data.Dataset, data.Dataset]:
    return data.load("array", "train", path=path, **settings), data.load(
        "array", "test", path=path, **settings
    )


def rows(*datasets: data.Dataset) -> list[bytes]:
    return sorted(image.numpy().tobytes() for dataset in datasets for image in dataset.images)


def refusal(path: str, **settings) -> str:
    with pytest.raises(data.Unavailable) as refused:
        data.load("array", path=path, **settings)
    return str(refused.value)


@given(
    array=arrays_of.arrays(
        np.uint8,
        st.tuples(st.integers(16, 40), st.integers(4, 9), st.integers(5, 9)),
        elements=st.integers(0, 255),
    )
)
def test_both_splits_together_are_the_array(tmp_path_factory, array: np.ndarray):
    array[0, 0, 0] = 255  # an array of zeros and ones is stretched
    train, test = both(npy(tmp_path_factory.mktemp("array"), array))
    assert rows(train, test) == sorted(image.tobytes() for image in array)


@pytest.mark.parametrize(
    "shape, grey, expected",
    [
        ((20, 6, 8), True, (1, 6, 8)),
        ((20, 6, 8), False, (1, 6, 8)),
        ((20, 6, 8, 1), True, (1, 6, 8)),
        ((20, 6, 8, 3), False, (3, 6, 8)),
        ((20, 6, 8, 3), True, (1, 6, 8)),
        ((20, 6, 8, 4), False, (3, 6, 8)),
        ((20, 3, 6, 8), False, (3, 6, 8)),
        ((20, 1, 6, 8), True, (1, 6, 8)),
        ((20, 49), True, (1, 7, 7)),
    ],
)
def test_every_usual_layout_is_understood_from_the_header(tmp_path, shape, grey, expected):
    array = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    path = npy(tmp_path, array)
    assert catalogue.image_shape("array", path, None, None, grey) == expected
    assert data.load("array", path=path, grey=grey).image_shape == expected


def test_channels_last_and_first_give_the_same_images(tmp_path):
    last = np.random.default_rng(0).integers(0, 256, (20, 6, 8, 3)).astype(np.uint8)
    expected = sorted(image.tobytes() for image in last.transpose(0, 3, 1, 2))
    for array in (last, np.ascontiguousarray(last.transpose(0, 3, 1, 2))):
        assert rows(*both(npy(tmp_path, array), grey=False)) == expected


def test_rows_that_are_not_square_need_a_height_and_a_width(tmp_path):
    path = npy(tmp_path, RAMP.reshape(20, 48))
    assert refusal(path) == "rows of 48 numbers are not square images; set data.height and data.width."
    assert rows(*both(path, height=6, width=8)) == sorted(image.tobytes() for image in RAMP)


@pytest.mark.parametrize(
    "array",
    [
        RAMP > 100,
        (RAMP > 100).astype(np.uint8),
        (RAMP > 100).astype(np.int64),
        (RAMP > 100).astype(np.float32),
        (RAMP > 100) * 255.0,
        (RAMP > 100).astype(np.float16),
        np.asfortranarray((RAMP > 100) * 255),
        ((RAMP > 100) * 255).astype(">i2"),
    ],
)
def test_black_and_white_is_black_and_white_in_any_type(tmp_path, array: np.ndarray):
    expected = sorted(image.tobytes() for image in (RAMP > 100).astype(np.uint8) * np.uint8(255))
    assert rows(*both(npy(tmp_path, array))) == expected


def test_numbers_from_0_to_1_are_stretched_and_rounded(tmp_path):
    array = np.linspace(0, 1, 20 * 16).reshape(20, 4, 4)
    images = np.sort(
        np.concatenate([dataset.images.numpy().ravel() for dataset in both(npy(tmp_path, array))])
    )
    np.testing.assert_array_equal(images, np.rint(np.linspace(0, 255, 20 * 16)))


@pytest.mark.parametrize("name", ["y", "labels"])
@pytest.mark.parametrize(
    "labels, names",
    [
        (np.arange(20) % 3, ("0", "1", "2")),
        (np.arange(20) % 3 * 5 + 2.0, ("12", "2", "7")),
        (np.array(["cat", "dog"])[np.arange(20) % 2], ("cat", "dog")),
        (np.eye(4, dtype=np.uint8)[np.arange(20) % 4], ("0", "1", "2", "3")),
        ((np.arange(20) % 2)[:, None], ("0", "1")),
    ],
)
def test_labels_stay_with_their_images(tmp_path, name: str, labels: np.ndarray, names: tuple[str, ...]):
    array = np.broadcast_to(np.arange(20, dtype=np.uint8)[:, None, None], (20, 5, 5))
    plain = labels.argmax(1) if labels.ndim == 2 and labels.shape[1] > 1 else labels.ravel()
    for dataset in both(npz(tmp_path, images=array, **{name: labels})):
        assert set(dataset.class_names) == set(names)
        for image, label in zip(dataset.images, dataset.labels, strict=True):
            original = plain[int(image[0, 0, 0])]
            shown = str(int(original)) if plain.dtype.kind in "iuf" else str(original)
            assert dataset.class_names[label] == shown


def test_numbers_keep_their_order_as_class_names(tmp_path):
    path = npz(tmp_path, images=RAMP, y=np.arange(20) % 12)
    assert data.load("array", path=path).class_names == tuple(map(str, range(12)))


def test_x_train_and_x_test_are_the_splits(tmp_path):
    path = npz(
        tmp_path, x_train=RAMP, y_train=np.arange(20) % 2, x_test=RAMP[:16] + 1, y_test=np.arange(16) % 2
    )
    train, test = both(path)
    assert (len(train), len(test)) == (20, 16)
    np.testing.assert_array_equal(test.images[:, 0].numpy(), RAMP[:16] + 1)
    np.testing.assert_array_equal(test.labels.numpy(), np.arange(16) % 2)


def test_images_are_resized_once_and_kept(tmp_path, monkeypatch):
    path = npy(tmp_path, RAMP)
    first = data.load("array", path=path, height=12, width=16)
    assert first.image_shape == (1, 12, 16)
    monkeypatch.setattr(own, "fit", None)
    assert (data.load("array", path=path, height=12, width=16).images == first.images).all()


def test_an_array_under_another_name_is_found(tmp_path):
    assert len(data.load("array", path=npz(tmp_path, weights=np.zeros(3), faces=RAMP))) == 16


def test_a_flat_array_counts_as_images_only_under_their_name(tmp_path):
    assert "holds no array of images" in refusal(npz(tmp_path, weights=np.zeros((20, 49))))


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "array, sentence",
    [
        (RAMP[:3], "there are 3 images, and at least 16 are needed."),
        (RAMP.astype(float) - 7, "the array's values go from -7 to"),
        (RAMP.astype(float) * 4, "bring them to 0 to 1, or to 0 to 255."),
        (np.full((20, 6, 8), np.nan), "values that are not finite"),
        (RAMP.astype(complex), "images are made of numbers"),
        (RAMP.astype(str), "images are made of numbers"),
        (np.zeros(20, np.uint8), "an array of shape 20 does not hold images"),
        (np.zeros((20, 6, 8, 5), np.uint8), "an array of shape 20 x 6 x 8 x 5 does not hold images"),
        (np.zeros((20, 0, 8), np.uint8), "the images have no pixels"),
        (np.zeros((20, 300, 8), np.uint8), "the images would be 300 by 8 pixels"),
        (np.zeros((), np.uint8), "does not hold images"),
    ],
)
def test_arrays_that_are_no_images_are_refused(tmp_path, array: np.ndarray, sentence: str):
    assert sentence in refusal(npy(tmp_path, array))


@pytest.mark.parametrize(
    "labels, sentence",
    [
        (np.arange(19), "the array y has the shape 19, and 20 images need 20 labels."),
        (np.linspace(0, 1, 20), "labels are whole numbers or names"),
    ],
)
def test_labels_that_are_none_are_refused(tmp_path, labels: np.ndarray, sentence: str):
    assert sentence in refusal(npz(tmp_path, images=RAMP, y=labels))


class Harm:
    """Unpickled, it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_pickled_objects_are_never_loaded(tmp_path):
    trap = tmp_path / "sprung"
    harm = np.array([Harm(trap)] * 20, object)
    np.save(tmp_path / "harm.npy", harm, allow_pickle=True)
    assert "holds no array of images" in refusal(str(tmp_path / "harm.npy"))
    np.savez(tmp_path / "harm.npz", images=harm, allow_pickle=True)
    assert "no array of images" in refusal(str(tmp_path / "harm.npz"))
    np.savez(tmp_path / "labels.npz", images=RAMP, y=harm)
    data.load("array", path=str(tmp_path / "labels.npz"))
    (tmp_path / "pickle.npy").write_bytes(pickle.dumps(Harm(trap)))
    assert "is no .npy or .npz file" in refusal(str(tmp_path / "pickle.npy"))
    assert not trap.exists()


def test_a_file_cut_short_is_refused(tmp_path):
    for path in (npy(tmp_path, RAMP), npz(tmp_path, images=RAMP)):
        content = Path(path).read_bytes()
        for length in (0, 5, 60, len(content) // 2, len(content) - 1):
            Path(path).write_bytes(content[:length])
            assert refusal(path)


def test_a_header_that_promises_more_than_may_be_read_is_refused(tmp_path):
    path = npz(tmp_path, images=RAMP)
    header = np.lib.format.header_data_from_array_1_0(RAMP) | {"shape": (10_000, 2000, 2000)}
    with zipfile.ZipFile(path, "w") as archive, archive.open("images.npy", "w") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
    assert "37.3 GB, and at most 4 GB are read" in refusal(path, height=8, width=8)


def test_more_images_than_fit_into_memory_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(own, "MAX_DATASET", 500)
    assert "or fewer images" in refusal(npy(tmp_path, RAMP))


def test_more_images_than_may_be_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(own, "MAX_IMAGES", 19)
    assert "at most 19 can be used" in refusal(npy(tmp_path, RAMP))


def test_splits_of_different_sizes_are_refused(tmp_path):
    path = npz(tmp_path, x_train=RAMP, x_test=RAMP[:, :5])
    with pytest.raises(data.Unavailable, match="images of different sizes"):
        data.load("array", "test", path=path)


@pytest.mark.parametrize("kind", [np.uint8, np.float64, bool])
def test_zeros_and_ones_are_converted_by_the_piece(tmp_path, monkeypatch, kind):
    """15 MB of zip became 28 GB of float32: beside the images themselves there are a few pieces."""
    monkeypatch.setattr(array_files, "PIECE", 2**18)
    ones = (np.arange(1000 * 128 * 128) % 7 == 0).reshape(1000, 128, 128)
    path = npz(tmp_path, images=ones.astype(kind))
    shape = (1, 128, 128)
    with array_files.opened(path) as file:
        tracemalloc.start()
        images = array_files.decode(file, "images", shape, Request("array", "train", path))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (images == ones[:, None] * np.uint8(255)).all()
    assert peak < images.nbytes + 8 * 2**20


def test_an_array_in_the_order_of_fortran_is_the_same_array(tmp_path, monkeypatch):
    monkeypatch.setattr(array_files, "PIECE", 100)
    straight = both(npy(tmp_path, RAMP))
    turned = both(npz(tmp_path, images=np.asfortranarray(RAMP)))
    assert [one.images.tolist() for one in straight] == [one.images.tolist() for one in turned]


def test_what_only_a_late_piece_says_counts_for_all(tmp_path, monkeypatch):
    monkeypatch.setattr(array_files, "PIECE", 100)
    late = np.zeros((20, 6, 8), np.float32)
    late[0], late[-1] = 1, 200
    assert {value for one in both(npy(tmp_path, late)) for value in one.images.unique().tolist()} == {
        0,
        1,
        200,
    }
    late[-1, 0, 0] = np.nan
    assert "not finite" in refusal(npy(tmp_path, late))
    late[-1, 0, 0] = 300
    assert "go from 0 to 300" in refusal(npy(tmp_path, late))


def test_labels_and_single_images_of_gigabytes_are_refused_unread(tmp_path):
    with zipfile.ZipFile(tmp_path / "labels.npz", "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, shape, kind in (("images", (20, 8, 8), "|u1"), ("labels", (20,), "<U9000000")):
            with bundle.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array_header_1_0(
                    file, {"descr": kind, "fortran_order": False, "shape": shape}
                )
                file.write(b"\0" * 1280)
    assert "labels has 0.7 GB, and at most 0.25 GB" in refusal(str(tmp_path / "labels.npz"))
    with open(tmp_path / "wide.npy", "wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (20, 10_000, 10_000)}
        np.lib.format.write_array_header_1_0(file, header)
    assert "100,000,000 pixels each" in refusal(str(tmp_path / "wide.npy"), height=8, width=8)
