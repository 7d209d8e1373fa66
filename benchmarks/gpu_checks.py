"""What `gpu.py` holds a device to: the CPU's numbers, and what a run must stand.

Noise of another device is another, so that what draws is compared by its averages, and by their errors.
"""

from __future__ import annotations

import copy
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from vae_core import data, recipes, train
from vae_core.analysis import aggregate, likelihood
from vae_core.analysis.evaluation import evaluate
from vae_core.model.vae import VAE
from vae_core.runs import control
from vae_core.runs.reading import RunError
from vae_core.runs.run import Run
from vae_core.spec import Spec
from vae_core.training.loop import Trainer, untrained

MODELS = ("vae-2d", "conv-2d", "cvae", "flow-prior-2d", "vamp-2d", "iaf-2d", "gumbel", "vq", "vq2")
STEPPED = (*MODELS, "m2-100", "iwae-50", "info", "sprites-beta-tc", "sprites-factor", "masked-16d", "denoise")


@dataclass(frozen=True)
class Check:
    """allowed: what is right, in words. run: (what was found, whether that is right)."""

    title: str
    allowed: str
    run: Callable[[], tuple[str, bool]]


def checks(device: torch.device, quick: bool) -> Iterator[Check]:
    """quick: the fewest models and steps."""
    few = slice(2) if quick else slice(None)
    for name in MODELS[few]:
        yield Check(f"Pass and gradients, {name}", "1e-3 of the CPU's", partial(same_pass, device, name))
    for name in STEPPED[few]:
        yield Check(
            f"A step as a graph, {name}", "recorded, weights within 1e-3", partial(graph, device, name)
        )
    steps = 30 if quick else 1000
    yield Check("Test ELBO after training", "3 standard errors", partial(trained, device, steps))
    yield Check("Evaluation, log p(x)", "3 standard errors", partial(evaluated, device, 20 if quick else 500))
    yield Check("Samples of p(z)", "4 standard errors", partial(sampled, device))
    yield Check("Exact density of q(z)", "1e-3 nats of the CPU's", partial(density, device))
    yield Check("Stopped and resumed", "the same weights, bit for bit", partial(resumed, device))
    yield Check("Paused, and on again", "it waits, and finishes", partial(paused, device))
    yield Check("Two runs at once", "both finish", partial(two_runs, device))
    if device.type == "cuda":
        yield Check("Too large for its memory", "a sentence, and nothing is lost", partial(too_large, device))


def a_spec(name: str, device: torch.device, steps: int = 200) -> Spec:
    changes = {"data.name": "digits", "training.steps": steps, "training.products": "float32"}
    return recipes.get(name).change(**changes, **{"training.device": device.type})


def worst(found: dict[str, Tensor], expected: dict[str, Tensor]) -> float:
    """The largest difference, as a share of the largest value of its tensor."""
    return max(
        float((found[name].cpu() - value).abs().max() / value.abs().max().clamp(min=1e-6))
        for name, value in expected.items()
    )


def same_pass(device: torch.device, name: str) -> tuple[str, bool]:
    """log p(x|z) at the mean code and KL, or log p of codes, of a batch, and the gradients of their sum."""

    def numbers(model: VAE) -> dict[str, Tensor]:
        split = data.load("digits", "test")
        x = (split.images[:64].float() / 255).to(model.device)
        y = None
        if model.classes:
            assert split.labels is not None
            y = split.labels[:64]
        params = model.encode(x, y)
        z = model.posterior.location(params)
        log_px = model.likelihood.log_prob(model.decode(z[None], y, x), x)[0]
        (log_px.mean() + params.square().mean()).backward()
        gradients = {
            of: each.grad.detach().cpu() for of, each in model.named_parameters() if each.grad is not None
        }
        return {"params": params.detach().cpu(), "log_px": log_px.detach().cpu()} | gradients

    here = untrained(a_spec(name, torch.device("cpu")))
    there = copy.deepcopy(here).to(device)
    found = worst(numbers(there), numbers(here))
    return f"{found:.1e}", found < 1e-3


def graph(device: torch.device, name: str) -> tuple[str, bool]:
    """Twenty steps recorded and twenty launched one by one, from the same seed."""
    dataset = data.load("digits", "train")
    plain, recorded = (Trainer(a_spec(name, device), dataset, device) for _ in range(2))
    plain.recorded = None
    for _ in zip(range(20), zip(plain, recorded, strict=False), strict=False):
        pass
    if device.type == "cuda" and (recorded.recorded is None or recorded.recorded.graph is None):
        return f"not recorded: {recorded.recorded and recorded.recorded.refused}", False
    weights = (
        {of: value.detach().cpu() for of, value in each.model.named_parameters()}
        for each in (recorded, plain)
    )
    found = worst(*weights)
    return f"{found:.1e}", found < 1e-3


