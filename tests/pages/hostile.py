"""Sound runs, what is done to their folders, and a page that is opened on one."""

from __future__ import annotations

import copy
import json
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from safetensors import SafetensorError
from safetensors.numpy import load, save

from vae_core import recipes, train
from vae_core.runs import directions, files, names, schema
from widgets.run_data import manifold

FEW = 20  # codes of a run: what is computed of them takes no time
SLOW = 10.0  # seconds of one case: what hangs takes more, and what is computed far less
PAGES = ("", "train", "latent_map", "compare", "traverse", "interpolate", "inpaint", "generate")
KINDS = {
    "plain": ("vae-2d", {"training.steps": 40}),
    "classes": ("joint-vae", {"training.steps": 40, "latent": 3, "net.widths": [16]}),
    "masked": ("masked-16d", {"training.steps": 40, "latent": 1, "net.widths": [16]}),
}


def sound_runs(folder: Path) -> dict[str, Path]:
    """Small runs of three kinds, with every file that a run can have."""
    found = {}
    for kind, (recipe, changes) in KINDS.items():
        path = folder / kind
        run = train(recipes.get(recipe).change(**{"data.name": "digits", **changes}), out=path)
        for file in (path / files.POSTERIORS, *path.glob("frames/*[0t].safetensors")):
            few = {
                key: array[:FEW] if len(array) > FEW else array
                for key, array in load(file.read_bytes()).items()
            }
            file.write_bytes(save(few))
        latent, codes = run.spec.latent, run.codes
        names.save(path, latent, 0, "slant")
        directions.save(path, latent, directions.Saved("up", (1.0,) * latent, count=3, step=40))
        metric = {"mig": 0.2, "sap": 0.1}
        found[kind] = path
        for name, value in {
            files.CARD: {"title": "A run", "sentence": "Look.", "order": 3},
            files.TITLE: {"title": "Digits, 2 dimensions"},
            files.SEEDS: {"recipe": "x", "seeds": [{"seed": 1, "elbo": -30.5, "metrics": metric}]},
            files.LABELS: {"runs": [{"kind": "joint", "accuracy": 0.5, "labels": 10, "seed": 3}]},
            files.GENERATION: {"probe": 0.1},
            files.INPAINTING: {"all": {"halves": {"nats": 1.5}}},
            files.DISENTANGLEMENT: {
                "step": 40,
                "images": FEW,
                "factors": ["shape"],
                "metrics": metric,
                "mutual_information": [[0.1] * latent],
                "factor_entropy": [1.0],
            },
        }.items():
            files.write_json(path / name, value)
        umap = {"xy": np.zeros((FEW, 2), np.float16), "labels": codes["labels"], "step": codes["step"]}
        (path / files.UMAP).write_bytes(save(umap))
        manifold.draw(run)
        assert run.faults == []
    return found


def opened(app: Callable[..., Any], page: str, name: str) -> Any:
    """A page with that run in use, of which no part failed."""
    at = app(page, run=name)
    assert not at.exception, (page, name, at.exception)
    failed = [error.value for error in at.error if "This part of the page failed" in error.value]
    assert not failed, (page, name, failed)
    assert at.query_params["run"] in (name, [name])
    return at


# --- damage ---------------------------------------------------------------------------------------

