// Groups of categories under the hand: a row for each group, and in it a picture for each category, of what the decoder
// makes when the group takes that one and the others stay; or, in place of pictures, how probable q(z|x) finds them. A
// click takes it.

import { oneHot } from "../../../vae_core/browser/codes.js";
import { element, number, setText } from "../../../vae_core/browser/dom.js";
import { box, write } from "../../../vae_core/browser/draw.js";
import { table } from "../../../vae_core/browser/figure.js";
import { pngFile } from "../../../vae_core/browser/files.js";
import { showImage } from "../../../vae_core/browser/images.js";
import { keysMenu, mounts, Teller } from "../../../vae_core/browser/mounted.js";
import { fetchParcel, join, leave } from "../../../vae_core/browser/store.js";
import { takeAwayMenu } from "../../../vae_core/browser/take_away.js";
import { readTheme } from "../../../vae_core/browser/theme.js";
import { cell, cellsPicture } from "./cells.js";

const NAME = 30, SPACE = 3; // pixels of a picture to take away: left of its rows, and between two images
const COLUMNS = 32; // in a row, at most; more categories take several lines
const SLICE = 8; // ms of decoding pictures before the hand has its turn
const KEYS = [["\u2190 \u2192", "another category of the group"], ["\u2191 \u2193", "another group"], ["Enter", "take this category"]];
const percent = (share) => `${(100 * share).toFixed(1)}\u00a0%`;

class Categories {
  constructor(root) {
    this.root = root;
    this.codes = null;
    const canvas = (label) => element("canvas", { role: "img", "aria-label": label });
    const dom = this.dom = {
      waiting: element("div", { class: "waiting" }, "waiting for the model"), live: canvas("Decoded image"), says: element("figcaption", {}),
      image: canvas("Image"), rows: element("div", { class: "rows" }), facts: element("dl", {}),
      back: element("button", { type: "button", class: "quiet", onclick: () => this.change(this.arrays.start) }, "Back to the start"),
    };
    dom.given = element("figure", { class: "image" }, dom.image, element("figcaption", {}, "Image"));
    dom.inner = element("div", { class: "inner", hidden: true },
      element("div", { class: "stage" }, element("figure", { class: "live" }, dom.live, dom.says), dom.given, dom.facts), dom.rows);
    dom.bar = element("div", { class: "bar", hidden: true }, dom.back, element("div", { class: "menus" },
      takeAwayMenu(() => "categories", { png: (times) => this.png(times), csv: () => this.csv() }),
      keysMenu("A click takes a category; over one, what the decoder makes of it is looked at.", KEYS)));
    root.append(dom.waiting, dom.bar, dom.inner);
    this.teller = new Teller(root, { holds: () => true, state: () => this.state(), playing: () => false, tell: (state) => this.tell(state) });
  }

  destroy() {
    leave(this);
    this.teller.destroy();
    cancelAnimationFrame(this.working);
  }

  update(data, setStateValue) {
    if (this.data?.revision !== data.revision) this.wish = data.state;
    Object.assign(this, { data, tell: (state) => setStateValue("state", state) });
    this.theme = readTheme(this.root);
    this.root.setAttribute("aria-label", data.label);
    this.root.style.setProperty("--height", data.height);
    join(this, null);
    this.gather();
  }

  /** Takes up the parcels that Python named once both have arrived; until then the old ones stay. */
  gather() {
    const { data } = this, decoder = fetchParcel(data.decoder), groups = fetchParcel(data.groups);
    if (!decoder || !groups) return;
    const { dom } = this, { arrays } = groups, fresh = groups !== this.groups, made = `${data.cells} ${data.unit}`;
    Object.assign(this, { groups, arrays, decoder: decoder.made.showing(data.pixels) });
    this.root.dataset.cells = data.cells;
    if (fresh || made !== this.made) this.makeRows();
    this.made = made;
    this.showFacts(data.facts ?? []);
    if (fresh) this.wish ??= data.state; // of a run in training the start moves on, and what was chosen stays
    if (this.wish) this.adopt(this.wish);
    dom.waiting.hidden = true;
    dom.inner.hidden = dom.bar.hidden = false;
    dom.given.hidden = !arrays.image;
    if (arrays.image) showImage(dom.image, Float32Array.from(arrays.image, (v) => v / 255), this.decoder.image);
    this.show();
  }

