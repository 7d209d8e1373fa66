"""Named directions beside a run: kept, replaced, deleted, and believed only where they fit."""

import json
import math
import threading

import pytest

from vae_core.runs import archive, directions, files
from vae_core.runs.directions import Saved
from vae_core.runs.reading import RunError

THICK = Saved("thicker", (1.0, -0.5), "class 7 less the rest", 40, 200, 0.1, 0.2, 500)
SLANT = Saved("slant", (0.25, 2.0))


def test_what_is_saved_is_loaded_in_order_and_a_name_is_replaced(tmp_path):
    assert directions.load(tmp_path, 2) == []
    directions.save(tmp_path, 2, THICK)
    assert directions.save(tmp_path, 2, SLANT) == [THICK, SLANT]
    new = Saved("thicker", (3.0, 4.0))
    assert directions.save(tmp_path, 2, new) == [new, SLANT]
    assert directions.load(tmp_path, 2) == [new, SLANT]
    assert directions.delete(tmp_path, 2, "thicker") == [SLANT]
    assert directions.delete(tmp_path, 2, "no such") == [SLANT]


@pytest.mark.parametrize(
    "direction, words",
    [
        (Saved(" ", (1.0, 2.0)), "name"),
        (Saved("x" * 61, (1.0, 2.0)), "name"),
        (Saved("short", (1.0,)), "2 finite numbers"),
        (Saved("far", (1.0, math.inf)), "2 finite numbers"),
        (Saved("nan", (1.0, math.nan)), "2 finite numbers"),
    ],
)
def test_what_cannot_be_a_direction_is_refused_in_a_sentence(tmp_path, direction, words):
    with pytest.raises(RunError, match=words):
        directions.save(tmp_path, 2, direction)
    assert directions.load(tmp_path, 2) == []


def test_a_run_keeps_a_hundred_and_no_more(tmp_path):
    rows = [Saved(str(i), (float(i), 0.0)) for i in range(directions.MOST)]
    files.write_json(tmp_path / files.DIRECTIONS, directions.to_dict(rows))
    directions.save(tmp_path, 2, Saved("5", (9.0, 9.0)))
    with pytest.raises(RunError, match="at most 100"):
        directions.save(tmp_path, 2, SLANT)


def test_without_the_folder_there_is_nowhere_to_save(tmp_path):
    with pytest.raises(RunError, match="no run named gone"):
        directions.save(tmp_path / "gone", 2, THICK)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b'{"directions": 3}',
        b'{"directions": [1, null, {}, {"name": 3, "vector": [1, 2]}]}',
        b'{"directions": [{"name": "a", "vector": [1, 2, 3]}]}',
        b'{"directions": [{"name": "a", "vector": [1, "2"]}]}',
        b'{"directions": [{"name": "a", "vector": [1, NaN]}]}',
        b'{"directions": [{"name": "a", "vector": [1, 1e999]}]}',
        b'{"directions": [{"name": "a", "vector": [true, 2]}]}',
        b'{"directions": [{"name": "a", "vector": "ab"}]}',
        b'{"directions": [{"name": "a", "vector": [1, 1' + b"0" * 400 + b"]}]}",
    ],
)
def test_a_damaged_file_holds_no_directions(tmp_path, content):
    (tmp_path / files.DIRECTIONS).write_bytes(content)
    assert directions.load(tmp_path, 2) == []
    assert directions.save(tmp_path, 2, SLANT) == [SLANT]


def test_odd_details_are_dropped_and_the_vector_kept(tmp_path):
    row = {"name": "a" * 500, "vector": [1, 2.5], "how": "b" * 500, "count": -3, "rest": 2.5, "error": "x"}
    (tmp_path / files.DIRECTIONS).write_text(json.dumps({"directions": [row, 7, row]}))
    assert directions.load(tmp_path, 2) == [Saved("a" * 60, (1.0, 2.5), "b" * 200)]


def test_two_who_save_at_once_are_both_kept(tmp_path):
    def save(start):
        for i in range(5):
            directions.save(tmp_path, 2, Saved(f"{start}{i}", (1.0, 2.0)))

    threads = [threading.Thread(target=save, args=(letter,)) for letter in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(directions.load(tmp_path, 2)) == 15


def test_they_travel_with_the_run_and_come_back_checked(finished):
    latent = finished.spec.latent
    kept = Saved("up", tuple(range(latent)))
    directions.save(finished.path, latent, kept)
    copy = archive.import_zip(archive.export_zip(finished), "copy")
    assert directions.load(copy.path, latent) == directions.load(finished.path, latent) == [kept]
    assert directions.load(finished.duplicate("twin").path, latent) == [kept]
    (finished.path / files.DIRECTIONS).write_text('{"directions": [{"name": "x", "vector": [1e99]}], "y": 3}')
    odd = archive.import_zip(archive.export_zip(finished), "odd")
    assert json.loads((odd.path / files.DIRECTIONS).read_text()) == {"directions": []}
