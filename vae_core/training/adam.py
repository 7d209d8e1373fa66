"""Adam on PyTorch's fused kernel, without torch.optim's bookkeeping: 5 % of a small model's step.

torch.optim.Adam(fused=True) takes 0.14 ms more for a step of six tensors on one core, and its first step
imports torch._dynamo, which takes 1.3 seconds.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class Adam:
    """Kingma and Ba 2015, algorithm 1, with their defaults. Others may fill the learning rate, a tensor.

    The kernel is private to PyTorch and the one that torch.optim.Adam(fused=True) calls; PyTorch is pinned.
    """

    epsilon = 1e-8

    def __init__(
        self,
        parameters: Iterable[tuple[str, nn.Parameter]],
        learning_rate: Tensor,
        betas: tuple[float, float] = (0.9, 0.999),
    ) -> None:
        named = dict(parameters)
        self.betas = betas
        self.learning_rate = learning_rate
        self.parameters = list(named.values())
        self.count = torch.zeros(len(named), device=learning_rate.device)  # steps of each parameter
        self.mean = {name: torch.zeros_like(value) for name, value in named.items()}
        self.square = {name: torch.zeros_like(value) for name, value in named.items()}
        # As the kernel takes them: parameter, mean, square, count.
        self._rows = list(
            zip(self.parameters, self.mean.values(), self.square.values(), self.count.unbind(), strict=True)
        )

    @torch.no_grad()
    def step(self) -> None:
        """Follow the gradients, and forget them. A parameter without one stays as it is."""
        rows = [row for row in self._rows if row[0].grad is not None]
        if not rows:
            return
        parameters, means, squares, counts = map(list, zip(*rows, strict=True))
        if len(rows) == len(self._rows):
            self.count += 1
        else:
            torch._foreach_add_(counts, 1)
        torch._fused_adam_(
            parameters,
            [parameter.grad for parameter in parameters],
            means,
            squares,
            [],
            counts,
            lr=self.learning_rate,
            beta1=self.betas[0],
            beta2=self.betas[1],
            weight_decay=0.0,
            eps=self.epsilon,
            amsgrad=False,
            maximize=False,
        )
        for parameter in parameters:
            parameter.grad = None

    def state(self) -> dict[str, Tensor]:
        """Flat, by name: count [parameters], mean.NAME and square.NAME."""
        means = {f"mean.{name}": value for name, value in self.mean.items()}
        return (
            {"count": self.count} | means | {f"square.{name}": value for name, value in self.square.items()}
        )

    def restore(self, state: dict[str, Tensor]) -> None:
        """Raises KeyError or RuntimeError where the state is another model's.

        A state of before parameters had counts of their own holds one for all.
        """
        for name, value in self.state().items():
            value.copy_(state[name])