  adopt({ changed, cell: group }) {
    this.wish = null;
    this.group = group;
    this.codes = this.arrays.start.slice();
    for (const [m, k] of changed) this.codes[m] = k;
    this.teller.knows(this.state());
  }

  /** Whether cells stand in place of pictures. */
  get cells() { return this.data.cells === "probabilities"; }

  /** A row's KL, as it is shown. */
  says(m) {
    const { unit } = this.data;
    return `KL ${number(unit === "bits" ? this.arrays.kl[m] / Math.LN2 : this.arrays.kl[m])} ${unit ?? "nats"}`;
  }

  makeRows() {
    const { shares, holes, order, start, probabilities } = this.arrays, [, K] = shares.shape, most = Math.max(...shares);
    const of = (m, k) => `Group ${m + 1}, category ${k + 1}: ${percent(shares[m * K + k])} of test images`
      + (probabilities ? `, ${percent(probabilities[m * K + k])} of this one` : "")
      + (holes?.[m * K + k] ? ". A hole: the prior takes it far more often than any image" : "");
    this.tiles = [];
    this.rows = [];
    setText(this.dom.back, this.cells ? "Back to the encoder\u2019s choice" : "Back to the start");
    this.root.style.setProperty("--columns", Math.min(K, COLUMNS));
    this.root.style.setProperty("--categories", K);
    this.root.dataset.wide = K > COLUMNS / 2;
    this.root.style.setProperty("--uniform", 1 / K / most);
    this.dom.rows.replaceChildren(...[...order].map((m) => {
      this.tiles[m] = Array.from({ length: K }, (_, k) => element("button", {
        type: "button", class: "tile", role: "radio", title: of(m, k), "aria-label": of(m, k), "data-start": k === start[m],
        onclick: () => this.choose(m, k), onpointerenter: (event) => event.pointerType !== "touch" && this.look([m, k]),
        onpointerleave: () => this.look(null), onkeydown: (event) => this.key(event, m, k),
      }, this.cells ? cell(probabilities[m * K + k]) : element("canvas", {}),
      element("i", { class: "use", "data-hole": Boolean(holes?.[m * K + k]), style: `--share: ${shares[m * K + k] / most}` })));
      const name = element("div", { class: "who" }, element("b", {}, `z${m + 1}`), element("small", {}, this.says(m)));
      this.rows[m] = element("div", { class: "row", role: "radiogroup", "aria-label": `Group ${m + 1}` }, name, element("div", { class: "tiles" }, ...this.tiles[m]));
      return this.rows[m];
    }));
  }

  /** facts: name, value, what it was at first or nothing, what it is. */
  showFacts(facts) {
    this.dom.facts.hidden = !facts.length;
    this.dom.facts.replaceChildren(...facts.map(([name, value, first, help]) => element("div", {},
      element("dt", {}, name), element("dd", {}, element("b", {}, value), " ", element("small", {}, first), element("small", {}, help)))));
  }

  // --- what the hand does ---

  choose(m, k) {
    this.group = m;
    this.change(this.codes.map((code, group) => (group === m ? k : code)));
  }

  change(codes) {
    this.codes = codes.slice();
    this.looked = null;
    this.teller.settle();
    this.show();
  }

  look(place) {
    this.looked = place;
    this.showLive();
  }

