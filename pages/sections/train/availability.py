"""Whether the images of a run can be had: they lie on this machine, or a server that has them answers."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet

import streamlit as st

from vae_core.data import download, strokes
from vae_core.data.catalogue import CATALOGUE
from vae_core.workers import own_process

INSTEAD = "strokes"  # drawn by a program: they need no network
PATIENCE = 2.0  # seconds that a press of Play waits for a server to answer
GLANCE = 0.3  # and the first sight of the form
FRESH = 20.0  # seconds for which an answer holds


def may_be_had(name: str) -> bool:
    """Whether to propose these images; where a server has not answered yet, it may."""
    return download.here(name) or _answers(name, GLANCE) is not False


def can_be_had(name: str) -> bool:
    """Whether to train on these images: a server that takes long to say so is taken for none."""
    return download.here(name) or _answers(name, PATIENCE) is True


def ahead(name: str) -> None:
    """What takes long to be had is begun while its user still looks at the form."""
    if name == INSTEAD and not strokes.drawn():
        _prepare()


def instead_of(name: str) -> str:
    """The line that stands where these images cannot be had, and others are taken."""
    return (
        f"{CATALOGUE[name].title} is not on this machine and there is no network, so this trains on "
        f"{CATALOGUE[INSTEAD].title}."
    )


def _answers(name: str, patience: float) -> bool | None:
    """Whether a server answers; None where that is not known in time."""
    requests = _requests()
    known = requests.get(name)
    if known is None or time.monotonic() - known[1] > FRESH:
        known = requests[name] = (_thread().submit(download.answers, name), time.monotonic())
    answers: bool | None
    try:
        answers = known[0].result(patience)
    except NotYet:
        answers = None
    if not answers:
        _prepare()
    return answers


@st.cache_resource(show_spinner=False)
def _prepare() -> subprocess.Popen[bytes]:
    """Draws them, once for all."""
    return subprocess.Popen(
        [sys.executable, "-m", f"vae_core.data.{INSTEAD}"],
        **own_process.surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@st.cache_resource(show_spinner=False)
def _requests() -> dict[str, tuple[Future[bool], float]]:
    """By dataset, what all sessions share: (whether a server answers, when that was asked)."""
    return {}


@st.cache_resource(show_spinner=False)
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, "availability")
