// The map of an image's codes under the hand: a cell is chosen, another code of the codebook takes its place, and what
// the decoder makes of it is there in the same frame. Cells can be hidden, for the prior to write them.

import { embedded } from "../../../vae_core/browser/codes.js";
import { element, setText } from "../../../vae_core/browser/dom.js";
import { keysMenu, mounts, Teller } from "../../../vae_core/browser/mounted.js";
import { sideBySide } from "../../../vae_core/browser/pictures.js";
import { fetchParcel, join, leave } from "../../../vae_core/browser/store.js";
import { readTheme } from "../../../vae_core/browser/theme.js";
import { takeMapAway } from "./away.js";
import { DecodedPanel } from "./decoded_panel.js";
import { PlanePanel } from "./plane_panel.js";
import { TilePanel } from "./tile_panel.js";

const WRITING = 40; // ms for each cell that the prior has written
const ORDER = "The prior writes in raster order: each hidden cell given all cells before it, kept or written. Kept cells count for those "
  + "after them alone. So hidden cells that end the grid are drawn from p(hidden | kept), and others are not; the page Inpaint weighs them.";
const KEYS = [
  ["Arrows", "the next cell; in the codebook, the next code"], ["Enter", "from a cell to the codebook, and there: take this code"],
  ["Esc", "back to the cell"], ["Backspace", "the encoder's code again"], ["Ctrl + Z", "undo"], ["Space", "hide or show the cell, while cells are hidden"],
];

class CodeMap {
  constructor(root) {
    this.root = root;
    Object.assign(this, { codes: null, hidden: new Set(), cell: 0, past: [], looked: null, pointed: null, hiding: false, last: null });
    const button = (label, onclick, title) => element("button", { type: "button", class: "quiet", onclick, title }, label);
    this.image = new DecodedPanel("Image");
    this.decoded = new DecodedPanel("Decoded");
    this.map = new TilePanel("Code map", "Codes of the image; the arrow keys go from cell to cell", {
      over: (k) => this.point(k), press: (k) => this.press(k), drag: (k) => this.drag(k), key: (event, step) => this.mapKey(event, step),
    });
    this.places = element("div", { class: "codebook" });
    const dom = this.dom = {
      waiting: element("div", { class: "waiting" }, "waiting for the model"),
      undo: button("Undo", () => this.undo(), "Ctrl + Z"),
      back: button("The encoder's codes", () => this.change(this.encoder), "All cells back to the encoder's codes"),
      hide: element("button", { type: "button", class: "toggle", "aria-pressed": "false", onclick: () => this.hideMode(!this.hiding) }, "Hide cells"),
      lower: button("Lower half", () => this.cover((k, count) => k >= count - Math.floor(this.rows / 2) * this.columns)),
      all: button("All", () => this.cover(() => true)), none: button("None", () => this.cover(() => false)),
      write: button("Let the prior write them", () => this.write()),
      says: element("p", { class: "says", "aria-live": "polite" }), order: element("p", { class: "says", hidden: true }, ORDER),
    };
    dom.choices = element("span", { class: "choices", hidden: true }, dom.lower, dom.all, dom.none, dom.write);
    dom.panels = element("div", { class: "panels", hidden: true }, this.image.root, this.map.root, this.decoded.root, this.places);
    dom.bar = element("div", { class: "bar", hidden: true }, dom.undo, dom.back, dom.hide, dom.choices, takeMapAway(this),
      keysMenu("A click chooses a cell, a click in the codebook gives it that code; over a code, its image is looked at.", KEYS));
    root.append(dom.waiting, dom.panels, dom.bar, dom.says, dom.order);
    this.observer = new ResizeObserver(() => this.request());
    this.observer.observe(dom.panels);
    this.teller = new Teller(root, { holds: () => true, state: () => this.state(), playing: () => this.writing, tell: (state) => this.tell(state) });
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
    const [decoder, codebook, coded] = [this.data.decoder, this.data.codebook, this.data.coded].map(fetchParcel);
    if (!decoder || !codebook || !coded) return;
    if (codebook !== this.codebook) this.takeCodebook(codebook);
    if (coded !== this.coded || !this.codes) this.takeImage(coded, decoder.made.image);
    Object.assign(this, { decoder: decoder.made.showing(this.data.pixels), codebook });
    this.dom.waiting.hidden = true;
    this.dom.panels.hidden = this.dom.bar.hidden = false;
    if (this.wish) this.adopt(this.wish);
    this.request();
  }

