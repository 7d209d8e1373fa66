// The map of an image's codes under the hand: a cell is chosen, another code of the codebook takes its place, and what
// the decoder makes of it is there in the same frame. Cells can be hidden, for the prior to write them. Where codes are
// of two levels, each has a map of its own; cells count on from the top to the bottom, as the prior writes them.

import { embeddedLevels } from "../../../vae_core/browser/codes.js";
import { element, setText } from "../../../vae_core/browser/dom.js";
import { keysMenu, mounts, Teller } from "../../../vae_core/browser/mounted.js";
import { sideBySide } from "../../../vae_core/browser/pictures.js";
import { fetchParcel, join, leave } from "../../../vae_core/browser/store.js";
import { readTheme } from "../../../vae_core/browser/theme.js";
import { takeMapAway } from "./away.js";
import { DecodedPanel } from "./decoded_panel.js";
import { PlanePanel } from "./plane_panel.js";
import { TilePanel } from "./tile_panel.js";

const WRITING = 40, AT_MOST = 2000; // ms for each cell that the prior has written, and for all of them
const ORDER = "each hidden cell given all cells before it, kept or written. Kept cells count for those after them alone. So hidden "
  + "cells that come last are drawn from p(hidden | kept), and others are not; the page Inpaint weighs them.";
const ORDERS = [`The prior writes in raster order: ${ORDER}`, `The prior writes the top, then the bottom, both in raster order: ${ORDER}`];
const NAMES = [["Code map"], ["Top codes", "Bottom codes"]], BOOKS = [["Codebook"], ["Codebook of the top", "Codebook of the bottom"]];
const KEYS = [
  ["Arrows", "the next cell; in the codebook, the next code"], ["Enter", "from a cell to the codebook, and there: take this code"],
  ["Esc", "back to the cell"], ["Backspace", "the encoder's code again"], ["Ctrl + Z", "undo"], ["Space", "hide or show the cell, while cells are hidden"],
  ["Tab", "to the map of the other level, where there are two"],
];

class CodeMap {
  constructor(root) {
    this.root = root;
    Object.assign(this, { codes: null, hidden: new Set(), cell: 0, past: [], looked: null, pointed: null, hiding: false, last: null });
    const button = (label, onclick, title) => element("button", { type: "button", class: "quiet", onclick, title }, label);
    this.image = new DecodedPanel("Image");
    this.decoded = new DecodedPanel("Decoded");
    this.levels = [];
    this.places = element("div", { class: "codebook" });
    const dom = this.dom = {
      waiting: element("div", { class: "waiting" }, "waiting for the model"),
      undo: button("Undo", () => this.undo(), "Ctrl + Z"),
      back: button("The encoder's codes", () => this.change(this.encoder), "All cells back to the encoder's codes"),
      hide: element("button", { type: "button", class: "toggle", "aria-pressed": "false", onclick: () => this.hideMode(!this.hiding) }, "Hide cells"),
      lower: button("Lower half", () => this.cover((k) => this.inLowerHalf(k))),
      below: button("Bottom", () => this.cover((k) => this.levelOf(k) > 0), "All of the bottom, given the top"),
      all: button("All", () => this.cover(() => true)), none: button("None", () => this.cover(() => false)),
      write: button("Let the prior write them", () => this.write()),
      says: element("p", { class: "says", "aria-live": "polite" }), order: element("p", { class: "says", hidden: true }),
    };
    dom.choices = element("span", { class: "choices", hidden: true }, dom.lower, dom.below, dom.all, dom.none, dom.write);
    dom.panels = element("div", { class: "panels", hidden: true });
    dom.bar = element("div", { class: "bar", hidden: true }, dom.undo, dom.back, dom.hide, dom.choices, takeMapAway(this),
      keysMenu("A click chooses a cell, a click in the codebook gives it that code; over a code, its image is looked at.", KEYS));
    root.append(dom.waiting, dom.panels, dom.bar, dom.says, dom.order);
    this.observer = new ResizeObserver(() => this.request());
    this.observer.observe(dom.panels);
    this.teller = new Teller(root, { holds: () => true, state: () => this.state(), playing: () => this.writing || this.awaited, tell: (state) => this.tell(state) });
  }

  destroy() {
    leave(this);
    this.teller.destroy();
    this.observer.disconnect();
    cancelAnimationFrame(this.pending);
    clearTimeout(this.writing);
  }

