"""The aggregated posterior of a run, as a picture to look into. Imports torch when a map is computed, not before."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import streamlit as st

from vae_core.data.catalogue import CATALOGUE
from vae_core.training import folder
from vae_core.training.run import Run, RunError
from widgets import components, shell, words
from widgets.board import open_run
from widgets.pack import pack

SIZE = 256  # cells along each side
EXTENTS = (4, 6, 8, 16, 32, 64)
MOST_POINTS = 3_000
LAYERS = {"density": "q(z)", "log": "log q(z)", "ratio": "q against prior"}
NOTES = {
    "density": "Darker is more of the data; the contours hold 50, 90, 95 and 99 % of the prior.",
    "log": "Logarithms show the thin places; below twelve nats under the peak everything is blank.",
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
    picture, side = st.columns([0.66, 0.34], gap="large")
    with side:
        dims, extent, layer, points, names = options(run)
    with picture:
        pin = pinned()
        with st.spinner("Computing the exact density …", show_time=True):
            header, arrays = field(str(run.path), version(run), dims, float(extent))
        parcel = pack(
            header
            | {
                "layer": layer,
                "points": points,
                "names": names,
                "pin": pin,
                "note": f"{words.count(len(arrays['x']))} of {words.count(header['images'])} test images as points"
                if points
                else "",
            },
            arrays,
        )
        components.plane_map(parcel, key="map", on_pick=_picked)
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
        default="density",
        key="layer",
        required=True,
        bind="query-params",
        help="The density, its logarithm, or its ratio to the prior.",
    )
    dims = (0, 1)
    if latent > 2:
        a, b = most_informative(run)
        left, right = st.columns(2)
        first = left.number_input(
            "Across: z",
            1,
            latent,
            a + 1,
            key="across",
            bind="query-params",
            help="The latent dimension along the map.",
        )
        second = right.number_input(
            "Up: z", 1, latent, b + 1, key="up", bind="query-params", help="The latent dimension up the map."
        )
        if first == second:
            second = first + 1 if first < latent else first - 1
            st.caption(f":orange[Two different dimensions make a map: shown with z{second} instead.]")
        dims = (int(first) - 1, int(second) - 1)
    extent = st.select_slider(
        "Range",
        EXTENTS,
        4,
        key="range",
        format_func=lambda e: f"± {e}",
        bind="query-params",
        help="In standard deviations of the prior. ± 4 everywhere, so that maps compare.",
    )
    left, right = st.columns(2)
    points = left.toggle(
        "Points",
        True,
        key="points",
        bind="query-params",
        help="The mean of q(z|x) of each test image, coloured by class.",
    )
    names = right.toggle("Names", True, key="names", bind="query-params", help="At the centre of each class.")
    return dims, int(extent), layer or "density", points, names


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
    codes = run.codes
    assert codes is not None
    mean, log_var = codes["mean"].astype(np.float32), codes["log_var"].astype(np.float32)
    kl = (mean**2 + np.exp(log_var) - 1 - log_var).mean(axis=0)
    first, second = sorted(int(k) for k in np.argsort(-kl)[:2])
    return first, second


def said(run: Run, dims: tuple[int, int], header: dict[str, Any], layer: str) -> None:
    """Which density is on screen, in words."""
    axes = f"z{dims[0] + 1} and z{dims[1] + 1}"
    if run.spec.latent == 2:
        text = f"The exact aggregated posterior over {words.count(header['images'])} test images."
    else:
        text = (
            f"The exact marginal of {axes}, over {words.count(header['images'])} test images: the other "
            f"{run.spec.latent - 2} dimensions are integrated out, and what is empty in all of them together may look full here."
        )
    st.markdown(f"{text} {NOTES[layer]}")
    if header["floored"]:
        st.caption(
            f"{words.count(header['floored'])} posteriors are narrower than a cell of the map and are drawn one cell wide."
        )
    if header["outside"]:
        st.caption(
            f":material/zoom_out_map: {words.count(header['outside'])} of {words.count(header['images'])} codes lie outside ± {header['extent']:g}; widen the range to see them."
        )


# --- a point ------------------------------------------------------------------------------------


def pinned() -> list[float] | None:
    """The point of the address bar, where it is one."""
    try:
        x, y = (float(part) for part in st.query_params.get("z", "").split(","))
    except ValueError:
        return None
    return [min(max(v, -64.0), 64.0) for v in (x, y)] if np.isfinite([x, y]).all() else None


def _picked() -> None:
    z = st.session_state["map"].get("z")
    if isinstance(z, list) and len(z) == 2 and all(isinstance(v, int | float) for v in z):
        st.query_params["z"] = ",".join(f"{float(v):.3f}" for v in z)


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
