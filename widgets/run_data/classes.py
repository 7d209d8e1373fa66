"""The names of a run's classes."""

from __future__ import annotations

from vae_core.data.catalogue import CATALOGUE
from vae_core.runs.run import Run
from widgets.shell import links, url_state


def names(run: Run) -> list[str]:
    """One for each class that the model is told."""
    known = run.spec.data.classes or ()
    return [known[c] if c < len(known) else str(c) for c in range(run.spec.classes)]


def decoded_class(run: Run) -> int | None:
    """The class under which codes are decoded; None of a decoder that sees none."""
    classes = run.spec.classes
    chosen = links.CLASS.parse(url_state.read(links.CLASS) or "0")
    return None if not classes else chosen if 0 <= chosen < classes else 0


def dataset_classes(run: Run) -> tuple[str, ...]:
    return run.spec.data.classes or CATALOGUE[run.spec.data.name].classes