  update(data, setStateValue, setTriggerValue) {
    const asked = this.data?.revision !== data.revision;
    Object.assign(this, { data, tell: (state) => setStateValue("state", state), tellWrite: (state) => setTriggerValue("write", state) });
    if (asked) this.wish = data.state;
    this.theme = readTheme(this.root);
    this.root.setAttribute("aria-label", data.label);
    join(this, null);
    this.gather();
  }

  /** Takes up the parcels that Python named once all have arrived; until then the old ones stay. */
  gather() {
    const [decoder, coded, ...codebooks] = [this.data.decoder, this.data.coded, ...this.data.codebooks].map(fetchParcel);
    if (!decoder || !coded || codebooks.includes(undefined)) return;
    if (codebooks.length !== this.levels.length || codebooks.some((each, n) => each !== this.levels[n].codebook)) this.takeCodebooks(codebooks);
    if (coded !== this.coded || !this.codes) this.takeImage(coded, decoder.made.image);
    this.decoder = decoder.made.showing(this.data.pixels);
    this.dom.waiting.hidden = true;
    this.dom.panels.hidden = this.dom.bar.hidden = false;
    if (this.wish) this.adopt(this.wish);
    this.request();
  }

  takeCodebooks(codebooks) {
    const names = NAMES[codebooks.length - 1];
    this.levels = codebooks.map((codebook, n) => {
      const { tiles, vectors, uses } = codebook.arrays, Book = vectors.shape[1] === 2 ? PlanePanel : TilePanel;
      const map = new TilePanel(names[n], `${names[n]} of the image; the arrow keys go from cell to cell`, {
        over: (k) => this.point(k === null ? null : this.levels[n].from + k), press: (k) => this.press(this.levels[n].from + k),
        drag: (k) => this.drag(this.levels[n].from + k), key: (event, step) => this.mapKey(n, event, step),
      });
      const book = new Book(BOOKS[codebooks.length - 1][n], "Codes of the codebook; the arrow keys go from one to the next, Enter takes it", {
        over: (k) => this.look(k), press: (k) => this.choose(k), drag: () => {}, key: (event, step) => this.codebookKey(event, step),
      });
      return { codebook, vectors, uses, map, book, pictures: sideBySide(tiles), tile: [tiles.shape[3], tiles.shape[2]], count: tiles.shape[0] };
    });
    this.places.replaceChildren(...this.levels.map(({ book }) => book.root));
    const { dom } = this, panels = [this.image.root, ...this.levels.map(({ map }) => map.root), this.decoded.root, this.places];
    dom.panels.replaceChildren(...panels);
    dom.panels.style.setProperty("--panels", panels.length);
    dom.below.hidden = codebooks.length < 2;
    setText(dom.order, ORDERS[codebooks.length - 1]);
    this.coded = null;
  }

  takeImage(coded, [, height, width]) {
    const { image, vectors } = coded.arrays, grids = [coded.arrays.codes, coded.arrays.bottom].slice(0, this.levels.length);
    const encoder = new Int16Array(grids.reduce((sum, grid) => sum + grid.length, 0));
    let from = 0;
    grids.forEach((grid, n) => {
      const level = this.levels[n], [rows, columns] = grid.shape;
      Object.assign(level, { from, rows, columns, cells: grid.length });
      encoder.set(grid, from);
      level.map.take(grid.length, columns, width / height);
      level.book.take(level.count, null, width / height);
      if (vectors) level.book.takePlane(level.vectors, level.uses, vectors.subarray(2 * from, 2 * (from + grid.length)));
      setText(level.map.note, `${rows} × ${columns}`);
      setText(level.book.note, `${level.count} codes`);
      from += grid.length;
    });
    Object.assign(this, { coded, encoder, codes: encoder.slice(), past: [], hidden: new Set(), last: null });
    const [channels, h, w] = image.shape, mean = new Float32Array(image.length);
    for (let c = 0; c < channels; c++) for (let p = 0; p < h * w; p++) mean[p * channels + c] = image[c * h * w + p] / 255;
    this.image.show(mean, image.shape);
  }

  // --- levels ---

  /** The number of a cell's level. */
  levelOf(k) { return this.levels.findLastIndex(({ from }) => k >= from); }

  /** The level of the chosen cell, whose codebook is shown. */
  get level() { return this.levels[this.levelOf(this.cell)]; }

  /** Row and column of a cell in its level. */
  place(k) {
    const { from, columns } = this.levels[this.levelOf(k)];
    return [Math.floor((k - from) / columns), (k - from) % columns];
  }

