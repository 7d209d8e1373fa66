// Colours and font of the map, from the style sheet and Streamlit's theme.

/** {dark, font, colours}; `q` and `hole` as [r, g, b], as they are mixed, the others as CSS has them. */
export function readTheme(root) {
  const get = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const probe = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgb = (name) => {
    probe.fillStyle = get(name);
    probe.fillRect(0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const [r, g, b] = rgb("--st-background-color"), dark = 0.299 * r + 0.587 * g + 0.114 * b < 128;
  root.dataset.theme = dark ? "dark" : "light"; // the style sheet's own colours depend on it
  const plain = ["p", "ink", "paper", "muted", "line", "accent", "on-hole"].map((name) => [name, get(`--${name}`)]);
  return {
    dark, font: get("--st-font") || "sans-serif",
    colours: {
      ...Object.fromEntries(plain), q: rgb("--q"), hole: rgb("--hole"),
      classes: get("--classes").split(",").map((colour) => colour.trim()),
    },
  };
}
