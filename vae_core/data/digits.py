"""scikit-learn's handwritten digits: 1,797 real images of 8 x 8 pixels, there without a network."""

from __future__ import annotations

import numpy as np

from vae_core.data.dataset import Dataset, Request
from vae_core.data.storage import Arrays, cached

TEST_PER_CLASS = 36


def load(request: Request) -> Dataset:
    """36 images of each class, always the same, are the test split; the other 1,437 are for training."""
    import torch

    arrays = cached("digits-1", _read)
    test = TEST_PER_CLASS * 10
    part = slice(test) if request.split == "test" else slice(test, None)
    return Dataset(
        name=request.name,
        split=request.split,
        images=torch.from_numpy(arrays["images"][part]),
        labels=torch.from_numpy(arrays["labels"][part]),
        class_names=tuple("0123456789"),
    )


def _read() -> Arrays:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    # The legacy generator's stream is frozen by NumPy's policy, so the split never moves.
    shuffled = np.random.RandomState(0).permutation(len(bunch.target))
    test = np.concatenate([shuffled[bunch.target[shuffled] == digit][:TEST_PER_CLASS] for digit in range(10)])
    in_test = np.isin(shuffled, test)
    order = np.concatenate([shuffled[in_test], shuffled[~in_test]])
    grey = bunch.images[order, None].astype(np.int64)
    return {
        # 0..16 to 0..255, rounded half up: both ends exact.
        "images": ((grey * 255 + 8) // 16).astype(np.uint8),
        "labels": bunch.target[order].astype(np.int64),
    }
