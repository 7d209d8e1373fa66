"""UMAP: the codes of many dimensions as points of a plane; for points only, never for densities.

McInnes, Healy and Melville 2018. Neighbours stay neighbours; distances, areas and gaps mean nothing, so no
hole can be read off it. Computed by a process of its own, which is kept with the run:

    python -m vae_core.analysis.project RUN_FOLDER

umap-learn compiles itself for half a minute when first used; no server should ever import it.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vae_core.analysis.aside import Aside
from vae_core.analysis.progress import Progress
from vae_core.data.storage import user_cache
from vae_core.training import folder, frames

if TYPE_CHECKING:
    from vae_core.training.frames import Arrays

FILE = "umap.safetensors"
SIDE = Aside("umap", "vae_core.analysis.project")
NEIGHBOURS, NEAR = 15, 0.1


def umap(
    codes: np.ndarray, seed: int = 0, progress: Progress = lambda fraction, sentence: None
) -> np.ndarray:
    """The plane [N, 2] float32 of codes [N, D]; the same for the same seed.

    `progress(fraction, sentence)` is called while it goes on. At least four codes are needed (ValueError).
    """
    if len(codes) < 4:
        raise ValueError(f"UMAP needs at least four codes, not {len(codes)}.")
    progress(0.0, "Loading UMAP; the first time it compiles itself")
    os.environ.setdefault("NUMBA_CACHE_DIR", str(user_cache() / "numba"))
    from umap import UMAP

    progress(0.15, "Looking for neighbours")
    bar = _Bar(lambda share: progress(0.4 + 0.6 * share, "Laying out the points"))
    mapper = UMAP(
        n_neighbors=min(NEIGHBOURS, len(codes) - 1),
        min_dist=NEAR,
        random_state=seed,
        n_jobs=1,  # or the seed would mean nothing
        verbose=True,  # its bar is how far it is
        tqdm_kwds={"file": bar, "mininterval": 0.2},
    )
    with redirect_stdout(io.StringIO()):
        found: np.ndarray = mapper.fit_transform(np.asarray(codes, np.float32))
    progress(1.0, "Done")
    return found.astype(np.float32)


class _Bar(io.StringIO):
    """Where the progress bar is written to; what it says is the last percentage in it."""

    def __init__(self, report: Callable[[float], None]) -> None:
        super().__init__()
        self.report = report

    def write(self, text: str) -> int:
        if shares := re.findall(r"(\d+)%", text):
            self.report(int(shares[-1]) / 100)
        return len(text)


# --- with a run ---------------------------------------------------------------------------------


def kept(path: Path) -> Arrays | None:
    """What was computed for a run: xy [N, 2] float16, labels [N] where it has them, step [1] of the codes."""
    return frames.read(path / FILE)


def write(path: Path, progress: Progress = lambda fraction, sentence: None) -> None:
    """Computes it for the run's codes and keeps it. Raises RunError where the run has none."""
    codes = frames.read(path / folder.POSTERIORS)
    if codes is None or "mean" not in codes:
        raise folder.RunError(f"{path.name} has no latent codes of the test images yet.")
    found: dict[str, Any] = {"xy": umap(codes["mean"], progress=progress).astype(np.float16)}
    found |= {name: codes[name] for name in ("labels", "step") if name in codes}
    folder.replace(path / FILE, frames.pack(found))


def start(path: Path) -> None:
    """Has another process compute it, and returns at once; `said` tells how far it is."""
    SIDE.start(path)


def said(path: Path) -> tuple[float, str, bool] | None:
    """How far it is (0 to 1), in a sentence, and whether it failed; None where nobody is at it."""
    return SIDE.said(path)


def main(path: Path) -> int:
    return SIDE.work(path, write, "UMAP")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
