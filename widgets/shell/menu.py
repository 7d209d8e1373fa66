"""The pages of the app, in the order of the menu: title and icon of each, by the name of its file."""

from __future__ import annotations

MENU: dict[str, tuple[str, str]] = {
    "home": ("Home", ":material/home:"),
    "train": ("Train", ":material/play_circle:"),
    "latent_map": ("Latent map", ":material/scatter_plot:"),
    "compare": ("Compare", ":material/grid_view:"),
    "traverse": ("Traverse", ":material/tune:"),
    "interpolate": ("Interpolate", ":material/timeline:"),
    "inpaint": ("Inpaint", ":material/healing:"),
    "generate": ("Generate", ":material/category:"),
    "glossary": ("Glossary", ":material/dictionary:"),
}
