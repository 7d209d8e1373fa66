// A forward pass of a VAE: image, encoder, q(z|x), z on the map, decoder, image. It walks by itself until somebody
// touches it; then z follows the hand, and what is left alone goes on after a while.

import { element, number, setText } from "../../../vae_core/browser/dom.js";
import { makeDecoder } from "../../../vae_core/browser/decoder.js";
import { showImage } from "../../../vae_core/browser/images.js";
import { unpack } from "../../../vae_core/browser/parcel.js";
import { readTheme } from "../../../vae_core/browser/theme.js";
import { Lens } from "./lens.js";
import { PassMap } from "./plan.js";
import { nearestMean, STEP, twoNormals, walkAt } from "./walk.js";

const PATIENCE = 3000; // ms after which what was left alone goes on
const STILL = 4; // pixels that a hand may tremble between press and release of a click
const NUDGES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const NUDGE = 0.1, FINE = 0.01; // standard deviations of the prior

class ForwardPass {
  constructor(root) {
    this.root = root;
    this.quiet = matchMedia("(prefers-reduced-motion: reduce)");
    this.paused = this.quiet.matches;
    this.seen = true;
    this.listen = new AbortController();
    this.buildDom();
    this.resized = new ResizeObserver(() => this.lay());
    this.resized.observe(root);
    this.watch = new IntersectionObserver(([entry]) => { this.seen = entry.isIntersecting; if (this.seen) this.go(); });
    this.watch.observe(root);
    this.quiet.addEventListener("change", () => this.pause(this.quiet.matches), { signal: this.listen.signal });
  }

  destroy() {
    this.resized.disconnect();
    this.watch.disconnect();
    this.listen.abort();
    clearTimeout(this.resting);
    cancelAnimationFrame(this.pending);
    this.gone = true;
  }

  // --- what stands there ---

  buildDom() {
    const picture = (label) => element("canvas", { class: "image", role: "img", "aria-label": label });
    const caption = (name, symbol, ...more) => element("div", { class: `caption ${name}` }, element("b", {}, symbol), ...more);
    const dom = this.dom = {
      input: picture("Test image"), output: picture("Decoded image"),
      map: element("canvas", { class: "map", tabindex: "0", role: "application", "aria-label": "Latent map: arrow keys move z, Enter opens the page Latent map there" }),
      lens: element("canvas", { class: "lens", role: "img", "aria-label": "q(z|x), magnified: one and two standard deviations" }),
      inputNote: element("span"), inputName: element("span"), mu: element("span", { class: "numbers" }), sigma: element("span", { class: "numbers" }),
      times: element("span"), z: element("span", { class: "numbers" }), zNote: element("span"), said: element("span", { class: "for-screen-readers", "aria-live": "polite" }),
      pause: element("button", { type: "button", class: "play pause", onclick: () => this.pause(!this.paused) }),
    };
    this.root.append(element("div", { class: "flow" },
      element("div", { class: "cell x" }, dom.input, caption("x", "x", dom.inputNote, dom.inputName)),
      element("div", { class: "cell encoder" }, glyph(false), caption("encoder", "Encoder")),
      element("div", { class: "cell q" }, dom.lens, caption("q", "q(z|x)", dom.mu, dom.sigma, dom.times)),
      element("div", { class: "cell z" }, dom.map, dom.pause), caption("z", "z", dom.z, dom.zNote),
      element("div", { class: "cell decoder" }, glyph(true), caption("decoder", "Decoder")),
      element("div", { class: "cell out" }, dom.output, caption("out", "p(x|z)", element("span", {}, "its mean, decoded from z")))), dom.said);
    this.sayPaused();
    this.followHand(dom.map);
  }

  // --- what comes from Python ---

