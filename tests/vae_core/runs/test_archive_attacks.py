"""ZIP files that somebody made: what is no run, or too much of one, is refused and leaves nothing behind."""

import io
import json
import stat
import struct
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from safetensors.numpy import load, save

from tests.vae_core.runs.zips import changed, packed, refused
from vae_core.runs import archive, files, folders, reading, schema
from vae_core.runs.archive import import_zip
from vae_core.runs.run import RunError


@pytest.mark.parametrize(
    "name",
    [
        "../evil.json",
        "/etc/cron.d/evil",
        "..\\evil",
        "frames/../../evil",
        "frames/evil.py",
        "weights.pt",
        "worker.log",
        "card.json",
        "control.json",
        "__pycache__/spec.pyc",
        "frames/00000001.safetensors/x",
        "spec.json\n",
        "frames/0000000٣.safetensors",
    ],
)
def test_a_member_that_does_not_belong_to_a_run_is_refused(members, name):
    refused(packed(members | {name: b"{}"}), "does not belong")


def test_links_and_devices_are_refused(members):
    for kind in (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as bundle:
            for name, data in members.items():
                info = zipfile.ZipInfo(name)
                if name == files.EVALUATION:
                    info.external_attr, data = (kind | 0o777) << 16, b"/etc/passwd"
                bundle.writestr(info, data)
        refused(content.getvalue(), "link or a device")


def test_two_members_of_one_name_are_refused(members):
    content = io.BytesIO(packed(members))
    with zipfile.ZipFile(content, "a") as bundle, pytest.warns(UserWarning, match="Duplicate"):
        bundle.writestr(files.SPEC, members[files.SPEC])
    refused(content.getvalue(), "two files of the same name")


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"not a zip at all" * 100, b"PK\x05\x06" + b"\x00" * 18]
)
def test_what_is_no_zip_of_a_run_is_refused(content):
    refused(content, "refused|no zip")


def test_a_cut_off_or_flipped_zip_is_refused(members):
    content = packed(members)
    refused(content[: len(content) // 2], "no zip")
    flipped = bytearray(content)
    flipped[len(content) // 3] ^= 0xFF
    refused(bytes(flipped), "refused|no zip")


def test_a_bomb_is_refused_before_it_goes_off(members, monkeypatch):
    zeros = b"\x00" * (8 * reading.MOST_JSON)
    bomb = packed(members | {files.EVALUATION: zeros})
    assert len(bomb) < len(packed(members)) + 100_000
    refused(bomb, "too large")


def test_a_bomb_that_lies_about_its_size_is_refused_too(members):
    """The sizes in the zip's directory say 10 bytes; what is inflated counts."""
    content = packed(members | {files.EVALUATION: b"\x00" * (64 * reading.MOST_JSON)})
    lied = content.replace(struct.pack("<L", 64 * reading.MOST_JSON), struct.pack("<L", 10))
    assert lied != content
    tracemalloc.start()
    refused(lied, "refused|no zip")
    assert tracemalloc.get_traced_memory()[1] < 32 * 2**20
    tracemalloc.stop()


def test_many_members_that_are_large_together_are_refused(members, monkeypatch):
    monkeypatch.setattr(archive, "MOST_UNPACKED", sum(map(len, members.values())) - 1)
    refused(packed(members), "too large")


def test_a_file_that_is_too_large_or_holds_too_many_is_refused(members, monkeypatch):
    many = {f"frames/{number:08d}.safetensors": b"" for number in range(schema.MOST_MEMBERS)}
    refused(packed(members | many), "more than")
    content = packed(members)
    monkeypatch.setattr(archive, "MOST_ZIP", len(content) - 1)
    refused(content, "larger than")


def test_an_encrypted_member_is_refused(members):
    content = bytearray(packed(members))
    directory = content.index(b"PK\x01\x02")
    content[directory + 8] |= 0x1
    refused(bytes(content), "encrypted")


def test_a_pickle_in_the_place_of_weights_is_refused_and_not_opened(members, tmp_path):
    import pickle

    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "owned"), "w"))

    for name in (files.WEIGHTS, files.STATE, files.POSTERIORS, "frames/latest.safetensors"):
        refused(packed(members | {name: pickle.dumps(Evil())}), "no safetensors")
    assert not (tmp_path / "owned").exists()


def test_a_safetensors_file_with_a_lying_header_is_refused(members):
    for header in (b'{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4]}}', b"{" * 1000):
        lying = struct.pack("<Q", len(header)) + header + b"\x00" * 4
        refused(packed(members | {files.WEIGHTS: lying}), "no safetensors")
    refused(packed(members | {files.WEIGHTS: struct.pack("<Q", 2**62)}), "no safetensors")


def test_weights_of_another_model_are_refused(members):
    weights = load(members[files.WEIGHTS])
    name = next(iter(weights))
    refused(packed(members | {files.WEIGHTS: changed(members[files.WEIGHTS], extra=np.zeros(3))}), "another")
    less = save({key: value for key, value in weights.items() if key != name})
    refused(packed(members | {files.WEIGHTS: less}), "another model")
    for wrong in (np.zeros((2, 2), np.float32), weights[name].astype(np.int32)):
        refused(packed(members | {files.WEIGHTS: save(weights | {name: wrong})}), "wrong size")
    nan = np.full_like(weights[name], np.nan)
    refused(packed(members | {files.WEIGHTS: save(weights | {name: nan})}), "not finite")
    state = changed(members[files.STATE], **{f"model.{name}": np.zeros((2, 2), np.float32)})
    refused(packed(members | {files.STATE: state}), "wrong size")
    state = changed(members[files.STATE], huge=np.zeros(100_000, np.float32))
    refused(packed(members | {files.STATE: state}), "no part of the run")


