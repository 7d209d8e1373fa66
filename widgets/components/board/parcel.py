"""What the training board shows of a run, as one parcel of bytes for the browser.

Built once per report and shared between all sessions that look at the run: eight cost little more than one.
Reads arrays with NumPy; torch is not needed to watch a training.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import streamlit as st

from vae_core.browser import wire
from vae_core.data.catalogue import CATALOGUE
from vae_core.model import variance_bound
from vae_core.runs import files, frames
from vae_core.runs.control import KNOBS
from vae_core.runs.run import Run
from vae_core.spec import Spec
from widgets.components.board import codebook, groups, shown_pixels
from widgets.components.board.planes import DENSITY, of_shots
from widgets.components.board.tiles import Holes, part, tiles
from widgets.run_data.codes import is_standard
from widgets.run_data.library import open_run
from widgets.run_data.usage import information
from widgets.shell import objective_words, words
from widgets.shell.units import NATS, Unit

POINTS = 400  # of a curve: more than a screen can show
CODES = 500  # points on the map; the density is of all codes that a frame holds
FILM = 6 * 2**20  # bytes of all frames sent to the browser
QUANTITIES = ("elbo", "reconstruction", "kl", "beta_kl")
# What the KL of each dimension is of, where posteriors are no Gaussians.
OF_MOMENTS = "of the Gaussian with the mean and variance of each posterior"
# What some objectives have besides: the short name of its curve.
TERMS = {
    "mutual_information": "MI",
    "total_correlation": "TC",
    "mmd": "MMD²",
    "dimension_wise_kl": "dim. KL",
    "discriminator_loss": "discriminator",
    "class_kl": "class KL",
    "classification": "classifier",
    "bound": "bound",
    "effective_samples": "effective samples",
    "perplexity": "perplexity",
    "auxiliary_loss": "codebook and commitment",
    "temperature": "temperature",
}
NO_NATS = ("mmd", "effective_samples", "perplexity", "auxiliary_loss", "temperature")
DRAG = 0.6  # seconds of training between two moves of one drag, at most
HIDDEN = (70, 92, 138)  # red, green, blue of what the encoder does not see


def parcel(run: Run, pixels: str = "means", unit: Unit = NATS) -> bytes:
    """The board of the run as it is now, with its newest frame while it trains, and at rest with all of them.

    pixels: what its pictures show of p(x|z). unit: of its numbers.
    """
    now = run.status
    make = _newest if now.active and now.state != "paused" else _film
    return make(str(run.path), _version(run, now.state), pixels, unit)


def earlier(run: Run, upto: int, pixels: str = "means", unit: Unit = NATS) -> bytes:
    """The stored frames of a run in training up to a step, for a board that was opened after them."""
    return _earlier(str(run.path), upto, pixels, unit)


def _version(run: Run, state: str) -> tuple[Any, ...]:
    names = (
        files.STATUS,
        files.METRICS,
        files.CONTROL,
        files.EVALUATION,
        files.WEIGHTS,  # of which a learned prior is
        f"{files.FRAMES}/{frames.LATEST}",
    )
    return (state, *(run.stamp(name) for name in names))


@st.cache_resource(max_entries=8, show_spinner=False)
def _newest(path: str, version: tuple[Any, ...], pixels: str, unit: Unit) -> bytes:
    return build(open_run(path), film=False, pixels=pixels, unit=unit)


@st.cache_resource(max_entries=4, show_spinner=False)
def _film(path: str, version: tuple[Any, ...], pixels: str, unit: Unit) -> bytes:
    return build(open_run(path), film=True, pixels=pixels, unit=unit)


@st.cache_resource(max_entries=8, show_spinner=False)
def _earlier(path: str, upto: int, pixels: str, unit: Unit) -> bytes:
    return build(open_run(path), film=True, pixels=pixels, unit=unit, upto=upto)


@st.cache_resource(max_entries=128, show_spinner=False)
def _axes(path: str) -> list[int]:
    """The dimensions on the cloud's axes, remembered: two that are nearly equal must not swap places."""
    return []


