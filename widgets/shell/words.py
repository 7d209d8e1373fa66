"""Numbers and states in words."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vae_core.spec import Spec

STATES = {
    "queued": ("waiting", "gray"),
    "running": ("training", "green"),
    "paused": ("paused", "orange"),
    "finished": ("finished", "blue"),
    "stopped": ("stopped", "gray"),
    "diverged": ("diverged", "red"),
    "interrupted": ("interrupted", "orange"),
    "unavailable": ("no images", "orange"),
    "unreadable": ("unreadable", "red"),
}

SIGNS = {
    "queued": "◌",
    "running": "●",
    "paused": "❚❚",
    "finished": "✓",
    "stopped": "■",
    "diverged": "✕",
    "interrupted": "!",
    "unavailable": "!",
    "unreadable": "?",
}


def dimensions(count: int) -> str:
    return f"{count} dimension{'' if count == 1 else 's'}"


def code_size(spec: Spec) -> str:
    """How large a code is: so many dimensions, groups of categories, or grids of codes of a codebook, the
    coarsest first."""
    if spec.posterior.form == "probabilities":
        return f"{spec.latent} × {spec.posterior.width} categories"
    if not spec.codes:
        return dimensions(spec.latent)
    of_levels = zip(spec.grids, spec.posterior.codebooks, strict=True)
    return " and ".join(f"{rows} × {columns} of {count} codes" for (rows, columns), count in of_levels)


def short_name(name: str) -> str:
    """A run's name with its date and time cut down to what tells runs of one day apart."""
    return re.sub(r"-\d{4}(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)", r" \3:\4:\5", name)


def literal(text: str) -> str:
    """The text for Markdown, every sign of it meant as it stands."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>#$:~|!" else sign for sign in text)


def of_fault(fault: BaseException) -> str | None:
    """What a ValueError says, for Markdown: the library's own are sentences. None of any other fault."""
    lines = str(fault).strip().splitlines()
    return literal(lines[0][:300]) if isinstance(fault, ValueError) and lines else None


def duration(seconds: float | None) -> str:
    """3.2 s, 1:05, 2:03:04; a dash where it is not known."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def nats(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:.1f}".replace("-", "−")


def count(value: float) -> str:
    return f"{value:,.0f}"


def number(value: float) -> str:
    """A setting as a person writes it: 0, 0.5, 4, 3e-4."""
    if value == 0:
        return "0"
    if abs(value) < 0.01:
        mantissa, _, exponent = f"{value:.2g}".partition("e")
        if exponent:
            return f"{mantissa}e{int(exponent)}"
        power = math.floor(math.log10(abs(value)))
        return f"{value / 10**power:.2g}e{power}"
    return f"{value:.4g}"


def ago(seconds: float) -> str:
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            n = int(seconds // size)
            return f"{n} {unit}{'s' if n > 1 else ''} ago"
    return "just now"
