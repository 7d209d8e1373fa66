// The board of a path: one model's or two models' under each other, whose sliders move together. What the hand
// does is decoded at once; Python is told, after a pause, where the slider stands.

import { element } from "../../../vae_core/browser/dom.js";
import { bring, fetchParcel, join, leave } from "../../../vae_core/browser/store.js";
import { readTheme } from "../../../vae_core/browser/theme.js";
import { Side } from "./path_panel.js";

const PAUSE = 250; // ms without change before Python is told
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
    this.sent = null;
    this.played = null;
    this.buildDom();
    this.listen = new AbortController();
    const { signal } = this.listen;
    root.addEventListener("pointerdown", () => { this.holding = true; }, { signal });
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => this.release(), { signal });
  }

  destroy() {
    leave(this);
    this.listen.abort();
    clearTimeout(this.timer);
    cancelAnimationFrame(this.pending);
    for (const side of this.sides) side.destroy();
    this.sides = [];
    this.played = null;
  }

  buildDom() {
    this.dom = {
      sides: element("div", { class: "sides" }), waiting: element("div", { class: "waiting" }, "waiting for the model"),
    };
    const keys = element("details", { class: "menu keys" },
      element("summary", { "aria-label": "Keys and gestures", title: "Keys and gestures" }, "?"),
      element("div", {},
        element("p", {}, "Hover over the frames to look, click or drag to go there."),
        element("dl", {}, ...KEYS_IN_WORDS.flatMap(([key, does]) => [element("dt", {}, key), element("dd", {}, does)]))));
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
      this.sent ??= data.t;
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
      this.sides[k].take(slots, this.look);
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

  release() {
    this.holding = false;
    if (this.due) this.settle();
  }

  /** Plays from mark to mark and back, from where the slider stands; or stops. */
  play() {
    const again = this.played;
    this.stop();
    if (again) return this.settle();
    const { marks } = this.sides[0].path, [from, to] = [marks[0][0], marks.at(-1)[0]];
    const share = Math.min(1, Math.max(0, (this.t - from) / (to - from))), phase = Math.acos(1 - 2 * share);
    const played = { started: null };
    this.played = played;
    for (const side of this.sides) side.playing(true);
    const tick = (now) => {
      if (this.played !== played) return;
      played.started ??= now;
      const turn = phase + (2 * Math.PI * (now - played.started)) / PERIOD;
      this.put(from + ((1 - Math.cos(turn)) / 2) * (to - from));
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  stop() {
    this.played = null;
    for (const side of this.sides) side.playing(false);
  }

  // --- what goes to Python ---

  /** Tells Python once nothing has changed for a moment and the hand has let go. */
  settle() {
    clearTimeout(this.timer);
    this.due = true;
    this.timer = setTimeout(() => {
      if (this.holding || this.played) return;
      this.due = false;
      const t = Math.round(this.t * 1000) / 1000;
      if (t === this.sent) return;
      this.sent = t;
      this.tell(t);
    }, PAUSE);
  }

  // --- drawing ---

  request() {
    this.pending ||= requestAnimationFrame(() => {
      this.pending = 0;
      for (const side of this.sides) side.draw(this.looked ?? this.t, this.t);
    });
  }
}

const mounted = new WeakMap(); // where Streamlit mounted a board -> the board; its function runs on every change

/** Streamlit calls this with a parcel, to be kept for the boards, or with what a board is to show. */
export default function ({ data, parentElement, setStateValue }) {
  if (data instanceof Uint8Array) return bring(parentElement, data);
  let board = mounted.get(parentElement);
  if (!board) {
    const root = element("div", { class: "component interpolate", role: "group" });
    parentElement.append(root);
    board = new Interpolate(root);
    mounted.set(parentElement, board);
  }
  board.update(data, setStateValue);
  return () => {
    board.destroy();
    mounted.delete(parentElement);
  };
}
