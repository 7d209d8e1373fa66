// An image beside its map of codes, with the place of the chosen cell on it.

import { element } from "../../../vae_core/browser/dom.js";
import { showImage } from "../../../vae_core/browser/images.js";

export class DecodedPanel {
  constructor(title) {
    this.title = title;
    this.canvas = element("canvas", { role: "img", "aria-label": title });
    this.box = element("i", { class: "box" });
    this.covers = element("div", { class: "covers" });
    this.root = element("figure", {}, element("figcaption", {}, element("b", {}, title)), element("div", { class: "shown" }, this.canvas, this.covers, this.box));
  }

  /** A mean image [H, W, C] in [0, 1], of shape [C, H, W]. */
  show(mean, shape) { showImage(this.canvas, mean, shape); }

  /** place: [row, column] of the chosen cell, of a grid {rows, columns}; covered: those that are not there yet, each [row, column, its grid]. */
  mark(place, grid, covered) {
    this.root.style.cssText = at(place, grid);
    const cells = covered.map(([row, column, of]) => at([row, column], of));
    if (this.covers.dataset.cells === String(cells)) return;
    this.covers.dataset.cells = String(cells);
    this.covers.replaceChildren(...cells.map((style) => element("i", { style })));
  }
}

const at = ([row, column], { rows, columns }) => `--row: ${row}; --column: ${column}; --rows: ${rows}; --columns: ${columns}`;
