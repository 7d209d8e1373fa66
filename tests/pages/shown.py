"""What a page shows, and what it sends to its components."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from pages.sections.train import form
from vae_core.browser import wire


def unfold(at: AppTest) -> AppTest:
    """Opens all groups of the form on Train."""
    for name in form.GROUPS:
        for opens in (False, True):
            at.session_state[f"group:{name}:{opens}"] = True
    return at


def words(at: AppTest) -> str:
    return "\n".join(element.value for element in [*at.markdown, *at.caption, *at.info, *at.warning])


def html(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def showing(widgets: Sequence[Any], name: str) -> Any:
    """The widget of that name, whichever turn its key is at."""
    return next(widget for widget in widgets if (widget.key or "").startswith(f"{name}:"))


def parcels(at: AppTest, kind: str) -> list[tuple[dict[str, Any], dict[str, np.ndarray]]]:
    """What travels to the browser: "decoder", "path", "plane", "traversal"."""
    sent = (wire.unpack(c.proto.bytes) for c in at.get("bidi_component") if c.proto.bytes)
    return [(header, arrays) for header, arrays in sent if header["kind"] == kind]


def data_of(at: AppTest, name: str) -> dict[str, Any]:
    """What the one component whose data have that name gets as JSON."""
    (found,) = each_data_of(at, name)
    return found


def each_data_of(at: AppTest, name: str) -> list[dict[str, Any]]:
    """What components get as JSON, of those whose data have that name."""
    sent = (json.loads(c.proto.json) for c in at.get("bidi_component") if c.proto.json)
    return [data for data in sent if name in data]


def until(at: AppTest, there: Callable[[AppTest], object]) -> AppTest:
    """Runs the page, as its own polling does, until what it computes beside itself is there."""
    for _ in range(400):
        if there(at):
            break
        at.run()
    assert there(at)
    return at
