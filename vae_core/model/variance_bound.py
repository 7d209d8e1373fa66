"""Where a posterior's variances stand on the bound that holds them, and its KL measures that bound alone.

Needs no torch: arrays of NumPy and tensors are both counted.
"""

from __future__ import annotations

import math
from typing import Any

# A posterior's log variance is held within [-BOUND, BOUND]: with beta 0 nothing else stops it on its way to a
# point, and its KL, which grows by half a nat with each nat of log variance, on its way to infinity.
BOUND = 16.0
MOST = 0.5  # of the variances: from here on the KL is that of the bound

WHY = (
    "These variances stand on a bound, e⁻¹⁶: nothing in the objective holds them up, or the posterior is a "
    "point. KL and ELBO would measure that bound, not the model."
)


def share_on_bound(log_var: Any) -> float:
    """The share of log variances, an array or a tensor of any shape, that stand on their bound."""
    count = math.prod(log_var.shape)
    return float((abs(log_var) >= BOUND - 1e-3).sum()) / count if count else 0.0


def undefined_kl(log_var: Any) -> str | None:
    """Why KL and ELBO under posteriors with these log variances say nothing; None where they do."""
    share = share_on_bound(log_var)
    if share <= MOST:
        return None
    return f"KL undefined: {100 * share:.0f} % of variances stand on the bound."
