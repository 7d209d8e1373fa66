// Streamlit's theme, as components see it: custom properties of CSS, and no word on light or dark.

/** A custom property that holds a colour, in whatever notation, as [r, g, b]. */
export function colourOf(root, name) {
  const probe = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  probe.fillStyle = getComputedStyle(root).getPropertyValue(name).trim();
  probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

/** Writes on the element whether the theme is dark: style sheets' own colours depend on it. Gives it back. */
export function markTheme(root) {
  const [r, g, b] = colourOf(root, "--st-background-color"), dark = 0.299 * r + 0.587 * g + 0.114 * b < 128;
  root.dataset.theme = dark ? "dark" : "light";
  return dark;
}
