"""Sets of images that somebody draws by hand, one after another: adding one, and taking one out."""

from __future__ import annotations

import numpy as np

from vae_core.data import own, own_sets
from vae_core.data.dataset import Refusal
from vae_core.data.own_sets import About, Content
from vae_core.sentences import quote

SHAPE = (1, 28, 28)
MOST = 5000  # images of a drawn set


def names() -> list[str]:
    """The drawn sets on this machine, those changed last first; others, and damaged ones, are left out."""
    found = []
    for name in own_sets.names():
        try:
            if own_sets.about(name).drawn:
                found.append(name)
        except Refusal:
            continue
    return found


def read(name: str) -> Content | None:
    """A drawn set; None where there is nothing of that name. Raises Refusal where it is no drawn one."""
    if name.lower() not in {each.lower() for each in own_sets.names()}:
        return None
    content = own_sets.read(name)
    if not content.about.drawn:
        raise Refusal(f"{quote(name)} is a set of uploaded images; give the drawings another name")
    return content


def add(name: str, image: np.ndarray, label: str) -> str:
    """Adds a drawing, uint8 [28, 28], of that class; the first makes the set. The set's name as it is kept.

    Raises Refusal, a sentence.
    """
    name = own_sets.check_name(name)
    with own_sets.changing():
        images, labels = _parts(read(name))
        if len(images) >= MOST:
            raise Refusal(
                f"a set of drawings has room for {MOST:,}, and {quote(name)} is full; begin another"
            )
        _write(name, np.concatenate([images, image.reshape(1, *SHAPE)]), [*labels, label])
    return name


def remove(name: str, number: int) -> None:
    """Takes the drawing with that number out; a set without drawings is no longer there. Raises Refusal."""
    with own_sets.changing() as folder:
        images, labels = _parts(read(name))
        if not 0 <= number < len(images):
            raise Refusal(f"{quote(name)} has no drawing {number} any more")
        if len(images) == 1:
            (folder / f"{name}{own_sets.SUFFIX}").unlink()
        else:
            _write(name, np.delete(images, number, 0), labels[:number] + labels[number + 1 :])


def _parts(content: Content | None) -> tuple[np.ndarray, list[str]]:
    """Images [N, 1, 28, 28] and the name of each one's class."""
    if content is None or content.labels is None:
        return np.zeros((0, *SHAPE), np.uint8), []
    return content.images, [content.about.classes[label] for label in content.labels]


def _write(name: str, images: np.ndarray, texts: list[str]) -> None:
    labels, classes = own.index_labels(texts)
    about = About(SHAPE, len(images), classes, drawn=True)
    own_sets.write(name, Content(about, images, labels))
