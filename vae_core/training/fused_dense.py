"""A training step's pass and gradients written out by hand, for the commonest models on the CPU.

A small dense VAE spends a fifth of its step on autograd's bookkeeping and on fresh memory for what it keeps.
Here every product lands in memory that is there already. The same noise is drawn in the same order, so that a
run trains as it would through autograd but for the order of some sums; the test holds the two against each
other. What the objective makes of the pass, autograd says here too.
"""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vae_core.model.likelihoods import Bernoulli
from vae_core.model.posteriors import DiagonalGaussian
from vae_core.model.terms import Terms
from vae_core.model.vae import VAE
from vae_core.objectives import Logged, Objective
from vae_core.objectives.elbo import Capacity, Elbo, FreeBits

# From so many multiplications on, rounding a product's factors to bfloat16 saves more time than it takes.
# Codes and what makes them stay below in common models, and so stay exact.
ROUNDED_FROM = 8_000_000

OBJECTIVES = (Elbo, Capacity, FreeBits)  # these see a pass by its log p(x|z) and its KL alone


def serves(model: VAE, objective: Objective) -> bool:
    """Whether a step of this model can go the direct way."""
    return (
        model.device.type == "cpu"
        and not model.classes
        and not model.spec.masked
        and type(model.posterior) is DiagonalGaussian
        and model.posterior.settings.variance == "image"
        and model.prior.standard
        and type(model.likelihood) is Bernoulli
        and type(objective) in OBJECTIVES
        and objective.analytic
        and objective.samples == 1
        and model.neighbours is None
        and _dense(model.encoder)
        and _dense(model.decoder)
    )


def _dense(net: nn.Sequential) -> bool:
    """Linear layers with one kind of bend between any two."""
    kinds = [type(layer) for layer in net if not isinstance(layer, nn.Flatten | nn.Unflatten)]
    return set(kinds[::2]) == {nn.Linear} and set(kinds[1::2]) in ({nn.ReLU}, {nn.LeakyReLU}, set())


class Direct:
    """`direct(x, step, noise)` leaves every parameter's gradient in `.grad` and gives what is logged.

    rounds: whether large products may be of factors rounded to bfloat16.
    """

    def __init__(self, model: VAE, objective: Objective, batch: int, rounds: bool = False) -> None:
        self.objective = objective
        self.encoder = Dense(model.encoder, batch, rounds)
        self.decoder = Dense(model.decoder, batch, rounds)
        self.epsilon = torch.empty(1, batch, model.latent)
        self.of_params = torch.empty(batch, 2 * model.latent)
        self.pixels = torch.empty_like(self.decoder.out[-1])

    @torch.no_grad()
    def __call__(self, x: Tensor, step: Tensor, noise: torch.Generator, seen: Tensor | None = None) -> Logged:
        """x [B, C, H, W] in [0, 1]. seen: what the encoder gets in its place, as in `VAE.forward`."""
        x = x.flatten(1)
        mean, raw = self.encoder.forward(x if seen is None else seen.flatten(1)).chunk(2, -1)
        bound = DiagonalGaussian.log_var_bound
        log_var = raw.clamp(-bound, bound)
        sigma, excess = torch.exp(0.5 * log_var), torch.expm1(log_var)  # excess: sigma^2 - 1
        epsilon = self.epsilon.normal_(generator=noise)[0]
        logits = self.decoder.forward(torch.addcmul(mean, sigma, epsilon))
        # As `likelihoods.Bernoulli` has it: softplus(a) = max(a, 0) + log(1 + exp(-|a|)), no denormals.
        softplus = torch.abs(logits, out=self.pixels).neg_().clamp_(min=-80).exp_().add_(1).log_().sum(-1)
        softplus += torch.clamp(logits, min=0, out=self.pixels).sum(-1)
        log_px = (torch.linalg.vecdot(logits, x) - softplus)[None, None].requires_grad_()
        kl = (mean.square() + excess).sub_(log_var).mul_(0.5)[None].requires_grad_()

        with torch.enable_grad():
            unused = log_px.detach()
            loss, logged = self.objective(Terms(log_px, unused, unused, kl, self.epsilon[None]), step)
            loss.backward()
        assert log_px.grad is not None
        assert kl.grad is not None
        of_px, of_kl = log_px.grad[0, 0], kl.grad[0]

        of_logits = torch.sigmoid(logits, out=self.pixels).sub_(x).mul_(-of_px[:, None])
        of_z = self.decoder.backward(of_logits)
        of_mean, of_log_var = self.of_params.chunk(2, -1)
        torch.addcmul(of_z, of_kl, mean, out=of_mean)
        torch.mul(of_z, epsilon, out=of_log_var).mul_(sigma).addcmul_(of_kl, excess).mul_(0.5)
        of_log_var.mul_(raw.abs() <= bound)
        self.encoder.backward(self.of_params, to_inputs=False)
        return logged


