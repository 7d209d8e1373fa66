"""Folders that failed disks, foreign versions and hostile neighbours make: no one of them takes anything else
with it. Each is a sentence, and can be deleted.

Hypothesis damages copies of real runs, and everything is asked of them that the app asks; one case in four
is also copied, exported and analysed, and one in a hundred is opened on a page. As many cases as ELBO_FUZZ
says, 2,000 without it. What it found at first stands below as cases of their own.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError
from safetensors.numpy import load, save

from pages.sections.home import gallery, manage, own_runs
from pages.sections.train import draft
from pages.sections.traverse import scores
from vae_core import recipes, train
from vae_core.runs import archive, directions, files, frames, names, schema
from vae_core.runs.reading import RunError
from vae_core.runs.run import Run, all_runs, load_run
from vae_core.spec import SpecError
from vae_core.workers import launch
from widgets.components.board import parcel
from widgets.components.latent_map import densities
from widgets.components.latent_map.map_view import View
from widgets.run_data import capabilities, library, manifold, usage
from widgets.run_data import codes as newest_codes
from widgets.shell import objective_words

CASES = int(os.environ.get("ELBO_FUZZ", "2000"))
FEW = 20  # codes of a run: what is computed of them takes no time
SLOW = 10.0  # seconds of one case: what hangs takes more, and what is computed far less
KINDS = {
    "plain": ("vae-2d", {"training.steps": 40}),
    "classes": ("joint-vae", {"training.steps": 40, "latent": 3, "net.widths": [16]}),
    "masked": ("masked-16d", {"training.steps": 40, "latent": 1, "net.widths": [16]}),
}


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small runs of three kinds, with every file that a run can have."""
    found = {}
    for kind, (recipe, changes) in KINDS.items():
        path = tmp_path_factory.mktemp("sound") / kind
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


# --- what is asked of a run -----------------------------------------------------------------------


def answers(ask: Callable[[], Any]) -> Any:
    """What comes back, or None for a sentence. Anything else that is raised is a fault of ours."""
    try:
        return ask()
    except (RunError, SpecError) as error:
        sentence = str(error)
        assert sentence.endswith("."), sentence
        assert len(sentence) < 500, sentence
        assert "\n" not in sentence
        return None


READERS = (
    "spec", "status", "live", "created", "is_gallery", "card", "evaluation", "disentanglement", "seeds",
    "labels", "metrics", "faults", "model", "codes", "posteriors", "umap", "frames", "probes", "probe_masks",
    "control", "picture",
)  # fmt: skip


def everything(run: Run) -> None:
    """All that listing, sidebar, Home and the pages ask before they draw."""
    answers(lambda: load_run(run.path))
    for name in READERS:
        answers(lambda name=name: getattr(run, name))
    answers(run.frame)
    for file in run.frames:
        answers(lambda file=file: run.frame(frames.step_of(file)))
    own_runs.facts(run)
    gallery.card(run)
    library.title(run)
    manage.metrics_csv(run.metrics)
    readable = run.status.state != "unreadable"
    assert not readable or answers(lambda: run.spec) is not None
    capabilities.has_codes(run)
    answers(lambda: manifold.draw(run) if manifold.missing(run) else None)
    if not readable:
        return
    assert library.note(run)
    objective_words.short(run.spec)
    answers(lambda: parcel.build(run, film=True))
    answers(lambda: parcel.build(run, film=False))
    answers(lambda: scores.rows([run], [scores.kept(run)]))
    answers(lambda: run.seeds and scores.seed_table(run.seeds, "x"))
    names.load(run.path, run.spec.latent)
    directions.load(run.path, run.spec.latent)
    for line in run.labels:
        assert 0 <= line["accuracy"] <= 1
    draft.differences(recipes.get(draft.DEFAULT), run.spec)


def analyses(run: Run) -> None:
    """What Traverse and the map work out of its codes."""
    codes = None if run.status.state == "unreadable" else newest_codes.newest(run)
    if codes is not None:
        answers(lambda: codes.posteriors)
        answers(lambda: usage.stops(codes, usage.QUANTILES))
        if run.spec.latent > 1:
            view = View(dims=(0, 1))
            answers(lambda: usage.most_informative(run))
            answers(lambda: densities.field(codes, view.place))
            answers(lambda: densities.film(codes, view, densities.pictures(codes)))


def check(path: Path, good: Path, secret: bytes, thorough: bool) -> None:
    """The whole of a library with one damaged run and a sound one. thorough: also what takes a while."""
    began = time.monotonic()
    assert {run.path for run in all_runs()} == {path, good}
    listed = {run.path: run for run in library.runs()}
    assert set(listed) == {path, good}
    everything(listed[path])
    assert listed[good].status.state == "finished"
    assert listed[good].faults == []
    launch.pump(Nobody())
    assert listed[good].status.state == "finished"
    if thorough:
        analyses(listed[path])
        copies(listed[path], secret)
    if not listed[path].live:
        if listed[path].is_gallery:
            unlink(path / files.CARD)
        listed[path].delete()
        assert [run.path for run in all_runs()] == [good]
    assert time.monotonic() - began < SLOW


