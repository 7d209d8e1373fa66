"""`evaluation.json` in the numbers that may be shown of it. Needs no torch."""

from __future__ import annotations

from typing import Any


def elbo(evaluation: dict[str, Any] | None) -> float | None:
    """The test ELBO in nats per image; None where there is none, or where it says nothing of the model."""
    value = (evaluation or {}).get("elbo")
    return float(value) if isinstance(value, int | float) and kl_note(evaluation) is None else None


def reconstruction(evaluation: dict[str, Any] | None) -> float | None:
    """E[log p(x|z)] in nats per test image; None where there is none."""
    value = (evaluation or {}).get("reconstruction")
    return float(value) if isinstance(value, int | float) else None


def bits_per_dimension(evaluation: dict[str, Any] | None) -> tuple[float, str] | None:
    """At most so many bits for each pixel and channel of a test image, and on which scale; None where there
    is none."""
    value, scale = ((evaluation or {}).get(name) for name in ("bits_per_dimension", "bits_scale"))
    if not isinstance(value, int | float) or not isinstance(scale, str):
        return None
    return float(value), scale


def distance(evaluation: dict[str, Any] | None) -> tuple[float, str] | None:
    """Of a run whose reconstruction is no likelihood, its distance, and why there is no ELBO; None of any
    other."""
    value, note = ((evaluation or {}).get(name) for name in ("distance", "elbo_note"))
    if not isinstance(value, int | float) or not isinstance(note, str):
        return None
    return float(value), note


def kl_note(evaluation: dict[str, Any] | None) -> str | None:
    """Why KL and ELBO say nothing of the model, in a sentence; None where they do."""
    note = (evaluation or {}).get("kl_note")
    return note if isinstance(note, str) else None
