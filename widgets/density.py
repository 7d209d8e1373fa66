"""The aggregated posterior of a run, as a picture. Imports torch when a map is computed, not before."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import streamlit as st

from vae_core.data.catalogue import CATALOGUE
from vae_core.training import folder
from vae_core.training.run import Run, RunError
from widgets import address, components, shell, words
from widgets.board import information, open_run
from widgets.pack import pack

SIZE = 256  # cells along each side
EXTENTS = (4, 6, 8, 16, 32, 64)
MOST_POINTS = 3_000
LAYERS = {"density": "q(z)", "log": "log q(z)", "ratio": "q against prior"}
NOTES = {
    "density": "Full colour is twice the prior's peak; the contours hold 50, 90, 95 and 99 % of the prior.",
    "log": "Logarithms show the thin places, down to ten nats below full colour.",
    "ratio": "Orange: fewer codes than the prior expects, by at least 5 nats at full colour. Blue: more.",
}


def page(run: Run) -> None:
    if run.status.state == "unreadable":
        raise RunError(run.status.message)
    if run.codes is None:
        st.info(
            f"{run.name} has no latent codes of the test images yet. They come while it trains.",
            icon=":material/hourglass_empty:",
        )
        st.page_link(
            "pages/train.py",
            label="Watch it train",
            icon=":material/monitoring:",
            query_params={shell.RUN: run.name},
        )
        return
    if run.spec.latent < 2:
        st.info(
            "A map needs two dimensions, and this model has one. The Train page shows its codes as rows.",
            icon=":material/straighten:",
        )
        return
    page = st.container(horizontal=True, gap="large", key="map-page")
    picture = page.container(width="stretch", key="map-picture")
    side = page.container(width=292, key="map-side")
    with side:
        dims, extent, layer, points, names = options(run)
    with picture:
        pin = address.point("z", 64.0)
        with st.spinner("Computing the exact density …", show_time=True):
            header, arrays = field(str(run.path), version(run), dims, float(extent))
        note = _points_note(len(arrays["x"]), header["images"]) if points else ""
        shown = {"layer": layer, "points": points, "names": names, "pin": pin, "note": note}
        components.plane_map(pack(header | shown, arrays), key="map", on_pick=_picked)
    with side:
        said(run, dims, header, layer)
        decoded(run, dims, pin)


def options(run: Run) -> tuple[tuple[int, int], int, str, bool, bool]:
    """What is on the map; each choice is in the address bar."""
    latent = run.spec.latent
    layer = st.segmented_control(
        "Colour",
        list(LAYERS),
        format_func=LAYERS.__getitem__,
        **address.choice("layer", list(LAYERS), "density"),
        required=True,
        help="The density, its logarithm, or its ratio to the prior.",
    )
    dims = _dimensions(run) if latent > 2 else (0, 1)
    extent = st.select_slider(
        "Range",
        EXTENTS,
        **address.choice("range", EXTENTS, 4),
        format_func=lambda e: f"± {e}",
        help="In standard deviations of the prior. ± 4 everywhere, so that maps compare.",
    )
    left, right = st.columns(2)
    points = left.toggle(
        "Points",
        **address.flag("points", True),
        help="The mean of q(z|x) of some test images, coloured by class.",
    )
    names = right.toggle(
        "Names",
        **address.flag("names", True),
        help="Of the classes, each at its centre.",
    )
    return dims, int(extent), layer or "density", points, names


def _dimensions(run: Run) -> tuple[int, int]:
    latent, best = run.spec.latent, most_informative(run)
    chosen = []
    for column, name, label, k in zip(
        st.columns(2), ("across", "up"), ("Across: z", "Up: z"), best, strict=True
    ):
        chosen.append(
            column.number_input(
                label,
                1,
                latent,
                **address.whole(name, 1, latent, k + 1),
                help="A latent dimension. At first the two with most KL.",
            )
        )
    first, second = (int(value) - 1 for value in chosen)
    if first == second:
        second = first + 1 if first + 1 < latent else first - 1
        st.caption(f"Two different dimensions make a map: shown with z{second + 1} instead.")
    return first, second


def version(run: Run) -> Any:
    return folder.stamp(run.path / folder.POSTERIORS)


@st.cache_resource(max_entries=24, show_spinner=False)
def field(
    path: str, version: Any, dims: tuple[int, int], extent: float
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The density on the grid and the points, computed once for all sessions."""
    from vae_core.analysis import aggregate

    run = open_run(path)
    posteriors = run.posteriors
    grid = aggregate.grid(posteriors, dims=dims, extent=extent, size=SIZE)
    codes = posteriors.mean[:MOST_POINTS, list(dims)].numpy()
    labels = posteriors.labels
    classes = (
        np.full(len(codes), 255, np.uint8)
        if labels is None
        else labels[:MOST_POINTS].numpy().astype(np.uint8)
    )
    outside = int((posteriors.mean[:, list(dims)].abs() > extent).any(dim=1).sum())
    header = {
        "run": run.name,
        "title": "Aggregated posterior q(z)",
        "axes": [f"z{dims[0] + 1}", f"z{dims[1] + 1}"],
        "extent": extent,
        "classes": list(CATALOGUE[run.spec.data.name].classes),
        "floored": int(grid.floored),
        "outside": outside,
        "images": len(posteriors.mean),
    }
    arrays = {
        "log_q": grid.log_q.numpy().astype(np.float32),
        "x": np.ascontiguousarray(codes[:, 0], np.float32),
        "y": np.ascontiguousarray(codes[:, 1], np.float32),
        "labels": classes,
    }
    return header, arrays


