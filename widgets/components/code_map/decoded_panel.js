// An image beside its map of codes, with the place of the chosen cell on it.

import { element } from "../../../vae_core/browser/dom.js";
import { prepared } from "../../../vae_core/browser/draw.js";
import { showImage } from "../../../vae_core/browser/images.js";
import { hatch } from "./tile_panel.js";

export class DecodedPanel {
  constructor(title) {
    this.title = title;
    this.canvas = element("canvas", { role: "img", "aria-label": title });
    this.box = element("i", { class: "box" });
    this.covers = element("canvas", { class: "covers", hidden: true });
    this.root = element("figure", {}, element("figcaption", {}, element("b", {}, title)), element("div", { class: "shown" }, this.canvas, this.covers, this.box));
  }

  /** A mean image [H, W, C] in [0, 1], of shape [C, H, W]. */
  show(mean, shape) { showImage(this.canvas, mean, shape); }

  /** place: [row, column] of the chosen cell, of a grid {rows, columns}; covered: those that are not there yet, each [row, column, its grid]. */
  mark([row, column], { rows, columns }, covered, { colours }) {
    this.root.style.cssText = `--row: ${row}; --column: ${column}; --rows: ${rows}; --columns: ${columns}`;
    this.covers.hidden = !covered.length;
    if (!covered.length) return;
    const { width, height } = this.canvas.getBoundingClientRect(), ctx = prepared(this.covers, width, height);
    for (const [at, along, of] of covered) {
      const [left, right] = [along, along + 1].map((k) => Math.round((k * width) / of.columns));
      const [top, bottom] = [at, at + 1].map((k) => Math.round((k * height) / of.rows));
      hatch(ctx, left, top, right - left, bottom - top, colours);
    }
  }
}