class Dense:
    """A dense network's products, forwards and backwards, into memory of its own."""

    def __init__(self, net: nn.Sequential, rows: int, rounds: bool) -> None:
        self.layers = [layer for layer in net if isinstance(layer, nn.Linear)]
        slopes = [layer.negative_slope for layer in net if isinstance(layer, nn.LeakyReLU)]
        self.slope = slopes[0] if slopes else 0.0  # of ReLU
        self.out = [torch.empty(rows, layer.out_features) for layer in self.layers]
        self.back = [torch.empty(rows, layer.in_features) for layer in self.layers]
        self.grads = [[torch.empty_like(p) for p in (layer.weight, layer.bias)] for layer in self.layers]
        self.rounded = [
            Rounded(layer, rows) if rounds and rows * layer.weight.numel() >= ROUNDED_FROM else None
            for layer in self.layers
        ]
        self.entered: list[Tensor] = []  # what each layer took

    def forward(self, x: Tensor) -> Tensor:
        """x [R, inputs] -> [R, outputs], written over by the next call."""
        self.entered = []
        last = len(self.layers) - 1
        for i, (layer, out, rounded) in enumerate(zip(self.layers, self.out, self.rounded, strict=True)):
            if i:
                F.leaky_relu_(x, self.slope)
            self.entered.append(x)
            if rounded is not None:
                rounded.enter(x)
            # What leaves the net, codes and logits, is of exact factors.
            if rounded is not None and i < last:
                x = rounded.forward(out).add_(layer.bias)
            else:
                x = torch.addmm(layer.bias, x, layer.weight.t(), out=out)
        return x

    def backward(self, grad: Tensor, to_inputs: bool = True) -> Tensor:
        """From d loss / d outputs to every weight's `.grad` and, if asked, d loss / d inputs."""
        for i in reversed(range(len(self.layers))):
            layer, entered, (weight, bias) = self.layers[i], self.entered[i], self.grads[i]
            rounded, back = self.rounded[i], self.back[i] if i or to_inputs else None
            layer.bias.grad = torch.sum(grad, 0, out=bias)
            layer.weight.grad = weight
            if rounded is not None:
                rounded.backward(grad, weight, back)
            else:
                torch.mm(grad.t(), entered, out=weight)
                if back is not None:
                    torch.mm(grad, layer.weight, out=back)
            grad = grad if back is None else back
            if i:
                torch.ops.aten.leaky_relu_backward.grad_input(
                    grad, entered, self.slope, True, grad_input=grad
                )
        return grad


class Rounded:
    """One layer's products of factors rounded to bfloat16; results come back as float32."""

    def __init__(self, layer: nn.Linear, rows: int) -> None:
        self.weight = layer.weight
        inputs, outputs = layer.in_features, layer.out_features
        empty = partial(torch.empty, dtype=torch.bfloat16)
        self.entered, self.left, self.of_left = (
            empty(rows, inputs),
            empty(rows, outputs),
            empty(rows, outputs),
        )
        self.rounded, self.of_weight = empty(outputs, inputs), empty(outputs, inputs)
        self.of_entered = empty(rows, inputs)

    def enter(self, x: Tensor) -> None:
        """What the step's products are of: the layer's weights as they are now, and x [R, inputs]."""
        self.entered.copy_(x)
        self.rounded.copy_(self.weight)

    def forward(self, out: Tensor) -> Tensor:
        """x weight^T into out [R, outputs]."""
        return out.copy_(torch.mm(self.entered, self.rounded.t(), out=self.left))

    def backward(self, grad: Tensor, of_weight: Tensor, of_x: Tensor | None) -> None:
        """From grad [R, outputs] the gradients of the weights and, where there is room for it, of x."""
        self.of_left.copy_(grad)
        of_weight.copy_(torch.mm(self.of_left.t(), self.entered, out=self.of_weight))
        if of_x is not None:
            of_x.copy_(torch.mm(self.of_left, self.rounded, out=self.of_entered))
