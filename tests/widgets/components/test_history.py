"""Which changes of the address are entries in the browser's history, in JavaScript."""

from collections.abc import Callable
from typing import Any

import pytest

from widgets.components.history import parameters
from widgets.shell import links

LISTED = {
    "quiet": [each.name for each in links.TABLE if each.quiet],
    "pages": ["", "latent_map", "inpaint", "interpolate", "generate"],
}
LISTED["parameters"] = parameters(LISTED["pages"])
PAINTED, MORE = "hide=paint.28x28.AAAA", "hide=paint.28x28.AAAB"


@pytest.mark.parametrize(
    ("before", "after", "touched", "replaces"),
    [
        ("inpaint?seed=1", "inpaint?seed=2", True, False),
        ("inpaint", "inpaint?method=hmc", True, False),
        ("interpolate", "interpolate?tab=arithmetic", True, False),
        ("interpolate?a=1", "generate?a=1", True, False),
        # A hand that moves something.
        ("interpolate?t=0.1", "interpolate?t=0.2", True, True),
        ("interpolate", "interpolate?t=0.2", True, True),
        ("latent_map?z=1%2C2&image=3", "latent_map?z=2%2C2", True, True),
        ("latent_map?z=1%2C2", "latent_map?z=2%2C2&show=kl", True, False),
        (f"inpaint?{PAINTED}", f"inpaint?{MORE}", True, True),
        ("inpaint?hide=lower+half", f"inpaint?{PAINTED}", True, False),
        (f"inpaint?{PAINTED}", "inpaint?hide=lower+half", True, False),
        ("inpaint?a=draw.112x112.AA", "inpaint?a=draw.112x112.AB", True, True),
        ("inpaint?a=draw.112x112.AA", "inpaint?a=7", True, False),
        # A page that fills in what its link left out.
        ("inpaint", "inpaint?run=mine", False, True),
        ("inpaint?seed=123456", "inpaint?seed=9999", False, True),
        ("?run=mine", "inpaint?run=mine", False, False),
        # A page under an older name.
        ("conditional?do=styles", "generate?do=styles", False, True),
        ("nopage", "", True, True),
    ],
)
def test_what_takes_the_place_of_an_entry(
    javascript: Callable[..., Any], before: str, after: str, touched: bool, replaces: bool
) -> None:
    found = javascript(
        "history.js",
        "replaces(...[before, after].map((end) => new URL(`http://here/${end}`)), listed, touched)",
        folder="history",
        before=before,
        after=after,
        listed=LISTED,
        touched=touched,
    )
    assert found == replaces


@pytest.mark.parametrize(
    ("before", "after", "under_way"),
    [
        ("?run=mine&list=table", "?run=mine&z=1%2C2", True),  # a click on Home's map, on its way there
        ("?run=mine", "?run=mine&list=table", False),
        ("latent_map?run=mine", "latent_map?run=mine&term=kl", True),
        ("latent_map?run=mine", "latent_map?run=mine&z=1%2C2", False),
        ("?run=mine", "latent_map?run=mine&z=1%2C2", False),
        ("?what=so", "?what=so&run=mine", False),  # a stranger's name that was there already
        ("nopage", "nopage?z=1%2C2", False),
    ],
)
def test_an_address_on_the_way_to_another_page_is_no_entry(
    javascript: Callable[..., Any], before: str, after: str, under_way: bool
) -> None:
    found = javascript(
        "history.js",
        "underWay(...[before, after].map((end) => new URL(`http://here/${end}`)), listed)",
        folder="history",
        before=before,
        after=after,
        listed=LISTED,
    )
    assert found == under_way
