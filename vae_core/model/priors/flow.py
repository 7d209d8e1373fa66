"""N(0, I) moved by invertible steps: sampled and scored exactly."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from vae_core.constants import LOG_2PI
from vae_core.model.priors.prior import ClassPrior, Prior
from vae_core.spec.settings import Settings


class Flow(Prior):
    """z = f_K(... f_1(u)), u ~ N(0, I), log p(z) = log N(u; 0, I) - sum_k log |det df_k / du|.

    RealNVP: Dinh et al. 2017, equations 3 to 8. Between two couplings the dimensions change their order,
    so that each half is moved in turn. It begins as N(0, I). Of a prior for each class, couplings read the
    class beside their half of z; a blend of classes is read as it is.
    """

    def __init__(self, settings: Settings, latent: int, class_prior: ClassPrior | None = None) -> None:
        super().__init__(settings, latent, class_prior)
        self.conditional = self.settings.of_class
        classes = len(self.log_py) if self.conditional else 0
        self.couplings = nn.ModuleList(
            Coupling(latent, self.settings.hidden, classes) for _ in range(self.settings.couplings)
        )

    def forward(self, u: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """z = f(u|y) [..., D] and log |det dz / du| [...] in nats, of u [..., D]."""
        log_det = u.new_zeros(u.shape[:-1])
        for coupling in self.couplings:
            u, scale = coupling(u, y)
            u, log_det = u.flip(-1), log_det + scale
        return u, log_det

    def inverse(self, z: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """u with f(u|y) = z [..., D], and log |det du / dz| [...] in nats."""
        log_det = z.new_zeros(z.shape[:-1])
        for coupling in reversed(self.couplings):
            z, scale = coupling.inverse(z.flip(-1), y)  # type: ignore[operator]
            log_det = log_det - scale
        return z, log_det

    def log_prob(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        if self.conditional and y is None:
            return self.without_class(partial(self.log_prob, z))
        u, log_det = self.inverse(z, y)
        return log_det - 0.5 * (u.square().sum(-1) + self.latent * LOG_2PI)

    def sample(self, count: int, generator: torch.Generator | None = None, y: Tensor | None = None) -> Tensor:
        return self.tempered(count, 1.0, generator, y)

    def tempered(
        self,
        count: int,
        temperature: float,
        generator: torch.Generator | None = None,
        y: Tensor | None = None,
    ) -> Tensor:
        """u is multiplied by `temperature` before it is moved."""
        device = next(self.parameters()).device if generator is None else generator.device
        if self.conditional and y is None:
            y = self.draw_classes(count, generator)
        noise = torch.randn(count, self.latent, generator=generator, device=device)
        return self.forward(temperature * noise, y)[0]


class Coupling(nn.Module):
    """b becomes b exp(s(a)) + t(a), and a, the first half of the dimensions, stays as it is.

    s lies within [-2, 2], so that no step grows without bound; s and t begin at 0.
    """

    bound = 2.0

    def __init__(self, latent: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.sizes = (latent // 2, latent - latent // 2)
        last = nn.Linear(hidden, 2 * self.sizes[1])
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.net = nn.Sequential(
            nn.Linear(self.sizes[0] + classes, hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            last,
        )

    def forward(self, u: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The image of u [..., D], and the log of its determinant [...]."""
        a, b = u.split(self.sizes, -1)
        scale, shift = self._read(a, y)
        return torch.cat([a, b * scale.exp() + shift], -1), scale.sum(-1)

    def inverse(self, z: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """What z [..., D] is the image of, and the log of the determinant there [...] of the way forward."""
        a, b = z.split(self.sizes, -1)
        scale, shift = self._read(a, y)
        return torch.cat([a, (b - shift) * torch.exp(-scale)], -1), scale.sum(-1)

    def _read(self, a: Tensor, y: Tensor | None) -> tuple[Tensor, Tensor]:
        if self.classes:
            assert y is not None
            a = torch.cat([a, y.expand(*a.shape[:-1], -1)], -1)
        scale, shift = self.net(a).chunk(2, -1)
        return self.bound * torch.tanh(scale / self.bound), shift
