"""A card opens the page that shows its run best."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import streamlit as st

from pages.sections.home import gallery
from vae_core import recipes


@pytest.mark.parametrize(
    "recipe, page",
    [
        ("vae-2d", "latent_map"),
        ("vae-16d", "latent_map"),
        ("sprites-beta-tc", "traverse"),
        ("cvae", "generate"),
        ("m2-100", "generate"),
        ("partial-conv", "inpaint"),
        ("denoise", "inpaint"),
    ],
)
def test_a_run_s_door_leads_where_it_belongs(monkeypatch: pytest.MonkeyPatch, recipe: str, page: str) -> None:
    opened: list[str] = []
    monkeypatch.setattr(st, "page_link", lambda to, **_: opened.append(to))
    gallery.door(SimpleNamespace(name="a-run", spec=recipes.get(recipe)), "Open the map")
    assert opened == [f"pages/{page}.py"]
