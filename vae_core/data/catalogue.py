"""Which datasets there are: names, shapes, sources, and the module that loads each. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from vae_core.data.dataset import Refusal
from vae_core.sentences import quote


@dataclass(frozen=True)
class Info:
    """What is known of a dataset before it is loaded; for users' own images the numbers are 0 or None."""

    name: str
    title: str
    image_shape: tuple[int, int, int] | None
    classes: tuple[str, ...]
    train: int
    test: int
    needs: str  # on a machine that has never used it; "" where nothing
    sentence: str
    # In this package, with `load(request) -> Dataset`; where image_shape is None, with `image_shape`. Of a
    # dataset that was registered, an object with them.
    module: Any
    binary: bool = False  # whether its pixels are black or white as they are
    part_of: str = ""  # the dataset whose last class it lacks


DOWNLOAD, OWN_COPY = "a download", "your own copy"

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
_SPRITES = ("square", "ellipse", "heart")
_PHOTOS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_KANA = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")

# Adding a dataset is one line here and the module it names.
CATALOGUE: dict[str, Info] = {
    info.name: info
    for info in (
        Info("strokes", "Strokes", (1, 28, 28), _DIGITS, 60_000, 10_000, "",
             "Digits drawn by a program, so that slant, thickness and size of each are known.", "strokes"),
        Info("digits", "Small digits", (1, 8, 8), _DIGITS, 1_437, 360, "",
             "1,797 real handwritten digits of 8 x 8 pixels, which come with scikit-learn.", "digits"),
        Info("mnist", "MNIST", (1, 28, 28), _DIGITS, 60_000, 10_000, DOWNLOAD,
             "Handwritten digits, the set most papers on VAEs report on.", "idx"),
        Info("mnist_without_9", "MNIST without 9", (1, 28, 28), _DIGITS[:9], 54_051, 8_991, DOWNLOAD,
             "MNIST without its nines, which are left to test what a model finds foreign.", "held_out",
             part_of="mnist"),
        Info("strokes_without_9", "Strokes without 9", (1, 28, 28), _DIGITS[:9], 54_000, 9_000, "",
             "Strokes without its nines, which are left to test what a model finds foreign.", "held_out",
             part_of="strokes"),
        Info("fashion_mnist", "Fashion-MNIST", (1, 28, 28), _CLOTHES, 60_000, 10_000, DOWNLOAD,
             "Photographs of clothes in ten kinds, much greyer than digits.", "idx"),
        Info("kmnist", "Kuzushiji-MNIST", (1, 28, 28), _KANA, 60_000, 10_000, DOWNLOAD,
             "Ten characters of old Japanese handwriting, each in many forms.", "idx"),
        Info("cifar10", "CIFAR-10", (3, 32, 32), _PHOTOS, 50_000, 10_000, DOWNLOAD,
             "Small photographs of six animals and four vehicles, in colour.", "cifar"),
        Info("sprites", "Sprites", (1, 32, 32), _SPRITES, 60_000, 10_000, "",
             "Squares, ellipses and hearts, drawn from five factors that are known exactly.",
             "sprites", binary=True),
        Info("sprites_64", "Sprites, 64 pixels", (1, 64, 64), _SPRITES, 60_000, 10_000, "",
             "Sprites of four times as many pixels, the size most papers use.", "sprites", binary=True),
        Info("sprites_all", "All sprites", (1, 32, 32), _SPRITES, 727_280, 10_000, "",
             "Every combination of the factors, of which training draws each batch anew.", "sprites",
             binary=True),
        Info("sprites_all_64", "All sprites, 64 pixels", (1, 64, 64), _SPRITES, 727_280, 10_000, "",
             "Every combination of the factors in four times as many pixels, drawn by the batch.", "sprites",
             binary=True),
        Info("sprites_colour", "Sprites in colour", (3, 32, 32), _SPRITES, 60_000, 10_000, "",
             "Sprites in twelve hues: a sixth factor that is known exactly.", "sprites_colour"),
        Info("dsprites", "dSprites", (1, 64, 64), _SPRITES, 60_000, 10_000, OWN_COPY,
             "The published set that sprites follow, from your own copy of its file.",
             "dsprites", binary=True),
        Info("folder", "Folder of images", None, (), 0, 0, "",
             "Your own images from a folder or a zip; names of sub-folders become classes.", "folder"),
        Info("array", "Array file", None, (), 0, 0, "",
             "Your own images from an .npy or .npz file, with labels from its array y or labels.", "array"),
        Info("own", "Own images", None, (), 0, 0, "",
             "Your own images, uploaded or drawn in the app; data.path is the name of the set.", "own_sets"),
    )
}  # fmt: skip

