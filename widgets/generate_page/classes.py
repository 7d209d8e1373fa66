"""The names of a run's classes."""

from __future__ import annotations

from vae_core.training.run import Run


def names(run: Run) -> list[str]:
    """One for each class that the model is told."""
    known = run.spec.data.classes or ()
    return [known[c] if c < len(known) else str(c) for c in range(run.spec.classes)]
