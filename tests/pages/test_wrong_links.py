"""What a link asks for and a page does not have: one sentence, and the address holds what is shown."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from vae_core.runs.run import Run

NO_SUCH_RUN = "There is no run named “zzz” here; it may have been renamed or deleted. Shown: mine."


@pytest.mark.parametrize(
    ("page", "link", "sentence", "address"),
    [
        ("", {"run": "zzz"}, NO_SUCH_RUN, {"run": "mine"}),
        ("interpolate", {"a": "99999999"},
         "The link asks for image 99999999; there are 360. Shown: image 0.", {}),
        ("interpolate", {"beside": "zzz"},
         "The link asks for second run “zzz”; that is none of the choices here. Shown: no comparison.", {}),
        ("interpolate", {"t": "50"},
         "The link asks for place on the path 50; it goes from -0.5 to 1.5. Shown: 1.5.", {"t": "1.5"}),
        ("interpolate", {"tab": "arithmetic", "saved": "zzz"},
         "The link asks for saved direction “zzz”; no direction is saved here.", {"tab": "arithmetic"}),
        ("inpaint", {"method": "foo"},
         "The link asks for method “foo”; that is none of the choices here. Shown: Hamiltonian Monte Carlo.",
         {}),
        ("inpaint", {"method": "encoder", "hide": "paint.8x8.@"},
         "The link asks for mask “paint.8x8.@”; its pixels cannot be read. Shown: right half.",
         {"method": "encoder"}),
        ("inpaint", {"method": "encoder", "as": "3"},
         "The link asks for class 3; this model knows no classes.", {"method": "encoder"}),
        ("latent_map", {"across": "77"},
         "The link asks for dimension 77; this latent space is a plane itself.", {}),
        ("latent_map", {"class": "3"}, "The link asks for class 3; this model knows no classes.", {}),
        ("home", {"list": "table", "all_runs": "1"},
         "The link asks for all own runs; a table has all runs.", {"list": "table"}),
        ("traverse", {"start": "7", "foo": "1"}, "The link names “foo”, which this page does not know.",
         {"start": "7"}),
    ],
)  # fmt: skip
def test_a_link_that_does_not_fit_is_answered_in_one_sentence(
    app: Callable[..., AppTest],
    add_run: Callable[..., Run],
    page: str,
    link: dict[str, str],
    sentence: str,
    address: dict[str, str],
) -> None:
    add_run("mine")
    at = app(page, **{"run": "mine"} | link)
    assert not at.exception
    assert not at.error
    said = [warning.value for warning in at.warning if warning.icon == ":material/link_off:"]
    assert said == [sentence]
    held = {name: value if isinstance(value, str) else value[-1] for name, value in at.query_params.items()}
    assert held == {"run": "mine"} | address
