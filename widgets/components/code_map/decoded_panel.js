// An image beside its map of codes, with the place of the chosen cell on it.

import { element } from "../../../vae_core/browser/dom.js";
import { showImage } from "../../../vae_core/browser/images.js";

export class DecodedPanel {
  constructor(title) {
    this.canvas = element("canvas", { role: "img", "aria-label": title });
    this.box = element("i", { class: "box" });
    this.covers = element("div", { class: "covers" });
    this.root = element("figure", {}, element("figcaption", {}, element("b", {}, title)), element("div", { class: "shown" }, this.canvas, this.covers, this.box));
  }

  /** A mean image [H, W, C] in [0, 1], of shape [C, H, W]. */
  show(mean, shape) { showImage(this.canvas, mean, shape); }

  /** cell: the chosen one; covered: those that are not there yet, a set, or null for none. */
  mark(cell, [rows, columns], covered) {
    for (const [name, value] of Object.entries({ row: Math.floor(cell / columns), column: cell % columns, rows, columns })) this.root.style.setProperty(`--${name}`, value);
    const cells = [...(covered ?? [])];
    if (this.covers.dataset.cells === String(cells)) return;
    this.covers.dataset.cells = String(cells);
    this.covers.replaceChildren(...cells.map((k) => element("i", { style: `--row: ${Math.floor(k / columns)}; --column: ${k % columns}` })));
  }
}
