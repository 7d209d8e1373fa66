// One model's board: the decoded image under the sliders' hand, the image it started from, and a row for each
// dimension, largest KL first. Those hardly used are folded away.

import { element, number, setText } from "../../../vae_core/browser/dom.js";
import { showImage } from "../../../vae_core/browser/images.js";
import { Row } from "./row.js";
import { Strips } from "./strips.js";

// Pixels: of the sides of a strip's images, and of what a row has besides them, above and beside.
const SMALLEST = 24, FAIR = 40, LARGEST = 64, ABOVE = 30, ENDS = 56; // ENDS: head and foot of all rows
const IN_SIGHT = 6; // rows at least, where all do not fit, unless their images became less than fair
const BESIDE = 252, BESIDE_NARROW = 190, NARROW = 480, SIDE_BY_SIDE = 700; // as the style sheet has them
const AIR = 1.5, APART = 44; // of two images, in their sides; of two ticks, in pixels
const SHARP = 1.4; // enlarged at least so much, pixels are shown as squares

export class Board {
  /** `hand`: what the rows tell, each time with this board first. */
  constructor(hand) {
    this.hand = hand;
    this.moved = new Map(); // dimension -> z
    this.rows = [];
    this.seen = new Set(); // rows in sight
    this.looked = null; // {row, z} under the pointer
    this.buildDom();
    this.strips = new Strips(STRIPS_SCRIPT, (d, tiles) => this.byDimension[d].paint(tiles), (done) => {
      this.root.dataset.decoded = String(done);
    });
    this.watcher = new IntersectionObserver((entries) => this.scrolled(entries), {
      root: this.dom.rows, rootMargin: "120px 0px",
    });
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(this.root);
  }

  destroy() {
    this.watcher.disconnect();
    this.sizes.disconnect();
    this.strips.stop();
  }

  buildDom() {
    const picture = (name, label) => element("canvas", { class: name, role: "img", "aria-label": label });
    const dom = {
      title: element("h4", {}), note: element("span", { class: "note" }),
      live: picture("decoded", "Decoded image"), caption: element("figcaption", {}),
      original: picture("original", "Chosen image"), again: picture("again", "Its reconstruction"),
      ticks: element("div", { class: "ticks", "aria-hidden": "true" }),
      used: element("div", {}), dead: element("div", { class: "dead", hidden: true }),
      fold: element("button", { type: "button", class: "fold", onclick: () => this.hand.fold() }),
    };
    dom.pair = element("div", { class: "pair" },
      element("figure", {}, dom.original, element("figcaption", {}, "Image")),
      element("figure", {}, dom.again, element("figcaption", {}, "Reconstruction")));
    dom.rows = element("div", { class: "rows" },
      element("div", { class: "row top" }, element("span", {}, "KL"), dom.ticks, element("i", {}, "z")),
      dom.used, dom.fold, dom.dead);
    dom.head = element("header", {}, dom.title, dom.note);
    const stage = element("div", { class: "stage" }, element("figure", { class: "live" }, dom.live, dom.caption), dom.pair);
    this.dom = dom;
    this.root = element("section", { class: "board" }, dom.head,
      element("div", { class: "inner" }, stage, dom.rows));
  }

  // --- what comes from Python ---

  /** The unpacked parcels, what is shown of p(x|z), the user's names, and the largest KL of all boards. Whether it is
   * another model now. */
  take(decoder, pixels, model, names, largest) {
    const { key, title, note, ticks, arrays } = model, { order, dead, kl, stops, origin } = arrays;
    const other = key !== this.key || origin.length !== this.latent;
    if (other) this.moved.clear();
    const changed = decoder !== this.source || model !== this.model || pixels !== this.pixels;
    Object.assign(this, { key, latent: origin.length, model, origin, pixels });
    setText(this.dom.title, title);
    setText(this.dom.note, note);
    this.root.setAttribute("aria-label", title);
    if (changed) {
      this.strips.take(decoder, pixels, stops);
      this.source = decoder;
      this.decoder = decoder.made.showing(pixels);
      this.looked = null;
    }
    // Another image of the same model leaves the rows where they are.
    const frame = JSON.stringify([key, decoder.image, ticks, ...[order, dead, kl, stops].map((a) => [...a])]);
    // New rows have no images, and the strips send each once: rows are made only where the strips begin anew too.
    if (frame !== this.frame) this.makeRows(model);
    this.frame = frame;
    this.byDimension.forEach((row, d) => {
      if (row.name !== names[d]) row.call(names[d]);
      row.weigh(largest);
    });
    if (changed) this.showStart();
    return other;
  }

  makeRows({ ticks, arrays: { order, dead, kl, stops } }) {
    const K = ticks.length, sorted = [...order].sort((a, b) => dead[a] - dead[b]);
    this.rows = sorted.map((d, rank) => new Row({
      d, rank, dead: Boolean(dead[d]), kl: kl[d],
      stops: stops.subarray(d * K, (d + 1) * K),
    }, this.handOf()));
    this.byDimension = this.rows.toSorted((a, b) => a.d - b.d);
    const [used, unused] = [this.rows.filter((row) => !row.dead), this.rows.filter((row) => row.dead)];
    this.watcher.disconnect();
    this.seen.clear();
    this.dom.used.replaceChildren(...used.map((row) => row.root));
    this.dom.dead.replaceChildren(...unused.map((row) => row.root));
    for (const row of this.rows) this.watcher.observe(row.root);
    this.dom.ticks.replaceChildren(...ticks.map((tick) => element("span", {}, tick)));
    this.counts = [used.length, unused.length];
    this.dom.fold.hidden = unused.length === 0;
    this.fit();
  }

