"""What is in the folder of a run: read when it changed there, and held against the Spec. Imports no torch.

Whatever lies there, nothing is raised but RunError and SpecError, both sentences. A file that is not needed
to show a run is None where it does not fit, and `faults` says why.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vae_core.runs import files, frames, memo, metrics, schema, titles
from vae_core.runs.files import library
from vae_core.runs.frames import Arrays
from vae_core.runs.metrics import Reader, Report
from vae_core.runs.reading import MOST_JSON, RunError, Unfit, content
from vae_core.sentences import short
from vae_core.spec import Spec, SpecError

if TYPE_CHECKING:
    from vae_core.model.posteriors import GridCodes, GroupCodes, Posteriors
    from vae_core.model.vae import VAE


# Seconds for which the files of a run that came with the app are not looked at again: nobody writes there.
# After each look at the disk a thread waits for its turn, and a page took three to five hundred.
SETTLED = 0.5
WORKED_OUT_HERE = (files.UMAP, files.DISENTANGLEMENT, files.PICTURE)


class Contents:
    """The files of one folder. Making one reads nothing."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._library = self.path.parent
        self.used = 0.0  # when something large was last asked of it
        self._memo = object()  # by which a memo knows it
        self._guard = threading.RLock()
        self._settled = False  # whether it came with the app, as far as is known
        self._stamps: dict[str, tuple[float, files.Stamp | None]] = {}  # with when each was looked at
        self._small: dict[str, tuple[Any, Any]] = {}
        self._large: dict[str, tuple[Any, Any]] = {}
        self._reader = Reader(self.path / files.METRICS)

    @property
    def name(self) -> str:
        """The folder's; where its bytes are no text they are written out."""
        return self.path.name.encode("utf-8", "backslashreplace").decode()

    @property
    def spec(self) -> Spec:
        """Raises SpecError where `spec.json` is missing or no Spec."""
        spec: Spec = self._fresh(files.SPEC, self._load_spec, by_spec=False)
        return spec

    def _load_spec(self) -> Spec:
        if self.name != self.path.name:
            raise SpecError("The name of its folder is no text. Rename it or delete it.")
        try:
            return schema.read_spec(content(self.path / files.SPEC, MOST_JSON))
        except (FileNotFoundError, Unfit) as error:
            if os.path.islink(self.path) and not os.path.exists(self.path):
                raise SpecError("It is a link that leads nowhere.") from None
            if isinstance(error, Unfit):
                raise SpecError(str(error)) from None
            raise SpecError(f"Its folder holds no {files.SPEC}, so it is no run.") from None

    def _readable(self) -> Spec:
        try:
            return self.spec
        except SpecError as error:
            raise RunError(str(error)) from None

    @property
    def _shown(self) -> str:
        return short(self.name)

    @property
    def is_gallery(self) -> bool:
        """Whether it came with the app: such a run is only looked at, or copied.

        What cannot be read in the user's own library is the user's to delete, card or not.
        """
        self._settled = memo.remember((self._memo, "is_gallery"), self._is_gallery)
        return self._settled

    def _is_gallery(self) -> bool:
        shipped = files.gallery()
        if shipped is None or not files.same(self._library, shipped):
            return False
        if self.stamp(files.CARD) is None:
            return False
        if not files.same(shipped, library()):
            return True
        try:
            _ = self.spec
        except SpecError:
            return False
        return True

    @property
    def notes(self) -> Path:
        """Where what is worked out of it is kept: its folder, or, as nothing is written to the gallery, a
        folder of the user's library, which may not be there yet."""
        return library() / files.NOTES / self.path.name if self.is_gallery else self.path

    def folder_of(self, name: str) -> Path:
        """Where a file of it lies: what was worked out here counts before what was shipped."""
        if name not in WORKED_OUT_HERE:
            return self.path
        notes = self.notes
        return notes if os.path.lexists(notes / name) else self.path

    def stamp(self, name: str) -> files.Stamp | None:
        """What changes whenever a file of it is replaced; None where there is none. The first look holds for
        the scope of a memo, and, where it came with the app, for `SETTLED` seconds."""
        return memo.remember((self._memo, "stamp", name), partial(self._stamp, name))

    def _stamp(self, name: str) -> files.Stamp | None:
        path = self.folder_of(name) / name
        if not self._settled or name in WORKED_OUT_HERE:
            return files.stamp(path)
        now = time.monotonic()
        when, found = self._stamps.get(name, (-SETTLED, None))
        if now - when >= SETTLED:
            found = files.stamp(path)
            self._stamps[name] = now, found
        return found

    @property
    def belongings(self) -> dict[str, Path]:
        """What copies and exports of it have: each file's name in a run's folder, and where it lies."""
        places = dict.fromkeys((self.path, self.notes))
        return {name: place / name for place in places for name in schema.belongings(place)}

    @property
    def card(self) -> dict[str, Any] | None:
        return self._found(files.CARD)

    @property
    def title(self) -> str | None:
        """What people call it; None where nobody has said."""
        return titles.clean((self._found(files.TITLE) or {}).get("title", "")) or None

    @property
    def evaluation(self) -> dict[str, Any] | None:
        """What `evaluate` gave last, on the whole test split."""
        return self._found(files.EVALUATION)

    @property
    def picture(self) -> bytes | None:
        """What its decoder makes of a grid of codes, a PNG."""
        return self._found(files.PICTURE)

    @property
    def disentanglement(self) -> dict[str, Any] | None:
        """The metrics and the information between factors and dimensions; see `disentanglement.py`."""
        return self._found(files.DISENTANGLEMENT)

    @property
    def seeds(self) -> dict[str, Any] | None:
        """How its recipe scored from other seeds."""
        return self._found(files.SEEDS)

    @property
    def labels(self) -> list[dict[str, Any]]:
        """How accuracy grew with the number of labels, where somebody measured it."""
        return (self._found(files.LABELS) or {}).get("runs", [])

    @property
    def metrics(self) -> list[Report]:
        """The reports so far."""
        return self._reader.read()

    @property
    def beta_moves(self) -> list[tuple[int, float]]:
        """(step, the value that beta has from there on), for each time that training moved it; of a run
        whose beta follows from its objective, the newest alone."""
        moves: list[tuple[int, float]] = self._fresh(files.METRICS, self._load_beta_moves, "beta moves")
        return moves

    def _load_beta_moves(self) -> list[tuple[int, float]]:
        try:
            text = content(self.path / files.METRICS, metrics.MOST_BYTES)
        except (FileNotFoundError, Unfit):
            return []
        if self.spec.objective.beta_follows:
            return metrics.newest_beta(text)
        return metrics.beta_moves(text)

    @property
    def faults(self) -> list[str]:
        """What lies in its folder and does not fit, a sentence for each file; [] of a run all of which does.

        Of tensors the headers are looked at, and of weights nothing: that takes torch. Raises SpecError.
        """
        found = []
        for name in schema.CHECKED:
            try:
                self._check(name)
            except Unfit as unfit:
                found.append(str(unfit))
        _ = self.metrics
        return found + ([str(self._reader.fault)] if self._reader.fault else [])

    def has(self, name: str) -> bool:
        """Whether a file of the folder is there and fits, tensors by their header."""
        try:
            self._check(name)
        except (Unfit, SpecError):
            return False
        return self.stamp(name) is not None

    def _check(self, name: str) -> None:
        self._fresh(name, partial(schema.check, self.folder_of(name), name, self.spec), key=f"check {name}")

    # --- what it has learned ---

    @property
    def model(self) -> VAE:
        """The last good weights, in evaluation mode, on the CPU. Raises RunError where there are none."""
        model: VAE = self._fresh(files.WEIGHTS, self._load_model, large=True)
        return model

    def _load_model(self) -> VAE:
        import torch

        from vae_core.model.vae import VAE

        spec = self._readable()
        try:
            weights = schema.read(self.path, files.WEIGHTS, spec)
            with torch.random.fork_rng(devices=[]):  # a new network draws its first weights
                model = VAE(spec)
            model.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
        except FileNotFoundError:
            raise RunError(f"{self._shown} has no weights yet.") from None
        except Unfit as unfit:
            raise RunError(f"The weights of {self._shown} cannot be read: {unfit}") from None
        except (RuntimeError, MemoryError) as error:
            raise RunError(f"The weights of {self._shown} cannot be used: {_first_line(error)}") from None
        return model.eval().requires_grad_(False)

    @property
    def codes(self) -> Arrays | None:
        """q(z|x) of the test images without torch: arrays mean and log_var [N, D], labels [N], step [1]."""
        return self._found(files.POSTERIORS, large=True)

    @property
    def posteriors(self) -> Posteriors:
        """q(z|x) of the test images. Raises RunError where they have not been computed yet, or do not fit."""
        posteriors: Posteriors = self._fresh(
            files.POSTERIORS, self._load_posteriors, key="posteriors", large=True
        )
        return posteriors

    @property
    def grid_codes(self) -> GridCodes:
        """The codes of the test images, of a run with a codebook. Raises RunError as `posteriors` does."""
        codes: GridCodes = self._fresh(files.POSTERIORS, self._load_grid_codes, key="grid_codes", large=True)
        return codes

    @property
    def group_codes(self) -> GroupCodes:
        """The codes of the test images, of a run of categories. Raises RunError as `posteriors` does."""
        codes: GroupCodes = self._fresh(
            files.POSTERIORS, self._load_group_codes, key="group_codes", large=True
        )
        return codes

    def _load_posteriors(self) -> Posteriors:
        from vae_core.model.posteriors import Posteriors

        if self._readable().posterior.form not in ("gaussian", "draws"):
            raise RunError(f"{self._shown} has no vectors: its codes are discrete.")
        return Posteriors.of(self._load_codes())

    def _load_grid_codes(self) -> GridCodes:
        from vae_core.model.posteriors import GridCodes

        if not self._readable().posterior.quantised:
            raise RunError(f"{self._shown} has no codebook: its codes are vectors.")
        return GridCodes.of(self._load_codes())

    def _load_group_codes(self) -> GroupCodes:
        from vae_core.model.posteriors import GroupCodes

        if self._readable().posterior.form != "probabilities":
            raise RunError(f"{self._shown} has no groups of categories.")
        return GroupCodes.of(self._load_codes())

    def _load_codes(self) -> Arrays:
        try:
            codes = self._member(files.POSTERIORS, large=True)
        except Unfit as unfit:
            raise RunError(f"The latent codes of {self._shown} cannot be read: {unfit}") from None
        except SpecError as error:
            raise RunError(str(error)) from None
        if codes is None:
            raise RunError(f"{self._shown} has no latent codes of the test images yet.")
        return codes

    @property
    def umap(self) -> Arrays | None:
        """The codes laid out in a plane: xy [N, 2] float16, labels [N] where it has them, step [1]."""
        return self._found(files.UMAP, large=True)

    @property
    def frames(self) -> list[Path]:
        """The pictures taken while it trained, sorted by step."""
        return frames.numbered(self.path)

    def frame(self, step: int | None = None) -> Arrays | None:
        """One picture by its step, or the newest; None where there is none that fits. What is in it:
        `frames.py`."""
        if step is None:
            return self._found(f"{files.FRAMES}/{frames.LATEST}", large=True)
        try:
            arrays: Arrays = schema.read(self.path, f"{files.FRAMES}/{step:08d}.safetensors", self.spec)
        except (FileNotFoundError, Unfit, SpecError):
            return None
        return arrays

    @property
    def probes(self) -> Any:
        """The probe images [10, C, H, W] uint8 that every frame reconstructs; None before training."""
        return self._probes.get("images")

    @property
    def probe_masks(self) -> Any:
        """What the encoder sees of the probes in every frame, [10, 1, H, W] uint8; None where it is all."""
        return self._probes.get("masks")

    @property
    def probe_noisy(self) -> Any:
        """The probes under noise, as the encoder sees them in every frame, [10, C, H, W] uint8; None where
        there is none."""
        return self._probes.get("noisy")

    @property
    def _probes(self) -> Arrays:
        return self._found(f"{files.FRAMES}/{frames.PROBES}", large=True) or {}

    # --- reading what changed ---

    def _found(self, name: str, large: bool = False) -> Any:
        """What is in a file of the folder; None where it is missing or does not fit."""
        try:
            return self._member(name, large)
        except (Unfit, SpecError):
            return None

    def _member(self, name: str, large: bool = False) -> Any:
        """What is in a file of the folder; None where it is missing. Raises Unfit and SpecError."""
        spec = self.spec

        def read() -> Any:
            try:
                return schema.read(self.folder_of(name), name, spec)
            except FileNotFoundError:
                return None

        return self._fresh(name, read, large=large)

    def _fresh(
        self, name: str, read: Callable[[], Any], key: str = "", large: bool = False, by_spec: bool = True
    ) -> Any:
        """What `read` makes of the file, kept until the file, or the Spec it was held against, is replaced;
        so is what it raises."""
        look = partial(self._look, name, read, key, large, by_spec)
        found = memo.remember((self._memo, key or name), look)
        if isinstance(found, RunError | SpecError):
            raise found.with_traceback(None)
        return found

    def _look(self, name: str, read: Callable[[], Any], key: str, large: bool, by_spec: bool) -> Any:
        """The same; what `read` raises is returned."""
        with self._guard:
            if large:
                self.used = time.monotonic()
            cache = self._large if large else self._small
            there = self.stamp(name)
            stamp = there, self.stamp(files.SPEC) if by_spec else None
            entry = cache.get(key or name)
            if entry is None or entry[0] != stamp or there is None:
                try:
                    found = read()
                except (RunError, SpecError) as error:
                    found = error
                entry = cache[key or name] = (stamp, found)
            return entry[1]

    @property
    def holds_much(self) -> bool:
        """Whether tensors of it are in memory."""
        return bool(self._large)

    def forget(self) -> None:
        """Lets go of tensors in memory; whoever asks for them again has them read again."""
        with self._guard:
            self._large.clear()


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
