"""What the training board shows of a run, as one parcel of bytes for the browser.

Built once per report and shared between all sessions that look at the run: eight cost little more than one.
Reads arrays with NumPy; torch is not needed to watch a training.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from itertools import pairwise
from operator import itemgetter
from typing import Any

import numpy as np
import streamlit as st

from vae_core.browser import wire
from vae_core.data.catalogue import CATALOGUE
from vae_core.model import variance_bound
from vae_core.runs import files, frames
from vae_core.runs.control import KNOBS
from vae_core.runs.run import Run
from widgets.components.board.prior import contours
from widgets.run_data.codes import is_standard
from widgets.run_data.library import open_run
from widgets.run_data.usage import information
from widgets.shell import objective_words, words

POINTS = 400  # of a curve: more than a screen can show
FILM = 6 * 2**20  # bytes of all frames sent to the browser
QUANTITIES = ("elbo", "reconstruction", "kl", "beta_kl")
# What some objectives have besides: the short name of its curve.
TERMS = {
    "mutual_information": "MI",
    "total_correlation": "TC",
    "dimension_wise_kl": "dim. KL",
    "discriminator_loss": "discriminator",
    "class_kl": "class KL",
    "classification": "classifier",
}
HIDDEN = (70, 92, 138)  # red, green, blue of what the encoder does not see


def parcel(run: Run, opening: bool = True) -> bytes:
    """The board of the run as it is now.

    opening: with all frames that are stored, also in training; the board goes on from them by itself.
    """
    now = run.status
    if now.active and now.state != "paused" and not opening:
        return _newest(str(run.path), _version(run, now.state))
    return _film(str(run.path), _version(run, now.state))


def _version(run: Run, state: str) -> tuple[Any, ...]:
    names = (
        files.STATUS,
        files.METRICS,
        files.CONTROL,
        files.EVALUATION,
        files.WEIGHTS,  # of which a learned prior is
        f"{files.FRAMES}/{frames.LATEST}",
    )
    return (state, *(files.stamp(run.path / name) for name in names))


@st.cache_resource(max_entries=8, show_spinner=False)
def _newest(path: str, version: tuple[Any, ...]) -> bytes:
    return build(open_run(path), film=False)


@st.cache_resource(max_entries=4, show_spinner=False)
def _film(path: str, version: tuple[Any, ...]) -> bytes:
    return build(open_run(path), film=True)


@st.cache_resource(max_entries=128, show_spinner=False)
def _axes(path: str) -> list[int]:
    """The dimensions on the cloud's axes, remembered: two that are nearly equal must not swap places."""
    return []


def build(run: Run, film: bool) -> bytes:
    """film: all frames, to be played; otherwise the newest."""
    now, spec, reports = run.status, run.spec, run.metrics
    newest = run.frame()
    undefined = None if newest is None else variance_bound.undefined_kl(newest["log_var"])
    header: dict[str, Any] = {
        "kind": "board",
        "run": run.name,
        "step": now.step,
        "classes": list(spec.data.classes or CATALOGUE[spec.data.name].classes),
        "tiles": tiles(run, undefined),
        "kl_note": undefined or "",
        "progress": _progress(now.state, now.step, now.steps_total, now.seconds, spec.training.seconds),
        "marks": marks(reports),
        "unit_prior": is_standard(run),
        "weighted": "",
        "terms": [[name, TERMS[name]] for name in terms(reports)],
        "replay": False,
    }
    arrays = curves(reports)
    weighted, plain = arrays["beta_kl_train"], arrays["kl_train"]
    if len(plain) and np.nanmax(np.abs(weighted - plain), initial=0) > 0.01 * np.nanmax(
        np.abs(plain), initial=1
    ):
        header["weighted"] = objective_words.of(spec).penalty

    shots = _shots(run, film)
    if not shots:
        header |= {"chosen": [0, 1], "axes": ["z1", "z2"], "cloud_note": "", "regions": []}
        empty = np.zeros(0, np.float32)
        return wire.pack(header, arrays | {"cloud": empty, "labels": np.zeros(0, np.uint8), "kl": empty})
    means = np.stack([shot["mean"] for shot in shots]).astype(np.float32)
    log_vars = np.stack([shot["log_var"] for shot in shots]).astype(np.float32)
    # Older frames have no KL of their own; theirs is that under N(0, I).
    against_unit = 0.5 * (means**2 + np.exp(log_vars) - 1 - log_vars).mean(axis=1)
    kl = np.stack([shot.get("kl", unit) for shot, unit in zip(shots, against_unit, strict=True)])
    labels = shots[-1].get("labels", np.full(means.shape[1], -1, np.int16)).astype(np.uint8)
    chosen = _choose(_axes(str(run.path)), information(run) if film and run.codes is not None else kl[-1])
    header |= {
        "chosen": chosen,
        "axes": [f"z{k + 1}" for k in chosen],
        "cloud_note": _cloud_note(spec.latent),
    }
    if len(chosen) == 1:
        header["axes"] = ["z1", "class"]
        cloud = np.stack([means[..., 0], np.broadcast_to(3.2 - labels % 10 * 0.7, means.shape[:2])], axis=-1)
    else:
        cloud = means[..., chosen]
    prior, log_p = contours(run, chosen, shots)
    header |= prior
    arrays |= {"cloud": cloud.astype(np.float32), "labels": labels, "kl": kl.astype(np.float32), **log_p}
    for name in ("reconstructions", "samples"):
        arrays[name] = np.stack([shot[name] for shot in shots])
    if run.probes is not None:
        arrays["probes"] = run.probes
        if run.probe_masks is not None:
            arrays["seen"] = seen(run.probes, run.probe_masks)
    steps = [int(shot["step"][0]) for shot in shots]
    header["frame_steps"] = steps
    # Of the step that the run is at, the numbers are those of now.
    header["past_tiles"] = [tiles(run, undefined, step) for step in steps if step != now.step]
    if film and len(shots) > 1:
        header["replay"] = True
    else:
        arrays |= {name: arrays[name][-1] for name in ("cloud", "kl", "reconstructions", "samples")}
    return wire.pack(header, arrays)


