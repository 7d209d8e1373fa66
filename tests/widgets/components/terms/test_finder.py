"""Which words of a text are terms, in JavaScript."""

from collections.abc import Callable
from typing import Any

import pytest

from widgets.components.terms import entries


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The ELBO is reconstruction minus KL.", ["elbo:ELBO", "reconstruction:reconstruction", "kl:KL"]),
        ("Reconstruction, at the beginning of a sentence", ["reconstruction:Reconstruction"]),
        ("Aggregated posterior q(z) and posterior", ["aggregated_posterior:Aggregated posterior",
         "aggregated_posterior:q(z)", "posterior:posterior"]),
        ("log p(x), p(x|z) and log p(z)", ["log_px:log p(x)", "likelihood:p(x|z)", "prior:p(z)"]),
        ("Hole mass in holes (beta 0)", ["hole_mass:Hole mass", "hole:holes", "beta:beta"]),
        ("β-TCVAE, β = 4", ["beta_tcvae:β-TCVAE", "beta:β"]),
        # Parts of words and of formulas are none.
        ("KLs alphabeta elbow E_q(z|x) decoded priority mapcode sap", []),
    ],
)  # fmt: skip
def test_terms_are_found_as_they_are_written(
    javascript: Callable[..., Any], text: str, found: list[str]
) -> None:
    told = javascript(
        "finder.js",
        "finder(entries)(text).map(({ key, start, end }) => `${key}:${text.slice(start, end)}`)",
        folder="terms",
        entries=entries(),
        text=text,
    )
    assert told == found
