// The traverse board: one model's sliders or two models' side by side. What the hand does is decoded at once;
// Python is told, after a pause, where the sliders stand.

import { element } from "../../../vae_core/browser/dom.js";
import { keysMenu, mounts, swing, Teller } from "../../../vae_core/browser/mounted.js";
import { fetchParcel, join, leave } from "../../../vae_core/browser/store.js";
import { takeAwayMenu } from "../../../vae_core/browser/take_away.js";
import { markTheme } from "../../../vae_core/browser/theme.js";
import { Board } from "./board.js";
import { carry, placeOf, zAt } from "./scale.js";
import { picture } from "./sheet.js";

const PERIOD = 4000; // ms of a play back and forth
const UNLINKED = 37; // draws of the prior between those of two boards that are not linked
const NUDGE = 0.1, FINE = 0.01; // of the arrow keys, in standard deviations of the prior
const KEYS_IN_WORDS = [
  ["\u2190 \u2192", "move the slider by 0.1, with Shift by 0.01"], ["PgUp PgDn", "to the next image of the strip"],
  ["Home", "back to the image\u2019s value; a double click does the same"], ["Space", "play back and forth"],
  ["Enter", "name the dimension"], ["Tab", "the next dimension"],
];

class Traverse {
  constructor(root) {
    this.root = root;
    this.boards = [];
    this.linked = true;
    this.open = false;
    this.seed = 0;
    this.drawn = this.played = null;
    this.given = new Map(); // names on their way to Python: "key dimension" -> name
    this.stale = new Set();
    this.buildDom();
    this.teller = new Teller(root, {
      holds: ({ target }) => target.type === "range", state: () => this.state(), playing: () => this.played,
      tell: (state) => this.tell(state),
    });
  }

  destroy() {
    leave(this);
    this.teller.destroy();
    cancelAnimationFrame(this.pending);
    for (const board of this.boards) board.destroy();
    this.boards = [];
    this.played = null;
  }

  buildDom() {
    const button = (text, title, onclick, more = {}) => element(
      "button", { type: "button", class: "quiet", title, onclick, ...more }, text);
    this.dom = {
      reset: button("Reset", "All sliders back to the image\u2019s code", () => this.resetAll()),
      random: button("Random", "A draw of the prior", () => this.random()),
      link: button("Link sliders", "Move both models\u2019 sliders of the same rank together", () => this.toggleLink(), {
        class: "quiet link", "aria-pressed": "true",
      }),
      boards: element("div", { class: "boards" }),
      waiting: element("div", { class: "waiting" }, "waiting for the model"),
    };
    const keys = keysMenu("Hover over a strip to preview an image of it, click to go there.", KEYS_IN_WORDS);
    const save = takeAwayMenu(() => ["traverse", ...this.boards.slice(1).map((board) => board.key)].join(" "), { png: (times) => picture(this, times) });
    this.root.append(
      element("div", { class: "tools" }, this.dom.reset, this.dom.random, this.dom.link,
        element("span", { class: "menus" }, save, keys)),
      this.dom.waiting, this.dom.boards);
  }

  // --- what comes from Python ---

  update(data, setStateValue, setTriggerValue) {
    this.tell = (state) => setStateValue("state", state);
    this.tellName = (renamed) => setTriggerValue("renamed", renamed);
    this.data = data;
    this.root.style.setProperty("--height", typeof data.height === "number" ? `${data.height}px` : data.height);
    this.root.setAttribute("aria-label", data.label);
    markTheme(this.root);
    join(this, null);
    if (this.revision !== data.revision) {
      this.revision = data.revision;
      this.wish = data.state;
    }
    this.gather();
  }

  /** Takes up the parcels that Python named once all have arrived; until then the old ones stay. */
  gather() {
    const parcels = this.data.models.map((ids) => ids.map(fetchParcel));
    if (parcels.flat().some((parcel) => parcel === undefined)) return;
    this.dom.waiting.hidden = true;
    while (this.boards.length > parcels.length) this.drop(this.boards.pop());
    while (this.boards.length < parcels.length) this.add();
    const largest = Math.max(...parcels.map(([, model]) => model.arrays.kl.reduce((a, b) => (b > a ? b : a), 0)));
    this.dom.boards.dataset.count = String(parcels.length);
    this.dom.link.hidden = parcels.length < 2;
    parcels.forEach(([decoder, model], k) => {
      const other = this.boards[k].take(decoder, this.data.pixels, model, this.names(model.key, this.data.names[k]), largest);
      if (other && !this.wish) this.settle();
    });
    if (this.wish) this.adopt(this.wish);
    this.showControls();
    this.request(...this.boards);
  }

  add() {
    const hand = Object.fromEntries(["preview", "move", "slide", "reset", "key", "play", "point", "rename"]
      .map((name) => [name, (...args) => this[name](...args)]));
    const board = new Board({ ...hand, fold: () => this.fold(), sight: (seen) => this.request(seen) });
    this.boards.push(board);
    this.dom.boards.append(board.root);
  }

  drop(board) {
    board.destroy();
    board.root.remove();
    this.stale.delete(board);
    if (this.played?.board === board) this.played = null;
  }

  /** What Python calls the dimensions, and over it what was said here and has not come back yet. */
  names(key, known) {
    return known.map((name, d) => {
      const given = this.given.get(`${key} ${d}`);
      if (given === name) this.given.delete(`${key} ${d}`);
      return given ?? name;
    });
  }

