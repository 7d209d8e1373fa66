"""A stored Spec in today's form, whichever version of the app wrote it. Changes nothing on disk.

A version writes every setting that it knows, so what is missing tells how old a Spec is, and it gets what its
version did. A setting's default is for new runs and may be another. Whoever adds a setting adds a line here.
"""

from __future__ import annotations

from typing import Any

# Settings that came later, oldest first: the part they belong to ("" for the Spec itself; a part and a kind
# where only that kind has them), the name, and what runs of before had.
ADDED: tuple[tuple[str, str, Any], ...] = (
    ("training", "products", "float32"),
    ("", "condition", {"kind": "none"}),
    ("data", "classes", None),
    ("", "mask", {"kind": "none"}),
    ("", "noise", {"kind": "none"}),
    ("posterior.diagonal_gaussian", "variance", "image"),
    ("training", "schedule", "constant"),
    ("likelihood.categorical", "levels", 256),
    ("prior.autoregressive", "class_in_cells", False),
)


def migrate(value: dict[str, Any]) -> dict[str, Any]:
    """The settings of a stored Spec, those that its version lacked among them. Checks nothing."""
    for where, name, before in ADDED:
        part, _, kind = where.partition(".")
        settings = value.get(part) if part else value
        if isinstance(settings, dict) and name not in settings and kind in ("", settings.get("kind")):
            settings = settings | {name: before}
            value = value | {part: settings} if part else settings
    return value
