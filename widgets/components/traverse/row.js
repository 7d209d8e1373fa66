// One dimension of a board: its name, its KL, its strip of images, and the slider under them. Built when it first
// comes into sight; from then on only filled in.

import { element, number, setText } from "../../../vae_core/browser/dom.js";
import { placeOf } from "./scale.js";

const LONGEST = 40; // characters of a name

export class Row {
  /** `facts`: {d, rank, kl, stops, ticks, dead}. `hand` is told what is done. */
  constructor(facts, hand) {
    Object.assign(this, facts, { hand, name: "" });
    this.root = element("div", { class: "row", "data-dead": this.dead, "data-dimension": this.d });
  }

  get symbol() { return `z${this.d + 1}`; }
  get built() { return Boolean(this.slider); }

  build([channels, height, width]) {
    const { hand, stops } = this, K = stops.length;
    this.shape = [channels, height, width];
    this.label = element("span", { class: "name", title: "Double click to name it", ondblclick: () => this.rename() });
    this.pencil = element("button", {
      type: "button", class: "pencil", tabindex: -1, "aria-label": `Name ${this.symbol}`, title: "Name this dimension",
      onclick: () => this.rename(),
    }, "\u270e");
    this.who = element("div", { class: "who" },
      element("span", { class: "rank", title: "Rank by KL" }, String(this.rank + 1)),
      element("b", { ondblclick: () => this.rename() }, this.symbol), this.label, this.pencil);
    const bar = element("i", { "aria-hidden": "true" });
    const nats = element("span", { class: "nats" },
      ...(Number.isFinite(this.kl) ? [number(this.kl, 2), element("small", {}, " nats")] : ["not known"]));
    this.tiles = Array.from(stops, () => element("canvas", { width, height }));
    this.here = element("div", { class: "here" });
    this.strip = element("div", {
      class: "strip", "aria-hidden": "true",
      onpointermove: (event) => event.pointerType !== "touch" && hand.preview(this, stops[this.under(event)]),
      onpointerleave: () => hand.preview(null),
      onclick: (event) => { hand.move(this, stops[this.under(event)]); this.slider.focus({ preventScroll: true }); },
    }, ...this.tiles, this.here);
    this.slider = element("input", {
      type: "range", min: 0, max: 1, step: "any", title: "Double click for the image\u2019s own value",
      oninput: () => hand.slide(this, Number(this.slider.value)),
      ondblclick: () => hand.reset(this),
      onkeydown: (event) => hand.key(this, event),
    });
    this.mark = element("u", { "aria-hidden": "true" });
    this.value = element("output", {});
    this.play = element("button", {
      type: "button", class: "play", tabindex: -1, title: "Back and forth (Space)", onclick: () => hand.play(this),
    });
    const along = element("div", { class: "along" }, this.strip, element("div", { class: "rail" }, this.mark, this.slider));
    along.style.setProperty("--stops", K);
    this.root.append(
      element("div", { class: "facts" }, this.who, element("div", { class: "kl" }, bar, nats)), along,
      element("div", { class: "end" }, this.play, this.value));
    this.root.onpointerenter = () => hand.point(this);
    this.root.onpointerleave = () => hand.point(null);
    this.root.onfocusin = () => hand.point(this);
    this.root.onfocusout = () => hand.point(null);
    this.call(this.name);
    this.playing(false);
  }

  /** Which of the strip's images lies under the pointer. */
  under({ clientX }) {
    const { left, width } = this.strip.getBoundingClientRect(), K = this.stops.length;
    return Math.min(K - 1, Math.max(0, Math.floor(((clientX - left) / width) * K)));
  }

  /** Its KL's bar is as long as its share of the largest KL of all boards. */
  weigh(largest) { this.root.style.setProperty("--share", this.kl > 0 && largest > 0 ? this.kl / largest : 0); }

  /** Shows where the slider stands; `home`: the z it starts from. */
  place(z, home) {
    if (!this.built) return;
    const t = placeOf(this.stops, z);
    if (Number(this.slider.value) !== t) this.slider.value = t; // the hand may have been on it
    if (z === this.z && home === this.home) return;
    Object.assign(this, { z, home });
    this.root.style.setProperty("--t", t);
    this.root.style.setProperty("--from", placeOf(this.stops, home));
    this.root.dataset.moved = String(z !== home);
    const text = number(z);
    setText(this.value, text);
    this.slider.setAttribute("aria-valuetext", text);
  }

  /** The strip's images, RGBA [K, H, W, 4]. */
  paint(tiles) {
    if (!this.built) return;
    const [, height, width] = this.shape, size = 4 * height * width;
    this.tiles.forEach((canvas, k) => canvas.getContext("2d").putImageData(
      new ImageData(tiles.subarray(k * size, (k + 1) * size), width, height), 0, 0));
  }

  playing(on) {
    if (!this.built) return;
    this.play.dataset.playing = String(on);
    this.play.setAttribute("aria-label", `${on ? "Stop" : "Play"} ${this.symbol}`);
  }

  call(name) {
    this.name = name;
    if (!this.built) return;
    setText(this.label, name);
    this.who.title = name;
    this.slider.setAttribute("aria-label", name ? `${this.symbol}, ${name}` : this.symbol);
  }

  /** A field in the name's place: Enter or leaving it keeps the new name, Escape the old one. */
  rename() {
    if (this.field) return;
    const finish = (kept) => {
      const { field } = this, name = field.value.trim().replace(/\s+/g, " ");
      if (!field.isConnected) return;
      this.field = null;
      field.replaceWith(this.label, this.pencil);
      if (kept && name !== this.name) this.hand.rename(this, name);
    };
    this.field = element("input", {
      class: "field", type: "text", maxlength: LONGEST, placeholder: "name", "aria-label": `Name of ${this.symbol}`,
      onblur: () => this.field && finish(true),
      onkeydown: (event) => {
        event.stopPropagation(); // keys typed here are no shortcuts of the page's
        if (event.key !== "Enter" && event.key !== "Escape") return;
        finish(event.key === "Enter");
        this.slider.focus();
      },
    });
    this.field.value = this.name;
    this.label.replaceWith(this.field);
    this.pencil.remove();
    this.field.select();
  }
}
