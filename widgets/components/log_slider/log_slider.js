// A slider on a logarithmic scale that reports while it is dragged: at most every 150 ms, and when the hand lets go.

import { element, setText } from "../../../vae_core/browser/dom.js";
import { markTheme } from "../../../vae_core/browser/theme.js";
import { inDigits, nextStop, shareOfValue, valueAtShare } from "./log_scale.js";

const EVERY = 150; // ms between two reports of one drag
const SETTLES = 400; // ms after the last key until it counts as let go
const FINE = 10_000; // positions of the range

const sliders = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  let slider = sliders.get(parentElement);
  if (!slider) { slider = new LogSlider(parentElement); sliders.set(parentElement, slider); }
  slider.tell = (moved) => setStateValue("moved", moved);
  slider.update(data);
  return () => { slider.close(); sliders.delete(parentElement); };
}

class LogSlider {
  constructor(parent) {
    this.name = element("span", { class: "name" });
    this.value = element("output", { class: "value" });
    this.marks = element("div", { class: "marks", "aria-hidden": "true" });
    this.input = element("input", {
      type: "range", min: 0, max: FINE, step: "any",
      oninput: () => this.drag(valueAtShare(this.input.value / FINE, this.data)),
      onkeydown: (event) => this.key(event),
      onchange: () => this.release(),
    });
    this.root = element("div", { class: "component log-slider" }, element("label", {}, this.name, this.value),
      element("div", { class: "line" }, this.input, this.marks));
    parent.append(this.root);
    Object.assign(this, { count: null, reported: 0, timer: 0, now: 0 });
  }

  update(data) {
    markTheme(this.root);
    const first = this.count === null;
    this.data = data;
    setText(this.name, data.label);
    this.root.title = data.help;
    this.input.setAttribute("aria-label", data.label);
    this.markTicks();
    if (first) this.count = data.count;
    // What answers an earlier report is out of date.
    if (data.count !== this.count || this.holding) return;
    this.show(data.value);
  }

  /** The marks of the scale: made anew only where it is another, or a press on one could miss it. */
  markTicks() {
    const { ticks, least, most } = this.data, scale = JSON.stringify([ticks, least, most]);
    if (scale === this.marked) return;
    this.marked = scale;
    this.marks.replaceChildren(...ticks.map((tick) => {
      const mark = element("span", {}, inDigits(tick));
      mark.style.setProperty("--share", shareOfValue(tick, this.data));
      return mark;
    }));
  }

  show(value) {
    this.now = value;
    const share = shareOfValue(value, this.data);
    this.input.value = FINE * share;
    this.input.style.setProperty("--share", share);
    this.input.setAttribute("aria-valuetext", inDigits(value));
    setText(this.value, inDigits(value));
  }

  drag(value) {
    this.holding = true;
    this.show(value);
    if (!this.data.live) return;
    const wait = this.reported + EVERY - performance.now();
    clearTimeout(this.timer);
    if (wait <= 0) this.report(false);
    else this.timer = setTimeout(() => this.report(false), wait);
  }

  key(event) {
    const by = { ArrowRight: 1, ArrowUp: 1, PageUp: 1, ArrowLeft: -1, ArrowDown: -1, PageDown: -1 }[event.key];
    if (!by && event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    const { stops } = this.data;
    this.drag(by ? nextStop(this.now, by, stops) : event.key === "Home" ? stops[0] : stops.at(-1));
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.release(), SETTLES);
  }

  release() {
    clearTimeout(this.timer);
    clearTimeout(this.settling);
    this.holding = false;
    this.report(true);
  }

  report(done) {
    this.reported = performance.now();
    this.count += 1;
    this.tell({ value: this.now, done, count: this.count });
  }

  close() {
    clearTimeout(this.timer);
    clearTimeout(this.settling);
    this.root.remove();
  }
}
