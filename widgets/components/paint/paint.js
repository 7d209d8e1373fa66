// A canvas under the hand, in one of two modes: `draw` puts ink onto it, `mask` hides pixels of an image. The
// pixels live here; Python hears of them when a stroke is over.

import { download, element, setText } from "../../../vae_core/browser/dom.js";
import { fromBase64, packBits, toBase64, unpackBits } from "./bits.js";
import { cover, ink } from "./brush.js";
import { attachHand } from "./gestures.js";
import { buildDom } from "./tools.js";
import { drawHidden, drawRing, readHatching, showPixels } from "./view.js";

const STEPS_BACK = 60;
const UNIT = 28; // brushes are as thick on a finer canvas as on one of so many pixels
const BRUSHES = { draw: { least: 1, most: 6, usual: 2.5 }, mask: { least: 1, most: 14, usual: 5 } }; // diameters

class Sheet {
  constructor(root, mode) {
    this.root = root;
    this.mode = mode;
    this.tool = "brush";
    this.past = [];
    this.cursor = null; // where the brush is, [x, y]
    this.stroke = null; // while one is drawn: where it is, with which tool, and the pixels before it
    this.dom = buildDom(root, this, mode === "mask");
    this.detach = attachHand(this.dom.over, this);
    this.observer = new ResizeObserver(() => this.request());
    this.observer.observe(this.dom.over);
  }

  destroy() {
    this.detach();
    this.observer.disconnect();
    cancelAnimationFrame(this.pending);
  }

  // --- what comes from Python ---

  update(data, tell, enter) {
    const fresh = this.data === undefined, { width, height } = data;
    const reshaped = fresh || width !== this.shape.width || height !== this.shape.height;
    this.tell = tell;
    this.tellEntered = data.enter ? enter : null;
    // The wish of a revision is taken up once: what comes back later is what the hand has told before.
    const wished = reshaped || data.revision !== this.data.revision;
    this.data = data;
    this.shape = { width, height };
    if (data.image !== this.imageText) {
      this.imageText = data.image;
      this.image = data.image && fromBase64(data.image);
    }
    this.root.style.setProperty("--side", `${Math.round(data.size * Math.min(1, width / height))}px`);
    this.root.style.setProperty("--shape", `${width} / ${height}`);
    this.dom.over.setAttribute("aria-label", data.label);
    this.theme = readHatching(this.root);
    if (reshaped) this.measure();
    if (wished) {
      this.stroke = null;
      if (reshaped) this.past = [];
      else this.remember(this.pixels);
      this.pixels = this.decode(data.start);
    }
    this.show();
  }

  measure() {
    const { least, most, usual } = BRUSHES[this.mode];
    this.unit = Math.max(this.shape.width, this.shape.height) / UNIT;
    Object.assign(this.dom.size, { min: least, max: most, step: 0.5 });
    this.resizeBrush(this.diameter ?? usual);
  }

  decode(text) {
    const count = this.shape.width * this.shape.height;
    if (this.mode === "mask") return text ? unpackBits(fromBase64(text), count) : new Uint8Array(count).fill(1);
    return text ? fromBase64(text) : new Uint8Array(count);
  }

  encode() { return toBase64(this.mode === "mask" ? packBits(this.pixels) : this.pixels); }

  // --- what the hand does ---

  get radius() { return (this.diameter * this.unit) / 2; }

  hover(place) {
    this.cursor = place;
    this.request();
  }

  press(place, other) {
    const erasing = (this.tool === "eraser") !== other;
    this.stroke = { at: place, erasing, before: this.pixels.slice() };
    this.drag(place);
  }

  drag(place) {
    if (!this.stroke) return;
    const { at, erasing } = this.stroke;
    if (this.mode === "mask") cover(this.pixels, this.shape, at, place, this.radius, erasing ? 1 : 0);
    else ink(this.pixels, this.shape, at, place, this.radius, Math.max(1, this.unit), erasing);
    this.stroke.at = this.cursor = place;
    this.request();
  }

  release() {
    if (!this.stroke) return;
    const { before } = this.stroke;
    this.stroke = null;
    if (before.some((value, k) => value !== this.pixels[k])) this.changed(before);
    else this.request();
  }

  /** The keyboard moves the brush, and paints as long as Space is held. */
  move([dx, dy]) {
    const { width, height } = this.shape, step = Math.max(1, Math.round(this.unit));
    const [x, y] = this.here();
    const to = [
      Math.min(width - 0.5, Math.max(0.5, x + dx * step)), Math.min(height - 0.5, Math.max(0.5, y + dy * step)),
    ];
    if (this.stroke) this.drag(to);
    else this.hover(to);
  }

  here() { return this.cursor ?? [Math.floor(this.shape.width / 2) + 0.5, Math.floor(this.shape.height / 2) + 0.5]; }

