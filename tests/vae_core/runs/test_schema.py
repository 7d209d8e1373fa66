"""The one list of a run's files: what fits it, what does not, and that all runs that are shipped do."""

import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from vae_core.runs import files, frames, schema, tensors
from vae_core.runs.reading import RunError, Unfit
from vae_core.runs.run import Run
from vae_core.spec import Spec, SpecError

ROOT = Path(__file__).parents[3]
SHIPPED = sorted(path.parent.name for path in (ROOT / "checkpoints").glob("*/card.json"))
LATEST, PROBES = f"{files.FRAMES}/{frames.LATEST}", f"{files.FRAMES}/{frames.PROBES}"


def test_runs_are_shipped():
    assert len(SHIPPED) >= 16


@pytest.mark.parametrize("name", SHIPPED)
def test_all_that_is_shipped_fits_and_older_specs_are_read(name):
    """Of some runs the Spec was written before there were masks, conditions and products."""
    run = Run(ROOT / "checkpoints" / name)
    assert run.faults == []
    written = json.loads((run.path / files.SPEC).read_text())
    whole = run.spec.model_dump(mode="json")
    assert Spec.parse(whole) == run.spec

    def kept(old: Any, new: Any) -> bool:
        return all(kept(old[key], new[key]) for key in old) if isinstance(old, dict) else old == new

    assert kept(written, whole)
    assert run.model.latent == run.spec.code_size
    assert {len(array) for array in run.codes.values()} >= {10_000}
    assert len(run.metrics) > 100
    assert all(run.frame(frames.step_of(file)) is not None for file in run.frames)
    assert run.probes is not None
    assert run.card["title"]
    # Others are densities, and may be as large as they like.
    discrete = run.spec.likelihood.kind in ("bernoulli", "categorical")
    assert run.evaluation["elbo"] < (0 if discrete else float("inf"))
    assert (run.picture or b"").startswith(b"\x89PNG")
    belongings = set(schema.belongings(run.path))
    there = {file.relative_to(run.path).as_posix() for file in run.path.rglob("*") if file.is_file()}
    assert there - belongings == {files.CARD, "CARD.md", files.PICTURE}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"name": "folder", "path": "/"}, "does not say how large its images are"),
        ({"name": "array", "path": "/dev/zero"}, "does not say how large its images are"),
        ({"name": "imagenet", "image_shape": [1, 8, 8]}, "'imagenet' is not known"),
        ({"name": "mnist", "image_shape": [1, 32, 32]}, "speaks of MNIST of 1 x 32 x 32 pixels"),
        ({"name": "mnist", "image_shape": [1, 300, 28]}, "at most 256 by 256"),
    ],
)
def test_a_stored_spec_says_everything_itself_and_no_image_is_looked_at(data, words):
    """A Spec that named the path / hung every page."""
    with pytest.raises(SpecError, match=words) as refused:
        schema.read_spec(json.dumps({"data": data}).encode())
    assert str(refused.value).startswith("Its spec.json")
    condition = {"kind": "class"}
    own = {"name": "folder", "path": "/", "image_shape": [1, 8, 8]}
    with pytest.raises(SpecError, match="or which classes they have"):
        schema.read_spec(json.dumps({"data": own, "condition": condition}).encode())
    with pytest.raises(SpecError, match="speaks of 2 classes, and MNIST has 10"):
        schema.read_spec(json.dumps({"data": {"classes": ["a", "b"]}, "condition": condition}).encode())


# --- tensors --------------------------------------------------------------------------------------


def changed(run: Run, name: str, **arrays: np.ndarray | None) -> None:
    file = run.path / name
    new = load(file.read_bytes()) | arrays
    file.write_bytes(save({key: array for key, array in new.items() if array is not None}))


