// Streamlit's theme, as components see it: custom properties of CSS, and no word on light or dark. The app's own
// colours of symbols and classes stand in controls.css.

const COLOURS = [
  "ink", "paper", "muted", "line", "accent", "p", "on-hole", "elbo", "reconstruction", "kl", "beta_kl",
];

/** A custom property that holds a colour, in whatever notation, as [r, g, b]. */
export function colourOf(root, name) {
  const probe = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  probe.fillStyle = getComputedStyle(root).getPropertyValue(name).trim();
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
  return [r, g, b];
}

/** Writes on the element whether the theme is dark: style sheets' own colours depend on it. Gives it back. */
export function markTheme(root) {
  const [r, g, b] = colourOf(root, "--st-background-color"), dark = 0.299 * r + 0.587 * g + 0.114 * b < 128;
  root.dataset.theme = dark ? "dark" : "light";
  return dark;
}

/** {dark, font, colours}; `q`, `hole` and `truePosterior` as [r, g, b], as they are mixed, the others as CSS has them. */
export function readTheme(root) {
  const dark = markTheme(root), get = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  return {
    dark, font: get("--st-font") || "sans-serif",
    colours: {
      ...Object.fromEntries(COLOURS.map((name) => [name, get(`--${name}`)])),
      q: colourOf(root, "--q"), hole: colourOf(root, "--hole"), truePosterior: colourOf(root, "--true-posterior"),
      classes: get("--classes").split(",").map((colour) => colour.trim()),
    },
  };
}