LIBRARY = frozenset(CATALOGUE)

# The datasets whose images were drawn from factors that are known.
WITH_FACTORS = (
    "sprites",
    "sprites_64",
    "sprites_all",
    "sprites_all_64",
    "sprites_colour",
    "dsprites",
    "strokes",
    "strokes_without_9",
)


def register(info: Info) -> None:
    """From now on there is this dataset; one registered before under its name is replaced.

    `info.module` is an object with `load(request) -> Dataset`. Raises Refusal where the library has the name.
    """
    if info.name in LIBRARY:
        raise Refusal(f"{info.name!r} is a dataset of the library already; give yours another name.")
    CATALOGUE[info.name] = info


def loader(name: str) -> Any:
    """What loads the dataset: its module."""
    module = CATALOGUE[name].module
    return import_module(f"vae_core.data.{module}") if isinstance(module, str) else module


def whole(name: str) -> str:
    """The dataset that holds the images: of one without a class, that which has it."""
    return CATALOGUE[name].part_of or name if name in CATALOGUE else name


def binary(name: str) -> bool:
    """Whether a dataset's pixels are black or white as they are; False of one that is not known."""
    return name in CATALOGUE and CATALOGUE[name].binary


def is_own(name: str) -> bool:
    """Whether it stands for a user's own images, of which only they can say shape and classes."""
    return CATALOGUE[name].image_shape is None


def title(name: str, path: str | None) -> str:
    """What people call the images: a set of one's own by the name that its user gave it."""
    return path if name == "own" and path else CATALOGUE[name].title


def image_shape(
    name: str, path: str | None, height: int | None, width: int | None, grey: bool
) -> tuple[int, int, int]:
    """(channels, height, width) of a dataset's images; of users' own, from headers alone.

    Raises Refusal (a ValueError), a sentence, where the dataset is not known or its images cannot be used.
    """
    check(name, path, height, width)
    shape = CATALOGUE[name].image_shape
    if shape is not None:
        return shape
    module = loader(name)
    own: tuple[int, int, int] = module.image_shape(path, height, width, grey)
    return own


def class_names(name: str, path: str | None) -> tuple[str, ...]:
    """Names of a dataset's classes, in the order that labels index; () where its images have none.

    Of users' own images from names and labels alone. Raises Refusal, a sentence, as `image_shape` does.
    """
    info = CATALOGUE[name]
    if info.image_shape is not None:
        return info.classes
    if not path:
        raise Refusal(f"the dataset {name} needs data.path, which says where your images are")
    names: tuple[str, ...] = loader(name).class_names(path)
    return names


def check(name: str, path: str | None, height: int | None, width: int | None) -> None:
    """Raises Refusal (a ValueError), a sentence, where these settings cannot go together."""
    if name not in CATALOGUE:
        raise Refusal(f"{quote(name)} is not known; it must be one of {', '.join(CATALOGUE)}")
    info = CATALOGUE[name]
    if info.image_shape is None:
        if not path:
            raise Refusal(f"the dataset {name} needs data.path, which says where your images are")
        return
    given = [
        field for field, value in (("path", path), ("height", height), ("width", width)) if value is not None
    ]
    if given:
        raise Refusal(
            f"the dataset {name} takes no data.{given[0]}; that is for your own images (folder, array)"
        )
