"""A transposed convolution on the CPU by kernels that are quicker than those PyTorch calls for one.

A transposed convolution is the gradient of a convolution with respect to its input (Dumoulin and Visin 2016,
section 4). Its own gradients are then that convolution, forwards and by its weights, for both of which oneDNN
has faster kernels than for "the gradient of a transposed convolution".
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

# A kernel works on blocks of 16 channels: an image's one or three are cheaper as a product and its sum.
FEW = 4


class TransposedConvolution(nn.ConvTranspose2d):
    """nn.ConvTranspose2d of one group and no dilation: the same weights, numbers and names."""

    def forward(self, x: Tensor, output_size: Any = None) -> Tensor:
        """x [B, C, h, w] -> [B, out_channels, H, W]."""
        if x.device.type != "cpu" or x.dim() != 4:
            return super().forward(x, output_size)
        weight = self.weight
        if torch.is_autocast_enabled("cpu"):
            rounded = torch.get_autocast_dtype("cpu")
            x, weight = x.to(rounded), weight.to(rounded)
        if torch.is_grad_enabled():
            found: Tensor = _Transposed.apply(x, weight, self)
        else:
            found = transposed(x, weight, self)
        return found if self.bias is None else found.add_(self.bias.to(found.dtype)[:, None, None])


def transposed(x: Tensor, weight: Tensor, layer: Any) -> Tensor:
    """What a layer, an nn.ConvTranspose2d, makes of x without its bias."""
    if layer.out_channels > FEW:
        return F.conv_transpose2d(x, weight, None, layer.stride, layer.padding, layer.output_padding)
    numbers, channels, height, width = x.shape
    columns = weight.reshape(channels, -1).t() @ x.reshape(numbers, channels, height * width)
    size = tuple(
        (n - 1) * stride - 2 * padding + kernel + more
        for n, stride, padding, kernel, more in zip(
            (height, width), layer.stride, layer.padding, layer.kernel_size, layer.output_padding, strict=True
        )
    )
    return F.fold(columns, size, layer.kernel_size, stride=layer.stride, padding=layer.padding)


class _Transposed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, layer: nn.ConvTranspose2d) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.layer = layer
        return transposed(x, weight, layer)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        stride, padding = ctx.layer.stride, ctx.layer.padding
        if grad.shape[1] > 1:
            grad = grad.contiguous(memory_format=torch.channels_last)
        of_x = F.conv2d(grad, weight, None, stride, padding) if ctx.needs_input_grad[0] else None
        of_weight = None
        if ctx.needs_input_grad[1]:
            which = [False, True, False]
            of_weight = torch.ops.aten.convolution_backward(
                x, grad, weight, None, stride, padding, [1, 1], False, [0, 0], 1, which
            )[1]
        return of_x, of_weight, None