SINGULAR = [
    None, True, -1, 0, 3, 10**9, 10**19, 10**400, -(10**30), 0.5, -1e17, 1e300, float("nan"), float("inf"),
    "", "mnist", "finished", "running", "queued", "folder", "/", "x" * 3000, "\ud800", "<b>x</b>", "\x00",
    [], {}, [[]], [None], ["a"], {"a": 1}, {"kind": "conv"}, {"kind": "class"},
    {"name": "folder", "path": "/"},
]  # fmt: skip
ODD = st.one_of(st.sampled_from(SINGULAR), st.integers(), st.floats(), st.text(max_size=5))
TEXTS = [
    b"", b"{", b"[1]", b"null", b"\xff\xfe", b"\x00" * 100, b"[" * 100_000, b'{"a":' * 50_000,
    b'{"order":"x"}', b'{"title":"\\ud800"}', b'{"latent":' + b"9" * 5000 + b"}", b'{"step":1}\n' * 20_000,
    b'{"data":{"name":"folder","path":"/"}}', b'{"data":{"name":"unknown","image_shape":[1,8,8]}}',
    b"9" * 100_000,
]  # fmt: skip
MEMBERS = [
    *schema.MEMBERS,
    files.CONTROL,
    files.LOCK,
    files.LOG,
    "umap.json",
    f"{files.FRAMES}/00000000.safetensors",
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in a JSON value something else can be put."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in below for place in places(item, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    value = copy.copy(value)
    value[path[0]] = put(value[path[0]], path[1:], new)
    return value


def unlink(file: Path) -> None:
    if file.is_dir() and not file.is_symlink():
        shutil.rmtree(file)
    else:
        file.unlink(missing_ok=True)


def damage_json(draw: Callable[..., Any], file: Path) -> None:
    lines = file.read_bytes().splitlines()
    at = draw(st.integers(0, max(0, len(lines) - 1))) if file.suffix == ".jsonl" else None
    try:
        value = json.loads(file.read_bytes() if at is None else lines[at])
    except (ValueError, IndexError, RecursionError):
        return
    changed = json.dumps(put(value, draw(st.sampled_from(places(value))), draw(ODD))).encode()
    if at is None:
        file.write_bytes(changed)
    else:
        file.write_bytes(b"\n".join([*lines[:at], changed, *lines[at + 1 :]]) + b"\n")


def damage_tensors(draw: Callable[..., Any], file: Path) -> None:
    try:
        arrays = load(file.read_bytes())
    except (SafetensorError, ValueError, KeyError):
        return
    name = draw(st.sampled_from(sorted(arrays))) if arrays else "mean"
    array = arrays.get(name, np.zeros((2, 2), np.float32))
    how = draw(
        st.sampled_from(["drop", "more", "cut", "type", "shape", "value", "empty", "scalar", "header"])
    )
    if how == "drop":
        arrays.pop(name, None)
    elif how == "more":
        arrays["other"] = np.zeros(3)
    elif how == "cut":
        arrays[name] = array[: len(array) // 2] if array.ndim else array
    elif how == "type":
        arrays[name] = array.astype(draw(st.sampled_from([np.float64, np.int8, np.uint8, np.int64, bool])))
    elif how == "shape":
        arrays[name] = array.reshape(-1)
    elif how == "value":
        values = [np.nan, np.inf, 1e30, -1.0, 200.0, 0.0] if array.dtype.kind == "f" else [0, 100, 127]
        with np.errstate(all="ignore"):
            arrays[name] = np.full_like(array, draw(st.sampled_from(values)))
    elif how == "empty":
        arrays[name] = array[:0] if array.ndim else array
    elif how == "scalar":
        arrays[name] = np.zeros((), array.dtype)
    content = save({key: np.ascontiguousarray(value) for key, value in arrays.items()})
    if how == "header":
        header = b'{"mean":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4]}}'
        content = struct.pack("<Q", len(header)) + header + b"\x00" * 4
    file.write_bytes(content)


def damage(draw: Callable[..., Any], path: Path, sound: dict[str, Path], outside: Path) -> None:
    name = draw(st.sampled_from(MEMBERS))
    file = path / name
    inside = "tensors" if name.endswith(".safetensors") else "json" if ".json" in name else "flip"
    others = ["text", "cut", "flip", "gone", "folder", "loop", "link", "pipe", "foreign", "frames"]
    how = draw(st.sampled_from([inside] * 12 + others))
    if not file.parent.is_dir() or file.parent.is_symlink():
        return
    if how in ("json", "tensors") and file.is_file() and not file.is_symlink():
        (damage_tensors if how == "tensors" else damage_json)(draw, file)
    elif how in ("cut", "flip") and file.is_file() and not file.is_symlink() and file.stat().st_size:
        content = bytearray(file.read_bytes())
        place = draw(st.integers(0, len(content) - 1))
        if how == "flip":
            content[place] ^= 0xFF
        file.write_bytes(content[:place] if how == "cut" else content)
    elif how == "frames":
        frames_folder = path / files.FRAMES
        unlink(frames_folder)
        if draw(st.booleans()):
            frames_folder.symlink_to(outside)
        else:
            frames_folder.write_bytes(b"no folder")
    elif how == "foreign":
        other = sound[draw(st.sampled_from(sorted(sound)))] / name
        if other.is_file():
            unlink(file)
            shutil.copy(other, file)
    elif how in ("text", "gone", "folder", "loop", "link", "pipe"):
        unlink(file)
        if how == "text":
            file.write_bytes(draw(st.sampled_from(TEXTS)))
        elif how == "folder":
            file.mkdir()
        elif how == "loop":
            file.symlink_to(file)
        elif how == "link":
            file.symlink_to(outside / "secret")
        elif how == "pipe":
            os.mkfifo(file)
