"""The map's fragment: what it shows is computed before the browser's clock begins."""

from collections.abc import Callable
from typing import Any

import pytest

from pages.sections.latent_map import stage
from vae_core import load_run, recipes, train
from widgets.components.latent_map import densities
from widgets.components.latent_map.map_view import View


def test_a_look_never_overtakes_the_first_parcels(own_runs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request sent before they arrive names none as known, and Streamlit sends all of them again."""
    spec = recipes.get("vae-2d").change(**{"data.name": "digits", "training.steps": 2})
    train(spec, out=own_runs / "short")
    order: list[str] = []

    def noted(name: str, compute: Callable[..., Any]) -> Callable[..., Any]:
        def noting(*args: Any, **options: Any) -> Any:
            order.append(name)
            return compute(*args, **options)

        return noting

    monkeypatch.setattr(densities, "holes", noted("holes", densities.holes))
    monkeypatch.setattr(densities, "decoder", noted("decoder", densities.decoder))
    monkeypatch.setattr(stage, "fragment", noted("clock", lambda *_, **__: None))
    stage.show(load_run(own_runs / "short"), View(), "mean")
    assert sorted(order[:2]) == ["decoder", "holes"]
    assert order[2:] == ["clock"]
