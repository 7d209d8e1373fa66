// Colours and font of the map, from the style sheet and Streamlit's theme.

import { colourOf, markTheme } from "../../../vae_core/browser/theme.js";

/** {dark, font, colours}; `q` and `hole` as [r, g, b], as they are mixed, the others as CSS has them. */
export function readTheme(root) {
  const dark = markTheme(root), get = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const plain = ["p", "ink", "paper", "muted", "line", "accent", "on-hole"].map((name) => [name, get(`--${name}`)]);
  return {
    dark, font: get("--st-font") || "sans-serif",
    colours: {
      ...Object.fromEntries(plain), q: colourOf(root, "--q"), hole: colourOf(root, "--hole"),
      classes: get("--classes").split(",").map((colour) => colour.trim()),
    },
  };
}