def build(run: Run, film: bool, pixels: str = "means", unit: Unit = NATS, upto: int | None = None) -> bytes:
    """film: all frames, to be played; otherwise the newest. upto: of stored frames alone, up to that step;
    no curves then, and no probes."""
    now, spec, reports = run.status, run.spec, run.metrics
    if spec.likelihood.distance is not None:
        unit = NATS  # of the KL; a distance has no bits
    newest = run.frame()
    undefined = None
    if newest is not None and "log_var" in newest:
        undefined = variance_bound.undefined_kl(newest["log_var"])
    optimum = (part(reports, "ppca") or {}).get("log_likelihood")
    header: dict[str, Any] = {
        "kind": "board" if upto is None else "earlier",
        "run": run.name,
        "step": now.step,
        "first": frames.step_of(run.frames[0]) if run.frames else None,
        "active": now.active,
        "classes": list(spec.data.classes or CATALOGUE[spec.data.name].classes),
        "tiles": tiles(run, undefined, unit=unit),
        "unit": unit.name,
        "distance": spec.likelihood.distance or "",
        "kl_note": undefined or "",
        "bars_note": undefined or (OF_MOMENTS if spec.posterior.form == "draws" else ""),
        "progress": _progress(now.state, now.step, now.steps_total, now.seconds, spec.training.seconds),
        "marks": marks(reports),
        "unit_prior": is_standard(run),
        "weighted": "",
        "terms": [[name, TERMS[name]] for name in terms(reports) if name != "bound"],
        "bound": objective_words.bound(spec) if "bound" in terms(reports) else "",
        "replay": False,
        "quantised": spec.posterior.quantised,
        "grouped": spec.posterior.form == "probabilities",
        "latent": spec.latent,
        "optimum": None if optimum is None else optimum * unit.per_nat,
    }
    arrays = curves(reports, unit) if upto is None else {}
    if not header["bound"] and _is_weighted(arrays):
        header["weighted"] = objective_words.of(spec).penalty

    shots = _shots(run, film, upto)
    header["pixels"] = shown_pixels.in_words(shots, pixels, spec.likelihood.two_valued)
    if spec.net.reach:  # there are no means then, and all pictures are draws
        header["pixels"] = shown_pixels.WORDS["drawn"]
    if not shots:
        header |= {"chosen": [0, 1], "axes": ["z1", "z2"], "cloud_note": "", "regions": []}
        empty = np.zeros(0, np.float32)
        return wire.pack(header, arrays | {"cloud": empty, "labels": np.zeros(0, np.uint8), "kl": empty})
    if spec.posterior.form == "probabilities":
        more, place = groups.of_shots(spec, shots)
        header |= {"chosen": [], "axes": [], "cloud_note": "", "regions": []} | place
        more |= _pictures(shots, pixels, spec)
        return _packed(run, film, shots, [None] * len(shots), header, arrays | more, unit=unit)
    if spec.posterior.quantised:
        more, place = codebook.of_shots(spec, shots)
        header |= {"chosen": [], "axes": [], "cloud_note": "", "regions": []} | place
        more |= _pictures(shots, pixels, spec)
        return _packed(run, film, shots, [None] * len(shots), header, arrays | more, unit=unit)
    points = min(CODES, *(len(shot["mean"]) for shot in shots))
    means = np.stack([shot["mean"][:points] for shot in shots]).astype(np.float32)
    # Older frames have no KL of their own; theirs is that under N(0, I).
    kl = np.stack([shot["kl"] if "kl" in shot else _against_unit(shot) for shot in shots])
    labels = shots[-1].get("labels", np.full(points, -1, np.int16))[:points].astype(np.uint8)
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
    planes, place = of_shots(run, chosen, _with_all_codes(run, shots))
    header |= place
    arrays |= {"cloud": cloud.astype(np.float32), "labels": labels, "kl": kl.astype(np.float32)}
    arrays |= planes.arrays | _pictures(shots, pixels, spec)
    return _packed(run, film, shots, planes.holes, header, arrays, undefined, unit)


