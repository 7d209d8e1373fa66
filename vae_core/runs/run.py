"""Run: one folder of the library, and the folder is the whole truth about it. Imports no torch.

What is asked of a Run is read from the folder when it changed there, so a Run can be kept for as long as one
likes. Nothing that lies in a folder makes a Run raise anything but RunError or SpecError, both sentences.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vae_core.runs import control, files, frames, metrics, status
from vae_core.runs.control import Control
from vae_core.runs.files import RunError, library
from vae_core.runs.frames import Arrays
from vae_core.runs.metrics import Reader, Report
from vae_core.runs.status import Status
from vae_core.spec import Spec, SpecError

if TYPE_CHECKING:
    from vae_core.model.posteriors import Posteriors
    from vae_core.model.vae import VAE

__all__ = ["Run", "RunError", "Status", "all_runs", "create", "find", "library", "load_run"]

STALE = 5.0  # seconds without a heartbeat after which the lock is asked whether the worker lives
# What makes up a run; the lock, the worker's log and what is asked of it stay where they are.
BELONGINGS = (
    files.SPEC,
    files.STATUS,
    files.METRICS,
    files.WEIGHTS,
    files.STATE,
    files.POSTERIORS,
    files.EVALUATION,
    files.NAMES,
    files.DISENTANGLEMENT,
    files.DIRECTIONS,
    files.FRAMES,
)


class Run:
    """A run of the library. Making one reads nothing."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._guard = threading.RLock()
        self._cache: dict[str, tuple[Any, Any]] = {}
        self._reader = Reader(self.path / files.METRICS)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    @property
    def name(self) -> str:
        return self.path.name

    # --- what it is ---

    @property
    def spec(self) -> Spec:
        """Raises SpecError where `spec.json` is missing or no Spec."""
        spec: Spec = self._fresh(files.SPEC, lambda: Spec.load(self.path / files.SPEC))
        return spec

    @property
    def status(self) -> Status:
        """What it is doing; "unreadable", with a sentence, where the folder holds no run. Never raises."""
        try:
            _ = self.spec
        except SpecError as error:
            return Status(state="unreadable", message=str(error))
        now: Status = self._fresh(files.STATUS, lambda: status.read(self.path))
        if now.state in ("running", "paused") and not now.starting:
            silent = time.time() - now.heartbeat > STALE
            if silent and not files.held(self.path / files.LOCK):
                return replace(now, state="interrupted", message=interrupted(now))
        return now

    @property
    def live(self) -> bool:
        """Whether a worker has it, or is about to."""
        return files.held(self.path / files.LOCK) or status.read(self.path).starting

    @property
    def is_gallery(self) -> bool:
        """Whether it came with the app: such a run is only looked at, or copied."""
        return (self.path / files.CARD).exists()

    @property
    def card(self) -> dict[str, Any] | None:
        return self._json(files.CARD)

    @property
    def evaluation(self) -> dict[str, Any] | None:
        """What `evaluate` said last, on the whole test split."""
        return self._json(files.EVALUATION)

    @property
    def metrics(self) -> list[Report]:
        """The reports so far."""
        return self._reader.read()

    @property
    def beta_moves(self) -> list[tuple[int, float]]:
        """(step, the value that beta has from there on), for each time that training moved it."""
        moves: list[tuple[int, float]] = self._fresh(files.METRICS, self._load_beta_moves, "beta moves")
        return moves

    def _load_beta_moves(self) -> list[tuple[int, float]]:
        try:
            lines = (self.path / files.METRICS).read_bytes().splitlines()
        except OSError:
            return []
        # Most lines have no move: a list of many runs parses only those that may have one.
        reports = [report for line in lines if b'"moved"' in line and (report := metrics.parse(line))]
        moved = ((report["step"], report["moved"]) for report in reports)
        found = ((step, by.get("beta")) for step, by in moved if isinstance(by, dict))
        return [(step, float(value)) for step, value in found if isinstance(value, int | float)]

    # --- what it has learned ---

    @property
    def model(self) -> VAE:
        """The last good weights, in evaluation mode, on the CPU. Raises RunError where there are none."""
        model: VAE = self._fresh(files.WEIGHTS, self._load_model)
        return model

    def _load_model(self) -> VAE:
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load

        from vae_core.model.vae import VAE

        try:
            weights = load((self.path / files.WEIGHTS).read_bytes())
            with torch.random.fork_rng(devices=[]):  # a new network draws its first weights
                model = VAE(self.spec)
            model.load_state_dict(weights)
        except FileNotFoundError:
            raise RunError(f"{self.name} has no weights yet.") from None
        except (OSError, SafetensorError, RuntimeError, ValueError) as error:
            raise RunError(f"The weights of {self.name} cannot be read: {_first_line(error)}") from None
        return model.eval().requires_grad_(False)

    @property
    def codes(self) -> Arrays | None:
        """q(z|x) of the test images without torch: arrays mean and log_var [N, D], labels [N], step [1]."""
        file = self.path / files.POSTERIORS
        codes: Arrays | None = self._fresh(files.POSTERIORS, lambda: frames.read(file))
        return codes

    @property
    def posteriors(self) -> Posteriors:
        """q(z|x) of the test images. Raises RunError where they have not been computed yet."""
        posteriors: Posteriors = self._fresh(files.POSTERIORS, self._load_posteriors, "posteriors")
        return posteriors

    def _load_posteriors(self) -> Posteriors:
        import torch

        from vae_core.model.posteriors import Posteriors

        codes = frames.read(self.path / files.POSTERIORS)
        if codes is None or not {"mean", "log_var"} <= codes.keys():
            raise RunError(f"{self.name} has no latent codes of the test images yet.")
        labels = codes.get("labels")
        try:
            return Posteriors(
                torch.from_numpy(codes["mean"]).float(),
                torch.from_numpy(codes["log_var"]).float(),
                None if labels is None else torch.from_numpy(labels).long(),
            )
        except ValueError as error:
            raise RunError(f"The latent codes of {self.name} cannot be read: {error}") from None

    @property
    def frames(self) -> list[Path]:
        """The pictures taken while it trained, sorted by step."""
        return frames.numbered(self.path)

    def frame(self, step: int | None = None) -> Arrays | None:
        """One picture by its step, or the newest; None where there is none. What is in it: `frames.py`."""
        if step is not None:
            return frames.read(self.path / files.FRAMES / f"{step:08d}.safetensors")
        name = f"{files.FRAMES}/{frames.LATEST}"
        newest: Arrays | None = self._fresh(name, lambda: frames.read(self.path / name))
        return newest

    @property
    def probes(self) -> Any:
        """The probe images [10, C, H, W] uint8 that every frame reconstructs; None before training."""
        return self._probes.get("images")

    @property
    def probe_masks(self) -> Any:
        """What the encoder sees of the probes in every frame, [10, 1, H, W] uint8; None where it is all."""
        return self._probes.get("masks")

    @property
    def _probes(self) -> Arrays:
        name = f"{files.FRAMES}/{frames.PROBES}"
        return self._fresh(name, lambda: frames.read(self.path / name)) or {}

    # --- what is asked of it ---

    @property
    def control(self) -> Control:
        asked: Control = self._fresh(files.CONTROL, lambda: control.read(self.path))
        return asked

    def pause(self) -> None:
        self._ask(paused=True)

    def go_on(self) -> None:
        """Out of a pause. A run without a worker goes on by `launch.resume`."""
        self._ask(paused=False)

    def step(self) -> None:
        """One more training step, then pause."""
        self._ask(paused=True, more_steps=1)

    def stop(self) -> None:
        self._ask(stop=True)

    def set_beta(self, beta: float) -> None:
        self._ask(beta=beta)

    def set_learning_rate(self, learning_rate: float) -> None:
        self._ask(learning_rate=learning_rate)

    def _ask(self, **changes: Any) -> None:
        self.check_own("be trained")
        control.ask(self.path, **changes)

    # --- the folder ---

    def rename(self, new: str) -> Run:
        """Raises RunError, a sentence, where it trains, came with the app, or the name cannot be."""
        files.check_name(new)
        with self._alone("renamed"):
            target = self.path.with_name(new)
            if files.taken(new, self.path.parent) and new.lower() != self.name.lower():
                raise RunError(f"There is already a run named {new}.")
            try:
                os.rename(self.path, target)
            except OSError as error:
                raise RunError(f"{self.name} cannot be renamed: {error.strerror or error}.") from None
        return Run(target)

    def delete(self) -> None:
        """Raises RunError where it trains or came with the app."""
        with self._alone("deleted"):
            # Out of the library in one stroke: half a folder is never seen, even if the rest is interrupted.
            trash = Path(tempfile.mkdtemp(prefix=".deleted-", dir=self.path.parent))
            try:
                os.rename(self.path, trash / self.name)
            except OSError as error:
                trash.rmdir()
                raise RunError(f"{self.name} cannot be deleted: {error.strerror or error}.") from None
        shutil.rmtree(trash, ignore_errors=True)

    def duplicate(self, new: str | None = None) -> Run:
        """A copy under another name, without the card. Raises RunError where it trains or for its name."""
        _ = self._readable()
        new = files.check_name(
            new if new is not None else free_name(f"{self.name[:70]}-copy", self.path.parent)
        )
        with files.hold(self.path.parent / ".lock", wait=5.0):
            self._idle("copied")
            now = self.status
            if now.state == "queued":
                now = replace(
                    now, state="stopped", message=f"Copied from {self.name} before it began to train."
                )
            with new_folder(self.path.parent, new) as fresh:
                for name in BELONGINGS:
                    source = self.path / name
                    if source.is_dir():
                        shutil.copytree(source, fresh / name, ignore=shutil.ignore_patterns(".*"))
                    elif source.exists():
                        shutil.copy2(source, fresh / name)
                status.write(fresh, replace(now, created=time.time()))
        return Run(self.path.with_name(new))

    def _readable(self) -> Spec:
        try:
            return self.spec
        except SpecError as error:
            raise RunError(str(error)) from None

    def check_own(self, done: str) -> None:
        """Raises RunError where the run is gone, or came with the app."""
        if not self.path.is_dir():
            raise RunError(f"There is no run named {self.name} any more.")
        if self.is_gallery:
            raise RunError(f"{self.name} came with the app and cannot be {done}. Make a copy of it first.")

    def _idle(self, done: str) -> None:
        if self.live:
            raise RunError(f"{self.name} is in training and cannot be {done} now. Stop it first.")

    @contextmanager
    def _alone(self, done: str) -> Iterator[None]:
        """With the library's lock, under which nobody starts a worker, and with none at work here."""
        self.check_own(done)
        with files.hold(self.path.parent / ".lock", wait=5.0):
            self._idle(done)
            yield

    # --- reading what changed ---

    def _json(self, name: str) -> dict[str, Any] | None:
        value: dict[str, Any] | None = self._fresh(name, lambda: files.read_json(self.path / name))
        return value

    def _fresh(self, name: str, read: Callable[[], Any], key: str = "") -> Any:
        """What `read` makes of the file, kept until the file is replaced."""
        with self._guard:
            stamp = files.stamp(self.path / name)
            kept = self._cache.get(key or name)
            if kept is None or kept[0] != stamp or stamp is None:
                kept = self._cache[key or name] = (stamp, read())
            return kept[1]