@pytest.mark.parametrize(
    "member, arrays",
    [
        (files.POSTERIORS, {"mean": np.zeros((360, 3), np.float32)}),
        (files.POSTERIORS, {"labels": np.zeros(359, np.int64)}),
        (files.POSTERIORS, {"log_var": np.full((360, 2), np.inf, np.float32)}),
        (files.POSTERIORS, {"other": np.zeros(3)}),
        ("frames/latest.safetensors", {"samples": np.zeros((16, 1, 28, 28), np.uint8)}),
        ("frames/latest.safetensors", {"reconstructions": np.zeros((10, 1, 8, 8), np.float32)}),
        ("frames/probes.safetensors", {"images": np.zeros((100, 1, 8, 8), np.uint8)}),
    ],
)
def test_arrays_that_do_not_fit_the_spec_are_refused(members, member, arrays):
    refused(packed(members | {member: changed(members[member], **arrays)}), "does not fit")


@pytest.mark.parametrize(
    "spec",
    [
        b"",
        b"[1, 2]",
        b'{"latent": 99999999}',
        b'{"data": {"name": "folder", "path": "/etc"}}',
        b'{"data": {"name": "folder", "path": "//server/share", "image_shape": null}}',
        b"[" * 100_000,
        b'{"latent": ' + b"9" * 10_000 + b"}",
        b"\xff\xfe",
    ],
)
def test_a_spec_that_describes_no_run_is_refused(members, spec):
    refused(packed(members | {files.SPEC: spec}), "refused")


def test_a_spec_of_a_giant_is_refused_without_building_it(members):
    spec = json.loads(members[files.SPEC])
    spec["net"] = {"kind": "mlp", "widths": [4096] * 8, "activation": "relu"}
    tracemalloc.start()
    refused(packed(members | {files.SPEC: json.dumps(spec).encode()}), "another model|wrong size")
    assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    tracemalloc.stop()


def test_words_and_numbers_from_elsewhere_are_made_harmless(members):
    evil = {
        "state": "running",
        "message": "<script>alert(1)</script>",
        "pid": 1,
        "step": -5,
        "recovered": 1e9,
    }
    deep: list = []
    for _ in range(50):
        deep = [deep]
    report = {"step": 3, "seconds": 1e999, "train": {"elbo": float("nan"), "kl": 2.5, "deep": deep}}
    lines = json.dumps(report).encode() + b'\n[]\n{"step": "x"}\n{"step": 4}\n{"st'
    evaluation = {"elbo": None, "note": "x" * 10_000}
    made = import_zip(
        packed(
            members
            | {
                files.STATUS: json.dumps(evil).encode(),
                files.METRICS: lines,
                files.EVALUATION: json.dumps(evaluation).encode(),
            }
        ),
        "mine",
    )
    now = made.status
    assert (now.state, now.message, now.pid, now.step, now.recovered) == (
        "stopped",
        "Uploaded.",
        None,
        0,
        0.0,
    )
    assert [line["step"] for line in made.metrics] == [3, 4]
    assert made.metrics[0] == {"step": 3, "train": {"kl": 2.5}}
    assert made.evaluation == {"elbo": None, "note": "x" * 1000}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (files.EVALUATION, {"elbo": "-100"}, "elbo is '-100'"),
        (files.EVALUATION, {"hole_mass": 1.5}, "hole_mass is 1.5"),
        (files.EVALUATION, {"dimension_kl": [1.0, 2.0, 3.0]}, "its dimension_kl is of another run"),
        (files.DISENTANGLEMENT, {"step": 1}, "disentanglement.json does not fit"),
        (files.SEEDS, {"recipe": "x", "seeds": [{"seed": 1}]}, "seeds.json does not fit"),
        (files.LABELS, {"runs": [{"kind": "m2", "accuracy": 2}]}, "accuracy is 2"),
        (files.GENERATION, {"deep": [[[[[[[[[[[[[[1]]]]]]]]]]]]]]}, "nested more than 12 deep"),
        (files.INPAINTING, {"large": 10**30}, "is too large a number"),
    ],
)
def test_numbers_that_pages_cannot_read_are_refused(members, name, value, words):
    refused(packed(members | {name: json.dumps(value).encode()}), words)


def test_a_bomb_of_reports_is_refused_soon(members):
    """1.1 MB of zip took 20 s and 1.6 GB."""
    line = b'{"step":1,"train":{"a":1}}\n'
    began = time.monotonic()
    for lines in (line * 200_000, b"\n" * 30_000_000, b"[" * 30_000_000, b'{"step":' + b"1" * 30_000_000):
        content = packed(members | {files.METRICS: lines})
        assert len(content) < 3 * 2**20
        if lines.count(b"\n") > 10:
            refused(content, "metrics.jsonl is too long")
        else:
            made = import_zip(content, "bomb")
            assert made.metrics == []
            made.delete()
    assert time.monotonic() - began < 10


def test_random_damage_is_refused_or_harmless(members):
    """Whatever bytes change, there is a sentence or a run that answers."""
    content = packed(members)
    generator = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(content)
        for place in generator.integers(0, len(content), 3):
            damaged[place] = generator.integers(256)
        try:
            made = import_zip(bytes(damaged), "maybe")
        except RunError:
            continue
        assert made.model is not None
        made.delete()


def test_a_failed_upload_leaves_no_trace_when_the_disk_fails(members, monkeypatch):
    monkeypatch.setattr(folders.os, "rename", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    refused(packed(members), "No space left")