  adopt({ moved, linked, open_dead: open }) {
    this.wish = null;
    this.stop();
    this.drawn = null;
    this.linked = linked;
    this.open = open;
    this.boards.forEach((board, k) => {
      board.moved.clear();
      for (const [d, z] of moved[k] ?? []) if (d < board.latent) board.set(d, z);
    });
    // The first wish is what Python knows already; where a later one has led, it is told like any move.
    if (this.teller.known === null) this.teller.knows(this.state());
    else this.settle();
  }

  // --- what the hand does; `board` and `row` are where ---

  /** [board, row] and, where sliders are linked, those of the same rank on the other boards. */
  twins(board, row) {
    if (!this.linked) return [[board, row]];
    return this.boards.map((other) => [other, other.rows[row.rank]]).filter(([, twin]) => twin);
  }

  slide(board, row, t) { this.move(board, row, zAt(row.stops, t)); }

  move(board, row, z) {
    this.stop();
    this.put(board, row, z);
    this.settle();
  }

  put(board, row, z) {
    this.drawn = null;
    for (const [other, twin] of this.twins(board, row)) {
      other.looked = null;
      other.set(twin.d, twin === row ? z : carry(row.stops, z, twin.stops));
      this.request(other);
    }
    this.showControls();
  }

  reset(board, row) {
    this.stop();
    this.drawn = null;
    for (const [other, twin] of this.twins(board, row)) {
      other.set(twin.d, null);
      this.request(other);
    }
    this.showControls();
    this.settle();
  }

  preview(board, row, z) {
    if (this.played || (!row && !board.looked)) return;
    for (const other of this.boards) other.looked = null;
    for (const [other, twin] of row ? this.twins(board, row) : []) {
      other.looked = { row: twin, z: twin === row ? z : carry(row.stops, z, twin.stops) };
    }
    this.request(...this.boards);
  }

  /** The other models' rows of the same rank stand out with the one at hand. */
  point(board, row) {
    for (const other of this.boards) {
      other.pointed?.root.removeAttribute("data-pointed");
      other.pointed = row && this.boards.length > 1 ? other.rows[row.rank] : null;
      other.pointed?.root.setAttribute("data-pointed", "");
    }
  }

  key(board, row, event) {
    const z = board.at(row.d), { stops } = row, step = event.shiftKey ? FINE : NUDGE;
    const within = (value) => Math.min(Math.max(value, stops[0]), stops[stops.length - 1]);
    const acts = {
      ArrowRight: () => this.move(board, row, within(z + step)), ArrowUp: () => this.move(board, row, within(z + step)),
      ArrowLeft: () => this.move(board, row, within(z - step)), ArrowDown: () => this.move(board, row, within(z - step)),
      PageUp: () => this.move(board, row, stops.find((stop) => stop > z + 1e-6) ?? stops[stops.length - 1]),
      PageDown: () => this.move(board, row, stops.findLast((stop) => stop < z - 1e-6) ?? stops[0]),
      Home: () => this.reset(board, row), " ": () => this.play(board, row), Enter: () => row.rename(),
      Escape: () => { this.stop(); this.settle(); },
    };
    if (!acts[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }

  rename(board, row, name) {
    this.given.set(`${board.key} ${row.d}`, name);
    row.call(name);
    this.tellName({ key: board.key, dimension: row.d, name });
  }

  // --- what the controls do ---

  resetAll() {
    this.stop();
    this.drawn = null;
    for (const board of this.boards) board.moved.clear();
    this.showControls();
    this.request(...this.boards);
    this.settle();
  }

  /** A draw of the prior: the same one for the same rank where sliders are linked. */
  random() {
    this.stop();
    this.seed += 1;
    this.boards.forEach((board, k) => {
      const seed = this.seed + (this.linked ? 0 : UNLINKED * k);
      for (const row of board.rows) board.set(row.d, board.drawOf(seed, row.rank));
    });
    this.drawn = `Draw ${this.seed} of the prior`;
    this.showControls();
    this.request(...this.boards);
    this.settle();
  }

  toggleLink() {
    this.linked = !this.linked;
    this.showControls();
    this.settle();
  }

  fold() {
    this.open = !this.open;
    this.showControls();
    this.settle();
  }

  /** Plays a dimension back and forth from where it stands, or stops. */
  play(board, row) {
    const again = this.played?.row === row;
    this.stop();
    if (again) return this.settle();
    const played = this.played = { board, row };
    row.playing(true);
    const put = (share) => this.put(board, row, zAt(row.stops, share));
    swing(placeOf(row.stops, board.at(row.d)), PERIOD, put, () => this.played === played);
  }

  stop() {
    this.played?.row.playing(false);
    this.played = null;
  }

  // --- what goes to Python ---

  state() {
    const moved = this.boards.map((board) => [...board.moved]
      .sort(([a], [b]) => a - b).map(([d, z]) => [d, Number(z.toFixed(5))]));
    return { moved, linked: this.linked, open_dead: this.open };
  }

  settle() { this.teller.settle(); }

  // --- drawing ---

  request(...boards) {
    for (const board of boards) this.stale.add(board);
    this.pending ||= requestAnimationFrame(() => {
      this.pending = 0;
      const stale = [...this.stale];
      this.stale.clear();
      for (const board of stale) board.draw(this.drawn);
    });
  }

  showControls() {
    this.dom.reset.disabled = this.boards.every((board) => board.moved.size === 0);
    this.dom.link.setAttribute("aria-pressed", String(this.linked));
    for (const board of this.boards) board.unfold(this.open);
  }
}

export default mounts("traverse", (root) => new Traverse(root));