  key(event, m, k) {
    const order = [...this.arrays.order], K = this.tiles[m].length;
    const to = {
      ArrowLeft: [m, k - 1], ArrowRight: [m, k + 1], ArrowUp: [order[order.indexOf(m) - 1], k], ArrowDown: [order[order.indexOf(m) + 1], k],
    }[event.key];
    if (!to || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const [group, category] = to;
    if (group === undefined || category < 0 || category >= K) return;
    this.tiles[group][category].focus();
    this.look([group, category]);
  }

  // --- what goes to Python, and away ---

  state() {
    const changed = Array.from(this.codes, (code, m) => [m, code]).filter(([m, code]) => code !== this.arrays.start[m]);
    return { changed, hidden: [], cell: this.cells ? this.group : null };
  }

  csv() {
    const { shares, kl, probabilities } = this.arrays, [M, K] = shares.shape, lines = [];
    for (let m = 0; m < M; m++) for (let k = 0; k < K; k++) {
      lines.push([m + 1, k + 1, kl[m], shares[m * K + k], probabilities?.[m * K + k] ?? "", Number(this.codes[m] === k)]);
    }
    return table(["group", "category", this.cells ? "kl_nats_of_this_image" : "kl_nats", "share_of_test_images", "probability_of_this_image", "chosen"], lines);
  }

  /** The pictures of all rows, in their order, the chosen ones outlined. */
  png(times) {
    if (this.cells) return cellsPicture(this, (m) => `z${m + 1}  ${this.says(m)}`, times);
    const { arrays: { order }, decoder: { image: [, height, width] }, theme: { colours, font } } = this, K = this.tiles[0].length;
    return pngFile([NAME + K * (width + SPACE), order.length * (height + SPACE) + SPACE], colours.paper, (ctx) => {
      ctx.imageSmoothingEnabled = false;
      order.forEach((m, row) => {
        const y = SPACE + row * (height + SPACE);
        write(ctx, `z${m + 1}`, SPACE, y + height / 2, { fill: colours.ink, font, size: 11 });
        this.tiles[m].forEach((tile, k) => {
          const x = NAME + k * (width + SPACE);
          ctx.drawImage(tile.firstChild, x, y);
          if (this.codes[m] === k) box(ctx, x - 1, y - 1, width + 2, height + 2, { stroke: colours.accent, width: 2 });
        });
      });
    }, times);
  }

  // --- drawing ---

  /** The mean, or what else is shown, of the codes with a group's category another. */
  decoded(m, k) {
    const codes = this.codes.slice();
    if (m !== null) codes[m] = k;
    return this.decoder.decode(oneHot(codes, this.tiles[0].length), this.data.y ?? undefined);
  }

  showLive() {
    const [m, k] = this.looked ?? [null, null], { start } = this.arrays, moved = this.codes.reduce((count, code, group) => count + (code !== start[group]), 0);
    const started = performance.now();
    showImage(this.dom.live, this.decoded(m, k), this.decoder.image);
    this.root.dataset.decoding = (performance.now() - started).toFixed(1);
    setText(this.dom.says, m === null ? `Decoded, ${moved} of ${start.length} groups changed` : `z${m + 1} at category ${k + 1}`);
    this.dom.back.disabled = !moved;
  }

  /** The image at once, and the pictures a few at a time, so that even slow decoders do not hold up the hand. */
  show() {
    cancelAnimationFrame(this.working);
    this.showLive();
    this.tiles.forEach((row, m) => row.forEach((tile, k) => {
      tile.setAttribute("aria-checked", String(this.codes[m] === k));
      tile.tabIndex = this.codes[m] === k ? 0 : -1;
    }));
    this.rows.forEach((row, m) => { row.dataset.chosen = String(this.cells && m === this.group); });
    if (this.cells) {
      this.root.dataset.decoded = "true";
      return;
    }
    const left = [...this.arrays.order].flatMap((m) => this.tiles[m].map((tile, k) => [tile, m, k]));
    let next = 0;
    const work = () => {
      const started = performance.now();
      for (; next < left.length && performance.now() - started < SLICE; next++) {
        const [tile, m, k] = left[next];
        showImage(tile.firstChild, this.decoded(m, k), this.decoder.image);
      }
      this.root.dataset.decoded = String(next === left.length);
      if (next < left.length) this.working = requestAnimationFrame(work);
    };
    work();
  }
}

export default mounts("categories", (root) => new Categories(root));
