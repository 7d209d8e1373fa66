"""Partial convolutions: over the observed pixels alone, rescaled by how many there were; Liu et al. 2018."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


def partial_convolution(layer: nn.Conv2d, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """x [B, C, H, W] and mask [B, 1, H, W], 1 = observed -> both after the layer, [B, K, h, w], [B, 1, h, w].

    Liu et al. 2018, eq. 1 and 2: W^T (x * mask) * sum(1) / sum(mask) + b where sum(mask) > 0, which is
    observed from then on; 0 elsewhere, which stays hidden. The sums are over the part of a window that
    lies within the image: so all observed is the plain convolution, at the border too.
    """
    stride, padding = layer.stride, layer.padding
    coverage = F.avg_pool2d(mask, layer.kernel_size, stride, padding, count_include_pad=False)  # type: ignore[arg-type]
    after = (coverage > 0).to(x.dtype)
    plain = F.conv2d(x * mask, layer.weight, None, stride, padding)
    # Where nothing is covered plain is 0, and its divisor 1 keeps the gradients finite.
    assert layer.bias is not None
    return plain / (coverage + 1 - after) + after * layer.bias[:, None, None], after


class PartialConvolutions(nn.Sequential):
    """Convolutions with activations between, as partial ones: [B, C + 1, H, W] -> [B, K, h, w].

    The last channel is the mask. Activations are to keep 0 at 0, so that what is hidden stays 0.
    """

    def forward(self, x: Tensor) -> Tensor:
        x, mask = x[:, :-1], x[:, -1:]
        for layer in self:
            if isinstance(layer, nn.Conv2d):
                x, mask = partial_convolution(layer, x, mask)
            else:
                x = layer(x)
        return x
