"""Partial convolutions against a loop over windows, and what Liu et al. 2018 say of them."""

import pytest
import torch
from torch import Tensor, nn

from vae_core.model.partial_conv import PartialConvolutions, partial_convolution


def naive(layer: nn.Conv2d, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Equations 1 and 2, one window after the other."""
    count, _, height, width = x.shape
    size, stride, padding = layer.kernel_size[0], layer.stride[0], layer.padding[0]
    down, across = ((n + 2 * padding - size) // stride + 1 for n in (height, width))
    out = torch.zeros(count, layer.out_channels, down, across, dtype=x.dtype)
    after = torch.zeros(count, 1, down, across, dtype=x.dtype)
    for n in range(count):
        for i in range(down):
            for j in range(across):
                places = [
                    (a, b, i * stride - padding + a, j * stride - padding + b)
                    for a in range(size)
                    for b in range(size)
                ]
                inside = [p for p in places if 0 <= p[2] < height and 0 <= p[3] < width]
                observed = [p for p in inside if mask[n, 0, p[2], p[3]] == 1]
                if not observed:
                    continue
                after[n, 0, i, j] = 1
                for k in range(layer.out_channels):
                    total = sum(layer.weight[k, :, a, b] @ x[n, :, y, z] for a, b, y, z in observed)
                    out[n, k, i, j] = total * len(inside) / len(observed) + layer.bias[k]
    return out, after


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("kernel", [(3, 2, 1), (3, 1, 1), (4, 2, 1), (5, 2, 0)])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.8])
def test_it_is_what_a_loop_over_windows_gives(generator, kernel, share):
    size, stride, padding = kernel
    layer = nn.Conv2d(2, 3, size, stride, padding).double()
    x = torch.randn(2, 2, 7, 9, dtype=torch.float64, generator=generator)
    mask = (torch.rand(2, 1, 7, 9, generator=generator) < share).double()
    found, expected = partial_convolution(layer, x, mask), naive(layer, x, mask)
    torch.testing.assert_close(found[0], expected[0], rtol=1e-12, atol=1e-12)
    assert torch.equal(found[1], expected[1])


def test_all_observed_it_is_the_plain_convolution_at_the_border_too(generator):
    layer = nn.Conv2d(2, 3, 3, 2, 1).double()
    x = torch.randn(2, 2, 9, 8, dtype=torch.float64, generator=generator)
    found, mask = partial_convolution(layer, x, torch.ones(2, 1, 9, 8).double())
    torch.testing.assert_close(found, layer(x), rtol=1e-12, atol=1e-12)
    assert mask.shape == (2, 1, 5, 4)
    assert (mask == 1).all()


def test_a_constant_image_stays_constant_however_little_of_it_is_seen(generator):
    layer = nn.Conv2d(1, 1, 3, 2, 0).double()
    nn.init.constant_(layer.weight, 0.5)  # only then does a sum over some of a window tell that over all
    x = torch.full((4, 1, 15, 15), 0.3).double()
    found, mask = partial_convolution(
        layer, x, (torch.rand(4, 1, 15, 15, generator=generator) < 0.3).double()
    )
    torch.testing.assert_close(found[mask > 0], layer(x)[mask > 0])


def test_what_is_hidden_through_and_through_stays_0_and_hidden_layer_by_layer(generator):
    layers = PartialConvolutions(nn.Conv2d(1, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 6, 3, 2, 1), nn.ReLU())
    x, mask = torch.rand(1, 1, 28, 28, generator=generator), torch.ones(1, 1, 28, 28)
    mask[..., :14, :] = 0
    with torch.no_grad():
        for layer in layers:
            if isinstance(layer, nn.Conv2d):
                layer.bias.fill_(1.0)
    found = layers(torch.cat([x, mask], dim=1))
    # Rows 0 to 13 are hidden. A window of row i of 14 covers 2i - 1 to 2i + 1: rows 0 to 6 see nothing;
    # then, of 7 rows, those whose windows lie within rows 0 to 6: rows 0 to 2.
    assert (found[..., :3, :] == 0).all()
    assert (found[..., 3:, :].amax(1) > 0).all()
    assert layers(torch.cat([x, 0 * mask], dim=1)).abs().max() == 0


def test_gradients_are_finite_and_none_comes_from_hidden_pixels(generator):
    layers = PartialConvolutions(nn.Conv2d(1, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 6, 3, 2, 1), nn.ReLU())
    x = torch.rand(3, 1, 28, 28, generator=generator, requires_grad=True)
    mask = torch.ones(3, 1, 28, 28)
    mask[0] = 0
    mask[1, :, 5:20] = 0
    (1e30 * layers(torch.cat([x, mask], dim=1))).sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in layers.parameters())
    assert x.grad.isfinite().all()
    assert (x.grad[mask == 0] == 0).all()