  /** Where a cell of one level lies in another: the first of the cells that are over each other. */
  across(k, n) {
    const [row, column] = this.place(k), { rows, columns, from } = this.levels[n], of = this.levels[this.levelOf(k)];
    return from + Math.floor((row * rows) / of.rows) * columns + Math.floor((column * columns) / of.columns);
  }

  /** Whether two cells lie over each other, on different levels. */
  areOver(a, b) {
    const [one, other] = [a, b].map((k) => this.levelOf(k));
    return one < other ? this.across(b, one) === a : one > other && this.across(a, other) === b;
  }

  inLowerHalf(k) {
    const { rows } = this.levels[0];
    return this.place(this.across(k, 0))[0] >= rows - Math.floor(rows / 2);
  }

  adopt({ changed, hidden, cell }) {
    this.wish = null;
    const codes = this.encoder.slice(), before = this.codes;
    for (const [k, code] of changed) codes[k] = code;
    this.cell = cell;
    if (this.awaited) {
      this.past.push(this.awaited);
      this.play(before, codes, this.awaited.hidden);
      this.awaited = null;
    } else this.past = [];
    this.codes = codes;
    this.hidden = new Set(hidden);
    if (this.hidden.size) this.hideMode(true);
    this.teller.knows(this.state());
  }

  /** Shows the cells that the prior has written one after the other, in its order. */
  play(before, codes, hidden) {
    clearTimeout(this.writing);
    const order = [...hidden].sort((a, b) => a - b);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const started = performance.now(), each = Math.min(WRITING, AT_MOST / order.length);
    const step = () => {
      const written = Math.floor((performance.now() - started) / each);
      this.left = new Set(order.slice(written));
      this.writing = written < order.length ? setTimeout(step, each) : null;
      this.request();
      if (!this.writing && this.teller.due) this.teller.settle(); // what the hand has done meanwhile
    };
    step();
  }

  // --- what the hand does ---

  press(k) {
    this.cell = k;
    if (this.hiding) {
      this.drawing = !this.hidden.has(k);
      this.keep();
      this.drag(k);
    }
    this.teller.settle();
    this.request();
  }

  drag(k) {
    if (!this.hiding || this.hidden.has(k) === this.drawing) return;
    if (this.drawing) this.hidden.add(k);
    else this.hidden.delete(k);
    this.teller.settle();
    this.request();
  }

  /** To a cell of a level by the keyboard. */
  go(n, k) {
    const { from, cells } = this.levels[n];
    if (k < from || k >= from + cells) return;
    this.cell = k;
    this.teller.settle();
    this.request();
  }

  point(k) {
    this.pointed = k;
    this.request();
  }

  look(code) {
    this.looked = code;
    this.request();
  }

  /** The chosen cell takes a code. */
  choose(code) {
    const codes = this.codes.slice();
    codes[this.cell] = code;
    this.looked = null;
    this.change(codes);
  }

  change(codes) {
    this.keep();
    this.codes = codes.slice();
    this.teller.settle();
    this.request();
  }

  /** Remembers the moment, for Undo. */
  keep() { this.past.push({ codes: this.codes.slice(), hidden: new Set(this.hidden) }); }

  undo() {
    const last = this.past.pop();
    if (!last) return;
    Object.assign(this, last);
    this.teller.settle();
    this.request();
  }

  hideMode(on) {
    this.hiding = on;
    this.dom.choices.hidden = this.dom.order.hidden = !on;
    this.dom.hide.setAttribute("aria-pressed", String(on));
    if (!on && this.hidden.size) this.cover(() => false);
    this.request();
  }

  cover(covers) {
    this.keep();
    this.hidden = new Set(Array.from(this.codes, (_, k) => k).filter(covers));
    this.teller.settle();
    this.request();
  }

  /** Asks for the hidden cells, or once more for those that were written last. */
  write() {
    if (!this.hidden.size && this.last) this.hidden = new Set(this.last);
    if (!this.hidden.size) return;
    this.last = this.hidden;
    this.awaited = { codes: this.codes.slice(), hidden: new Set(this.hidden) };
    this.tellWrite(this.state());
    this.teller.knows(this.state());
    this.request();
  }

