"""UMAP by a process of its own."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from vae_core.analysis import umap_plane
from vae_core.runs import files, frames
from vae_core.runs.reading import RunError
from vae_core.runs.run import Run
from vae_core.spec import Spec
from vae_core.workers import background_job, umap_job


def clusters() -> np.ndarray:
    """Two clouds of 30 codes in five dimensions, far apart."""
    codes = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
    codes[30:] += 20
    return codes


@pytest.fixture
def shipped(gallery: Path) -> Path:
    """A run of the gallery, to which nothing is written."""
    run = gallery / "shipped"
    run.mkdir()
    arrays = {"mean": clusters().astype(np.float16), "labels": np.arange(60, dtype=np.int16) // 30}
    arrays["log_var"] = np.zeros_like(arrays["mean"])
    (run / files.POSTERIORS).write_bytes(frames.pack(arrays | {"step": np.array([7])}))
    spec = Spec().change(**{"data.name": "digits", "latent": arrays["mean"].shape[1]})
    (run / files.SPEC).write_text(spec.to_json())
    (run / files.CARD).write_text('{"title": "Clouds", "sentence": "Two.", "order": 1}')
    return run


@pytest.mark.timeout(180)
def test_neighbours_stay_neighbours_and_progress_reaches_the_end(shipped: Path) -> None:
    said: list[tuple[float, str]] = []
    before = {file: file.stat().st_mtime_ns for file in shipped.rglob("*")}

    def work(path: Path, _: object) -> None:
        umap_job.write(path, lambda share, sentence: said.append((share, sentence)))

    assert umap_job.JOB.work(shipped, work, "UMAP") == 0
    assert {file: file.stat().st_mtime_ns for file in shipped.rglob("*")} == before
    kept = Run(shipped).umap
    assert kept is not None
    xy = kept["xy"].astype(np.float32)
    distance = np.linalg.norm(xy[:, None] - xy[None], axis=2) + np.diag(np.full(60, np.inf))
    nearest = distance.argmin(axis=1)
    assert ((nearest < 30) == (np.arange(60) < 30)).all()
    np.testing.assert_array_equal(kept["labels"], np.arange(60) // 30)
    assert kept["step"] == [7]
    shares = [share for share, _ in said]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert "Laying out the points" in [sentence for _, sentence in said]


def test_too_few_codes_are_refused_before_anything_is_loaded() -> None:
    with pytest.raises(ValueError, match="four"):
        umap_plane.umap(np.zeros((3, 5)))


def test_a_run_without_codes_is_refused_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no latent codes"):
        umap_job.main(tmp_path)
    _, sentence, failed = umap_job.reported(tmp_path) or (0, "", False)
    assert failed
    assert "no latent codes" in sentence


def test_nobody_is_at_it_before_it_was_asked_for_and_once_it_died(tmp_path: Path) -> None:
    assert umap_job.reported(tmp_path) is None
    words = {"fraction": 0.5, "sentence": "Laying out the points", "when": time.time()}
    (tmp_path / umap_job.JOB.progress_file).write_text(json.dumps(words))
    assert umap_job.reported(tmp_path) == (0.5, "Laying out the points", False)
    (tmp_path / umap_job.JOB.progress_file).write_text(
        json.dumps(words | {"when": time.time() - 2 * background_job.SILENT})
    )
    assert umap_job.reported(tmp_path) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"fraction": "x", "sentence": 3}', '{"fraction": 1}'])
def test_words_that_are_none_are_ignored(tmp_path: Path, text: str) -> None:
    (tmp_path / umap_job.JOB.progress_file).write_text(text)
    assert umap_job.reported(tmp_path) is None
