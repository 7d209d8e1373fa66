// Samples of a prior over codes: each a grid that is written cell by cell, of the tiles of its codes, and decoded once
// all of it is there.

import { embedded } from "../../../vae_core/browser/codes.js";
import { element, setText } from "../../../vae_core/browser/dom.js";
import { paint } from "../../../vae_core/browser/images.js";
import { mounts } from "../../../vae_core/browser/mounted.js";
import { sideBySide } from "../../../vae_core/browser/pictures.js";
import { fetchParcel, join, leave } from "../../../vae_core/browser/store.js";
import { readTheme } from "../../../vae_core/browser/theme.js";

const ACROSS = 4; // samples
const SCALE = 6; // pixels of the canvas to one of an image, so that tiles of several pixels a cell can be drawn
const WRITING = 1800; // ms for all cells
const BETWEEN = 1; // pixels of an image between two of them

class CodeSheet {
  constructor(root) {
    this.root = root;
    const dom = this.dom = {
      waiting: element("div", { class: "waiting" }, "waiting for the model"),
      samples: element("canvas", { class: "samples", role: "img", hidden: true }),
      play: element("button", { type: "button", class: "play", "aria-label": "Write again", title: "Write again", onclick: () => this.play() }),
      says: element("span", { class: "says" }),
    };
    dom.bar = element("div", { class: "bar", hidden: true }, dom.play, dom.says);
    root.append(dom.waiting, dom.samples, dom.bar);
  }

  destroy() {
    leave(this);
    cancelAnimationFrame(this.working);
  }

  update(data) {
    this.data = data;
    this.theme = readTheme(this.root);
    this.dom.samples.setAttribute("aria-label", data.label);
    join(this, null);
    this.gather();
  }

  /** Takes up the parcels that Python named once all have arrived; until then the old ones stay. */
  gather() {
    const [decoder, codebook, sheet] = [this.data.decoder, this.data.codebook, this.data.sheet].map(fetchParcel);
    const bottom = this.data.bottom && fetchParcel(this.data.bottom);
    if (!decoder || !codebook || !sheet || (this.data.bottom && !bottom) || (sheet === this.sheet && decoder.made.showing(this.data.pixels) === this.decoder)) return;
    const [count] = sheet.arrays.codes.shape, [, height, width] = decoder.made.image;
    const level = ({ arrays: { tiles, vectors } }, codes) => {
      const [, rows, columns] = codes.shape;
      return { codes, vectors, pictures: sideBySide(tiles), tile: [tiles.shape[3], tiles.shape[2]], rows, columns, cells: rows * columns };
    };
    const levels = [level(codebook, sheet.arrays.codes), ...(bottom ? [level(bottom, sheet.arrays.bottom)] : [])];
    Object.assign(this, { decoder: decoder.made.showing(this.data.pixels), sheet, levels });
    const rows = Math.ceil(count / ACROSS);
    Object.assign(this.dom.samples, { width: SCALE * (ACROSS * (width + BETWEEN) - BETWEEN), height: SCALE * (rows * (height + BETWEEN) - BETWEEN), hidden: false });
    this.dom.waiting.hidden = true;
    this.dom.bar.hidden = false;
    this.play();
  }

  /** Shows the writing, all samples at a time, as the prior wrote them; then decodes one after the other. */
  play() {
    cancelAnimationFrame(this.working);
    const [count] = this.sheet.arrays.codes.shape, cells = this.levels.reduce((sum, level) => sum + level.cells, 0), still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const ctx = this.dom.samples.getContext("2d"), started = performance.now();
    ctx.clearRect(0, 0, ctx.canvas.width, ctx.canvas.height);
    let written = 0, decoded = 0;
    this.root.dataset.decoded = "false";
    this.dom.play.dataset.playing = "true";
    const work = () => {
      const until = still ? cells : Math.min(cells, Math.ceil((cells * (performance.now() - started)) / WRITING));
      if (written < until) for (; written < until; written++) for (let k = 0; k < count; k++) this.drawCell(ctx, k, written);
      else if (written === cells) this.drawSample(ctx, decoded++);
      setText(this.dom.says, written < cells ? `cell ${written} of ${cells} is written` : decoded < count ? "decoded" : `${cells} cells written, then decoded`);
      this.dom.play.dataset.playing = String(decoded < count);
      this.root.dataset.decoded = String(decoded === count);
      if (decoded < count) this.working = requestAnimationFrame(work);
    };
    work();
  }

  /** Left and top of a sample. */
  corner(k) {
    const [, height, width] = this.decoder.image;
    return [SCALE * (k % ACROSS) * (width + BETWEEN), SCALE * Math.floor(k / ACROSS) * (height + BETWEEN)];
  }

  /** Cells count on from the top level to the bottom, which is drawn over it. */
  drawCell(ctx, k, cell) {
    const { levels: [first, second], decoder: { image: [, height, width] } } = this;
    if (cell >= first.cells) this.drawCellOf(ctx, second, k, cell - first.cells, [width, height]);
    else this.drawCellOf(ctx, first, k, cell, [width, height]);
  }

  drawCellOf(ctx, { codes, pictures, tile: [w, h], rows, columns }, k, cell, [width, height]) {
    const [left, top] = this.corner(k), side = [(SCALE * width) / columns, (SCALE * height) / rows];
    const at = [left + (cell % columns) * side[0], top + Math.floor(cell / columns) * side[1]];
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(pictures, codes[k * rows * columns + cell] * w, 0, w, h, ...at, side[0] - 1, side[1] - 1);
  }

  drawSample(ctx, k) {
    const { sheet: { arrays: { y } }, decoder: { image: [channels, height, width], latent } } = this, z = new Float32Array(latent);
    let from = 0;
    for (const { codes, cells, vectors } of this.levels) {
      const part = embedded(codes.subarray(k * cells, (k + 1) * cells), vectors);
      z.set(part, from);
      from += part.length;
    }
    const canvas = new OffscreenCanvas(width, height), inner = canvas.getContext("2d"), pixels = inner.createImageData(width, height);
    paint(this.decoder.decode(z, y?.[k]), channels, pixels.data);
    inner.putImageData(pixels, 0, 0);
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(canvas, ...this.corner(k), SCALE * width, SCALE * height);
  }
}

export default mounts("code-sheet", (root) => new CodeSheet(root));
