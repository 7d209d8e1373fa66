import numpy as np
import pytest
from safetensors.numpy import load_file

from vae_core.runs import frames
from vae_core.runs.reading import RunError


def picture(dimensions: int = 2) -> frames.Arrays:
    return {"mean": np.zeros((20, dimensions), np.float16), "samples": np.zeros((16, 1, 4, 4), np.uint8)}


def test_the_newest_frame_is_always_there_and_numbered_ones_are_sorted(tmp_path):
    store = frames.Store(tmp_path, 0)
    for step in (0, 7, 100_000_000, 30):
        store.add(step, float(step), picture(), keep=True)
    assert [frames.step_of(frame) for frame in frames.numbered(tmp_path)] == [0, 7, 30, 100_000_000]
    newest = load_file(tmp_path / "frames" / frames.LATEST)
    assert newest["step"] == [30]
    assert newest["mean"].shape == (20, 2)


def test_a_long_run_keeps_at_most_two_hundred_frames_spread_over_all_of_it(tmp_path):
    store = frames.Store(tmp_path, 0)
    for step in range(2000):
        store.add(step, step * 0.25, picture())
        assert len(frames.numbered(tmp_path)) <= frames.MOST
    steps = [frames.step_of(frame) for frame in frames.numbered(tmp_path)]
    assert len(steps) > frames.MOST / 3
    assert steps[0] == 0
    assert steps[-1] > 1900
    assert max(np.diff(steps)) <= 6 * min(np.diff(steps)) + 16


def test_large_frames_are_fewer(tmp_path, monkeypatch):
    monkeypatch.setattr(frames, "MOST_BYTES", 20_000)
    store = frames.Store(tmp_path, 0)
    for step in range(100):
        store.add(step, float(step), picture(20))
    assert sum(frame.stat().st_size for frame in frames.numbered(tmp_path)) <= 20_000


def test_a_resume_removes_the_frames_of_steps_to_come_again(tmp_path):
    store = frames.Store(tmp_path, 0)
    for step in range(10):
        store.add(step, float(step), picture())
    frames.Store(tmp_path, upto=4)
    assert [frames.step_of(frame) for frame in frames.numbered(tmp_path)] == [0, 1, 2, 3, 4]


def test_probes_are_written_once(tmp_path):
    store = frames.Store(tmp_path, 0)
    store.write_probes({"images": np.full((10, 1, 4, 4), 3, np.uint8)})
    store.write_probes({"images": np.full((10, 1, 4, 4), 9, np.uint8)})
    assert (load_file(tmp_path / "frames" / frames.PROBES)["images"] == 3).all()
    other = frames.Store(tmp_path / "frames", 0)
    zeros, ones = np.zeros((10, 1, 4, 4), np.uint8), np.ones((10, 1, 4, 4), np.uint8)
    other.write_probes({"images": zeros, "masks": ones, "noisy": ones})
    written = load_file(other.path / "frames" / frames.PROBES)
    assert (written["masks"] == 1).all()
    assert (written["noisy"] == 1).all()


def test_frames_that_lie_elsewhere_are_neither_read_nor_thinned_out(tmp_path):
    """A resume would have removed the later frames of whatever folder the link leads to."""
    (tmp_path / "other").mkdir()
    store = frames.Store(tmp_path / "other", 0)
    for step in range(4):
        store.add(step, float(step), picture(), keep=True)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "frames").symlink_to(tmp_path / "other" / "frames")
    assert frames.numbered(tmp_path / "run") == []
    with pytest.raises(RunError, match="its folder frames is a link"):
        frames.Store(tmp_path / "run", upto=1)
    assert len(frames.numbered(tmp_path / "other")) == 4


def test_foreign_files_among_the_frames_are_no_frames(tmp_path):
    frames.Store(tmp_path, 0).add(3, 0.0, picture())
    for name in ("notes.txt", "3.safetensors", ".00000004.safetensors.1.tmp"):
        (tmp_path / "frames" / name).write_bytes(b"")
    assert [frame.name for frame in frames.numbered(tmp_path)] == ["00000003.safetensors"]
