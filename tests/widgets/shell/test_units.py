"""Nats and bits, and what a code is long beside its image."""

from __future__ import annotations

import math

from vae_core.spec import Spec
from widgets.shell import units
from widgets.shell.units import NATS, Unit


def test_a_code_is_as_long_as_its_kl_in_bits_and_the_image_as_it_is_stored() -> None:
    kl = 10 * math.log(2)
    assert "10.0 bits long, the image itself 784, at 1 bit" in units.size_of_code(Spec(), kl)
    grey = Spec().change(**{"likelihood.kind": "gaussian"})
    assert "the image itself 6,272, at 8 bits" in units.size_of_code(grey, kl)


def test_a_number_is_shown_in_the_unit() -> None:
    assert (NATS.text(-100.0), Unit("bits").text(-100 * math.log(2))) == ("−100.0", "−100.0")
    assert Unit("bits").text(None) == "–"


def test_bits_per_dimension_of_an_evaluation_of_before_follow_from_its_elbo() -> None:
    old = {"elbo": -784 * math.log(2), "kl_note": None}
    assert units.per_dimension(Spec(), old) == (1.0, "black or white")
    assert units.per_dimension(Spec(), old | {"kl_note": "No KL."}) is None
    new = {"elbo": 0.0, "bits_per_dimension": 2.5, "bits_scale": "256 grey levels"}
    assert units.per_dimension(Spec(), new) == (2.5, "256 grey levels")
