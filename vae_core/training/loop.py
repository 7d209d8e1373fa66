"""The training loop: pure. It reads no clock, writes no file, and never waits for the device.

The whole set lies on the device as uint8, or is drawn there as it is asked for; a step gathers a batch,
binarises it, masks it or lays noise over it, and follows the gradient. Shapes are static, and beta, learning
rate and step are device tensors, so that on a GPU the step is recorded as a CUDA graph. The same seed on the
same device gives the same weights, bit for bit on the CPU, whether or not training was stopped and resumed in
between, reported on or evaluated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import repeat
from typing import Any

import torch
from torch import Tensor

from vae_core import data, objectives
from vae_core.data import Dataset
from vae_core.model import masks, noise
from vae_core.model.terms import Terms
from vae_core.model.vae import BLOCK, VAE
from vae_core.pixels import unit
from vae_core.spec import Spec
from vae_core.training import fused_dense, rounding, temperature
from vae_core.training.adam import Adam
from vae_core.training.batches import Stream, balanced, shifted
from vae_core.training.recorded_step import RecordedStep


def pick_device(name: str = "auto") -> torch.device:
    """`auto` takes cuda, then mps, then cpu. Raises ValueError where the one asked for is not there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(device for device, works in there.items() if works)
    if not there.get(name, False):
        able = ", ".join(device for device, works in there.items() if works)
        raise ValueError(f"The device {name} is not available here. Choose auto, or one of: {able}.")
    return torch.device(name)