  /** On the map of another level than the chosen cell's, a key first goes to the cell at the same place. */
  mapKey(n, event, step) {
    const here = this.levelOf(this.cell) === n, own = () => this.choose(this.encoder[this.cell]);
    const acts = {
      Enter: () => this.toCodebook(), Backspace: own, Delete: own, " ": () => this.hiding && this.press(this.cell),
    };
    if (event.key === "z" && (event.ctrlKey || event.metaKey)) this.undo();
    else if (event.ctrlKey || event.metaKey || event.altKey || (step === null && !acts[event.key])) return;
    else if (!here) this.go(n, this.across(this.cell, n));
    else if (step !== null) this.go(n, this.cell + step);
    else acts[event.key]();
    event.preventDefault();
  }

  toCodebook() {
    this.draw(); // which shows that of the level: what is hidden takes no focus
    this.level.book.over.focus();
  }

  codebookKey(event, step) {
    const from = this.looked ?? this.codes[this.cell], next = from + (step ?? 0);
    if (event.key === "z" && (event.ctrlKey || event.metaKey)) this.undo();
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (step !== null) this.look(next >= 0 && next < this.level.count ? next : from);
    else if (event.key === "Enter" || event.key === " ") this.choose(from);
    else if (event.key === "Escape") {
      this.look(null);
      this.level.map.over.focus();
    } else return;
    event.preventDefault();
  }

  // --- what goes to Python ---

  state() {
    const changed = Array.from(this.codes, (code, k) => [k, code]).filter(([k, code]) => code !== this.encoder[k]);
    return { changed, hidden: [...this.hidden].sort((a, b) => a - b), cell: this.cell };
  }

  // --- drawing ---

  request() {
    this.pending ||= requestAnimationFrame(() => {
      this.pending = 0;
      if (this.codes && this.theme) this.draw();
    });
  }

  draw() {
    const { colours } = this.theme, { codes, encoder, cell, level } = this, covered = this.writing ? this.left : this.hidden;
    const shown = codes.slice();
    if (this.looked !== null) shown[cell] = this.looked;
    const chosen = [[colours.paper, 1], [colours.accent, 3], [colours.paper, 1]], same = [[colours.ink, 1.5]], over = [[colours.accent, 1.5]];
    const started = performance.now();
    this.decoded.show(this.decoder.decode(embeddedLevels(shown, this.levels), this.data.y ?? undefined), this.decoder.image);
    this.root.dataset.decoding = (performance.now() - started).toFixed(1);
    const places = [...covered].map((k) => [...this.place(k), this.levels[this.levelOf(k)]]);
    for (const panel of [this.image, this.decoded]) panel.mark(this.place(cell), level, panel === this.decoded ? places : [], this.theme);
    const pointed = this.pointed ?? cell;
    for (const { map, pictures, tile, from } of this.levels) {
      map.draw(this.theme, pictures, tile, (k) => shown[from + k], (k) => ({
        hatched: covered.has(from + k), corner: shown[from + k] === encoder[from + k] ? null : colours.accent,
        outline: from + k === cell ? chosen : from + k === this.pointed ? same : this.areOver(from + k, cell) ? over : [],
      }));
    }
    for (const each of this.levels) each.book.root.hidden = each !== level;
    const own = encoder[cell], now = shown[cell];
    level.book.draw(this.theme, level.pictures, level.tile, (k) => k, (k) => ({
      faded: !level.uses[k], outline: k === now ? chosen : k === own || (this.levelOf(pointed) === this.levelOf(cell) && k === shown[pointed]) ? same : [],
    }), cell - level.from);
    this.say(shown, pointed, covered);
  }

  say(shown, pointed, covered) {
    const { encoder, dom, hidden, levels } = this, changed = shown.reduce((count, code, k) => count + (code !== encoder[k]), 0);
    const [row, column] = this.place(pointed), level = levels.length < 2 ? "" : ` of the ${["top", "bottom"][this.levelOf(pointed)]}`;
    const place = `Row ${row + 1}, column ${column + 1}${level}`;
    const own = encoder[pointed] === shown[pointed] ? "the encoder's" : `the encoder's is ${encoder[pointed]}`;
    const of = covered.has(pointed) ? "hidden" : `code ${shown[pointed]}, ${own}`;
    setText(dom.says, `${place}: ${of}${changed ? `. ${changed} of ${shown.length} cells changed` : ""}`);
    dom.undo.disabled = !this.past.length;
    dom.back.disabled = !changed;
    dom.write.disabled = this.awaited || !(hidden.size || this.last);
    setText(dom.write, hidden.size || !this.last ? "Let the prior write them" : "Write them again");
  }
}

export default mounts("code-map", (root) => new CodeMap(root));
