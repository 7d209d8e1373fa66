"""The codes that a run's small picture is decoded from."""

import io
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from vae_core.runs import files
from vae_core.runs.run import Run
from widgets.run_data.manifold import REACH, ROWS, draw, missing, plane, traversals


def test_in_a_plane_the_first_dimension_goes_to_the_right_and_the_second_up() -> None:
    z = plane(2)
    assert z.shape == (ROWS, ROWS, 2)
    assert (z[:, -1, 0] == REACH).all()
    assert (z[0, :, 1] == REACH).all()
    assert (z[-1, :, 1] == -REACH).all()


def test_a_line_is_the_same_in_every_row() -> None:
    assert torch.equal(plane(1), plane(1)[:1].expand(ROWS, ROWS, 1))


def test_each_row_of_traversals_moves_one_dimension_those_with_most_kl_first() -> None:
    z = traversals(3, [0.1, 3.0, 2.0])
    assert z.shape == (3, 3, 3)
    expected = torch.tensor([-REACH, 0, REACH])
    for row, dimension in enumerate([1, 2, 0]):
        assert z[row, :, dimension].tolist() == pytest.approx(expected.tolist())
        assert z[row].count_nonzero() == 2


def test_of_many_dimensions_the_picture_shows_those_it_has_room_for() -> None:
    kl = list(range(20))
    z = traversals(20, kl)
    assert z.shape == (ROWS, ROWS, 20)
    assert z[0, 0].nonzero().tolist() == [[19]]
    assert z[..., : 20 - ROWS].count_nonzero() == 0


def test_a_gallery_run_without_its_picture_gets_one_in_the_users_library(
    gallery: Path, own_runs: Path
) -> None:
    shutil.copytree(Path(__file__).parents[3] / "checkpoints" / "vae-2d-strokes", gallery / "shipped")
    run = Run(gallery / "shipped")
    assert run.is_gallery
    assert not missing(run)
    (run.path / files.PICTURE).unlink()
    assert missing(run)
    draw(run)
    assert not missing(run)
    assert not (run.path / files.PICTURE).exists()
    assert Image.open(io.BytesIO(run.picture or b"")).size == (ROWS * 28, ROWS * 28)
    (run.path / files.SPEC).write_text("{")
    assert not missing(run)  # of a run that cannot be read there is none to draw
