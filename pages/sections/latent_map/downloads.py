"""What can be taken away: the replay as a GIF, the holes as CSV. The map itself saves PNG and SVG."""

from __future__ import annotations

import csv
import io

import streamlit as st

from pages.sections.latent_map import hole_table, stage
from vae_core.runs.run import Run
from widgets.components import take_away
from widgets.components.latent_map import densities
from widgets.components.latent_map.map_view import View
from widgets.components.take_away import File
from widgets.run_data import library
from widgets.run_data.classes import dataset_classes
from widgets.run_data.codes import Codes
from widgets.shell.downloads import csv_table


def show(run: Run, codes: Codes, view: View) -> None:
    files = [
        File(
            "csv",
            lambda: table(codes, view),
            "Holes, CSV",
            "holes",
            "Number, centre, mass, depth and the whole code z of every hole on the map.",
        )
    ]
    help = "Share of the prior in holes on this map, for each threshold."
    files.append(File("csv", lambda: curve(codes, view), "Hole mass, CSV", "hole mass", help))
    film = stage.replay(run, codes, view)
    if film is not None:
        help = "Density, holes and points at each step. Takes some seconds to draw."
        files.insert(0, File("gif", lambda: movie(run, codes, view), "Replay as GIF", "replay", help))
    take_away.choices("latent-map", run.name, {"run": library.title(run)}, files)
    st.caption(
        ":material/download: The arrow above the map takes away the map itself, as PNG or SVG. "
        + ("" if film is not None else "There is no replay of a slice, nor of a run in training.")
    )


def curve(codes: Codes, view: View) -> str:
    masses = zip(hole_table.RATIOS, hole_table.curve_of(codes, view.place), strict=True)
    return csv_table(["threshold", "mass"], masses)


def movie(run: Run, codes: Codes, view: View) -> bytes:
    from pages.sections.latent_map import film

    found = densities.film(codes, view.place, densities.pictures(codes))
    if found is None:
        return b""
    return film.gif(found, view.ratio, dataset_classes(run), library.title(run))


def table(codes: Codes, view: View) -> str:
    """CSV: all numbers with six digits; depth_is_a_bound says where the depth may be larger."""
    found = densities.holes(codes, view)
    latent = codes.run.spec.latent
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    columns = ["number", *view.axes, "prior_mass", "depth_nats", "depth_is_a_bound"]
    write.writerow([*columns, *(f"code_z{d + 1}" for d in range(latent))])
    for k, hole in enumerate(found.holes):
        numbers = [*hole.center.tolist(), hole.prior_mass, hole.depth]
        code = [f"{v:.6g}" for v in found.codes[k]]
        write.writerow([k + 1, *(f"{v:.6g}" for v in numbers), int(found.least[k]), *code])
    return out.getvalue()