def most_informative(run: Run) -> tuple[int, int]:
    """The two dimensions with most KL."""
    kl = information(run)
    first, second = sorted(int(k) for k in np.argsort(-kl)[:2])
    return first, second


def _points_note(shown: int, images: int) -> str:
    some = "all" if shown == images else f"{words.count(shown)} of"
    return f"{some} {words.count(images)} test images as points"


def said(run: Run, dims: tuple[int, int], header: dict[str, Any], layer: str) -> None:
    """Which density is on screen, in words."""
    axes = f"z{dims[0] + 1} and z{dims[1] + 1}"
    if run.spec.latent == 2:
        text = f"The exact aggregated posterior over {words.count(header['images'])} test images."
    else:
        text = (
            f"The exact marginal of {axes}, over {words.count(header['images'])} test images: the other "
            f"{run.spec.latent - 2} dimensions are integrated out, and what is empty in all of them together "
            "may look full here."
        )
    st.markdown(f"{text} {NOTES[layer]}")
    if header["floored"]:
        st.caption(
            f"{words.count(header['floored'])} posteriors are narrower than a cell of the map and are drawn "
            "one cell wide."
        )
    if header["outside"]:
        st.caption(
            f":material/zoom_out_map: {words.count(header['outside'])} of {words.count(header['images'])} "
            f"codes lie outside ± {header['extent']:g}; widen the range to see them."
        )


# --- a point ------------------------------------------------------------------------------------


def _picked() -> None:
    z = st.session_state["map"].get("z")
    if isinstance(z, list) and len(z) == 2 and all(isinstance(v, int | float) for v in z):
        address.put_point("z", z)


def decoded(run: Run, dims: tuple[int, int], pin: list[float] | None) -> None:
    st.markdown(
        "**Decoded**", help="What the decoder makes of the point that was clicked: the mean of p(x|z)."
    )
    if pin is None:
        st.caption("Click on the map: the image of that point appears here.")
        return
    import torch

    z = torch.zeros(1, run.spec.latent)
    z[0, list(dims)] = torch.tensor(pin)
    image = (run.model.decode_mean(z)[0].permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
    rest = "" if run.spec.latent == 2 else ", all other dimensions 0"
    st.html(f'<img class="elbo-decoded" alt="Decoded image" src="data:image/png;base64,{png(image)}">')
    st.caption(f"z{dims[0] + 1} = {pin[0]:.2f}, z{dims[1] + 1} = {pin[1]:.2f}{rest}".replace("-", "−"))


def png(image: np.ndarray) -> str:
    """uint8 [H, W, C] as a PNG, base64."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image[..., :3]).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()
