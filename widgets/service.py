"""What one server does for all its sessions, beside answering them: keeps the launcher and the queue going,
and imports heavy modules when nobody waits.
"""

from __future__ import annotations

import gc
import importlib
import logging
import threading
import time
from collections.abc import Callable
from functools import cache, partial
from itertools import count

import streamlit as st
from threadpoolctl import threadpool_limits

from vae_core.runs.run import RunError, all_runs
from vae_core.workers import launch
from widgets.run_data import library, manifold

PUMP = 0.3  # seconds between two looks at the queue
TIDY = 30  # looks at the queue between two at what was left half made
PATIENCE = 0.7  # seconds after the first page before anything heavy starts: the page goes first
FORK_SERVER = 7.0  # seconds that the launcher's own process has the cores to itself

log = logging.getLogger(__name__)


@cache
def launcher() -> launch.LocalLauncher:
    """The server's one launcher."""
    return launch.LocalLauncher()


class Service:
    """Started by the first page; its threads live as long as the server."""

    def __init__(self, patience: float) -> None:
        limit_threads()
        self.patience = patience
        self.launcher = launcher()
        for work in (self._look_after_runs, self._warm):
            threading.Thread(target=work, name=work.__name__, daemon=True).start()

    def _look_after_runs(self) -> None:
        time.sleep(self.patience)
        self._quietly(self.launcher.warm)
        self._quietly(lambda: launch.recover(self.launcher))
        for turn in count():
            self._quietly(lambda: launch.schedule(self.launcher, open_run=library.open_run))
            if turn % TIDY == 0:
                self._quietly(lambda: launch.tidy(library.open_run))
            time.sleep(PUMP)

    def _warm(self) -> None:
        """Imports torch for the latent map and pandas for tables, then draws the small pictures of runs that
        have none.

        What was imported stays, and is taken out of the collector's sight: with it, every full collection
        would stop all sessions for 100 ms.
        """
        time.sleep(self.patience + FORK_SERVER)
        importlib.import_module("pandas")
        import torch

        # Each visitor is served by a thread, which would bring threads of OpenMP of its own, one a processor,
        # that wait in such loops too: with 40 visitors there is nothing left for anybody.
        torch.set_num_threads(1)
        gc.collect()
        gc.freeze()
        while True:
            for run in all_runs(library.open_run):
                if manifold.missing(run):
                    self._quietly(partial(manifold.draw, run))
            time.sleep(3.0)

    def _quietly(self, work: Callable[[], object]) -> None:
        try:
            work()
        except RunError as error:
            log.debug("%s", error)  # the run's own pages say it
        except Exception:
            log.exception(
                "Looking after the runs stumbled."
            )  # and goes on: one broken folder is not all of them


def limit_threads() -> None:
    """Of NumPy's products, to one.

    More wait for one another in loops: on two cores that train, the density of the live map took 23 to 40 ms,
    and takes 0.5.
    """
    threadpool_limits(1, "blas")


@st.cache_resource(show_spinner=False)
def service(_page: str = "") -> Service:
    """_page: the first one that anybody opens. Whoever opens Train presses Play next, so nothing waits."""
    return Service(0.0 if _page == "train" else PATIENCE)
