"""TransposedConvolution against PyTorch's own nn.ConvTranspose2d."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from vae_core.model.transposed_convolution import TransposedConvolution

KINDS = [
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": (1, 0)},
    {"kernel_size": 4, "stride": 2, "padding": 1},
    {"kernel_size": 3, "padding": 1},
    {"kernel_size": 1},
    {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1, "bias": False},
]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("channels", [1, 3, 7])
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_outputs_and_gradients_are_pytorch_s(kind: dict, channels: int, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    theirs = nn.ConvTranspose2d(5, channels, **kind).to(dtype)
    ours = TransposedConvolution(5, channels, **kind).to(dtype)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(4, 5, 6, 7, dtype=dtype)
    found = {}
    for name, layer in (("theirs", theirs), ("ours", ours)):
        given = x.clone().requires_grad_()
        out = layer(given)
        (out * torch.sin(torch.arange(out.numel(), dtype=dtype)).view_as(out)).sum().backward()
        found[name] = [out.detach(), given.grad, *(p.grad for p in layer.parameters())]
    tolerance = 1e-4 if dtype == torch.float32 else 1e-10
    for a, b in zip(found["theirs"], found["ours"], strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x), rtol=tolerance, atol=tolerance)


def test_only_the_gradients_asked_for_are_taken() -> None:
    layer = TransposedConvolution(5, 2, 3, padding=1).requires_grad_(False)
    x = torch.randn(1, 5, 4, 4, requires_grad=True)
    layer(x).sum().backward()
    assert x.grad is not None
    assert layer.weight.grad is None
