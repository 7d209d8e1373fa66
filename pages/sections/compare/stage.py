"""The maps, linked in the browser, in a fragment of their own: a pin answers without the rest of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from pages.sections.compare import choosing, numbers
from pages.sections.compare.controls import CompareView, test_images
from pages.sections.compare.shared_state import SHARED, Shared, about, heard, shared
from vae_core.runs.run import Run
from widgets.components import latent_map
from widgets.components.latent_map import MapState, densities
from widgets.components.latent_map.densities import Field, Film
from widgets.components.latent_map.map_view import View as MapView
from widgets.run_data import classes, library, usage
from widgets.run_data.codes import Codes, newest, weights
from widgets.shell import links, tasks, url_state, words
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment

# What is above and below the maps on the page, left out of the window's height.
HEIGHTS = {2: "clamp(260px, 100vh - 500px, 720px)", 4: "clamp(260px, 50vh - 210px, 430px)"}
LIVE = 1.5  # seconds between two looks at runs in training
CHOSEN = (links.RUNS, links.IMAGE)  # what the maps change of the page around them


@dataclass(frozen=True, eq=False)
class Side:
    """One of the maps: its run, what is on it, its replay where that is there."""

    run: Run
    codes: Codes
    view: MapView
    field: Field
    film: Film | None

    @property
    def images(self) -> str | None:
        """Names the images whose codes the map shows; those of a run in training are a few of them."""
        return test_images(self.run) if self.codes.whole else None


def show(runs: Sequence[Run], view: CompareView, offered: Sequence[Run]) -> None:
    seen, waiting = [url_state.read(field) for field in CHOSEN], waiting_for(runs, view)

    def part() -> None:
        if [url_state.read(field) for field in CHOSEN] != seen or waiting_for(runs, view) != waiting:
            st.rerun()
        maps(runs, view, offered)

    active = any(run.status.active for run in runs)
    fragment(part, run_every=LIVE if active else tasks.POLL if any(waiting) else None)


def waiting_for(runs: Sequence[Run], view: CompareView) -> tuple[bool, ...]:
    """Of each run, whether something of its map is still to come."""
    return tuple(_coming(run, view) for run in runs)


def _coming(run: Run, view: CompareView) -> bool:
    codes = newest(run)
    if codes is None:
        return False
    film = replay(run, codes, view.of(run))
    return (film is not None and not film.done()) or not numbers.known(codes, view.ratio)


def replay(run: Run, codes: Codes, view: MapView) -> tasks.Task | None:
    if run.status.active:
        return None
    return tasks.start(densities.film, codes, view.place, densities.pictures(codes))


def side(run: Run, view: CompareView) -> Side | None:
    codes, of = newest(run), view.of(run)
    if codes is None:
        return None
    coming = replay(run, codes, of)
    film = coming.result() if coming is not None and coming.done() else None
    return Side(run, codes, of, densities.field(codes, of.place), film)


def maps(runs: Sequence[Run], view: CompareView, offered: Sequence[Run]) -> None:
    sides = [side(run, view) for run in runs]
    there = [each for each in sides if each is not None]
    if not there:
        return
    picked = view.picked
    about([run.name for run in runs], view.by_image, picked.digest if picked else None)
    state = shared()
    controls(there, view, state)
    count = choosing.places(runs)
    with st.container(key=f"compare-maps-{count}"):
        for place in range(count):
            with st.container(gap="small", key=f"compare-cell-{place}"):
                choosing.picker(place, runs, offered)
                if place < len(runs) and (one := sides[place]) is not None:
                    numbers.show(one.run, one.codes, view.ratio, view.unit)
                    one_map(place, one, view, state, HEIGHTS[count])
    for each in there:
        caption = f"{each.field.meaning} {numbers.why_no_elbo(each.run, each.codes)}"
        st.caption(f"**{words.literal(library.title(each.run))}** {caption}")


def controls(sides: Sequence[Side], view: CompareView, state: Shared) -> None:
    """Legend and replay of all maps: along the steps of the run that was trained longest."""
    first = max(sides, key=lambda each: each.film.steps[-1] if each.film else 0)
    latent_map.latent_map(
        SHARED.key,
        decoder=None,
        picture=first.field.picture,
        holes=densities.holes(first.codes, first.view).parcel,
        frames=first.film.parcel if first.film else None,
        state=of_side(first, view, state),
        revision=SHARED.revision,
        size="controls",
        group=SHARED.key,
        links="image" if view.by_image else "place",
        images=first.images,
        sends=False,
        label="All maps",
        on_change=callback(lambda: heard(first.run.spec.latent, first.view, view.by_image)),
    )


def one_map(place: int, one: Side, view: CompareView, state: Shared, height: str) -> None:
    run, codes = one.run, one.codes
    # The controls know the moment of the replay, and bring each map to the frame nearest to it.
    mine = of_side(one, view, replace(state, state=replace(state.state, frame=None)))
    # A decoder that is told the class is told the image's, where that is known.
    told = usage.condition(run, view.picked) if view.by_image else None
    told = classes.decoded_class(run) if told is None else told
    latent_map.latent_map(
        f"compare-map-{place}",
        decoder=densities.decoder(str(run.path), weights(run), told),
        picture=one.field.picture,
        holes=densities.holes(codes, one.view).parcel,
        frames=one.film.parcel if one.film else None,
        frame_holes=one.film.hole_mass(one.view.ratio) if one.film else None,
        state=mine,
        revision=SHARED.revision,
        answers=False,
        size="compact",
        height=height,
        group=SHARED.key,
        links="image" if view.by_image else "place",
        images=one.images,
        pixels=view.pixels,
        label=f"Latent map of {library.title(run)}",
    )


def of_side(one: Side, view: CompareView, state: Shared) -> MapState:
    """What one map is to show: the same place, or the same image where its own encoder puts it."""
    if view.by_image:
        return replace(state.state, **pinned(one, view))
    pin = state.state.pin
    if pin is None:
        return state.state
    z = one.field.z(pin[0], pin[1], one.view, one.run.spec.latent)
    return replace(state.state, pin=tuple(z))


def pinned(one: Side, view: CompareView) -> dict[str, Any]:
    """Pin and number of the picked image on the map."""
    picked = view.picked
    if picked is None:
        return {"pin": None, "image": None}
    number = picked.index
    if number is None or one.images != view.images or number >= one.field.images:
        return {"pin": usage.code(one.run, picked), "image": None}
    # As the evaluation encoded it, binarised where the run binarises, or it would not lie on its point.
    return {"pin": tuple(one.codes.posteriors.mean[number].tolist()), "image": number}