# --- the library --------------------------------------------------------------------------------


def load_run(path: str | Path) -> Run:
    """The run in the folder `path`, or of that name in the library. Raises RunError where there is none."""
    run = find(path)
    _ = run._readable()
    return run


def find(path: str | Path) -> Run:
    """Like `load_run`, for a run that may be unreadable."""
    for candidate in (Path(path), library() / path):
        if candidate.is_dir():
            return Run(candidate)
    raise RunError(f"There is no run {str(path)!r}, neither as a folder nor in {library()}.")


def all_runs() -> list[Run]:
    """Every run of the library, newest first; unreadable ones too. Never raises."""
    try:
        with os.scandir(library()) as entries:
            found = [
                Run(entry.path) for entry in entries if entry.is_dir() and not entry.name.startswith(".")
            ]
    except OSError:
        return []
    return sorted(
        found, key=lambda run: (status.read(run.path).created or _age(run.path), run.name), reverse=True
    )


def create(spec: Spec, name: str | None = None, *, path: str | Path | None = None, by: str = "app") -> Run:
    """A new run, queued, in the library, or in the folder `path`.

    Without a name it is called after recipe, dataset and the time. Raises RunError, a sentence.
    """
    if path is not None and name is None:
        parent, name = Path(path).absolute().parent, Path(path).name
    else:
        parent = library()
    try:
        parent.mkdir(parents=True, exist_ok=True)
        if name is None:
            stem = "-".join([spec.recipe or "run", spec.data.name, datetime.now().strftime("%Y%m%d-%H%M%S")])
            name = free_name(stem, parent)
        files.check_name(name)
        with files.hold(parent / ".lock", wait=5.0), new_folder(parent, name) as fresh:
            files.replace(fresh / files.SPEC, spec.to_json().encode())
            now = time.time()
            first = Status(created=now, queued=now, by=by, message="Waiting for its turn.")
            if by != "app":
                # Whoever trains it by itself begins at once: no queue may take it away.
                first = replace(first, state="running", message="Starting.", started=now)
            status.write(fresh, first)
    except OSError as error:
        raise RunError(f"No run can be made in {parent}: {error.strerror or error}.") from None
    return Run(parent / name)


@contextmanager
def new_folder(parent: Path, name: str) -> Iterator[Path]:
    """A folder to fill out of sight, which then comes into the library in one stroke. Raises RunError.

    For whoever holds the library's lock.
    """
    fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=parent))
    try:
        fresh.chmod(0o755)
        yield fresh
        if files.taken(name, parent):
            raise RunError(f"There is already a run named {name}.")
        os.rename(fresh, parent / name)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def free_name(stem: str, parent: Path) -> str:
    """The stem, or the stem with the first number that no run has."""
    stem = "".join(letter if files.NAME.fullmatch(f"a{letter}") else "-" for letter in stem)[:72].rstrip(".")
    name, number = stem, 1
    while files.taken(name, parent):
        number += 1
        name = f"{stem}-{number}"
    return name


def interrupted(now: Status) -> str:
    """What to say of a run whose worker is gone."""
    return f"Its process ended without a word at step {now.step:,}. Resume goes on from its last saved state."


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
