"""Which datasets there are: names, shapes, sources, and the module that loads each. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Info:
    """What is known of a dataset before it is loaded; for users' own images the numbers are 0 or None."""

    name: str
    title: str
    image_shape: tuple[int, int, int] | None
    classes: tuple[str, ...]
    train: int
    test: int
    network: bool  # whether its first use needs one
    sentence: str
    module: str  # in this package, with a function `load(request) -> Dataset`


_DIGITS = tuple("0123456789")
_CLOTHES = (
    "T-shirt",
    "trousers",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
_KANA = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")

# Adding a dataset is one line here and the module it names.
CATALOGUE: dict[str, Info] = {
    info.name: info
    for info in (
        Info("strokes", "Strokes", (1, 28, 28), _DIGITS, 60_000, 10_000, False,
             "Digits drawn by a program, so that slant, thickness and size of each are known.", "strokes"),
        Info("digits", "Small digits", (1, 8, 8), _DIGITS, 1_437, 360, False,
             "1,797 real handwritten digits of 8 x 8 pixels, which come with scikit-learn.", "digits"),
        Info("mnist", "MNIST", (1, 28, 28), _DIGITS, 60_000, 10_000, True,
             "Handwritten digits, the set most papers on VAEs report on.", "idx"),
        Info("fashion_mnist", "Fashion-MNIST", (1, 28, 28), _CLOTHES, 60_000, 10_000, True,
             "Photographs of clothes in ten kinds, much greyer than digits.", "idx"),
        Info("kmnist", "Kuzushiji-MNIST", (1, 28, 28), _KANA, 60_000, 10_000, True,
             "Ten characters of old Japanese handwriting, each in many forms.", "idx"),
        Info("folder", "Folder of images", None, (), 0, 0, False,
             "Your own images from a folder or a zip; names of sub-folders become classes.", "own"),
        Info("array", "Array file", None, (), 0, 0, False,
             "Your own images from an .npy or .npz file, with labels if it holds an array named y or labels.", "own"),
    )
}  # fmt: skip


def image_shape(
    name: str, path: str | None, height: int | None, width: int | None, grey: bool
) -> tuple[int, int, int]:
    """(channels, height, width) of a dataset's images; of users' own, from headers alone.

    Raises ValueError, a sentence, where the dataset is not known or its images cannot be used.
    """
    check(name, path, height, width)
    shape = CATALOGUE[name].image_shape
    if shape is not None:
        return shape
    from vae_core.data import own

    return own.image_shape(name, path or "", height, width, grey)


def check(name: str, path: str | None, height: int | None, width: int | None) -> None:
    """Raises ValueError, a sentence, where these settings cannot go together."""
    if name not in CATALOGUE:
        raise ValueError(f"{name!r} is not known; it must be one of {', '.join(CATALOGUE)}")
    info = CATALOGUE[name]
    if info.image_shape is None:
        if not path:
            raise ValueError(f"the dataset {name} needs data.path, which says where your images are")
        return
    given = [
        field for field, value in (("path", path), ("height", height), ("width", width)) if value is not None
    ]
    if given:
        raise ValueError(
            f"the dataset {name} takes no data.{given[0]}; that is for your own images (folder, array)"
        )
