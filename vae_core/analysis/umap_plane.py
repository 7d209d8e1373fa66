"""UMAP: the codes of many dimensions as points of a plane; for points only, never for densities.

McInnes, Healy and Melville 2018. Neighbours stay neighbours; distances, areas and gaps mean nothing, so no
hole can be read off it. umap-learn compiles itself for half a minute when first used; no server should ever
import it: see `workers/umap_job.py`.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from contextlib import redirect_stdout

import numpy as np

from vae_core.analysis.progress import Progress
from vae_core.data.storage import user_cache

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