def seen(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Images [N, C, H, W] uint8 with a colour of its own, no grey, where masks [N, 1, H, W] are 0."""
    colours = images if images.shape[1] == 3 else images[:, :1].repeat(3, axis=1)
    return np.where(masks > 0, colours, np.array(HIDDEN, np.uint8)[:, None, None])


def _shots(run: Run, film: bool) -> list[frames.Arrays]:
    newest = run.frame()
    if not film:
        return [newest] if newest is not None else []
    steps = [frames.step_of(file) for file in run.frames]
    if newest is not None:
        size = sum(newest[name].nbytes for name in ("reconstructions", "samples")) + 8 * len(newest["mean"])
        steps = steps[:: -(-len(steps) * size // FILM) or 1]
    found = [shot for step in steps if (shot := run.frame(step)) is not None]
    if newest is not None and (not found or found[-1]["step"][0] != newest["step"][0]):
        found.append(newest)
    # Frames of another set of images do not belong to the same film.
    return [shot for shot in found if _shapes(shot) == _shapes(found[-1])]


def _shapes(shot: frames.Arrays) -> list[tuple[int, ...]]:
    return [shot[name].shape for name in ("mean", "reconstructions", "samples")]


def _choose(standing: list[int], kl: np.ndarray) -> list[int]:
    """The two dimensions with most KL, in order; the kept ones as long as they are nearly the best."""
    if len(kl) <= 2:
        return list(range(len(kl)))
    best = sorted(int(k) for k in np.argsort(-kl)[:2])
    if len(standing) != 2 or max(standing) >= len(kl) or kl[best].sum() > 1.25 * kl[standing].sum():
        standing[:] = best
    return list(standing)


def _cloud_note(latent: int) -> str:
    if latent == 1:
        return "means of q(z|x), one row per class"
    return "means of q(z|x)" if latent == 2 else "the two with most KL"


def curves(reports: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """Steps [P] and for train and test each quantity [P] in nats, NaN where it was not measured."""
    n = len(reports)
    edges = np.unique(np.linspace(0, n, min(n, POINTS) + 1).round().astype(int))
    out = {"steps": np.array([reports[b - 1]["step"] for _, b in pairwise(edges)], np.int32)}
    for part in ("train", "test"):
        for name in (*QUANTITIES, *terms(reports)):
            values = [_number((report.get(part) or {}).get(name)) for report in reports]
            if part == "train":
                values = _settled(values, [report["step"] for report in reports])
            out[f"{name}_{part}"] = np.array([_mean(values[a:b]) for a, b in pairwise(edges)], np.float32)
    return out


def _settled(values: list[float], steps: list[int]) -> list[float]:
    """Training values, the means since the report before; of very few steps, with those before them.

    After Step a report is of a single batch, and stands out of a curve of means over many.
    """
    spans = np.diff(steps, prepend=0)
    least = float(np.median(spans)) / 4 if len(spans) else 0.0
    found = list(values)
    for k in range(1, len(values)):
        first = k
        while first and spans[first : k + 1].sum() < least:
            first -= 1
        if first < k and np.isfinite(values[first : k + 1]).all():
            found[k] = float(np.average(values[first : k + 1], weights=spans[first : k + 1]))
    return found


def terms(reports: list[dict[str, Any]]) -> list[str]:
    """What this run's objective has besides the usual."""
    newest = _part(reports, "train") or {}
    return [name for name in TERMS if name in newest]


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def _mean(values: list[float]) -> float:
    there = [value for value in values if value == value]
    return sum(there) / len(there) if there else float("nan")


def marks(reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where beta or the learning rate was moved, and to what."""
    found = []
    for report in reports:
        moved = report.get("moved")
        if isinstance(moved, dict):
            changes = [
                f"{KNOBS[name].mark} {words.number(value)}"
                for name, value in moved.items()
                if name in KNOBS and isinstance(value, int | float)
            ]
            if changes:
                found.append({"step": report["step"], "text": ", ".join(changes)})
    return found


def tiles(run: Run, undefined: str | None = None, past: int | None = None) -> list[list[str]]:
    """Name, value, what stands under it, help, and the symbol whose colour the name has.

    undefined: why KL and ELBO say nothing of the model, where they do not.
    past: the step of which the numbers are, by the last reports up to it; None is now.
    """
    now, spec = run.status, run.spec
    reports = run.metrics
    if past is not None:
        reports = reports[: bisect_right(reports, past, key=itemgetter("step"))]
        epoch, seconds, pace = (
            float(np.nan_to_num(_number(reports[-1].get(name)) if reports else 0.0))
            for name in ("epoch", "seconds", "images_per_second")
        )
        now = replace(now, step=past, epoch=epoch, seconds=seconds, images_per_second=pace)
    train = _part(reports, "train") or {}
    test, whose = _part(reports, "test") or {}, "test"
    if past is None and run.evaluation and not now.active:
        test, whose = run.evaluation, "whole test set"
    images = test.get("images")
    on = (
        f"Measured on {words.count(images)} test images."
        if isinstance(images, int | float)
        else "On test images."
    )
    if spec.mask.kind != "none":
        on += " Parts of them are hidden." if whose == "test" else " Whole; training hides parts of them."
    beta = reports[-1].get("beta") if reports else spec.objective.beta

    def row(name: str, key: str, help: str) -> list[str]:
        shown = test.get(key, train.get(key))
        under = f"train {words.nats(train[key])}" if isinstance(train.get(key), int | float) else whose
        if undefined and key in ("elbo", "kl"):
            return [name, "–", "undefined", f"{undefined} {variance_bound.WHY}", key]
        return [name, words.nats(shown), under, f"{help} In nats per image. {on}", key]

    weighted = row(
        objective_words.of(spec).penalty, "beta_kl", "What the objective takes away from the reconstruction."
    )
    kl = test.get("kl")
    if "beta_kl" not in test and kl is not None and spec.objective.kind == "elbo" and beta is not None:
        weighted[1] = words.nats(beta * kl)  # an evaluation knows no beta
    weighted[2] = f"β = {words.number(beta)}" if isinstance(beta, int | float) else ""
    total = now.steps_total
    speed = [
        "Images/s",
        words.count(now.images_per_second) if now.images_per_second else "–",
        now.device or " ",
        "Training images per second, and the device.",
        "",
    ]
    if isinstance(test.get("accuracy"), int | float):
        entropy = test.get("classification", train.get("classification"))
        speed = [
            "Accuracy",
            f"{100 * test['accuracy']:.1f} %",
            f"−log q(y|x) {words.nats(entropy)}" if entropy is not None else whose,
            f"The share of images whose class the classifier q(y|x) gets right. {on}",
            "",
        ]
    return [
        row("ELBO", "elbo", "Reconstruction minus KL, always with beta 1: a lower bound on log p(x)."),
        row("Reconstruction", "reconstruction", "The mean of log p(x|z) over codes z drawn from q(z|x)."),
        row(
            "KL",
            "kl",
            "KL of q(z|x) from the prior p(z): never less than the mutual information of image and code.",
        ),
        weighted,
        speed,
        [
            "Epoch",
            f"{now.epoch:.2f}" if now.epoch < 100 else f"{now.epoch:.0f}",
            f"step {words.count(now.step)}",
            "Passes over the training images, and optimiser steps.",
            "",
        ],
        ["Elapsed", words.duration(now.seconds), "of training", "Time spent training, pauses left out.", ""],
        [
            "Remaining",
            words.duration(now.remaining) if now.active and past is None else "–",
            f"of {words.count(total)} steps" if total else " ",
            "Estimated from the speed so far.",
            "",
        ],
    ]


def _part(reports: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    return next((part for report in reversed(reports) if isinstance(part := report.get(name), dict)), None)


def _progress(state: str, step: int, total: int | None, seconds: float, most: float | None) -> float | None:
    if state == "finished":
        return None
    done = step / total if total else seconds / most if most else None
    return None if done is None else min(max(done, 0.0), 1.0)