  update(bytes, setTriggerValue) {
    this.open = (z) => setTriggerValue("open", z.map((v) => Math.round(v * 1e4) / 1e4));
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      const parcel = this.parcel = unpack(bytes), { arrays: { images, means, log_vars: spreads } } = parcel;
      const [count, height, width, channels] = images.shape, size = height * width * channels;
      this.images = Array.from({ length: count }, (_, k) => Float32Array.from(images.subarray(k * size, (k + 1) * size), (v) => v / 255));
      this.posteriors = this.images.map((_, k) => ({
        x: means[2 * k], y: means[2 * k + 1], sx: Math.exp(spreads[2 * k] / 2), sy: Math.exp(spreads[2 * k + 1] / 2),
      }));
      this.shape = [channels, height, width];
      this.decoder = makeDecoder(parcel);
      this.map = new PassMap(this.dom.map, parcel);
      this.lens = new Lens(this.dom.lens);
      this.root.setAttribute("aria-label", `A forward pass of ${parcel.title}`);
      this.begin(0, [means[0], means[1]], STEP);
      this.put([means[0], means[1]], 0);
    }
    this.lay();
    this.go();
  }

  /** For another width or theme. */
  lay() {
    if (!this.map) return;
    this.look = readTheme(this.root);
    this.map.lay(this.look);
    this.draw();
  }

  // --- the walk ---

  /** From a code to the image `first`; ahead: how much of the walk lies behind it already. */
  begin(first, from, ahead = 0) { Object.assign(this, { first, from, ahead, started: null, turn: -1, drawn: 0 }); }

  get walks() { return !this.paused && !this.hand && this.seen && !this.gone && Boolean(this.map); }

  go() {
    if (!this.walks || this.pending) return;
    this.pending = requestAnimationFrame((now) => {
      this.pending = 0;
      if (!this.walks) return;
      this.walk(now);
      this.go();
    });
  }

  walk(now) {
    if (this.last === undefined || now - this.last > 500) this.started = this.started === null ? now : this.started + now - this.last;
    this.started ??= now;
    this.last = now;
    const { turn, image, share, drawn } = walkAt(now - this.started + this.ahead, this.first, this.images.length), q = this.posteriors[image];
    if (turn !== this.turn) {
      if (this.turn >= 0) this.from = this.z;
      Object.assign(this, { turn, drawn: 0 });
    }
    if (share < 1) return this.put([0, 1].map((d) => this.from[d] + share * ([q.x, q.y][d] - this.from[d])));
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const [a, b] = twoNormals();
    this.put([q.x + a * q.sx, q.y + b * q.sy], image, true);
  }

  pause(paused) {
    this.paused = paused;
    this.sayPaused();
    if (paused) this.draw();
    else this.letGo();
  }

  sayPaused() {
    const { pause } = this.dom, name = this.paused ? "Play" : "Pause";
    pause.hidden = this.quiet.matches; // who wants no motion gets none
    pause.dataset.playing = String(!this.paused);
    pause.title = name;
    pause.setAttribute("aria-label", name);
  }

  // --- the hand ---

  followHand(canvas) {
    let pressed = null;
    canvas.onpointermove = (event) => {
      this.over = true;
      this.take(this.map.at(event));
    };
    canvas.onpointerdown = (event) => {
      pressed = [event.clientX, event.clientY];
      this.take(this.map.at(event));
    };
    canvas.onclick = (event) => {
      const far = pressed && Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) > STILL;
      // A finger moves z and opens nothing: it has no other way to look.
      if (!far && event.pointerType !== "touch") this.open(this.z);
    };
    canvas.onpointerleave = canvas.onpointercancel = () => {
      this.over = false;
      this.leave();
    };
    canvas.onkeydown = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const nudge = NUDGES[event.key], by = event.shiftKey ? FINE : NUDGE;
      if (nudge) {
        const { extent } = this.parcel;
        this.take(this.z.map((v, d) => Math.min(extent, Math.max(-extent, v + by * nudge[d]))));
        setText(this.dom.said, `z ${this.text(this.z)}, nearest image ${this.parcel.names[this.image]}`);
      } else if (event.key === "Enter") this.open(this.z);
      else if (event.key === "Escape") this.letGo();
      else return;
      event.preventDefault();
    };
    canvas.onblur = () => this.leave();
  }

  take(z) {
    clearTimeout(this.resting);
    this.hand = true;
    this.put(z);
  }

  leave() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.letGo(), PATIENCE);
  }

  letGo() {
    clearTimeout(this.resting);
    if (!this.map || this.over) return;
    this.hand = false;
    this.last = undefined;
    this.begin(this.image, this.z);
    this.go();
  }

  // --- drawing ---

  /** z, and the image beside it: the one that it was drawn for, else the nearest. */
  put(z, image = nearestMean(this.parcel.arrays.means, z), drawn = false) {
    if (image !== this.image) {
      this.image = image;
      this.lens.show(this.posteriors[image]);
      this.fresh = true;
    }
    if (drawn) this.lens.add(z);
    Object.assign(this, { z, isDrawn: drawn });
    this.wanted ||= requestAnimationFrame(() => { this.wanted = 0; this.draw(); });
  }

  text([a, b]) { return `(${number(a)}, ${number(b)})`; }

  draw() {
    if (!this.look || !this.z || this.gone) return;
    const { dom, z, image, posteriors, parcel } = this, q = posteriors[image];
    showImage(dom.output, this.decoder.decode(z), this.shape);
    this.map.draw(z, image, q);
    const scale = this.lens.draw(this.look, z);
    if (this.fresh) {
      this.fresh = false;
      showImage(dom.input, this.images[image], this.shape);
      dom.input.setAttribute("aria-label", parcel.names[image]);
      setText(dom.mu, `\u03bc ${this.text([q.x, q.y])}`);
      setText(dom.sigma, `\u03c3 ${this.text([q.sx, q.sy])}`);
    }
    setText(dom.times, scale ? `1\u03c3 and 2\u03c3, ${Math.round(scale / this.map.scene.scale)}\u00d7` : "");
    setText(dom.inputNote, this.isDrawn ? "encoded" : `nearest of ${this.images.length} images`);
    setText(dom.inputName, parcel.names[image]);
    setText(dom.z, this.text(z));
    setText(dom.zNote, this.isDrawn ? "drawn from q(z|x)" : this.hand ? "where you point" : "on its way");
    this.root.dataset.image = String(image);
    this.root.dataset.z = z.map((v) => v.toFixed(4)).join(",");
    this.root.dataset.mode = this.hand ? "hand" : this.paused ? "paused" : "walk";
  }
}

/** A trapezoid that narrows towards the code, with arrows in and out. */
function glyph(widens) {
  const draw = (tag, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const svg = draw("svg", { viewBox: "0 0 84 96", "aria-hidden": "true" });
  const [left, right] = widens ? [24, 4] : [4, 24];
  svg.append(
    draw("path", { class: "arrow", d: "M0 48 H8 M76 48 H83 M79 44 L83 48 L79 52" }),
    draw("path", { class: "body", d: `M10 ${left} L74 ${right} V${96 - right} L10 ${96 - left} Z` }),
  );
  return svg;
}

const mounted = new WeakMap(); // where Streamlit mounted one -> it

export default function ({ data, parentElement, setTriggerValue }) {
  let one = mounted.get(parentElement);
  if (!one) {
    const root = element("div", { class: "component forward-pass", role: "group" });
    parentElement.append(root);
    one = new ForwardPass(root);
    mounted.set(parentElement, one);
  }
  one.update(data, setTriggerValue);
  return () => {
    one.destroy();
    mounted.delete(parentElement);
    one.root.remove();
  };
}