def trained(device: torch.device, steps: int) -> tuple[str, bool]:
    """Over three seeds on either device."""
    dataset, test = data.load("digits", "train"), data.load("digits", "test")

    def elbos(on: torch.device) -> Tensor:
        found = []
        for seed in range(3):
            spec = a_spec("vae-2d", on, steps).change(**{"training.seed": seed})
            trainer = Trainer(spec, dataset, on)
            for _ in zip(range(steps), trainer, strict=False):
                pass
            found.append(evaluate(trainer.model.cpu(), test, samples=0)["elbo"])
        return torch.tensor(found)

    there, here = elbos(device), elbos(torch.device("cpu"))
    error = max(float((there.var() / 3 + here.var() / 3).sqrt()), 0.1)
    difference = float(there.mean() - here.mean())
    return f"{difference:+.2f} ± {error:.2f} nats", abs(difference) < 3 * error


def evaluated(device: torch.device, samples: int) -> tuple[str, bool]:
    """log p(x) of the same 200 images under the same weights."""
    images = data.binarised_once(data.load("digits", "test"), "static")[:200]
    model = untrained(a_spec("vae-2d", torch.device("cpu")))
    here = likelihood.estimate(model, images, samples).value
    there = likelihood.estimate(copy.deepcopy(model).to(device), images.to(device), samples).value.cpu()
    error = max(float((there - here).std() / len(here) ** 0.5), 1e-3)
    difference = float((there - here).mean())
    return f"{difference:+.4f} ± {error:.4f} nats", abs(difference) < 3 * error


def sampled(device: torch.device) -> tuple[str, bool]:
    """Mean and variance of 100,000 draws of N(0, I), in standard errors of theirs."""
    model = untrained(a_spec("vae-2d", torch.device("cpu"))).to(device)
    count = 100_000
    drawn = model.prior.sample(count, torch.Generator(device).manual_seed(0)).cpu()
    mean = drawn.mean(0).abs().max() * count**0.5
    variance = (drawn.var(0) - 1).abs().max() * (count / 2) ** 0.5
    found = float(torch.maximum(mean, variance))
    return f"{found:.1f} standard errors", found < 4


def density(device: torch.device) -> tuple[str, bool]:
    model = untrained(a_spec("vae-2d", torch.device("cpu")))
    codes = model.posteriors(data.load("digits", "test").images)
    moved = type(codes)(codes.mean.to(device), codes.log_var.to(device))
    z = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    here, there = aggregate.log_density(codes, z), aggregate.log_density(moved, z.to(device)).cpu()
    found = float((here - there).abs().max())
    return f"{found:.1e} nats", found < 1e-3


def resumed(device: torch.device) -> tuple[str, bool]:
    dataset, spec = data.load("digits", "train"), a_spec("vae-2d", device)
    whole, first, second = (Trainer(spec, dataset, device) for _ in range(3))
    for _ in zip(range(60), whole, strict=False):
        pass
    for _ in zip(range(30), first, strict=False):
        pass
    second.restore(first.state())
    for _ in zip(range(30), second, strict=False):
        pass
    same = all(torch.equal(value, second.state()[name]) for name, value in whole.state().items())
    return ("the same" if same else "others"), same


def paused(device: torch.device) -> tuple[str, bool]:
    with tempfile.TemporaryDirectory() as here:
        path = Path(here) / "run"
        worker = threading.Thread(target=train, args=(a_spec("vae-2d", device, 3000), path))
        worker.start()
        while not (path / "status.json").exists():
            time.sleep(0.05)
        control.request(path, paused=True)
        while Run(path).status.state not in ("paused", "finished"):
            time.sleep(0.05)
        before, waited = Run(path).status.step, Run(path).status.state == "paused"
        time.sleep(0.5)
        stood = Run(path).status.step == before
        control.request(path, paused=False)
        worker.join()
        end = Run(path).status
        return f"{end.state} at step {end.step:,}", waited and stood and end.state == "finished"


def two_runs(device: torch.device) -> tuple[str, bool]:
    with tempfile.TemporaryDirectory() as path:
        here = Path(path)
        command = [sys.executable, "-m", "vae_core", "train", "vae-2d", "--device", device.type]
        changes = ["--set", "data.name=digits", "--set", "training.steps=300"]
        runs = [
            subprocess.Popen(
                [*command, *changes, "--out", str(here / name)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for name in ("one", "two")
        ]
        for run in runs:
            run.wait()
        states = [Run(here / name).status.state for name in ("one", "two")]
        return ", ".join(states), states == ["finished"] * 2


def too_large(device: torch.device) -> tuple[str, bool]:
    torch.cuda.set_per_process_memory_fraction(0.001, device)
    try:
        with tempfile.TemporaryDirectory() as path:
            here = Path(path)
            spec = a_spec("vae-2d", device).change(
                **{"net.widths": (8192, 8192), "training.batch_size": 1024}
            )
            with suppress(torch.OutOfMemoryError, RunError):
                train(spec, here / "run")
            status = Run(here / "run").status
            return status.message, "not enough memory" in status.message
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, device)
        torch.cuda.empty_cache()