def copies(run: Run, secret: bytes) -> None:
    exported = answers(lambda: archive.export_zip(run))
    assert secret not in (exported or b"")
    copy = answers(lambda: run.duplicate("copy"))
    if copy is not None:
        assert not any(file.is_symlink() or secret in file.read_bytes() for file in copy.path.rglob("*.*"))
        copy.delete()
    arrived = answers(lambda: archive.import_zip(exported, "arrived")) if exported else None
    if arrived is not None:
        assert arrived.faults == []
        assert arrived.model is not None
        assert parcel.build(arrived, film=True)
        arrived.delete()


def opened(app: Callable[..., Any], page: str, name: str) -> Any:
    """A page with that run in use, of which no part failed."""
    at = app(page, run=name)
    assert not at.exception, (page, name, at.exception)
    failed = [error.value for error in at.error if "This part of the page failed" in error.value]
    assert not failed, (page, name, failed)
    assert at.query_params["run"] in (name, [name])
    return at


class Nobody:
    """A launcher that starts nothing."""

    def start(self, run: Run) -> None: ...

    def alive(self, run: Run) -> bool:
        return False


@pytest.fixture(scope="module")
def bench(sound: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that all cases share, with a folder beside it that is nobody's business."""
    root = tmp_path_factory.mktemp("hostile")
    (root / "runs").mkdir()
    shutil.copytree(sound["plain"], root / "runs" / "good", ignore=shutil.ignore_patterns(files.CARD))
    (root / "outside").mkdir()
    (root / "outside" / "secret").write_bytes(b'{"secret": "of somebody else"}')
    (root / "outside" / frames.LATEST).write_bytes(b"secret of somebody else")
    return root


@settings(
    max_examples=CASES,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a case is small as it is
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(data=st.data(), kind=st.sampled_from(sorted(KINDS)), times=st.integers(1, 3))
@pytest.mark.timeout(60 + CASES)
def test_whatever_lies_in_a_folder_is_a_sentence_and_takes_nothing_else_with_it(
    data, kind, times, sound, bench, monkeypatch, app
):
    runs, bad = bench / "runs", bench / "runs" / "bad"
    monkeypatch.setenv("VAE_RUNS", str(runs))
    monkeypatch.setenv("VAE_GALLERY", str(runs))
    for entry in runs.iterdir():
        if entry.name not in ("good", ".lock"):
            unlink(entry)
    shutil.copytree(sound[kind], bad)
    for _ in range(times):
        damage(data.draw, bad, sound, bench / "outside")
    if data.draw(st.integers(0, 99)) == 50:  # hypothesis prefers the ends
        opened(app, data.draw(st.sampled_from(PAGES)), "bad")
    check(bad, runs / "good", b"somebody else", thorough=data.draw(st.integers(0, 3)) == 2)
    assert sorted(file.name for file in (bench / "outside").iterdir()) == [frames.LATEST, "secret"]


# --- what was found, through all pages ------------------------------------------------------------


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
PAGES = ("", "train", "latent_map", "compare", "traverse", "interpolate", "inpaint", "conditional")


@pytest.fixture
def worst(sound: dict[str, Path], own_runs: Path) -> dict[str, Run]:
    """A library of all of them, and a sound one."""
    for name, harm in WORST.items():
        path = own_runs / name
        keep = (
            () if harm in (WORST["order-as-text"], WORST["surrogate"], WORST["deep-card"]) else (files.CARD,)
        )
        shutil.copytree(sound["plain"], path, ignore=shutil.ignore_patterns(*keep))
        harm(path)
    shutil.copytree(sound["plain"], own_runs / "good", ignore=shutil.ignore_patterns(files.CARD))
    found = {run.name: run for run in all_runs()}
    assert len(found) == len(WORST) + 1
    return found


@pytest.mark.parametrize("page", PAGES)
def test_the_worst_take_no_page_away(app: Callable[..., Any], worst: dict[str, Run], page: str) -> None:
    for name in worst:
        began = time.monotonic()
        at = opened(app, page, name)
        assert set(at.sidebar.selectbox[0].options) >= {"✓ good", "? loop", "? unknown-dataset"}
        assert time.monotonic() - began < SLOW, name
        if not page:
            menus = {button.key for button in at.button if (button.key or "").startswith("more-")}
            assert len(menus) >= own_runs.SHOWN


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
    at.checkbox[0].check()
    at.button(key=key).click()
    at.run()
    next(button for button in at.button if button.label == "Delete").click()
    at.button(key=key).click()
    at.run()
    assert not os.path.lexists(own_runs / name)
    assert all_runs() == []