@pytest.mark.parametrize(
    ("name", "arrays", "words"),
    [
        (files.POSTERIORS, {"mean": None}, "it holds no 'mean'"),
        (files.POSTERIORS, {"mean": np.zeros((360, 3), np.float32)}, "'mean' in it is 360 x 3 of F32"),
        (files.POSTERIORS, {"mean": np.zeros((300, 2), np.float32)}, "'labels' in it is 360 of I64"),
        (files.POSTERIORS, {"mean": np.zeros((360, 2), np.int32)}, "'mean' in it is 360 x 2 of I32"),
        (files.POSTERIORS, {"mean": np.zeros((0, 2), np.float32)}, "does not fit"),
        (files.POSTERIORS, {"mean": np.zeros((), np.float32)}, "does not fit"),
        (files.POSTERIORS, {"labels": np.zeros((360, 1), np.int64)}, "'labels' in it is 360 x 1"),
        (files.POSTERIORS, {"other": np.zeros(3, np.float32)}, "'other' in it is 3 of F32"),
        (files.POSTERIORS, {"step": np.zeros((), np.int64)}, "'step' in it is one number"),
        (LATEST, {"samples": None}, "it holds no 'samples'"),
        (LATEST, {"samples": np.zeros((16, 1, 28, 28), np.uint8)}, "'samples' in it is 16 x 1 x 28 x 28"),
        (LATEST, {"reconstructions": np.zeros((100, 1, 8, 8), np.uint8)}, "'reconstructions' in it is 100"),
        (PROBES, {"images": np.zeros((10, 1, 8, 8), np.float32)}, "'images' in it is 10 x 1 x 8 x 8 of F32"),
        (PROBES, {"masks": np.zeros((3, 1, 8, 8), np.uint8)}, "'masks' in it is 3"),
    ],
)
def test_arrays_that_do_not_fit_are_not_there_and_the_run_says_so(finished, name, arrays, words):
    changed(finished, name, **arrays)
    assert not finished.has(name)
    (fault,) = finished.faults
    assert words in fault, fault
    read = {files.POSTERIORS: lambda: finished.codes, LATEST: finished.frame, PROBES: lambda: finished.probes}
    assert read[name]() is None
    assert finished.status.state == "finished"
    if name == files.POSTERIORS:
        with pytest.raises(RunError, match="The latent codes of finished cannot be read: posteriors"):
            _ = finished.posteriors


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e10])
def test_codes_that_nothing_can_be_reckoned_with_are_unfit(finished, value):
    changed(finished, files.POSTERIORS, log_var=np.full((360, 2), value, np.float32))
    with pytest.raises(RunError, match="'log_var' in it holds numbers"):
        _ = finished.posteriors
    assert finished.codes is None


HEADERS = [
    b'{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4]}}',
    b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}',
    b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4000]}}',
    b'{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}',
    b'{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}',
    b'{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}',
    b'{"a":{"shape":[1],"data_offsets":[0,4]}}',
    b'{"a":3}',
    b"[1]",
    b"{" * 1000,
]


@pytest.mark.parametrize("header", [*HEADERS, None])
def test_a_lying_header_is_unfit_before_anything_is_allocated(finished, header):
    content = struct.pack("<Q", 2**62)
    if header is not None:
        content = struct.pack("<Q", len(header)) + header + b"\0" * 4
    for name in (files.POSTERIORS, files.WEIGHTS):
        (finished.path / name).write_bytes(content)
        with pytest.raises(Unfit, match="no safetensors file"):
            schema.read(finished.path, name, finished.spec)


GIANT = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30, 6 * 2**30))
from vae_core.runs import schema
from vae_core.runs.run import Run, RunError
from vae_core.workers import worker
from widgets.run_data import manifold
run = Run(Path(sys.argv[1]))
for ask in (lambda: run.model, lambda: manifold.draw(run), lambda: worker.work(run)):
    try:
        ask()
    except RunError as error:
        assert "weights.safetensors is another model" in str(error), error
    else:
        raise AssertionError("a network of gigabytes was made")
assert "another model" in run.status.message
"""


def test_weights_are_compared_to_the_spec_before_a_network_is_made(finished):
    """The Spec describes a terabyte: pages, warm-up and worker allocated it, then saw that weights differ."""
    spec = json.loads((finished.path / files.SPEC).read_text())
    spec["data"] |= {"name": "folder", "image_shape": [4, 256, 256], "binarisation": "none"}
    spec["likelihood"] = {"kind": "categorical"}
    spec["net"] = {"kind": "mlp", "widths": [512, 4096]}
    (finished.path / files.SPEC).write_text(json.dumps(spec))
    status = json.loads((finished.path / files.STATUS).read_text()) | {"state": "stopped"}
    (finished.path / files.STATUS).write_text(json.dumps(status))
    done = subprocess.run(
        [sys.executable, "-c", GIANT, str(finished.path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_weights_that_are_not_finite_are_not_used(finished):
    weights = load((finished.path / files.WEIGHTS).read_bytes())
    name = next(iter(weights))
    changed(finished, files.WEIGHTS, **{name: np.full_like(weights[name], np.nan)})
    with pytest.raises(RunError, match="holds numbers that are not finite"):
        _ = finished.model


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("odd", [0.0, -7.5, 6.0e4, -1e-7, np.inf, -np.inf, np.nan])
def test_the_farthest_number_is_found_and_one_that_is_not_finite(dtype, odd):
    found = tensors._magnitude(np.array([[0.5, odd], [-2.0, 1.0]], dtype))
    expected = np.abs(np.array([0.5, odd, -2.0, 1.0], dtype)).max()
    assert found == expected or (np.isnan(found) and np.isnan(expected))
