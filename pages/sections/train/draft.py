"""The settings of the next run: a Spec in the session, and in the address bar what it changes of its recipe.

A link says `?recipe=vae-2d&set=latent=8&set=objective.beta=4`; the Spec itself checks what it is given.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from vae_core import recipes
from vae_core.runs.run import Run
from vae_core.spec import Spec, SpecError
from widgets.shell import links, url_state

DRAFT, OF, FAULT = "draft", "draft_of", "draft_fault"
DEFAULT = "vae-2d"
LIVE = ("objective.beta", "training.learning_rate")  # what may be moved while a run trains
MOST_CHANGES = 40  # in a link


def current(run: Run | None) -> Spec:
    """The link's settings at first, then those of the run in use, then what the user made of them."""
    name = run.name if run else None
    before: Spec | None = st.session_state.get(DRAFT)
    linked = url_state.read(links.RECIPE), url_state.read_all(links.SET)
    if any(linked) and (before is None or linked != link_of(before)):  # a link was opened, or Back pressed
        spec, fault = from_link(*linked)
        put(spec or before or _of(run) or recipes.get(DEFAULT))
        st.session_state[OF] = name
        st.session_state[FAULT] = fault
    elif before is None or st.session_state.get(OF) != name:
        st.session_state[OF] = name
        put(_of(run) or before or recipes.get(DEFAULT))
    for field in (links.RECIPE, links.SET):
        url_state.accepted(field, "the settings below")
    found: Spec = st.session_state[DRAFT]
    to_link(found)
    return found


def put(spec: Spec) -> None:
    st.session_state[DRAFT] = spec
    st.session_state[FAULT] = None
    to_link(spec)


def belongs_to(run: Run) -> None:
    """The run was started from the draft: it stays as it is when that run comes into use."""
    st.session_state[OF] = run.name


def change(**changes: Any) -> bool:
    """For callbacks. A change that cannot be leaves the draft alone and is said on the page."""
    try:
        put(st.session_state[DRAFT].change(**changes))
    except SpecError as error:
        st.session_state[FAULT] = str(error)
        return False
    return True


def use_dataset(name: str) -> None:
    change(**{"data.name": name})


def fault() -> str | None:
    return st.session_state.pop(FAULT, None)


def _of(run: Run | None) -> Spec | None:
    try:
        return run.spec if run is not None else None
    except SpecError:
        return None


# --- the address bar ------------------------------------------------------------------------------


def from_link(name: str | None, changes: tuple[str, ...]) -> tuple[Spec | None, str | None]:
    """(the Spec of the link, a sentence on its faults)."""
    try:
        if len(changes) > MOST_CHANGES:
            raise SpecError("it holds too many settings.")
        if any(text.strip().startswith("data.path") for text in changes):
            # Reading a file because somebody sent a link is no good idea.
            raise SpecError("it names files of this machine; choose them under Images.")
        return recipes.get((name or DEFAULT)[:80]).change_text([text[:500] for text in changes]), None
    except SpecError as error:
        return None, f"The link's settings cannot be used: {error} Shown instead: the usual ones."


def to_link(spec: Spec) -> None:
    recipe, changes = link_of(spec)
    url_state.write_all({links.RECIPE: recipe, links.SET: changes})


def link_of(spec: Spec) -> tuple[str, tuple[str, ...]]:
    """Its recipe, and what it changes of it."""
    name = spec.recipe if spec.recipe in recipes.RECIPES else DEFAULT
    assert name is not None
    own = spec.data.path is not None
    wanted = differences(recipes.get(name), spec)
    return name, tuple(text for text in wanted if not (own and text.startswith("data.")))


def differences(before: Spec, after: Spec) -> list[str]:
    """The settings in which they differ, as `change_text` takes them."""
    old, new = flat(before), flat(after)
    return [
        f"{name}={_text(value)}"
        for name, value in new.items()
        if name != "recipe"
        and (name not in old or old[name] != value)
        and (value is not None or name == "condition.labels")  # None is all of them
    ]


def same_but_live(one: Spec, other: Spec) -> list[str]:
    """The settings, beside those that may move while training, in which they differ."""
    old, new = flat(one), flat(other)
    return sorted(
        name
        for name in old.keys() | new.keys()
        if name not in ("recipe", *LIVE) and old.get(name) != new.get(name)
    )


def flat(spec: Spec) -> dict[str, Any]:
    out: dict[str, Any] = {}

    def walk(tree: dict[str, Any], prefix: str) -> None:
        for name, value in tree.items():
            if isinstance(value, dict):
                walk(value, f"{prefix}{name}.")
            elif name not in ("image_shape", "classes"):  # what the dataset says, not the user
                out[prefix + name] = value

    walk(spec.model_dump(mode="json"), "")
    return out


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