def _is_weighted(arrays: dict[str, np.ndarray]) -> bool:
    """Whether beta sets the curve of the weighted KL apart from that of the KL."""
    weighted, plain = arrays.get("beta_kl_train", np.zeros(0)), arrays.get("kl_train", np.zeros(0))
    apart = np.nanmax(np.abs(weighted - plain), initial=0)
    return bool(len(plain) and apart > 0.01 * np.nanmax(np.abs(plain), initial=1))


def _pictures(shots: list[frames.Arrays], pixels: str, spec: Spec) -> dict[str, np.ndarray]:
    """Reconstructions and samples of every frame."""
    two_valued = spec.likelihood.two_valued
    return {
        name: np.stack([shown_pixels.of_frame(shot, name, pixels, two_valued) for shot in shots])
        for name in ("reconstructions", "samples")
    }


def _packed(
    run: Run,
    film: bool,
    shots: list[frames.Arrays],
    holes: list[Holes | None],
    header: dict[str, Any],
    arrays: dict[str, np.ndarray],
    undefined: str | None = None,
    unit: Unit = NATS,
) -> bytes:
    """With the probes and the numbers of every frame."""
    if "kl" in arrays:
        arrays["kl"] = arrays["kl"] * np.float32(unit.per_nat)
    if run.probes is not None and header["kind"] == "board":
        arrays["probes"] = run.probes
        if run.probe_masks is not None:
            arrays["seen"] = seen(run.probes, run.probe_masks)
        elif run.probe_noisy is not None:
            arrays["seen"] = run.probe_noisy
    steps = [int(shot["step"][0]) for shot in shots]
    header["frame_steps"] = steps
    # Numbers and picture are of one step: the newest frame's may be a report behind.
    now, last = run.status.step, steps[-1] if header["kind"] == "board" else None
    header["past_tiles"] = [
        tiles(run, undefined, step if step != now else None, of_step, step == last, unit)
        for step, of_step in zip(steps, holes, strict=True)
    ]
    if film and len(shots) > 1:
        header["replay"] = True
    else:
        one = (
            "cloud",
            "kl",
            "reconstructions",
            "samples",
            "density",
            "empty",
            "shares",
            *codebook.NAMES.values(),
        )
        arrays |= {name: arrays[name][-1] for name in one if name in arrays}
    return wire.pack(header, arrays)


def _with_all_codes(run: Run, shots: list[frames.Arrays]) -> list[frames.Arrays]:
    """The frames; of a run at rest the last has the codes of all test images, as the page Latent map does.

    A frame holds those of a few: between them lie holes that the model does not have.
    """
    codes = None if run.status.active else run.codes
    if codes is None or "mean" not in codes or codes["step"][0] != shots[-1]["step"][0]:
        return shots
    return [*shots[:-1], shots[-1] | {name: codes[name] for name in ("mean", "log_var")}]


def _against_unit(shot: frames.Arrays) -> np.ndarray:
    mean, log_var = (shot[name].astype(np.float32) for name in ("mean", "log_var"))
    found: np.ndarray = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).mean(axis=0)
    return found


