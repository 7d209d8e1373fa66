"""Which products of a training step are of factors rounded to bfloat16, and whether that is faster here."""

from __future__ import annotations

import functools
import hashlib
import json
import time

import numpy as np
import torch
from torch import Tensor, nn

from vae_core.data.storage import cached
from vae_core.model.masked_convolutions import MaskedConvolutions
from vae_core.model.nets import Net
from vae_core.model.vae import VAE
from vae_core.spec import Spec

# A product must be faster by this much, its roundings included: Adam and all else that is not a product
# dilute what a step gains by it.
FASTER = 1.2


def networks(model: VAE) -> list[Net | MaskedConvolutions]:
    return [module for module in model.modules() if isinstance(module, Net | MaskedConvolutions)]


def convolutional(net: nn.Module) -> bool:
    return any(isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) for layer in net.modules())


def lay_out(model: VAE, spec: Spec) -> None:
    """Sets a model that is about to be trained to what is fastest on its device.

    On a CPU the weights of convolutions lie with their channels last, as oneDNN's kernels read them.
    "bfloat16" rounds in every network; "auto" in those with convolutions, where `pays` finds it faster on the
    CPU, but not in encoder and decoder of a codebook: its codes have no noise beside which rounding is small
    (over six seeds 1.7 nats of reconstruction after 500 steps of the recipe vq, standard error 0.5).
    `fused_dense` follows the same rule in its own products.
    """
    on_cpu = model.device.type == "cpu"
    for net in networks(model):
        if on_cpu and convolutional(net):
            net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        of_codebook = spec.posterior.quantised and not isinstance(net, MaskedConvolutions)
        net.rounds = asked(spec, on_cpu and convolutional(net) and not of_codebook)


def asked(spec: Spec, by_itself: bool) -> bool:
    """Whether products are rounded: "bfloat16" always, "auto" in what rounds `by_itself`, where it pays."""
    products = spec.training.products
    return products == "bfloat16" or (products == "auto" and by_itself and pays())


@functools.cache
def pays() -> bool:
    """Whether this processor multiplies matrices faster with factors rounded to bfloat16.

    Measured once, on one thread, and kept on disk for this processor and this PyTorch: what a seed trains
    to depends on it, so that the same machine has to decide the same way every time.
    """
    about = json.dumps([torch.__version__, torch.cpu.get_capabilities()], sort_keys=True, default=str)
    key = f"bfloat16-{hashlib.sha256(about.encode()).hexdigest()[:16]}"
    return float(cached(key, _measured)["ratio"][0]) >= FASTER


def _measured() -> dict[str, np.ndarray]:
    """How many times as long a product takes in float32, of those of a 784-400 layer on 128 images."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        x, weight = torch.ones(128, 784), torch.ones(400, 784)
        entered = x.bfloat16()
        exact, rounded = torch.empty(128, 400), torch.empty(128, 400, dtype=torch.bfloat16)

        def in_bfloat16() -> Tensor:
            return torch.mm(entered, weight.bfloat16().t(), out=rounded)

        def in_float32() -> Tensor:
            return torch.mm(x, weight.t(), out=exact)

        seconds: dict[str, list[float]] = {"float32": [], "bfloat16": []}
        for _ in range(15):  # in turns, and the fastest counts: others may be at work
            for name, multiply in (("float32", in_float32), ("bfloat16", in_bfloat16)):
                begin = time.perf_counter()
                multiply()
                seconds[name].append(time.perf_counter() - begin)
    finally:
        torch.set_num_threads(threads)
    return {"ratio": np.array([min(seconds["float32"]) / min(seconds["bfloat16"])])}
