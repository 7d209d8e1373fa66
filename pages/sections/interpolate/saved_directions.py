"""Directions that somebody named: kept with the user's own runs; of a shipped run in the user's browser.

A link names the direction. That of a shipped run it holds whole, as another browser does not know it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from urllib.parse import quote, unquote

import numpy as np
import streamlit as st

from vae_core.runs import directions, files
from vae_core.runs.directions import HOW_LENGTH, NAME_LENGTH, Saved
from vae_core.runs.run import Run, RunError
from widgets.components import browser_store
from widgets.run_data.library import open_run
from widgets.shell import links, url_state

# In the session: {run: directions}, {run: the text that its browser keeps}, runs whose browser keeps nothing.
LISTED, STORED, REFUSED = "directions", "directions_stored", "directions_refused"
FAULT = "directions_fault"
FROM_A_LINK = " (from a link)"  # after a name that another direction of this browser has


def of(run: Run) -> list[Saved]:
    """Those of the run, the link's among them."""
    if not run.is_gallery:
        return _read(str(run.path), run.stamp(files.DIRECTIONS), run.spec.latent)
    found = list(_listed().get(run.name, []))
    linked = _from_link(url_state.read(links.SAVED), run)
    if linked is None:
        return found
    there = next((one for one in found if one.name == linked.name), None)
    if there is None:
        found.append(linked)
    elif _packed(there) != _packed(linked):
        found.append(replace(linked, name=_from_a_link(linked.name)))
    return found


def keep(run: Run, saved: Saved) -> None:
    """For a callback."""
    try:
        if run.is_gallery:
            if not saved.name.strip() or len(saved.name) > NAME_LENGTH:
                raise RunError(f"A direction’s name needs 1 to {NAME_LENGTH} characters.")
            others = [one for one in of(run) if one.name != saved.name]
            _listed()[run.name] = [*others, saved][-directions.MOST :]
            if (requested := url_state.read(links.SAVED)) is not None and _name_in(requested) == saved.name:
                url_state.write(links.SAVED, to_link(run, saved))  # it takes the place of the one in use
        else:
            directions.save(run.path, run.spec.latent, saved)
    except RunError as error:
        st.session_state[FAULT] = str(error)


def forget(run: Run, name: str) -> None:
    """For a callback."""
    try:
        if run.is_gallery:
            _listed()[run.name] = [one for one in of(run) if one.name != name]
        else:
            directions.delete(run.path, run.spec.latent, name)
        url_state.write(links.SAVED, None)
    except RunError as error:
        st.session_state[FAULT] = str(error)


def fault() -> str | None:
    """Why the last could not be kept, once."""
    found: str | None = st.session_state.pop(FAULT, None)
    return found


@st.cache_data(max_entries=64, show_spinner=False)
def _read(path: str, stamp: files.Stamp | None, latent: int) -> list[Saved]:
    return directions.load(open_run(path).path, latent)


def _listed() -> dict[str, list[Saved]]:
    found: dict[str, list[Saved]] = st.session_state.setdefault(LISTED, {})
    return found


# --- in the browser -------------------------------------------------------------------------------


def fetch(run: Run) -> bool:
    """Asks the browser for those of a shipped run, once; whether its answer is still to come."""
    stored: dict[str, str] = st.session_state.setdefault(STORED, {})
    if not run.is_gallery or run.name in stored:
        return False
    latent = run.spec.latent

    def found(text: str | None) -> None:
        stored[run.name] = text or ""
        there = directions.parse(_json(text), latent)
        own = _listed().get(run.name, [])
        names = {one.name for one in own}
        _listed()[run.name] = [*(one for one in there if one.name not in names), *own]

    browser_store.load(f"directions-{run.name}", found)
    return True


def store(run: Run) -> bool:
    """Gives those of a shipped run to the browser, where it has others; False where it keeps nothing."""
    stored: dict[str, str] = st.session_state.setdefault(STORED, {})
    refused: set[str] = st.session_state.setdefault(REFUSED, set())
    if not run.is_gallery or run.name not in stored or run.name in refused:
        return run.name not in refused
    listed = _listed().get(run.name, [])
    text = json.dumps({"directions": [asdict(one) for one in listed]}) if listed else ""
    if text != stored[run.name]:

        def saved_there(done: bool) -> None:
            if done:
                stored[run.name] = text
            else:
                refused.add(run.name)

        browser_store.save(f"directions-{run.name}", text, saved_there)
    return True


def _json(text: str | None) -> dict[str, object]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


# --- in the link ----------------------------------------------------------------------------------


def to_link(run: Run, saved: Saved) -> str:
    """The name; of a shipped run also the run, the vector as float32 in base64, and how it was made."""
    parts = [saved.name]
    if run.is_gallery:
        parts += [run.name, _packed(saved), saved.how]
    return ",".join(quote(part, safe=" ") for part in parts)


def in_use(run: Run, text: str, there: Iterable[Saved]) -> str:
    """The name, among those that are there, of the direction that a link's text asks for; it may be none."""
    name, linked = _name_in(text), _from_link(text, run) if run.is_gallery else None
    if linked is not None:
        same = [one.name for one in there if _packed(one) == _packed(linked)]
        return next((each for each in same if each in (name, _from_a_link(name))), name)
    return name


def _name_in(text: str) -> str:
    return unquote(text.split(",")[0])[:NAME_LENGTH]


def _from_a_link(name: str) -> str:
    return name[: NAME_LENGTH - len(FROM_A_LINK)] + FROM_A_LINK


def _packed(saved: Saved) -> str:
    """The vector as float32 in base64."""
    return base64.urlsafe_b64encode(np.asarray(saved.vector, "<f4").tobytes()).decode().rstrip("=")


def _from_link(text: str | None, run: Run) -> Saved | None:
    """From a link that anybody may have typed; None where it holds no direction of this run."""
    parts = [unquote(part) for part in (text or "").split(",")]
    if len(parts) != 4 or parts[1] != run.name:
        return None
    name, _, packed, how = parts
    try:
        raw = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
        vector = np.frombuffer(raw, "<f4").tolist()
    except (binascii.Error, ValueError):
        return None
    one = {"name": " ".join(name.split())[:NAME_LENGTH], "vector": vector, "how": how[:HOW_LENGTH]}
    return next(iter(directions.parse({"directions": [one]}, run.spec.latent)), None)
