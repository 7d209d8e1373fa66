"""Interpolate: what is taken away."""

import csv
import io
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image

from pages.sections.interpolate import (
    downloads,
    path_codes,
)
from tests.pages.sections.interpolate.parts import T, a_line, a_view, ends
from vae_core.analysis import interpolate as paths
from vae_core.runs.run import Run
from widgets.run_data.codes import newest

AddRun = Callable[..., Run]


def test_the_table_holds_the_path_and_what_it_passes(add_run: AddRun) -> None:
    run = add_run("mine")
    line, found = a_line(run, "spherical"), newest(run)
    assert found is not None
    passed = path_codes.measure(found, line)
    rows = list(csv.DictReader(io.StringIO(downloads.numbers([run], [line], [passed]))))
    assert [float(row["t"]) for row in rows] == pytest.approx(T.tolist())
    a, b = ends(run, 3, 7)
    z = np.array([[float(row["z1"]), float(row["z2"])] for row in rows])
    np.testing.assert_allclose(z, paths.spherical(a, b, T), atol=1e-4)
    assert float(rows[77]["log_q_nats"]) == pytest.approx(float(passed.log_q[77]), rel=1e-4)


def test_film_and_sheet_show_what_the_model_decodes(add_run: AddRun) -> None:
    run = add_run("mine")
    view, line = a_view(run), a_line(run)
    gif = Image.open(io.BytesIO(downloads.film(view, [line], "means")))
    assert (gif.format, gif.n_frames) == ("GIF", downloads.FRAMES)
    sheet = np.asarray(Image.open(io.BytesIO(downloads.sheet(view, [line], "means"))).convert("L"))
    decoded = (255 * run.model.decode_mean(torch.tensor([line.codes[0]]))).round()[0, 0].numpy()
    tile = np.kron(decoded, np.ones((7, 7)))
    top, left = 2 * downloads.strips.HEAD, downloads.strips.LABEL
    np.testing.assert_array_equal(sheet[top : top + 56, left : left + 56], tile)
    np.testing.assert_array_equal(downloads.faded(view, torch.tensor([0.0, 1.0]))[1], view.b.image)
