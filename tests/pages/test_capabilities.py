"""A page that cannot show a run says why, and leads to what can be seen instead."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from vae_core import recipes, train
from vae_core.spec import capabilities
from widgets.run_data.capabilities import NEEDS
from widgets.shell.menu import MENU

App = Callable[..., Any]


def test_every_page_of_a_run_is_in_the_menu_and_says_what_it_needs() -> None:
    assert list(NEEDS) == [page for page in MENU if page not in ("home", "train", "glossary")]
    known = get_args(capabilities.Capability)
    assert set(known) == set(capabilities.LACKS)
    assert {need for ways in NEEDS.values() for needs in ways for need in needs} <= set(known)


def test_a_run_can_do_what_its_spec_says() -> None:
    of = capabilities.capabilities
    plain, told = recipes.get("vae-2d"), recipes.get("cvae")
    usual = {"vector", "continuous", "likelihood", "independent_pixels"}
    assert of(plain) == usual | {"plane"}
    assert of(told) == usual | {"plane", "classes"}
    assert of(plain.change(latent=1)) == usual
    assert of(recipes.get("perceptual")) == of(plain) - {"likelihood"}
    by_pixel = plain.change(**{"net.kind": "pixel", "net.receptive_field": 1})
    assert of(by_pixel) == of(plain) - {"independent_pixels"}
    assert of(by_pixel.change(**{"net.receptive_field": 0})) == of(plain)


@pytest.mark.parametrize(
    "change",
    [
        {"net.kind": "mlp"}, {"likelihood.variance": "learned"}, {"likelihood.kind": "bernoulli"},
        {"posterior.variance": "image"}, {"data.binarisation": "dynamic"}, {"mask.kind": "random"},
        {"noise.kind": "gaussian"}, {"condition.kind": "class"},
    ],
    ids=str,
)  # fmt: skip
def test_a_linear_vae_has_a_closed_form_and_no_other_model_has(change: dict[str, Any]) -> None:
    linear = recipes.get("linear")
    assert "ppca" in capabilities.capabilities(linear)
    assert "ppca" in capabilities.capabilities(linear.change(**{"likelihood.variance": "fixed"}))
    assert "ppca" not in capabilities.capabilities(linear.change(**change))


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one latent dimension."""
    changes = {"data.name": "digits", "latent": 1, "training.steps": 3}
    path = tmp_path_factory.mktemp("line") / "line"
    return train(recipes.get("vae-2d").change(**changes), out=path).path


@pytest.mark.parametrize("page, why", [("latent_map", "one latent dimension")])
def test_what_a_run_lacks_is_said_with_links_to_what_there_is(
    app: App, line: Path, own_runs: Path, page: str, why: str
) -> None:
    shutil.copytree(line, own_runs / "line")
    at = app(page, run="line")
    assert not at.exception
    assert not at.error
    assert why in at.info[0].value
    links = {link.proto.label for link in at.get("page_link")}
    assert {"Train one", "Traverse", "Interpolate", "Inpaint"} <= links