  /** Strips as large as the width allows, and small enough for all rows in use to be in sight if that can be. */
  fit() {
    const width = this.root.clientWidth;
    if (!this.counts || !width) return;
    const stage = width < SIDE_BY_SIDE ? 0 : Math.max(190, 0.27 * width) + 28;
    const K = this.model.ticks.length, beside = width < NARROW ? BESIDE_NARROW : BESIDE;
    const pitch = (width - stage - beside) / K;
    const height = parseFloat(getComputedStyle(this.dom.rows).maxHeight) || Infinity;
    const high = (rows) => (height - ENDS) / rows - ABOVE, all = high(Math.max(1, this.counts[0]));
    const side = Math.min(pitch - 3, LARGEST, Math.max(FAIR, all >= FAIR ? all : high(IN_SIGHT)));
    const tile = Math.floor(Math.max(SMALLEST, side)), step = Math.min(pitch, AIR * tile);
    this.root.style.setProperty("--tile", `${tile}px`);
    this.root.style.setProperty("--strip", `${Math.floor(K * step)}px`);
    this.root.style.setProperty("--rows", `${Math.floor(K * step) + beside}px`);
    const pixels = Math.max(...this.decoder.image.slice(1));
    this.root.dataset.sharp = String(tile * devicePixelRatio >= SHARP * pixels);
    const half = (K - 1) / 2; // the middle one stays, and as many as have room
    const every = [1, 2, 3, 4, 5].find((n) => half % n === 0 && n * step >= APART) ?? half;
    [...this.dom.ticks.children].forEach((tick, k) => { tick.hidden = k % every !== 0; });
  }

  handOf() {
    const told = (name) => (...args) => this.hand[name](this, ...args);
    return Object.fromEntries(["preview", "move", "slide", "reset", "key", "play", "point", "rename"]
      .map((name) => [name, told(name)]));
  }

  /** The chosen image and what the model makes of it. */
  showStart() {
    const { image } = this.model.arrays, { from_image: known } = this.model;
    this.dom.pair.hidden = !image && !known;
    this.dom.original.parentElement.hidden = !image;
    if (image) {
      const [height, width, channels] = image.shape;
      showImage(this.dom.original, Float32Array.from(image, (v) => v / 255), [channels, height, width]);
    }
    showImage(this.dom.again, this.decoder.decode(this.origin), this.decoder.image);
  }

  unfold(open) {
    const [used, unused] = this.counts, shown = open || used === 0;
    this.dom.dead.hidden = !shown;
    this.dom.fold.setAttribute("aria-expanded", String(shown));
    setText(this.dom.fold, `${unused} ${unused === 1 ? "dimension" : "dimensions"} hardly used`);
  }

  // --- where the sliders stand ---

  at(d) { return this.moved.get(d) ?? this.origin[d]; }

  set(d, z) {
    if (z === null || z === this.origin[d]) this.moved.delete(d);
    else this.moved.set(d, z);
  }

  code() { return Float32Array.from(this.origin, (_, d) => this.at(d)); }

  scrolled(entries) {
    for (const { target, isIntersecting } of entries) {
      const row = this.byDimension[Number(target.dataset.dimension)];
      if (!isIntersecting) { this.seen.delete(row); continue; }
      if (!row.built) {
        row.build(this.decoder.image);
        row.place(this.at(row.d), this.origin[row.d]);
      }
      this.seen.add(row);
    }
    this.hand.sight(this);
  }

  // --- drawing ---

  /** All that follows the sliders; `drawn`: in words, where a draw of the prior is on screen. */
  draw(drawn) {
    const z = this.code(), { looked } = this, shown = z.slice();
    if (looked) shown[looked.row.d] = looked.z;
    showImage(this.dom.live, this.decoder.decode(shown), this.decoder.image);
    setText(this.dom.caption, looked ? `${looked.row.symbol} = ${number(looked.z)} here` : drawn ?? this.caption());
    for (const row of this.seen) row.place(this.at(row.d), this.origin[row.d]);
    this.root.dataset.decoded = "false";
    this.strips.want(z, [...this.seen].sort((a, b) => a.rank - b.rank).map((row) => row.d));
  }

  /** What draw number `seed` of the prior puts at a rank. */
  drawOf(seed, rank) {
    const { draws } = this.model.arrays, [count, D] = draws.shape;
    return draws[(seed % count) * D + rank];
  }

  caption() {
    const { moved, model: { from_image: known } } = this;
    if (moved.size === 0) return known ? "At the image\u2019s code" : "At the prior\u2019s mean";
    if (moved.size > 1) return `${moved.size} dimensions moved`;
    const [[d, z]] = moved;
    return `Moved: z${d + 1} = ${number(z)}`;
  }
}