  pressHere() { this.press(this.here(), false); }

  /** Enter: what is on the canvas is finished. Whether anybody wants to know; otherwise it paints as Space does. */
  enter() {
    if (!this.tellEntered) return false;
    if (!this.stroke) this.tellEntered({ revision: this.data.revision, pixels: this.encode() });
    return true;
  }

  // --- what the tools do ---

  choose(tool) {
    this.tool = tool;
    this.show();
  }

  resizeBrush(diameter) {
    const { least, most } = BRUSHES[this.mode];
    this.diameter = Math.min(most, Math.max(least, diameter));
    this.dom.size.value = this.diameter;
    this.dom.size.setAttribute("aria-valuetext", `${this.diameter * this.unit} pixels`);
    this.request();
  }

  grow(steps) { this.resizeBrush(this.diameter + steps * 0.5); }

  clear() { this.replace(this.decode(null)); }

  invert() { if (this.mode === "mask") this.replace(this.pixels.map((pixel) => 1 - pixel)); }

  undo() {
    if (this.stroke || !this.past.length) return;
    this.pixels = this.past.pop();
    this.send();
  }

  replace(pixels) {
    if (this.stroke || pixels.every((value, k) => value === this.pixels[k])) return;
    const before = this.pixels;
    this.pixels = pixels;
    this.changed(before);
  }

  changed(before) {
    this.remember(before);
    this.send();
  }

  remember(pixels) { this.past = [...this.past, pixels].slice(-STEPS_BACK); }

  send() {
    this.show();
    this.tell({ revision: this.data.revision, pixels: this.encode() });
  }

  // --- drawing ---

  show() {
    const { dom, mode } = this;
    for (const name of ["brush", "eraser"]) dom[name].setAttribute("aria-pressed", String(this.tool === name));
    dom.undo.disabled = !this.past.length;
    if (mode === "mask") {
      const hidden = this.pixels.reduce((sum, pixel) => sum + 1 - pixel, 0);
      setText(dom.said, hidden ? `${Math.max(1, Math.round((100 * hidden) / this.pixels.length))} % hidden` : "Nothing hidden");
    } else setText(dom.said, this.pixels.some(Boolean) ? "" : "Empty");
    this.request();
  }

  request() {
    this.pending ||= requestAnimationFrame(() => {
      this.pending = 0;
      this.draw();
    });
  }

  draw() {
    if (!this.pixels) return;
    const { dom, shape, theme } = this, density = window.devicePixelRatio || 1;
    if (this.mode === "mask") showPixels(dom.base, this.image, shape, this.data.channels);
    else showPixels(dom.base, this.pixels, shape);
    dom.hint.hidden = this.mode === "mask" || Boolean(this.stroke) || this.pixels.some(Boolean);
    const box = dom.over.getBoundingClientRect();
    const [width, height] = [Math.round(box.width * density), Math.round(box.height * density)];
    if (!width || !height) return;
    if (dom.over.width !== width || dom.over.height !== height) Object.assign(dom.over, { width, height });
    const ctx = dom.over.getContext("2d"), scale = width / shape.width;
    ctx.clearRect(0, 0, width, height);
    if (this.mode === "mask") drawHidden(ctx, this.pixels, shape, theme, density);
    if (!this.cursor) return;
    const erasing = this.stroke ? this.stroke.erasing : this.tool === "eraser";
    drawRing(ctx, this.cursor.map((v) => v * scale), this.radius * scale, density, erasing);
  }

  /** What is on the canvas as a PNG, every pixel a square of several. */
  save() {
    const { width, height } = this.shape, factor = Math.max(1, Math.ceil(560 / Math.max(width, height)));
    const canvas = element("canvas", { width: width * factor, height: height * factor }), ctx = canvas.getContext("2d");
    const pixels = element("canvas");
    if (this.mode === "mask") showPixels(pixels, this.image, this.shape, this.data.channels);
    else showPixels(pixels, this.pixels, this.shape);
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(pixels, 0, 0, canvas.width, canvas.height);
    if (this.mode === "mask") drawHidden(ctx, this.pixels, this.shape, this.theme, 2);
    canvas.toBlob((png) => download(png, this.mode === "mask" ? "mask.png" : "drawing.png"));
  }
}

const mounted = new WeakMap(); // where Streamlit mounted a canvas -> the sheet; its function runs again on every change

/** Streamlit calls this with what is to be on the canvas. */
export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  let sheet = mounted.get(parentElement);
  if (!sheet) {
    const root = element("div", { class: `paint ${data.mode}` });
    parentElement.append(root);
    sheet = new Sheet(root, data.mode);
    mounted.set(parentElement, sheet);
  }
  sheet.update(data, (state) => setStateValue("state", state), (state) => setTriggerValue("entered", state));
  return () => {
    sheet.destroy();
    mounted.delete(parentElement);
  };
}
