"""Inverse autoregressive flows: maps of z, by the context of its image, whose Jacobian is triangular.

Kingma et al. 2016, section 4, with networks masked as in MADE (Germain et al. 2015, section 3). Forwards a
step is one pass, whatever the number of dimensions D; backwards it is D of them.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Of a gate sigmoid(OPEN + a): it begins nearly open, and a stays within [-MOST, MOST], so that no step
# squeezes a dimension by more than seven.
OPEN, MOST = 2.0, 4.0


class Step(nn.Module):
    """z_i -> exp(s_i) z_i + m_i, where m_i and s_i see the dimensions before i, and the context.

    One layer of hidden units lies between: a unit of degree d sees the first d dimensions, and m_i and s_i
    see units of degree below i. The Jacobian has exp(s) on its diagonal; exp(s) is a gate that is closed
    rather than opened, after equations 13 and 14, over its value at the start: without, training is
    unsteady. Dimensions are in the other order where it is `backwards`. A new step changes nothing, as its
    last weights are 0.
    """

    sees: Tensor
    seen: Tensor

    def __init__(self, latent: int, context: int, hidden: int, backwards: bool) -> None:
        super().__init__()
        self.of_z = nn.Linear(latent, hidden)
        self.of_context = nn.Linear(context, hidden, bias=False)
        self.out = nn.Linear(hidden, 2 * latent)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        before = torch.arange(latent)  # how many dimensions come before each
        before = before.flip(0) if backwards else before
        degree = torch.arange(hidden) * latent // hidden
        sees, seen = degree[:, None] > before, degree <= before[:, None]
        self.register_buffer("sees", sees.float(), persistent=False)  # [hidden, D]
        self.register_buffer("seen", seen.repeat(2, 1).float(), persistent=False)  # [2D, hidden]

    def parameters_at(self, z: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """z [..., D], context [..., C] -> m and s [..., D]."""
        hidden = F.linear(z, self.of_z.weight * self.sees, self.of_z.bias) + self.of_context(context)
        shift, raw = F.linear(hidden.tanh(), self.out.weight * self.seen, self.out.bias).chunk(2, -1)
        gate = F.logsigmoid(OPEN + MOST * (raw / MOST).tanh())
        return shift, gate + math.log1p(math.exp(-OPEN))

    def forward(self, z: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """What the step makes of z [..., D], and the logarithm of its Jacobian's determinant [...]."""
        shift, log_scale = self.parameters_at(z, context)
        return torch.addcmul(shift, z, torch.exp(log_scale)), log_scale.sum(-1)

    def inverse(self, z: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """What the step made z [..., D] of, and log |det| there, as `forward` has it. Each of D rounds is
        right in one dimension more."""
        found = log_scale = torch.zeros_like(z)
        for _ in range(z.shape[-1]):
            shift, log_scale = self.parameters_at(found, context)
            found = (z - shift) * torch.exp(-log_scale)
        return found, log_scale.sum(-1)


class AutoregressiveFlow(nn.Module):
    """`depth` steps, each in the other order of dimensions than the one before."""

    def __init__(self, latent: int, context: int, hidden: int, depth: int) -> None:
        super().__init__()
        self.steps = nn.ModuleList(Step(latent, context, hidden, k % 2 == 1) for k in range(depth))

    def forward(self, z: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """As of one step: z [..., D] -> z [..., D], log |det| [...]."""
        log_det = torch.zeros_like(z[..., 0])
        for step in self.steps:
            z, more = step(z, context)
            log_det = log_det + more
        return z, log_det

    def inverse(self, z: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """As of one step: what was made z [..., D], and log |det| [...] there."""
        log_det = torch.zeros_like(z[..., 0])
        for step in reversed(self.steps):
            assert isinstance(step, Step)
            z, more = step.inverse(z, context)
            log_det = log_det + more
        return z, log_det
