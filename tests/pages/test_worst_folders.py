"""The worst folders that the fuzzer found, through all pages: each is a sentence, and can be deleted."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from pages.sections.home import own_runs as own_runs_shown
from tests.pages.hostile import FEW, PAGES, SLOW, opened, put, unlink
from vae_core.runs import files, frames
from vae_core.runs.run import all_runs


def in_json(name: str, *path: Any, value: Any) -> Callable[[Path], None]:
    """Something else in one place of a JSON file."""

    def change(run: Path) -> None:
        file = run / name
        file.write_text(json.dumps(put(json.loads(file.read_text()), path, value)))

    return change


def text(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda run: (run / name).write_bytes(content) and None


def tensors(name: str, **changes: np.ndarray | None) -> Callable[[Path], None]:
    """Other tensors in a file; None takes one out."""

    def change(run: Path) -> None:
        arrays = load((run / name).read_bytes()) | changes
        (run / name).write_bytes(save({key: array for key, array in arrays.items() if array is not None}))

    return change


def pipes(run: Path) -> None:
    for name in (
        files.STATUS,
        files.METRICS,
        files.CONTROL,
        files.LOCK,
        files.LOG,
        files.POSTERIORS,
        files.WEIGHTS,
    ):
        unlink(run / name)
        os.mkfifo(run / name)


def pipe_as_spec(run: Path) -> None:
    unlink(run / files.SPEC)
    os.mkfifo(run / files.SPEC)


def loop(run: Path) -> None:
    shutil.rmtree(run)
    run.symlink_to(run)


def frames_elsewhere(run: Path) -> None:
    shutil.rmtree(run / files.FRAMES)
    (run / files.FRAMES).symlink_to("/")


def frames_of_two_sizes(run: Path) -> None:
    """Of which a film cannot be made in one piece."""
    name = f"{files.FRAMES}/00000000.safetensors"
    tensors(name, samples=load((run / name).read_bytes())["samples"][:3])(run)


GIANT = {"kind": "mlp", "widths": [4096] * 8, "activation": "relu"}
LATEST = f"{files.FRAMES}/{frames.LATEST}"
PROBES = f"{files.FRAMES}/{frames.PROBES}"
# The run's name, and what was done to it.
WORST: dict[str, Callable[[Path], None]] = {
    "unknown-dataset": in_json(files.SPEC, "data", value={"name": "imagenet", "image_shape": [1, 8, 8]}),
    "whole-disk": in_json(files.SPEC, "data", value={"name": "folder", "path": "/"}),
    "deep-spec": text(files.SPEC, b"[" * 100_000),
    "long-integer": text(files.SPEC, b'{"latent": ' + b"9" * 5000 + b"}"),
    "pipe-as-spec": pipe_as_spec,
    "loop": loop,
    "giant": in_json(files.SPEC, "net", value=GIANT),
    "order-as-text": in_json(files.CARD, "order", value="first"),
    "surrogate": text(files.CARD, b'{"title": "\\ud800"}'),
    "deep-card": text(files.CARD, b'{"title":' * 100_000),
    "pipes": pipes,
    "no-samples": tensors(LATEST, samples=None),
    "frames-of-two-sizes": frames_of_two_sizes,
    "frames-elsewhere": frames_elsewhere,
    "probes-without-masks": tensors(PROBES, masks=np.zeros((3, 1, 8, 8), np.uint8)),
    "codes-of-another": tensors(files.POSTERIORS, mean=np.zeros((FEW, 7), np.float32)),
    "codes-of-nan": tensors(files.POSTERIORS, mean=np.full((FEW, 2), np.nan, np.float32)),
    "numbers-as-text": in_json(files.EVALUATION, "elbo", value="<b>-100</b>"),
    "kl-is-null": in_json(files.EVALUATION, "kl", value=None),
    "bomb": text(files.METRICS, b'{"step":1,"train":{"kl":1}}\n' * 100_000),
    "terms-as-text": text(
        files.METRICS, b'{"step": 3, "train": {"elbo": "x", "kl": []}, "test": 3, "beta": {}}\n'
    ),
    "seeds-of-nobody": in_json(files.SEEDS, "seeds", value=[{"seed": 1}]),
    "x" * 255: in_json(files.SPEC, "latent", value=0),
    os.fsdecode(b"no \xff text"): lambda run: None,
}
BROKEN = {"unknown-dataset", "whole-disk", "deep-spec", "long-integer", "pipe-as-spec", "loop", "x" * 255}


@pytest.fixture
def worst(sound: dict[str, Path], tmp_path: Path, own_runs: Path) -> dict[str, Path]:
    """All of them, in a folder beside the library, in which a sound one lies."""
    for name, harm in WORST.items():
        path = tmp_path / "worst" / name
        keep = (
            () if harm in (WORST["order-as-text"], WORST["surrogate"], WORST["deep-card"]) else (files.CARD,)
        )
        shutil.copytree(sound["plain"], path, ignore=shutil.ignore_patterns(*keep))
        harm(path)
    shutil.copytree(sound["plain"], own_runs / "good", ignore=shutil.ignore_patterns(files.CARD))
    return {name: tmp_path / "worst" / name for name in WORST}


@pytest.mark.parametrize("page", PAGES)
def test_the_worst_take_no_page_away(
    app: Callable[..., Any], worst: dict[str, Path], own_runs: Path, page: str
) -> None:
    for path in worst.values():
        lent = own_runs / path.name
        path.rename(lent)
        (name,) = (run.name for run in all_runs() if run.name != "good")
        began = time.monotonic()
        opened(app, page, name)
        assert time.monotonic() - began < SLOW, name
        lent.rename(path)

    for path in worst.values():
        path.rename(own_runs / path.name)
    assert len(all_runs()) == len(WORST) + 1
    at = opened(app, page, "good")
    assert set(at.sidebar.selectbox[0].options) >= {
        "✓ Digits, 2 dimensions, good",
        "? loop",
        "? unknown-dataset",
    }
    if not page:
        menus = {button.key for button in at.button if (button.key or "").startswith("more-")}
        assert len(menus) >= own_runs_shown.SHOWN


@pytest.mark.parametrize("name", WORST, ids=lambda name: name.encode("utf-8", "replace").decode()[:30])
def test_each_of_the_worst_is_a_sentence_and_is_deleted_from_the_app(
    app: Callable[..., Any], sound: dict[str, Path], own_runs: Path, name: str
) -> None:
    shutil.copytree(sound["plain"], own_runs / name, ignore=shutil.ignore_patterns(files.CARD))
    if WORST[name] not in (WORST["order-as-text"], WORST["surrogate"], WORST["deep-card"]):
        WORST[name](own_runs / name)
    (run,) = all_runs()
    if name in BROKEN or run.name != name:
        assert run.status.state == "unreadable"
        assert run.status.message.endswith(".")
    elif name not in ("order-as-text", "surrogate", "deep-card", "giant", "codes-of-nan", "kl-is-null"):
        assert run.faults or name in ("frames-of-two-sizes", "frames-elsewhere", "terms-as-text")
    key = f"more-{run.name}"
    at = app()
    at.button(key=key).click().run()
    next(button for button in at.button if button.label == "Delete").click()
    at.button(key=key).click()
    at.run()
    assert not os.path.lexists(own_runs / name)
    assert all_runs() == []
