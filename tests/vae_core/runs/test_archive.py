"""Runs as ZIP files, there and back."""

import io
import json
import zipfile

import numpy as np
import pytest
from safetensors.numpy import load, save

from tests.vae_core.runs.zips import changed, packed, refused, unpacked
from vae_core.runs import files, status
from vae_core.runs.archive import export_zip, import_zip
from vae_core.runs.run import RunError, create
from vae_core.workers import launch, worker


def test_a_run_comes_back_as_it_was(finished):
    copy = import_zip(export_zip(finished), "copy")
    assert copy.name == "copy"
    assert copy.spec == finished.spec
    assert copy.metrics == finished.metrics
    assert copy.evaluation == finished.evaluation
    assert [frame.name for frame in copy.frames] == [frame.name for frame in finished.frames]
    for name in (files.WEIGHTS, files.STATE):
        assert (copy.path / name).read_bytes() == (finished.path / name).read_bytes()
    for name, array in finished.codes.items():
        assert (copy.codes[name] == array).all()
    assert (copy.status.state, copy.status.step, copy.status.pid) == ("finished", 200, None)
    assert copy.status.message == "Uploaded."
    assert export_zip(copy) is not None


def test_a_discriminator_and_its_adam_come_along(small, own_runs):
    made = create(small(steps=20, **{"objective.kind": "factor", "objective.widths": "32,32"}), "factor")
    worker.work(made)
    content = unpacked(export_zip(made))
    kept = load(content[files.STATE])
    assert {"objective.discriminator.layers.0.weight", "objective_adam.count"} <= kept.keys()
    copy = import_zip(packed(content), "copy")
    assert (copy.path / files.STATE).read_bytes() == content[files.STATE]
    copy.delete()
    made.delete()
    name = "objective_adam.mean.discriminator.layers.0.weight"
    refused(
        packed(content | {files.STATE: changed(content[files.STATE], **{name: np.zeros(3, np.float32)})}),
        "wrong size",
    )
    missing = {name: array for name, array in kept.items() if "layers.2" not in name}
    refused(packed(content | {files.STATE: save(missing)}), "another model's")


def test_an_uploaded_run_goes_on_to_the_weights_it_would_have_had(small):
    first = create(small(2000), "first", by="process")
    worker.work(first, lambda now: first.stop() if now["step"] > 100 else None)
    second = import_zip(export_zip(first), "second")
    assert second.status.state == "stopped"
    worker.resume(first)
    worker.resume(second)
    states = [load((one.path / files.STATE).read_bytes()) for one in (first, second)]
    assert second.status.step == 2000
    assert all((states[0][name] == states[1][name]).all() for name in states[0])


def test_names_are_made_fit_and_free(finished):
    content = export_zip(finished)
    assert import_zip(content, "finished").name == "finished-2"
    assert import_zip(content, "../../etc/passwd").name == "etc-passwd"
    assert import_zip(content, "my run (1)").name == "my-run-1"
    assert import_zip(content, "é").name == "run"
    assert import_zip(content, "x" * 300).name == "x" * 72


def test_a_zip_without_an_outer_folder_and_with_folder_entries_is_fine(members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as bundle:
        bundle.mkdir("frames")
        for name, data in members.items():
            bundle.writestr(name, data)
    assert import_zip(content.getvalue(), "flat").status.state == "finished"


def test_what_is_not_the_runs_stays_behind(finished):
    files.write_json(finished.path / files.CARD, {"title": "A", "sentence": "B", "order": 1})
    (finished.path / files.LOG).write_text("private")
    (finished.path / "notes.txt").write_text("private")
    names = unpacked(export_zip(finished)).keys()
    assert not {files.CARD, files.LOG, files.CONTROL, files.LOCK, "notes.txt"} & names
    assert not import_zip(export_zip(finished), "copy").is_gallery


def test_a_run_that_has_not_trained_cannot_come_back_but_a_run_in_training_can(small, finished):
    status.write(finished.path, status.Status(state="running", step=100, pid=1, by="app"))
    copy = import_zip(export_zip(finished), "copy")
    assert copy.status.state == "stopped"
    launch.resume(copy)
    with pytest.raises(RunError, match="a run has a"):
        import_zip(export_zip(create(small(), "new")), "copy-2")


def test_the_place_of_somebodys_images_stays_with_them(members):
    spec = json.loads(members[files.SPEC])
    spec["data"] |= {"name": "folder", "path": "/etc"}
    made = import_zip(packed(members | {files.SPEC: json.dumps(spec).encode()}), "mine")
    assert made.spec.data.path is None
    assert b"/etc" not in (made.path / files.SPEC).read_bytes()
    assert "images stayed" in made.status.message


def test_all_that_belongs_to_a_run_comes_along(finished):
    """A copy of a gallery run lost its UMAP and its table of seeds."""
    results = {
        files.SEEDS: {"recipe": "x", "seeds": [{"seed": 1, "elbo": -30.5, "metrics": {"mig": 0.2}}]},
        files.LABELS: {"runs": [{"kind": "m2", "accuracy": 0.5, "labels": None, "seed": 3}]},
        files.GENERATION: {"probe": 0.1},
        files.INPAINTING: {"all": {"halves": {"nats": 1.5}}},
        files.NAMES: {"names": ["slant", ""]},
        files.DIRECTIONS: {"directions": [{"name": "up", "vector": [0.0, 1.0]}]},
    }
    for name, value in results.items():
        files.write_json(finished.path / name, value)
    codes = finished.codes
    umap = {"xy": codes["mean"].astype(np.float16), "labels": codes["labels"], "step": codes["step"]}
    (finished.path / files.UMAP).write_bytes(save(umap))
    assert finished.faults == []
    whole = {file.relative_to(finished.path).as_posix() for file in finished.path.rglob("*.*")}
    whole -= {files.LOG, files.CONTROL, ".control.json.lock"}
    for copy in (import_zip(export_zip(finished), "copy"), finished.duplicate("twin")):
        assert {file.relative_to(copy.path).as_posix() for file in copy.path.rglob("*.*")} == whole
        assert copy.faults == []
        assert (copy.umap["xy"] == umap["xy"]).all()
        assert (copy.seeds, copy.labels) == (results[files.SEEDS], results[files.LABELS]["runs"])
