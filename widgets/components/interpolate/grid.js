// A grid of images between four corners, decoded in the browser. The image under the pointer is enlarged; a click or
// the arrow keys choose one that stays.

import { element, setText } from "../../../vae_core/browser/dom.js";
import { paint, showImage } from "../../../vae_core/browser/images.js";
import { mounts } from "../../../vae_core/browser/mounted.js";
import { fetchParcel, join, leave } from "../../../vae_core/browser/store.js";
import { readTheme } from "../../../vae_core/browser/theme.js";
import { blendInWords } from "./path.js";

const TURN = 8; // ms of decoding before the hand has its turn
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

class ImageGrid {
  constructor(root) {
    this.root = root;
    this.cell = null; // [row, column] that stays
    const letters = (...names) => element("div", { class: "letters", "aria-hidden": "true" }, ...names.map((name) => element("b", {}, name)));
    const dom = this.dom = {
      tiles: element("canvas", { class: "tiles" }), box: element("i", { class: "box" }),
      large: element("canvas", { class: "decoded", role: "img", "aria-label": "The enlarged image" }),
      says: element("figcaption", { "aria-live": "polite" }), waiting: element("div", { class: "waiting" }, "waiting for the model"),
    };
    dom.over = element("div", {
      class: "over", tabindex: 0, role: "application", "aria-label": "Images between A, B, C and D; the arrow keys go from one to the next",
      onpointermove: (event) => this.draw(this.under(event)), onpointerleave: () => this.draw(),
      onpointerdown: (event) => this.stay(this.under(event)), onkeydown: (event) => this.key(event),
    }, dom.tiles, dom.box);
    dom.whole = element("div", { class: "corners", hidden: true },
      element("div", {}, letters("A", "B"), dom.over, letters("C", "D")), element("figure", {}, dom.large, dom.says));
    root.append(dom.waiting, dom.whole);
  }

  destroy() {
    leave(this);
    cancelAnimationFrame(this.working);
  }

  update(data) {
    this.data = data;
    readTheme(this.root);
    this.root.setAttribute("aria-label", data.label);
    join(this, null);
    this.gather();
  }

  /** Takes up the parcels that Python named once both have arrived; until then the old ones stay. */
  gather() {
    const [decoder, grid] = [this.data.decoder, this.data.grid].map(fetchParcel);
    const shown = decoder?.made.showing(this.data.pixels);
    if (!decoder || !grid || (shown === this.decoder && grid === this.grid)) return;
    Object.assign(this, { decoder: shown, grid });
    const [rows, columns] = grid.arrays.codes.shape;
    this.cell ??= [rows >> 1, columns >> 1];
    this.dom.waiting.hidden = true;
    this.dom.whole.hidden = false;
    this.dom.over.style.setProperty("--columns", columns);
    this.dom.over.style.setProperty("--rows", rows);
    this.decodeAll(rows, columns);
    this.draw();
  }

  decoded([row, column]) {
    const { codes, classes } = this.grid.arrays;
    const at = (array) => array.subarray(...[0, 1].map((end) => (row * array.shape[1] + column + end) * array.shape[2]));
    const y = classes && at(classes);
    return { image: this.decoder.decode(at(codes), y), y };
  }

  decodeAll(rows, columns) {
    const { dom: { tiles }, decoder: { image: [channels, height, width] } } = this, ctx = tiles.getContext("2d");
    Object.assign(tiles, { width: columns * width, height: rows * height });
    const pixels = ctx.createImageData(width, height);
    let k = 0;
    const work = () => {
      const started = performance.now();
      for (; k < rows * columns && performance.now() - started < TURN; k++) {
        const row = Math.floor(k / columns), column = k % columns;
        paint(this.decoded([row, column]).image, channels, pixels.data);
        ctx.putImageData(pixels, column * width, row * height);
      }
      this.root.dataset.decoded = String(k === rows * columns);
      if (k < rows * columns) this.working = requestAnimationFrame(work);
    };
    cancelAnimationFrame(this.working);
    work();
  }

  // --- the hand ---

  under({ clientX, clientY }) {
    const { left, top, width, height } = this.dom.tiles.getBoundingClientRect(), [rows, columns] = this.grid.arrays.codes.shape;
    const within = (share, count) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
    return [within((clientY - top) / height, rows), within((clientX - left) / width, columns)];
  }

  stay(cell) {
    this.cell = cell;
    this.draw();
  }

  key(event) {
    const step = ARROWS[event.key], [rows, columns] = this.grid.arrays.codes.shape;
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const within = (value, count) => Math.min(count - 1, Math.max(0, value));
    this.stay([within(this.cell[0] + step[0], rows), within(this.cell[1] + step[1], columns)]);
  }

  /** The enlarged image: of the cell that stays, or of one that is looked at. */
  draw(cell = this.cell) {
    const { dom, grid, decoder } = this, [rows, columns] = grid.arrays.codes.shape, [row, column] = cell;
    dom.box.style.setProperty("--row", row);
    dom.box.style.setProperty("--column", column);
    const { image, y } = this.decoded(cell), blend = blendInWords(y, decoder.condition?.names);
    showImage(dom.large, image, decoder.image);
    const share = (k, count) => (k / (count - 1)).toFixed(2);
    setText(dom.says, `${share(column, columns)} of the way to the right, ${share(row, rows)} down${blend && `, as ${blend}`}`);
  }
}

export default mounts("image-grid", (root) => new ImageGrid(root));
