"""The nearest images, against every distance there is."""

from __future__ import annotations

import pytest
import torch

from vae_core.analysis import nearest


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_the_nearest_image_is_that_of_the_least_distance_of_all(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "BLOCK", 7)
    generator = torch.Generator().manual_seed(0)
    among = torch.randint(0, 256, (50, 1, 4, 4), generator=generator, dtype=torch.uint8)
    images = torch.randint(0, 256, (6, 1, 4, 4), generator=generator, dtype=torch.uint8)
    images[2] = among[33]
    every = torch.cdist(images.flatten(1) / 255.0, among.flatten(1) / 255.0)
    given = images if dtype == torch.uint8 else images / 255.0
    index, distance = nearest.nearest(given, among)
    assert index.tolist() == every.argmin(1).tolist()
    torch.testing.assert_close(distance, every.min(1).values, atol=2e-3, rtol=0)
    assert index[2] == 33


def test_nothing_to_compare_with_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="no images"):
        nearest.nearest(torch.zeros(1, 1, 2, 2), torch.zeros(0, 1, 2, 2))
