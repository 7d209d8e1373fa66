"""What can be taken away: films and strips of the code on screen, and all numbers as CSV."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.sections.traverse import board, factors, naming, scores, slider_state
from pages.sections.traverse.board import Side
from pages.sections.traverse.controls import TraverseView
from vae_core.runs.run import Run
from widgets.components import take_away
from widgets.components.take_away import File
from widgets.components.traverse import TraverseState
from widgets.run_data import library, usage
from widgets.shell import links, strips, url_widgets
from widgets.shell.component_state import Holder
from widgets.shell.downloads import csv_table

Names = tuple[str, ...]
Hand = Holder[TraverseState]


def show(view: TraverseView) -> None:
    names = {run.name: place for place, run in enumerate(view.runs)}
    place, hand = 0, slider_state.SLIDERS.holder()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        if len(names) > 1:
            chosen = st.segmented_control(
                "Of",
                list(names),
                format_func=lambda name: library.title(view.runs[names[name]]),
                **url_widgets.choice(links.OF, list(names), view.runs[0].name, by="default"),
                required=True,
                help="Whose pictures and numbers.",
            )
            place = names[str(chosen)]
        run = view.runs[place]
        called = naming.of(run, place)
        shown = _dimension(run, called)
    one = f"z{shown + 1}"
    files = [
        File(
            "png",
            lambda times: strips_png(view, place, hand, called, times),
            "Strips, PNG",
            "strips",
            "All dimensions in use at each stop of the range, the others as the sliders stand.",
        ),
        File(
            "gif",
            lambda: film(view, place, hand, called),
            "All as GIF",
            "traversals",
            "Each dimension in use swings through the range. Takes a second or two to draw.",
        ),
        File(
            "gif",
            lambda: film(view, place, hand, called, shown),
            f"{one} as GIF",
            one,
            "One dimension swings through the range, large.",
        ),
        File(
            "csv",
            lambda: dimensions(view, place, hand, called),
            "Dimensions, CSV",
            "dimensions",
            "Of each dimension: name, KL, activity, the code on screen and that of the image, quantiles of "
            "the aggregated posterior.",
        ),
    ]
    found, record = factors.information(run), scores.stored(run)
    if found is not None:
        help = "Mutual information of factors and dimensions in nats."
        files.append(File("csv", lambda: matrix(called, found), "Matrix, CSV", "information", help))
    if record is not None:
        help = "The metrics, and the step at which they were measured."
        files.append(File("csv", lambda: metrics(record), "Metrics, CSV", "metrics", help))
    take_away.choices("traverse", run.name, {"run": library.title(run)}, files)


def _dimension(run: Run, called: Names) -> int:
    order = usage.usage(usage.codes(run)).order.tolist()
    numbers = [d + 1 for d in order]

    def label(number: int) -> str:
        return naming.label(number - 1, called[number - 1])

    chosen = st.selectbox(
        "Dimension of the GIF",
        numbers,
        format_func=label,
        **url_widgets.choice(links.FILM, numbers, numbers[0], label),
        width=220,
        help="The dimension that swings in the GIF of one; sorted by KL.",
    )
    return int(chosen) - 1


# --- pictures -------------------------------------------------------------------------------------


def on_screen(view: TraverseView, place: int, hand: Hand) -> tuple[Side, tuple[float, ...]]:
    """A side of the board, and the code [D] where its sliders stand."""
    side = board.sides(view)[place]
    return side, (hand.state or TraverseState()).code(place, side.origin)


def in_use(run: Run) -> list[int]:
    """Dimensions that are not dead, by falling KL; all of them where all are dead."""
    used = usage.usage(usage.codes(run))
    order = used.order.tolist()
    return [d for d in order if not used.dead[d]] or order


def strips_png(view: TraverseView, place: int, hand: Hand, called: Names, times: int = 1) -> bytes:
    import torch

    from vae_core.analysis import traverse

    side, code = on_screen(view, place, hand)
    run, used = side.run, usage.usage(usage.codes(side.run))
    shown = in_use(run)
    images = traverse.strips(
        usage.decode(run, side.y, view.pixels), torch.tensor(code), torch.from_numpy(side.stops), shown
    )
    labels = [naming.label(d, called[d]) for d in shown]
    notes = ["KL not known" if used.kl[d].isnan() else f"KL {used.kl[d]:.2f} nats" for d in shown]
    title = f"{library.title(run)}   {library.note(run)}".replace("β", "beta").replace(
        "γ", "gamma"
    )  # Pillow's letters are Latin
    return strips.sheet(images.numpy(), labels, notes, side.ticks, title, times)


def film(view: TraverseView, place: int, hand: Hand, called: Names, dimension: int | None = None) -> bytes:
    import torch

    from vae_core.analysis import traverse

    side, code = on_screen(view, place, hand)
    run = side.run
    shown = in_use(run) if dimension is None else [dimension]
    values = traverse.swing(torch.from_numpy(side.stops), 32)
    frames = traverse.strips(usage.decode(run, side.y, view.pixels), torch.tensor(code), values, shown)
    return strips.film(frames.numpy(), [naming.label(d, called[d]) for d in shown], library.title(run))


# --- numbers --------------------------------------------------------------------------------------


def dimensions(view: TraverseView, place: int, hand: Hand, called: Names) -> str:
    """One line for each dimension, by falling KL; numbers with six digits."""
    import torch

    from vae_core.analysis.traverse import LEVELS

    side, code = on_screen(view, place, hand)
    found = usage.codes(side.run)
    used, at = usage.usage(found), usage.quantiles(found)
    head = ["dimension", "name", "kl_nats", "activity", "dead", "z", "z_of_start"]
    numbers = torch.stack([used.kl, used.activity], 1).tolist()
    rows = [
        [d + 1, called[d], *numbers[d], int(used.dead[d]), code[d], side.origin[d], *at[d]]
        for d in used.order.tolist()
    ]
    return csv_table([*head, *(f"quantile_{level:g}" for level in LEVELS)], rows)


def matrix(called: Names, found: factors.Information) -> str:
    """One line for each factor, one column for each dimension, in nats."""
    head = ["factor", "entropy_nats", *(naming.label(d, name) for d, name in enumerate(called))]
    rows = [[name, h, *row] for name, h, row in zip(found.names, found.entropy, found.matrix, strict=True)]
    return csv_table(head, rows)


def metrics(record: dict[str, Any]) -> str:
    rows = [["step", record["step"]], ["images", record["images"]], *record["metrics"].items()]
    return csv_table(["metric", "value"], rows)
