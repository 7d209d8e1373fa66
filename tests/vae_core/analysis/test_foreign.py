"""Foreign images are as many, of the same shape and kind, and what their names say."""

import pytest
import torch

from vae_core.analysis.foreign import FOREIGN


def made(name: str, images: torch.Tensor) -> torch.Tensor:
    return FOREIGN[name].make(images, torch.Generator().manual_seed(0))


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randint(0, 256, (6, 3, 8, 8), generator=torch.Generator().manual_seed(1)).byte()


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("shape", [(6, 1, 8, 8), (2, 3, 5, 7)])
def test_shape_and_type_stay(name: str, shape: tuple[int, ...]) -> None:
    images = torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(1)).byte()
    found = made(name, images)
    assert (found.shape, found.dtype) == (images.shape, torch.uint8)
    assert not torch.equal(found, images)
    assert torch.equal(found, made(name, images))


def test_each_is_what_it_is_called(images: torch.Tensor) -> None:
    assert made("blank", images).sum() == 0
    assert torch.equal(made("inverted", images).int(), 255 - images.int())
    assert torch.equal(made("rotated", images)[:, :, 0], images[..., -1])
    shuffled = made("shuffled", images)
    # The same colours, as all channels of a pixel go together.
    colours = [sorted(map(tuple, each.flatten(1).T.tolist())) for each in images]
    assert colours == [sorted(map(tuple, each.flatten(1).T.tolist())) for each in shuffled]
    wide = images[..., :5]
    assert torch.equal(made("rotated", wide), wide.flip(-1, -2))