def untrained(spec: Spec) -> VAE:
    """The model that a training of the Spec begins with."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spec.training.seed)
        return VAE(spec)


class Trainer:
    """One run in training: model, objective, optimisers, generators and position in the data.

    `for step in trainer` makes one optimiser step per turn, without end; whoever drives it decides when
    to stop, to report and to save.
    """

    def __init__(self, spec: Spec, dataset: Dataset, device: torch.device | str = "cpu") -> None:
        if tuple(dataset.images.shape[1:]) != spec.data.shape:
            raise ValueError(
                f"data.image_shape: the run is for images of {spec.data.shape}, and {dataset.name} "
                f"has {tuple(dataset.images.shape[1:])}."
            )
        self.spec = spec
        self.device = torch.device(device)
        self.source = dataset.source
        if self.source is not None and spec.condition.kind != "none" and len(dataset) < self.source.count:
            self.source = None  # labels are known of the images in memory only
        self.images = prepare(dataset, spec)
        if self.source is None:
            self.images = self.images.to(self.device)
        count = self.source.count if self.source is not None else len(self.images)

        seed = spec.training.seed
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.model = VAE(spec)
            self.objective = objectives.build(spec.objective, latent=spec.code_size, images=count)
        self.model.to(self.device)
        rounding.lay_out(self.model, spec)
        self.objective.to(self.device)
        self.noise = torch.Generator(self.device).manual_seed(seed)
        self.learning_rate = torch.tensor(spec.training.learning_rate, device=self.device)
        self.step_size = self.learning_rate.clone()  # the learning rate of this step, as the schedule has it
        self.optimisers = {"adam": Adam(self.model.named_parameters(), self.step_size)}
        if own := dict(self.objective.named_parameters()):
            rate = torch.tensor(self.objective.learning_rate, device=self.device)
            self.optimisers["objective_adam"] = Adam(own.items(), rate, self.objective.adam_betas)
        self.step = 0
        self.device_step = torch.zeros((), device=self.device)
        self._choose_images(count, dataset.labels)
        self.model.prior.start_from(partial(self._some_images, count))
        self.model.posterior.start_from(self._some_params(count), self.noise)
        self.direct: fused_dense.Direct | None = None
        if fused_dense.serves(self.model, self.objective):
            rounds = rounding.asked(spec, by_itself=True)
            self.direct = fused_dense.Direct(self.model, self.objective, self.batch_size, rounds)
        self.recorded = RecordedStep(self) if self.device.type == "cuda" else None
        self._sums: dict[str, Tensor] = {}  # of what is logged, since the last report
        self._count = 0  # steps since then

    def _choose_images(self, count: int, labels: Tensor | None) -> None:
        """The step's batch: of all images, of those with labels, or of those without beside labelled ones."""
        training, condition = self.spec.training, self.spec.condition
        self.labels: Tensor | None = None
        self.beside: Stream | None = None
        self.shift = 0
        chosen = torch.arange(count)
        if condition.kind == "class":
            known = data.check_labels(labels, self.spec.data.name, self.spec.classes)
            self.labels = known.to(self.device)
            self.shift = condition.shift
            if condition.labels is not None and condition.labels < len(chosen):
                labelled = balanced(known.cpu(), condition.labels, condition.labels_seed)
                if self.objective.semi_supervised:
                    # A seed of its own: the two orders have nothing to do with each other.
                    seed = training.seed + 1_000_000_007
                    self.beside = Stream(labelled.to(self.device), condition.batch_size, seed)
                    others = torch.ones_like(chosen, dtype=torch.bool).index_fill_(0, labelled, False)
                    chosen = chosen[others]
                else:
                    chosen = labelled
        self.stream = Stream(chosen.to(self.device), training.batch_size, training.seed)
        self.batch_size, self.batches = self.stream.batch_size, self.stream.batches

    @property
    def epoch(self) -> float:
        """Passes over the images so far; over those without labels, where these make up the batch."""
        return self.step / self.batches

    @property
    def steps_total(self) -> int | None:
        """The step at which the run ends; None where seconds end it."""
        training = self.spec.training
        if training.steps is not None:
            return training.steps
        return max(1, round(training.epochs * self.batches)) if training.epochs is not None else None

    def __iter__(self) -> Iterator[int]:
        while True:
            for stream in (self.stream, *([self.beside] if self.beside is not None else [])):
                stream.go_to(self.step)
            torch.mul(self.learning_rate, self._schedule(), out=self.step_size)
            if self.recorded is None or self._epoch_ends:
                self.make_step()
            else:
                self.recorded()
            self.step += 1
            self._count += 1
            yield self.step

    @property
    def _epoch_ends(self) -> bool:
        """Whether the step to come is the last of an epoch."""
        return (self.step + 1) % self.batches == 0

    def make_step(self) -> None:
        """One step on the images that the streams stand at: the same work on the same tensors every time, but
        at the end of an epoch."""
        temperature.follow(self.model.posterior, self.device_step)
        logged = self._learn()
        for optimiser in self.optimisers.values():
            optimiser.step()
        self.device_step += 1
        self._log(logged)

    def forget_gradients(self) -> None:
        self.model.zero_grad()
        self.objective.zero_grad()

    def _schedule(self) -> float:
        """What the learning rate is multiplied by at this step."""
        if self.spec.training.schedule == "constant" or not self.steps_total:
            return 1.0
        return 0.5 * (1 + math.cos(math.pi * min(self.step / self.steps_total, 1.0)))

    def _learn(self) -> objectives.Logged:
        """The step's gradients, into every parameter's `.grad`; what is logged of it."""
        if self.direct is not None:
            x = self._images(self.stream)
            return self.direct(x, self.device_step, self.noise, noise.draw(self.spec.noise, x, self.noise))
        terms = self._terms()
        loss, logged = self.objective(terms, self.device_step)
        loss.backward()
        if terms.params is not None:
            self.model.posterior.learn(terms.params, self._epoch_ends, self.noise)
        return logged | self.model.posterior.logged()

    def _terms(self) -> Terms:
        """The model's pass over the step's batch and, where that is without labels, over labelled images."""
        if self.beside is None:
            return self._pass(self.stream, self.labels)
        return replace(self._pass(self.stream, None), labelled=self._pass(self.beside, self.labels))

    def _pass(self, stream: Stream, labels: Tensor | None) -> Terms:
        x = self._images(stream, 0 if labels is None else self.shift)
        y = None if labels is None else labels.index_select(0, stream.current)
        mask = masks.draw(self.spec.mask.kind, x, self.noise)
        seen = noise.draw(self.spec.noise, x, self.noise)
        return self.model(x, self.objective.samples, self.noise, y=y, mask=mask, seen=seen)

    def _images(self, stream: Stream, shift: int = 0) -> Tensor:
        """The step's images, as the model sees them."""
        images = self._at(stream.current)
        if shift:
            images = shifted(images, shift, self.noise)
        how = self.spec.data.binarisation
        return data.binarise(images, "dynamic" if how == "dynamic" else "none", self.noise)

    def _at(self, index: Tensor) -> Tensor:
        """The images at `index` [B], uint8 [B, C, H, W]."""
        return self.images.index_select(0, index) if self.source is None else self.source.draw(index)

    def _some_images(self, of: int, count: int) -> Tensor:
        """`count` of all the images, as the seed chooses them: [count, C, H, W] in [0, 1], grey ones grey."""
        order = torch.randperm(of, generator=torch.Generator().manual_seed(self.spec.training.seed))
        return unit(self._at(order.repeat(-(-count // of))[:count].to(self.device)))

    def _some_params(self, of: int) -> Callable[[int], Tensor]:
        """As `_some_images`, what the new encoder gives of them [count, P]."""
        return lambda count: self.model.encode(self._some_images(of, count))

    # --- what is seen from outside ---

    def _log(self, logged: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, value in logged.items():
                if name not in self._sums:
                    self._sums[name] = torch.zeros_like(value)
                self._sums[name] += value.detach()

    def report(self) -> dict[str, Any]:
        """Averages over the steps since the last report, in nats per image; {} where there was no step.

        Waits for the device. The learning rate and beta are those of now and of the average.
        """
        if self._count == 0:
            return {}
        report: dict[str, Any] = {name: (value / self._count).tolist() for name, value in self._sums.items()}
        self._forget_sums()
        report["elbo"] = report["reconstruction"] - report["kl"]
        report["loss"] = report["beta_kl"] - report["reconstruction"] + report.get("auxiliary_loss", 0.0)
        report["learning_rate"] = float(self.step_size)
        if self.spec.posterior.relaxed:
            report["temperature"] = temperature.now(self.model.posterior)
        return report

    def _forget_sums(self) -> None:
        self._count = 0
        for value in self._sums.values():
            value.zero_()

    @torch.inference_mode()
    def evaluate(self, images: Tensor, labels: Tensor | None = None, seed: int = 0) -> dict[str, Any]:
        """The same terms on other images, uint8 [N, C, H, W], of one posterior sample each, or of as many as
        the objective asks for.

        labels [N]: needed under a condition. An objective that learns from unlabelled images sums the class
        out here too, and labels only say how well its classifier does.
        The encoder sees them masked and under noise as in training, so that both speak of the same task.
        Its randomness is its own: training goes on as if it had not been asked.
        """
        generator = torch.Generator(self.device).manual_seed(seed)
        sums: dict[str, Tensor] = {}
        samples = self.objective.evaluation_samples
        size = max(1, BLOCK // samples)
        given = repeat(None) if self.labels is None or labels is None else labels.to(self.device).split(size)
        for block, y in zip(images.to(self.device).split(size), given, strict=False):
            hidden = self.objective.semi_supervised
            x = data.binarise(block, "none")
            mask = masks.draw(self.spec.mask.kind, x, generator)
            seen = noise.draw(self.spec.noise, x, generator)
            known = None if hidden else y
            passed = partial(self.model, x, samples, generator, y=known, mask=mask, seen=seen)
            terms = passed()
            if hidden and y is not None:
                terms = replace(terms, y=self.model.weights(y))
            _, logged = self.objective(terms, self.device_step)
            if self.spec.posterior.relaxed:
                logged["hard_elbo"] = self._of_hard_codes(passed)
            for name, value in logged.items():
                sums[name] = sums.get(name, 0) + value * len(block)
        report: dict[str, Any] = {name: (value / len(images)).tolist() for name, value in sums.items()}
        return report | {"elbo": report["reconstruction"] - report["kl"], "images": len(images)}

    def _of_hard_codes(self, passed: Callable[[], Terms]) -> Tensor:
        """The ELBO under draws of q(z|x), where training sees relaxed ones: that of the model itself."""
        self.model.posterior.eval()
        bound = passed().elbo().mean().elbo
        self.model.posterior.train()
        return bound

    def set_temperature(self, value: float) -> None:
        """Of relaxed codes, from the next step on, whatever its schedule says."""
        temperature.hold(self.model.posterior, value)

    def set_beta(self, beta: float) -> None:
        """The weight that warm-up rises to, from the next step on."""
        self.objective.beta.fill_(beta)

    def set_learning_rate(self, learning_rate: float) -> None:
        self.learning_rate.fill_(learning_rate)

    # --- stopping and going on ---

    def state(self) -> dict[str, Tensor]:
        """Everything that an exact resume needs, flat, by name."""
        state = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        state |= {f"objective.{name}": value for name, value in self.objective.state_dict().items()}
        for part, optimiser in self.optimisers.items():
            state |= {f"{part}.{name}": value for name, value in optimiser.state().items()}
        state[f"noise.{self.device.type}"] = self.noise.get_state()
        state["learning_rate"] = self.learning_rate
        state["step"] = torch.tensor(self.step)
        return {name: value.detach().cpu().contiguous() for name, value in state.items()}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on exactly where `state` was taken. KeyError or RuntimeError where it is another model's."""

        def part(prefix: str) -> dict[str, Tensor]:
            return {
                name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)
            }

        self.model.load_state_dict(part("model."))
        self.objective.load_state_dict(part("objective."))
        for name, optimiser in self.optimisers.items():
            optimiser.restore(part(f"{name}."))
        noise = state.get(f"noise.{self.device.type}")
        if noise is not None:
            self.noise.set_state(noise)
        else:  # saved on another kind of device, whose randomness is another: go on, from a noise of its own
            self.noise.manual_seed(self.spec.training.seed + int(state["step"]))
        self.learning_rate.copy_(state["learning_rate"])
        self.step = int(state["step"])
        self.device_step.fill_(self.step)
        self._forget_sums()
        if self.recorded is not None:
            self.recorded.forget()


def prepare(dataset: Dataset, spec: Spec) -> Tensor:
    """The images to train on, uint8 [N, C, H, W]: static binarisation is drawn once, here.

    Raises ValueError, a sentence, for images that are streamed: it would hold all of them in memory.
    """
    if dataset.streamed and spec.data.binarisation == "static":
        raise ValueError(
            "Images that are streamed from disk cannot be binarised once for all steps; choose the "
            "binarisation dynamic, which draws them anew at every look, or none."
        )
    return data.binarised_once(dataset, "static") if spec.data.binarisation == "static" else dataset.images