  takeCodebook({ arrays: { tiles, vectors } }) {
    this.pictures = sideBySide(tiles);
    this.tile = [tiles.shape[3], tiles.shape[2]];
    const hand = {
      over: (k) => this.look(k), press: (k) => this.choose(k), drag: () => {}, key: (event, step) => this.codebookKey(event, step),
    };
    const Panel = vectors.shape[1] === 2 ? PlanePanel : TilePanel;
    this.book = new Panel("Codebook", "Codes of the codebook; the arrow keys go from one to the next, Enter takes it", hand);
    this.places.replaceChildren(this.book.root);
    this.coded = null;
  }

  takeImage(coded, [, height, width]) {
    const { codes, image, vectors } = coded.arrays, { tiles, uses, vectors: of } = fetchParcel(this.data.codebook).arrays;
    [this.rows, this.columns] = codes.shape;
    this.map.take(codes.length, this.columns, width / height);
    this.book.take(tiles.shape[0], null, width / height);
    if (vectors) this.book.takePlane(of, uses, vectors);
    Object.assign(this, { coded, encoder: codes, codes: codes.slice(), past: [], hidden: new Set(), last: null });
    const [channels, h, w] = image.shape, mean = new Float32Array(image.length);
    for (let c = 0; c < channels; c++) for (let p = 0; p < h * w; p++) mean[p * channels + c] = image[c * h * w + p] / 255;
    this.image.show(mean, image.shape);
    setText(this.map.note, `${this.rows} × ${this.columns}`);
    setText(this.book.note, `${tiles.shape[0]} codes`);
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
    const step = (k) => {
      this.left = new Set(order.slice(k));
      this.writing = k < order.length ? setTimeout(() => step(k + 1), WRITING) : null;
      this.request();
    };
    step(0);
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

  /** To a cell by the keyboard. */
  go(k) {
    if (k < 0 || k >= this.codes.length) return;
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
    this.hidden = new Set(Array.from(this.codes, (_, k) => k).filter((k) => covers(k, this.codes.length)));
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
    this.request();
  }

  mapKey(event, step) {
    const acts = {
      Enter: () => this.book.over.focus(), Backspace: () => this.choose(this.encoder[this.cell]), Delete: () => this.choose(this.encoder[this.cell]),
      " ": () => this.hiding && this.press(this.cell),
    };
    const next = this.cell + (step ?? 0);
    if (event.key === "z" && (event.ctrlKey || event.metaKey)) this.undo();
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (step !== null) this.go(next);
    else if (acts[event.key]) acts[event.key]();
    else return;
    event.preventDefault();
  }

  codebookKey(event, step) {
    const from = this.looked ?? this.codes[this.cell], next = from + (step ?? 0);
    if (event.key === "z" && (event.ctrlKey || event.metaKey)) this.undo();
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (step !== null) this.look(next >= 0 && next < this.book.count ? next : from);
    else if (event.key === "Enter" || event.key === " ") this.choose(from);
    else if (event.key === "Escape") {
      this.look(null);
      this.map.over.focus();
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
    const { colours } = this.theme, { codes, encoder, cell } = this, covered = this.writing ? this.left : this.hidden;
    const shown = codes.slice();
    if (this.looked !== null) shown[cell] = this.looked;
    const chosen = [[colours.paper, 1], [colours.accent, 3], [colours.paper, 1]], same = [[colours.ink, 1.5]];
    const started = performance.now();
    this.decoded.show(this.decoder.decode(embedded(shown, this.codebook.arrays.vectors), this.data.y ?? undefined), this.decoder.image);
    this.root.dataset.decoding = (performance.now() - started).toFixed(1);
    for (const panel of [this.image, this.decoded]) panel.mark(cell, [this.rows, this.columns], panel === this.decoded ? covered : null);
    const pointed = this.pointed ?? cell;
    this.map.draw(this.theme, this.pictures, this.tile, (k) => shown[k], (k) => ({
      hatched: covered.has(k), corner: shown[k] === encoder[k] ? null : colours.accent,
      outline: k === cell ? chosen : k === this.pointed ? same : [],
    }));
    const uses = this.codebook.arrays.uses, own = encoder[cell], now = shown[cell];
    this.book.draw(this.theme, this.pictures, this.tile, (k) => k, (k) => ({
      faded: !uses[k], outline: k === now ? chosen : k === own || k === shown[pointed] ? same : [],
    }), cell);
    this.say(shown, pointed, covered);
  }

  say(shown, pointed, covered) {
    const { encoder, dom, hidden } = this, changed = shown.reduce((count, code, k) => count + (code !== encoder[k]), 0);
    const place = `Row ${Math.floor(pointed / this.columns) + 1}, column ${(pointed % this.columns) + 1}`;
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
