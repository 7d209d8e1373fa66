// The board of a path: one model's or two models' under each other, whose sliders move together. What the hand
// does is decoded at once; Python is told, after a pause, where the slider stands.

import { element } from "../../../vae_core/browser/dom.js";
import { keysMenu, mounts, swing, Teller } from "../../../vae_core/browser/mounted.js";
import { fetchParcel, join, leave } from "../../../vae_core/browser/store.js";
import { readTheme } from "../../../vae_core/browser/theme.js";
import { Side } from "./path_panel.js";

const PERIOD = 5000; // ms of a play from one end to the other and back
const KEYS_IN_WORDS = [
  ["\u2190 \u2192", "move t by 0.01"], ["PgUp PgDn", "by a tenth of the path"], ["Space", "play from end to end and back"],
];

class Interpolate {
  constructor(root) {
    this.root = root;
    this.sides = [];
    this.t = 0;
    this.looked = null;
    this.played = null;
    this.buildDom();
    this.teller = new Teller(root, {
      holds: () => true, state: () => Math.round(this.t * 1000) / 1000, playing: () => this.played, tell: (t) => this.tell(t),
    });
  }

  destroy() {
    leave(this);
    this.teller.destroy();
    cancelAnimationFrame(this.pending);
    for (const side of this.sides) side.destroy();
    this.sides = [];
    this.played = null;
  }

  buildDom() {
    this.dom = {
      sides: element("div", { class: "sides" }), waiting: element("div", { class: "waiting" }, "waiting for the model"),
    };
    const keys = keysMenu("Hover over the frames to look, click or drag to go there.", KEYS_IN_WORDS);
    this.root.append(element("div", { class: "tools" }, keys), this.dom.waiting, this.dom.sides);
  }

  // --- what comes from Python ---

  update(data, setStateValue) {
    this.tell = (t) => setStateValue("t", t);
    this.data = data;
    this.root.setAttribute("aria-label", data.label);
    this.look = readTheme(this.root);
    join(this, null);
    if (this.revision !== data.revision) {
      this.revision = data.revision;
      this.stop();
      this.t = data.t;
      if (this.teller.known === null) this.teller.knows(data.t);
    }
    this.gather();
  }

  /** Takes up the parcels that Python named once all have arrived; until then the old ones stay. */
  gather() {
    const parcels = this.data.ways.map((ids) =>
      Object.fromEntries(Object.entries(ids).map(([slot, id]) => [slot, fetchParcel(id)])));
    if (parcels.some((slots) => Object.values(slots).some((parcel) => parcel === undefined))) return;
    this.dom.waiting.hidden = true;
    while (this.sides.length > parcels.length) {
      const side = this.sides.pop();
      side.destroy();
      side.root.remove();
    }
    while (this.sides.length < parcels.length) {
      const side = new Side({
        move: (t) => this.move(t), preview: (t) => this.preview(t), key: (event) => this.key(event), play: () => this.play(),
      });
      this.sides.push(side);
      this.dom.sides.append(side.root);
    }
    this.dom.sides.dataset.count = String(parcels.length);
    const { first, last } = parcels[0].path;
    this.t = Math.min(last, Math.max(first, this.t));
    parcels.forEach((slots, k) => {
      this.sides[k].t = this.t;
      this.sides[k].take(slots, this.data.pixels, this.look);
    });
    this.request();
  }

  // --- what the hand does ---

  move(t) {
    this.stop();
    this.put(t);
    this.settle();
  }

  put(t) {
    this.t = t;
    this.looked = null;
    this.request();
  }

  preview(t) {
    if (this.played || t === this.looked) return;
    this.looked = t;
    this.request();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { first, last } = this.sides[0].path, jump = (by) => this.move(Math.min(last, Math.max(first, this.t + by)));
    const acts = { " ": () => this.play(), PageUp: () => jump((last - first) / 20), PageDown: () => jump((first - last) / 20) };
    if (!acts[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }

  /** Plays from mark to mark and back, from where the slider stands; or stops. */
  play() {
    const again = this.played;
    this.stop();
    if (again) return this.settle();
    const { marks } = this.sides[0].path, [from, to] = [marks[0][0], marks.at(-1)[0]];
    const played = this.played = {};
    for (const side of this.sides) side.playing(true);
    const put = (share) => this.put(from + share * (to - from));
    swing((this.t - from) / (to - from), PERIOD, put, () => this.played === played);
  }

  stop() {
    this.played = null;
    for (const side of this.sides) side.playing(false);
  }

  settle() { this.teller.settle(); }

  // --- drawing ---

  request() {
    this.pending ||= requestAnimationFrame(() => {
      this.pending = 0;
      for (const side of this.sides) side.draw(this.looked ?? this.t, this.t);
    });
  }
}

export default mounts("interpolate", (root) => new Interpolate(root));
