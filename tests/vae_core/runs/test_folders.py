"""The folders of a library: odd ones beside sound ones, those of the gallery, and very many of them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vae_core import load_run
from vae_core.runs import archive, disentanglement, files, frames
from vae_core.runs.archive import export_zip, import_zip
from vae_core.runs.run import Run, RunError, all_runs, create, hidden
from vae_core.workers import launch, umap_job

ROOT = Path(__file__).parents[3]
RECORD = {
    "step": 3,
    "images": 4,
    "factors": ["size"],
    "metrics": {"mig": 0.5},
    "mutual_information": [[0.25, 0.5]],
    "factor_entropy": [1.0],
}


# --- entries that nobody can read -----------------------------------------------------------------


def loop(entry: Path) -> None:
    entry.symlink_to(entry)


def dangling(entry: Path) -> None:
    entry.symlink_to("nowhere")


def empty(entry: Path) -> None:
    entry.mkdir()


def full_of_pipes(entry: Path) -> None:
    entry.mkdir()
    for name in (files.SPEC, files.STATUS, files.METRICS, files.LOCK, files.CARD, files.CONTROL):
        os.mkfifo(entry / name)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("make", [loop, dangling, empty, full_of_pipes])
@pytest.mark.parametrize("name", ["odd", "x" * 255, "with a space", os.fsdecode(b"\xff\xfe")], ids=range(4))
def test_one_entry_that_cannot_be_read_takes_nothing_else_with_it_and_can_be_deleted(finished, make, name):
    """A link to itself made the whole library empty."""
    try:
        make(finished.path.with_name(name))
    except OSError as error:
        pytest.skip(f"no such name on this file system: {error}")
    found = all_runs()
    assert len(found) == 2
    odd = next(run for run in found if run != finished)
    assert odd.name.encode("utf-8")  # a page can show it
    assert odd.status.state == "unreadable"
    assert odd.status.message.endswith(".")
    assert (odd.live, odd.is_gallery, odd.card, odd.metrics, odd.frames) == (False, False, None, [], [])
    with pytest.raises(RunError):
        odd.duplicate()
    odd.delete()
    assert all_runs() == [finished]
    assert finished.status.state == "finished"


def test_a_linked_run_is_a_run_and_deleting_it_takes_the_link_away(finished, tmp_path):
    shutil.move(finished.path, tmp_path / "elsewhere")
    finished.path.symlink_to(tmp_path / "elsewhere")
    (found,) = all_runs()
    assert found.status.state == "finished"
    found.delete()
    assert all_runs() == []
    assert (tmp_path / "elsewhere" / files.WEIGHTS).exists()


def test_copies_take_nothing_that_lies_outside_of_the_folder(finished, tmp_path):
    (tmp_path / "secret").write_text('{"names": ["secret"]}')
    (finished.path / files.NAMES).symlink_to(tmp_path / "secret")
    (tmp_path / "frames").mkdir()
    (tmp_path / "frames" / "latest.safetensors").write_text("secret")
    shutil.rmtree(finished.path / files.FRAMES)
    (finished.path / files.FRAMES).symlink_to(tmp_path / "frames")
    copy = finished.duplicate("copy")
    assert not (copy.path / files.NAMES).exists()
    assert list((copy.path / files.FRAMES).iterdir()) == []
    assert b"secret" not in archive.export_zip(finished)
    assert finished.frame() is None
    assert [fault.split()[0] for fault in finished.faults] == ["names.json", "frames", "frames"]


def test_a_lock_or_a_log_that_is_a_link_leads_nowhere(finished, tmp_path):
    (tmp_path / "letter").write_text("dear")
    for name in (files.LOCK, files.LOG, f".{files.CONTROL}.lock"):
        (finished.path / name).unlink(missing_ok=True)
        (finished.path / name).symlink_to(tmp_path / "letter")
    assert not finished.live
    with pytest.raises(RunError, match="cannot be written to"):
        finished.set_beta(2.0)
    assert (tmp_path / "letter").read_text() == "dear"


def test_a_name_that_no_run_can_have_is_a_short_sentence(finished):
    for name in ("x" * 300, "x" * 5000, "a\0b", "../up", "a/b"):
        for ask in (lambda name=name: load_run(name), lambda name=name: finished.rename(name)):
            with pytest.raises(RunError) as refused:
                ask()
            assert len(str(refused.value)) < 400
            assert str(refused.value).endswith(".")


def test_what_was_left_half_made_or_half_deleted_is_tidied_at_once(finished, own_runs):
    """It stayed until a server was an hour old."""
    for name in (".new-abc", ".deleted-abc"):
        shutil.copytree(finished.path, own_runs / name)
    (own_runs / ".deleted-link").symlink_to("nowhere")
    with files.hold(own_runs / ".lock"):  # somebody is making a run just now
        launch.tidy()
        assert (own_runs / ".new-abc").exists()
    launch.tidy()
    assert sorted(entry.name for entry in own_runs.iterdir()) == [".lock", "finished"]


# --- the gallery ----------------------------------------------------------------------------------


@pytest.fixture
def shipped(finished, gallery) -> Run:
    """A run of a gallery that is not the library; no own runs."""
    shutil.move(finished.path, gallery / "shipped")
    files.write_json(gallery / "shipped" / files.CARD, {"title": "Shipped", "sentence": "Look.", "order": 1})
    return Run(gallery / "shipped")


def test_the_gallery_is_there_wherever_own_runs_lie(shipped, gallery, small):
    """VAE_RUNS hid it."""
    (gallery / "left-over").mkdir()  # an own run of a time without VAE_RUNS
    assert all_runs() == [shipped]
    assert load_run("shipped") == shipped
    own = create(small(), "own")
    assert own.path.parent == files.library()
    assert set(all_runs()) == {own, shipped}
    assert [run.is_gallery for run in (own, shipped)] == [False, True]


def test_an_own_run_hides_one_of_the_gallery_of_the_same_name_and_that_is_said(shipped, own_runs):
    assert hidden() == []
    shutil.copytree(shipped.path, own_runs / "Shipped")
    assert [run.path for run in all_runs()] == [own_runs / "Shipped"]
    assert hidden() == ["shipped"]
    assert not Run(own_runs / "Shipped").is_gallery
    Run(own_runs / "Shipped").delete()
    assert all_runs() == [shipped]


def test_of_two_names_that_differ_in_capitals_alone_both_are_listed(finished, own_runs):
    """On a disk that tells them apart; the one that is not shown could not be deleted."""
    twin = own_runs / finished.name.upper()
    if twin.exists():
        pytest.skip("this disk takes capitals for small letters")
    shutil.copytree(finished.path, twin)
    assert set(all_runs()) == {finished, Run(twin)}


def test_a_folder_of_the_gallery_without_a_card_is_none_of_its_runs(shipped, gallery, own_runs):
    (gallery / "left-over").mkdir()
    (own_runs / "left-over").mkdir()
    assert [run.path for run in all_runs() if run.name == "left-over"] == [own_runs / "left-over"]
    assert hidden() == []


def test_no_new_run_takes_a_name_of_the_gallery_by_itself(shipped, small):
    copy = import_zip(export_zip(shipped), "shipped")
    assert copy.path == files.library() / "shipped-2"
    assert shipped.duplicate().path == files.library() / "shipped-copy"
    with pytest.raises(RunError, match="already a run named shipped"):
        create(small(), "shipped")
    with pytest.raises(RunError, match="already a run named shipped"):
        copy.rename("shipped")


def test_nothing_is_written_to_the_gallery(shipped, gallery):
    before = {file: file.stat().st_mtime_ns for file in gallery.rglob("*")}
    acts = (shipped.delete, shipped.stop, lambda: shipped.rename("new"), lambda: launch.resume(shipped))
    for act in acts:
        with pytest.raises(RunError, match="came with the app"):
            act()
    shipped.duplicate()
    shipped.notes.mkdir(parents=True)
    disentanglement.write(shipped.notes, RECORD)
    # As `umap_job.write` does after half a minute: tests/vae_core/workers/test_umap_job.py.
    files.replace(
        shipped.notes / files.UMAP, frames.pack({"xy": np.zeros((len(shipped.codes["mean"]), 2), "f2")})
    )
    assert umap_job.JOB.work(shipped.path, lambda path, progress: progress(0.5, "Half"), "It") == 0
    assert umap_job.reported(shipped.path) is None
    assert (shipped.has(files.UMAP), shipped.disentanglement) == (True, RECORD)
    copy = shipped.duplicate("copy-of-all")
    assert (copy.has(files.UMAP), copy.disentanglement) == (True, RECORD)
    assert shipped.notes.parent.parent == files.library()
    launch.schedule(launch.LocalLauncher())
    launch.recover(launch.LocalLauncher())
    launch.tidy()
    assert {file: file.stat().st_mtime_ns for file in gallery.rglob("*")} == before


def test_what_cannot_be_read_in_a_library_that_is_the_gallery_too_is_the_users(finished):
    (finished.path / files.CARD).write_text("{}")
    assert finished.is_gallery
    (finished.path / files.SPEC).write_text("{")
    assert not finished.is_gallery
    finished.delete()


def test_without_a_gallery_there_are_own_runs_alone(shipped, monkeypatch):
    monkeypatch.setenv("VAE_GALLERY", "")
    assert files.gallery() is None
    assert (all_runs(), hidden()) == ([], [])
    assert not shipped.is_gallery


# --- many -----------------------------------------------------------------------------------------

COUNTED = """
import sys
from pathlib import Path
opened = []
from vae_core.runs.run import Run, all_runs
known = {}
def open_run(path):
    return known.setdefault(path, Run(path))
def listing():
    return [(run.name, run.status.state, run.card, run.evaluation) for run in all_runs(open_run)]
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
first = listing()
assert len(first) == 40 and len(opened) >= 80, opened
opened.clear()
assert listing() == first
assert opened == [], opened
file = Path(sys.argv[1]) / "run-7" / "status.json"
file.write_text(file.read_text().replace("finished", "stopped"))
opened.clear()
assert ("run-7", "stopped") in [found[:2] for found in listing()]
assert set(opened) == {str(file)}, opened
"""


def test_a_listing_reads_only_what_changed(finished, own_runs):
    for number in range(39):
        shutil.copytree(finished.path, own_runs / f"run-{number}")
    done = subprocess.run(
        [sys.executable, "-c", COUNTED, str(own_runs)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