def seen(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Images [N, C, H, W] uint8 with a colour of its own, no grey, where masks [N, 1, H, W] are 0."""
    colours = images if images.shape[1] == 3 else images[:, :1].repeat(3, axis=1)
    return np.where(masks > 0, colours, np.array(HIDDEN, np.uint8)[:, None, None])


def _shots(run: Run, film: bool, upto: int | None = None) -> list[frames.Arrays]:
    newest = run.frame()
    if not film:
        return [newest] if newest is not None else []
    last = math.inf if upto is None else upto
    steps = [step for file in run.frames if (step := frames.step_of(file)) <= last]
    if newest is not None:
        pictures = ("reconstructions", "samples", *codebook.NAMES)
        size = sum(newest[name].nbytes for name in pictures if name in newest) + 8 * CODES + DENSITY
        steps = steps[:: -(-len(steps) * size // FILM) or 1]
    found = [shot for step in steps if (shot := run.frame(step)) is not None]
    if upto is None and newest is not None and (not found or found[-1]["step"][0] != newest["step"][0]):
        found.append(newest)
    # Frames of another set of images do not belong to the same film.
    return [shot for shot in found if _shapes(shot) == _shapes(found[-1])]


def _shapes(shot: frames.Arrays) -> list[tuple[int, ...]]:
    codes = next(name for name in ("mean", "indices", "shares") if name in shot)
    return [shot[codes].shape[1:], *(shot[name].shape for name in ("reconstructions", "samples"))]


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
    return "q(z) of test images" if latent == 2 else "marginal q(z) of test images"


def curves(reports: list[dict[str, Any]], unit: Unit = NATS) -> dict[str, np.ndarray]:
    """Steps [P] and for train and test each quantity [P], NaN where it was not measured."""
    n = len(reports)
    edges = np.unique(np.linspace(0, n, min(n, POINTS) + 1).round().astype(int))
    steps = np.array([report["step"] for report in reports], np.int64)
    names = [*QUANTITIES, *terms(reports), *(["hard_elbo"] if _has_hard_elbo(reports) else [])]
    out = {"steps": steps[edges[1:] - 1].astype(np.int32)}
    for split in ("train", "test"):
        parts = [report.get(split) or {} for report in reports]
        values = np.array([[each.get(name) for name in names] for each in parts], float).reshape(
            n, len(names)
        )
        if split == "train":
            values = _settled(values, steps)
        means = _means(values, edges)
        for name, column in zip(names, means.T, strict=True):
            scale = 1.0 if name in NO_NATS else unit.per_nat
            out[f"{name}_{split}"] = (column * scale).astype(np.float32)
    return out


def _has_hard_elbo(reports: list[dict[str, Any]]) -> bool:
    return "hard_elbo" in (part(reports, "test") or {})


def _settled(values: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Training values [N, Q], the means since the report before; of very few steps, with those before them.

    After Step a report is of a single batch, and stands out of a curve of means over many.
    """
    spans = np.diff(steps, prepend=0)
    least = float(np.median(spans)) / 4 if len(spans) else 0.0
    found = values.copy()
    for k in np.flatnonzero(spans[1:] < least) + 1:
        first = k
        while first and spans[first : k + 1].sum() < least:
            first -= 1
        together = values[first : k + 1]
        known = np.isfinite(together).all(axis=0)
        found[k, known] = np.average(together[:, known], axis=0, weights=spans[first : k + 1])
    return found


def _means(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Of the values [N, Q] between each two edges [P + 1], without what is NaN; [P, Q]."""
    if not len(values):
        return values
    there = ~np.isnan(values)
    counts = np.add.reduceat(there, edges[:-1], dtype=int)
    sums = np.add.reduceat(np.where(there, values, 0.0), edges[:-1])
    return np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)


def terms(reports: list[dict[str, Any]]) -> list[str]:
    """What this run's objective has besides the usual."""
    newest = part(reports, "train") or {}
    return [name for name in TERMS if name in newest]


def marks(reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where beta or the learning rate was moved, and to what; a drag is one move, marked where it ended."""
    found: list[dict[str, Any]] = []
    last: tuple[float, set[str]] = -math.inf, set()  # when something was moved last, and what
    for report in reports:
        moved = report.get("moved")
        if isinstance(moved, dict):
            changes = [
                f"{KNOBS[name].mark} {words.number(value)}"
                for name, value in moved.items()
                if name in KNOBS and isinstance(value, int | float)
            ]
            if changes:
                seconds = report.get("seconds")
                seconds = math.nan if seconds is None else seconds
                if seconds - last[0] < DRAG and set(moved) == last[1]:
                    found.pop()
                found.append({"step": report["step"], "text": ", ".join(changes)})
                last = seconds, set(moved)
    return found


def _progress(state: str, step: int, total: int | None, seconds: float, most: float | None) -> float | None:
    if state == "finished":
        return None
    done = step / total if total else seconds / most if most else None
    return None if done is None else min(max(done, 0.0), 1.0)
