"""A worker's time with one run: drives the pure loop, and does between two steps whatever is due.

Due can be: a look at what is asked, a report, a picture, the live test numbers, saving, encoding the test
split. Each has its pace (`pace.py`), so that all of them together take at most a twentieth of the time.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
import torch
from pydantic import OnErrorOmit, TypeAdapter
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save

from vae_core import data
from vae_core.analysis import evaluation, ppca
from vae_core.data import store
from vae_core.runs import files, frames, metrics, schema
from vae_core.runs.control import KNOBS, LOOK, ControlReader
from vae_core.runs.reading import Real, RunError, Unfit, parse_json
from vae_core.runs.run import Run
from vae_core.sentences import short
from vae_core.training.loop import Trainer, pick_device, untrained
from vae_core.workers.heartbeat import Heartbeat
from vae_core.workers.snapshots import Snapshots
from vae_core.workers.throttle import Speed, Stopwatch, Throttle

# Seconds between two, where their cost allows it; and the share of the time that they may cost.
REPORT_EVERY, REPORT_SHARE = 0.24, 1.0  # averages over training: a third of a millisecond, whatever happens
FIRST_REPORT = 0.05
LOOK_EVERY, LOOK_SHARE = 0.20, 0.022  # cloud, probes, samples
LOOK_TAKES = 0.012  # seconds for its codes, so that one comes every half second
TEST_EVERY, TEST_SHARE = 0.40, 0.018  # live test numbers
CODES_EVERY, CODES_SHARE = 10.0, 0.005  # q(z|x) of the whole test split
# What a killed worker repeats, at most; with a larger share, but some: a model may be of a gigabyte.
SAVE_EVERY, SAVE_SHARE = 3.5, 0.1

# What the state holds besides the trainer's: numbers by name. What is none is left out.
_STORED = TypeAdapter(dict[str, OnErrorOmit[Real]])


class Diverged(Exception):
    """The loss, or a weight, is no finite number any more."""


class GivenUp(Exception):
    """The run was told to stop while its images were read or fetched."""


class Session:
    """prepare, train, finish; or diverge."""

    def __init__(self, run: Run, heart: Heartbeat) -> None:
        self.run, self.path, self.heartbeat = run, run.path, heart
        self.log: metrics.Log | None = None
        self.interrupted = False  # by Ctrl-C
        self._while_waiting: Callable[[], None] | None = None  # for images that are drawn or fetched

    # --- before the first step ---

    def prepare(self) -> None:
        """Data, model, and the state that a resume begins with. Raises what `worker.work` raises."""
        files.sweep(self.path)
        spec = self.spec = self.run.spec
        self._check_what_is_there()
        self.control = ControlReader(self.path)
        device = pick_device(spec.training.device)
        # The fewer images first: what is seen of a run needs no others.
        self.test_split = self._load("test")
        self.test_images = data.binarised_once(self.test_split, spec.data.binarisation)
        if spec.classes:
            data.check_labels(self.test_split.labels, spec.data.name, spec.classes)
        self.snapshots = Snapshots(
            self.test_images, self.test_split.labels, device, spec.mask.kind, spec.latent, spec.noise
        )
        if not os.path.lexists(self.path / files.STATE):
            self._while_waiting = partial(self._look_ahead, device)
        training = self._load("train")
        self.note = store.sentence(training)
        trainer = self.trainer = Trainer(spec, training, device)
        self._while_waiting = None
        self.closed_form = ppca.reference(spec, trainer.images) if trainer.source is None else None

        stored = self._restore()
        self.made_steps = int(stored.get("steps", 0))  # single steps
        self.live_settings = {name: stored[name] for name in KNOBS if name in stored}  # as last asked for
        self.stopwatch = Stopwatch(stored.get("seconds", 0.0))
        self.saved_step = trainer.step if stored else -1
        self.log = metrics.Log(self.path / files.METRICS, trainer.step, stored.get("line_spacing", 0.0))
        self.album = frames.Store(self.path, trainer.step, stored.get("frame_spacing", 0.0))
        self.live_images = int(stored.get("live_images", 0)) or self.snapshots.affordable(
            trainer, TEST_EVERY * TEST_SHARE
        )
        self.snapshots.codes = int(stored.get("coded_images", 0)) or self.snapshots.affordable_codes(
            trainer.model, LOOK_TAKES
        )
        self._write_probes()

        self.moved: dict[str, float] = {}
        self.test: dict[str, Any] = {}
        self.speed = Speed()
        self.report_throttle = Throttle(REPORT_EVERY, REPORT_SHARE)
        self.look_throttle = Throttle(LOOK_EVERY, LOOK_SHARE)
        self.test_throttle = Throttle(TEST_EVERY, TEST_SHARE)
        self.save_throttle = Throttle(SAVE_EVERY, SAVE_SHARE)
        self.codes_throttle = Throttle(CODES_EVERY, CODES_SHARE, next=time.perf_counter() + CODES_EVERY)
        self.heartbeat.write(
            device=device.type,
            step=trainer.step,
            steps_total=trainer.steps_total,
            message=f"{self._greeting(bool(stored))} {self.note}".strip(),
        )

    def _look_ahead(self, device: torch.device) -> None:
        """The first picture while the training images are still on their way: the model as it begins."""
        self.album = frames.Store(self.path, 0)
        self._write_probes()
        model = untrained(self.spec).to(device)
        self.album.add(0, 0.0, self.snapshots.take(model), keep=True)

    def _write_probes(self) -> None:
        look = self.snapshots
        parts = {"images": look.probes, "masks": look.masks, "noisy": look.noisy}
        self.album.write_probes({name: part.numpy() for name, part in parts.items() if part is not None})

    def _report_wait(self, fraction: float, words: str) -> None:
        self.heartbeat.publish_progress(fraction, words)
        self.control.look()
        if self.control.requested.stop:
            raise GivenUp
        if (act := self._while_waiting) is not None:
            self._while_waiting = None
            act()

    def _load(self, split: str) -> data.Dataset:
        source = self.spec.data
        return data.load(
            source.name,
            split,
            path=source.path,
            height=source.height,
            width=source.width,
            grey=source.grey,
            progress=self._report_wait,
        )

    def _check_what_is_there(self) -> None:
        """Raises RunError for weights or a state of another model, before any network is allocated."""
        try:
            for name in (files.WEIGHTS, files.STATE):
                schema.check(self.path, name, self.spec)
        except Unfit as unfit:
            raise RunError(f"{short(self.run.name)} cannot go on: {unfit}") from None

    def _restore(self) -> dict[str, float]:
        """Back to the saved state. Returns what it holds besides the trainer's; {} where there is none."""
        file = self.path / files.STATE
        if not os.path.lexists(file):
            return {}
        try:
            with safe_open(file, framework="pt") as opened:
                stored = parse_json(opened.metadata()["session"].encode(), files.STATE)
            self.trainer.restore(load_file(file))
        except (
            SafetensorError,
            KeyError,
            RuntimeError,
            ValueError,
            TypeError,
            AttributeError,
            Unfit,
        ) as error:
            raise RunError(
                f"{short(self.run.name)} cannot go on: its {files.STATE} does not fit ({short(error)})."
            ) from None
        return _STORED.validate_python(stored)

    def _greeting(self, resumed: bool) -> str:
        step = self.trainer.step
        if self.heartbeat.now.recovered > time.time() - 60:
            return f"The process that trained it was gone; it went on by itself at step {step:,}."
        return f"Went on at step {step:,}." if resumed else ""

    # --- training ---

    def train(self) -> None:
        """Steps, and between them what is due. Returns with the run's last step, or when told to stop."""
        if self.saved_step < 0:
            with self.save_throttle.spend():
                self.save()  # so that a run has weights from the beginning
        self.obey()
        self.stopwatch.go()
        steps = iter(self.trainer)
        end = self.trainer.steps_total if self.trainer.steps_total is not None else sys.maxsize
        wake = 0.0
        while self.trainer.step < end and not self.stopping:
            if time.perf_counter() >= wake:
                if self.control.look():
                    self.obey()
                if self.control.requested.paused:
                    self.pause(steps, end)
                    continue
                if self.timed_out:
                    break
                self.attend()
                wake = time.perf_counter() + LOOK
            next(steps)
        self.stopwatch.pause()

    @property
    def stopping(self) -> bool:
        return self.interrupted or self.control.requested.stop

    @property
    def timed_out(self) -> bool:
        limit = self.spec.training.seconds
        return limit is not None and self.stopwatch.seconds >= limit

    def request_stop(self) -> None:
        self.interrupted = True

    def obey(self) -> None:
        """A new beta, a new learning rate."""
        requested = self.control.requested
        turn = {
            "beta": self.trainer.set_beta,
            "learning_rate": self.trainer.set_learning_rate,
            "temperature": self.trainer.set_temperature,
        }
        for name in KNOBS:
            wanted = getattr(requested, name)
            if wanted is not None and wanted != self.live_settings.get(name):
                turn[name](wanted)
                self.live_settings[name] = self.moved[name] = wanted
        if not requested.paused:
            self.made_steps = requested.steps  # single steps count in a pause only

    def attend(self) -> None:
        """Report, look, test, save and encode, as far as they are due."""
        if self.moved or self.report_throttle.due:
            with self.report_throttle.spend():
                report = self.trainer.report()
                if self.test_throttle.due:
                    self.evaluate_live()
                if self.look_throttle.due:
                    self.look()
                self.report(report)
            if not report:  # before the first step: what the first steps are like comes soon
                self.report_throttle.next = time.perf_counter() + FIRST_REPORT
        if self.save_throttle.due:
            with self.save_throttle.spend():
                self.save()
        if self.codes_throttle.due:
            with self.codes_throttle.spend():
                self.encode()

    def pause(self, steps: Iterator[int], end: int) -> None:
        """Save, then wait, nearly without using the processor; single steps are made here."""
        self.stopwatch.pause()
        self.report_in_full()
        self.save()
        self.heartbeat.publish(state="paused", message="Paused.", images_per_second=0.0)
        self.encode()
        while self.control.requested.paused and not self.stopping and self.trainer.step < end:
            if self.made_steps < self.control.requested.steps:
                self.made_steps += 1
                self.stopwatch.go()
                next(steps)
                self.stopwatch.pause()
                self.report_in_full()
                self.save()
            else:
                time.sleep(LOOK)
            if self.control.look():
                self.obey()
        self.speed = Speed()
        self.heartbeat.publish(state="running", message=self.note)
        self.stopwatch.go()

    # --- what is written ---

    def report(self, report: dict[str, Any]) -> None:
        """A line of metrics, and the status. `report` is the trainer's; {} where no step was made since."""
        if report and not math.isfinite(report["loss"]):
            raise Diverged
        trainer, seconds = self.trainer, self.stopwatch.seconds
        speed = self.speed.mark(seconds, trainer.step)
        line = self.heartbeat.now.report
        if report:
            train = dict(report)
            line = {
                "step": trainer.step,
                "epoch": trainer.epoch,
                "seconds": seconds,
                "images_per_second": speed * trainer.batch_size,
                "beta": train.pop("beta"),
                "learning_rate": train.pop("learning_rate"),
                "dimension_kl": train.pop("dimension_kl", None),
                "train": train,
            }
            if self.test.get("step") == trainer.step:
                line["test"] = self.test
                if self.closed_form is not None:
                    line["ppca"] = self.closed_form.compare(trainer.model)
            if self.moved:
                line["moved"] = self.moved
            assert self.log is not None
            self.log.append(line)
            self.moved = {}
        self.heartbeat.publish(
            step=trainer.step,
            epoch=trainer.epoch,
            seconds=seconds,
            images_per_second=speed * trainer.batch_size,
            remaining=self._remaining(seconds, speed),
            report=line | ({"test": self.test} if self.test else {}),
        )

    def _remaining(self, seconds: float, speed: float) -> float | None:
        if self.spec.training.seconds is not None:
            return max(0.0, self.spec.training.seconds - seconds)
        total = self.trainer.steps_total
        return (total - self.trainer.step) / speed if speed > 0 and total is not None else None

    def report_in_full(self) -> None:
        report = self.trainer.report()
        self.evaluate_live()
        self.look(keep=True)
        self.report(report)

    def evaluate_live(self) -> None:
        with self.test_throttle.spend():
            count = self.live_images
            terms = self.trainer.evaluate(self.snapshots.images[:count], self.snapshots.labels_of(count))
        numbers = {
            name: value for name, value in terms.items() if not isinstance(value, list) and name != "beta"
        }
        self.test = {"step": self.trainer.step} | numbers

    def look(self, keep: bool = False) -> None:
        with self.look_throttle.spend():
            frame = self.snapshots.take(self.trainer.model)
            self.album.add(self.trainer.step, self.stopwatch.seconds, frame, keep)

    def save(self) -> None:
        """Weights, and all that an exact resume needs. Raises Diverged where a weight is no finite number."""
        weights = {
            name: value.detach().cpu().contiguous() for name, value in self.trainer.model.state_dict().items()
        }
        if not all(bool(value.isfinite().all()) for value in weights.values()):
            raise Diverged
        assert self.log is not None
        session = {
            "seconds": self.stopwatch.seconds,
            "steps": self.made_steps,
            **self.live_settings,
            "live_images": self.live_images,
            "coded_images": self.snapshots.codes,
            "line_spacing": self.log.spacing,
            "frame_spacing": self.album.spacing,
        }
        files.replace(self.path / files.STATE, save(self.trainer.state(), {"session": json.dumps(session)}))
        files.replace(self.path / files.WEIGHTS, save(weights))

    def encode(self) -> None:
        """q(z|x) of the whole test split."""
        codes = self.trainer.model.encoded(self.test_images, self.test_split.labels)
        arrays = codes.arrays() | {"step": np.array([self.trainer.step])}
        files.replace(self.path / files.POSTERIORS, frames.pack(arrays))

    # --- the end ---

    def finish(self) -> None:
        """Everything once more, of the last step, and the numbers of the whole test split."""
        stopped, step = self.stopping, self.trainer.step
        self.report_in_full()
        self.save()
        self.heartbeat.publish(message="Evaluating on the whole test split.", remaining=0.0)
        self.evaluate()
        if stopped:
            self.end("stopped", f"Stopped at step {step:,}. Resume goes on from there.")
        else:
            self.end("finished", f"Finished after {step:,} steps.")

    def evaluate(self) -> None:
        self.encode()
        numbers = evaluation.evaluate(self.trainer.model, self.test_split, samples=0)
        numbers |= {"step": self.trainer.step, "beta": float(self.trainer.objective.beta)}
        files.write_json(self.path / files.EVALUATION, numbers)

    def diverge(self) -> None:
        """Back to the last good weights, so that all that is shown of the run is theirs, and what to try."""
        step, rate = self.trainer.step, float(self.trainer.learning_rate)
        self._restore()
        self.evaluate()
        with suppress(OSError):
            self.look(keep=True)
        advice = [f"a learning rate below {rate:g}"]
        if self.spec.likelihood.learns_spread:
            advice.append("a likelihood of fixed variance (a learned one can shrink to nothing)")
        if self.spec.objective.beta > 10:
            advice.append("a smaller beta")
        if getattr(self.spec.objective, "gamma", 0.0) > 10:
            advice.append("a smaller gamma")
        self.end(
            "diverged",
            f"The loss was no finite number any more at step {step:,}; the weights of step "
            f"{self.trainer.step:,} are kept. Try {' or '.join(advice)}.",
        )

    def end(self, state: str, message: str) -> None:
        if self.log is not None:
            self.log.close()
        self.heartbeat.publish(state=state, message=message, remaining=None, images_per_second=0.0, pid=None)
