"""Figures below the map, as plain dicts for plotly: far quicker to make than its own objects."""

from __future__ import annotations

# The map's colours of classes (`latent_map/map.css`), and mid-tones that are legible on paper and on ink.
CLASSES = (
    "#0b7bc1", "#e69f00", "#009e73", "#cc79a7", "#56b4e9",
    "#d55e00", "#b3a300", "#8563cf", "#a5694f", "#848c96",
)  # fmt: skip
HOLE, PRIOR, GREY = "#d0405c", "#b98a2c", "#8d939c"
RECONSTRUCTION, KL, CLASS_KL = "#3a8fc7", "#dd6b2c", "#cc79a7"
PARTS = {"mutual_information": "#dd6b2c", "total_correlation": "#8563cf", "dimension_kl": "#b3a300"}
DEPENDENCE = "#848c96"
CROSS_ENTROPY, ENTROPY = "#b98a2c", "#5b6bd6"
PLAIN = {"displayModeBar": False}


# From the paper, whatever its colour, to ink: legible in the light and in the dark.
SCALE = [[0, "rgba(29,145,138,0.04)"], [1, "rgba(29,145,138,0.9)"]]

# Of symbols, where they are words or formulas: on paper, on ink. Components have the same (`controls.css`).
SYMBOLS = {
    "p": ("#9a6a00", "#e6b64c"),
    "q": ("#0f6a73", "#3fbcae"),
    "hole": ("#bf2340", "#ff6b81"),
    "elbo": ("#00805d", "#3ec79a"),
    "reconstruction": ("#0068a8", "#66b8f0"),
    "kl": ("#c2500a", "#f28a4b"),
    "beta_kl": ("#a8487f", "#dd93bd"),
    "total_correlation": ("#6f4bbf", "#b39ae8"),
    "dimension_kl": ("#756a00", "#d6c72f"),
}
