// The true posterior of one image beside the encoder's q, which the hand moves: what the ELBO is short of log p(x), and
// why. Everything is computed here, from log p(x, z) on two grids; Python is told, after a pause, where q is.

import { clipped, prepared } from "../../../vae_core/browser/draw.js";
import { element, setText } from "../../../vae_core/browser/dom.js";
import { pngFile, svgFile } from "../../../vae_core/browser/files.js";
import { keysMenu, mounts, Teller } from "../../../vae_core/browser/mounted.js";
import { placed, remembering } from "../../../vae_core/browser/plane.js";
import { showImage } from "../../../vae_core/browser/images.js";
import { fetchParcel, join, leave } from "../../../vae_core/browser/store.js";
import { takeAwayMenu } from "../../../vae_core/browser/take_away.js";
import { readTheme } from "../../../vae_core/browser/theme.js";
import { Ascent, elboOf } from "./bound.js";
import { Field } from "./field.js";
import { GapBar } from "./gap_bar.js";
import { drawFrame, drawPosterior, gripsOf, RADII } from "./scene.js";

const REACH = 16; // pixels around a grip
const MARGIN = { left: 46, top: 8, right: 8, bottom: 38 };
const KEYS = { ArrowLeft: ["mean", 0, -1], ArrowRight: ["mean", 0, 1], ArrowDown: ["mean", 1, -1], ArrowUp: ["mean", 1, 1],
  a: ["deviation", 0, -1], d: ["deviation", 0, 1], s: ["deviation", 1, -1], w: ["deviation", 1, 1] };
const KEYS_IN_WORDS = [
  ["arrows", "move q by a tenth of its deviation, with Shift a hundredth"], ["A D", "q narrower, wider"], ["S W", "q lower, higher"],
  ["Enter", "fit q"], ["Esc", "back to the encoder"],
];

class TruePosterior {
  constructor(root) {
    Object.assign(this, { root, q: null, gripped: null, fitting: 0, remember: remembering() });
    this.buildDom();
    this.teller = new Teller(root, {
      holds: () => true, playing: () => this.fitting, tell: (q) => this.tell({ q, about: this.gap.about }),
      state: () => this.moved && this.field ? [...this.q.mean, ...this.q.deviation].map((v) => Number(v.toPrecision(5))) : null,
    });
    this.observer = new ResizeObserver(() => this.request());
    this.observer.observe(this.dom.canvas.parentElement);
  }

  destroy() {
    leave(this);
    this.stop();
    this.teller.destroy();
    this.observer.disconnect();
    cancelAnimationFrame(this.pending);
  }

  buildDom() {
    const button = (text, title, act) => element("button", { type: "button", class: "quiet", title, onclick: act }, text);
    const picture = (name) => element("canvas", { role: "img", "aria-label": name });
    const dom = this.dom = {
      canvas: element("canvas", { class: "plane", tabindex: 0, role: "application", "aria-label": "True posterior and q" }),
      fit: button("Fit", "Ascends the ELBO from where q is (Enter)", () => this.fit()),
      back: button("Back to the encoder", "q as the encoder gives it (Esc)", () => this.back()),
      image: picture("The image"), decoded: picture("Decoded at the centre of q"), waiting: element("div", { class: "waiting" }, "waiting for the model"),
    };
    this.bar = new GapBar();
    const keys = keysMenu("Drag the centre of q, or the edge of its 90 %. The wheel zooms.", KEYS_IN_WORDS);
    const save = takeAwayMenu(() => `true posterior ${this.gap.name}`, {
      png: (times) => pngFile(this.size, this.look.colours.paper, (ctx) => this.paint(ctx), times),
      svg: () => svgFile(this.size, this.look.colours.paper, (ctx) => this.paint(ctx)),
    });
    dom.menus = element("span", { class: "menus" }, save, keys);
    const figures = [[dom.image, "x"], [dom.decoded, "decoded at the centre of q"]].map(([canvas, name]) =>
      element("figure", {}, canvas, element("figcaption", {}, name)));
    this.root.append(dom.waiting, element("div", { class: "stage" },
      element("div", { class: "left" }, dom.canvas),
      element("div", { class: "right" }, this.bar.root,
        element("div", { class: "acts" }, dom.fit, dom.back, dom.menus),
        element("div", { class: "pictures" }, ...figures))));
    const { canvas } = dom;
    canvas.onpointerdown = (event) => this.press(event);
    canvas.onpointermove = (event) => this.drag(event);
    canvas.onpointerup = canvas.onpointercancel = () => this.release();
    canvas.onwheel = (event) => this.zoom(event);
    canvas.onkeydown = (event) => this.key(event);
  }

  // --- what comes from Python ---

  update(data, setStateValue) {
    this.tell = (q) => setStateValue("q", q);
    this.data = data;
    this.root.setAttribute("aria-label", data.label);
    this.look = readTheme(this.root);
    this.remember = remembering();
    join(this, null);
    if (this.revision !== data.revision) {
      this.revision = data.revision;
      this.wish = data.q ?? "encoder";
    }
    this.gather();
  }

  /** Takes up the parcels that Python named once all have arrived; until then the old ones stay. */
  gather() {
    const [decoder, gap] = ["decoder", "gap"].map((slot) => fetchParcel(this.data[slot]));
    if (!decoder || !gap) return;
    this.dom.waiting.hidden = true;
    this.decoder = decoder.made;
    const { encoder } = gap;
    if (gap.about !== this.gap?.about) {
      this.stop();
      this.field = gap.arrays.fine ? new Field(gap) : null;
      this.view = { ...gap.view };
      for (const part of [this.dom.canvas.parentElement, this.dom.menus]) part.hidden = !this.field;
      showImage(this.dom.image, Float32Array.from(gap.arrays.image, (v) => v / 255), gap.image);
      [this.q, this.moved] = [encoder, false];
    }
    this.gap = gap;
    if (this.wish) {
      const D = gap.latent;
      [this.q, this.moved] = this.wish === "encoder" ? [encoder, false]
        : [{ mean: this.wish.slice(0, D), deviation: this.wish.slice(D) }, true];
      this.wish = null;
      this.teller.knows(this.teller.state());
    }
    this.request();
  }

  // --- what the hand does ---

  place({ clientX, clientY }) {
    const { left, top } = this.dom.canvas.getBoundingClientRect();
    return [clientX - left, clientY - top];
  }

  press(event) {
    if (!this.field || event.button) return;
    const [px, py] = this.place(event), away = ({ x, y }) => Math.hypot(x - px, y - py);
    const [nearest] = gripsOf(this.q, this.scene()).sort((a, b) => away(a) - away(b));
    if (away(nearest) > REACH) return;
    try { this.dom.canvas.setPointerCapture(event.pointerId); } catch { /* a synthetic event has no pointer */ }
    this.stop();
    // Where all grips lie on one another the centre is meant.
    this.gripped = away(gripsOf(this.q, this.scene())[0]) <= away(nearest) ? "centre" : nearest.kind;
    this.dom.canvas.dataset.gripped = this.gripped;
    this.request();
  }

  drag(event) {
    if (!this.field) return;
    const [px, py] = this.place(event), scene = this.scene();
    if (!this.gripped) {
      const near = gripsOf(this.q, scene).some(({ x, y }) => Math.hypot(x - px, y - py) <= REACH);
      this.dom.canvas.style.cursor = near ? "grab" : "default";
      return;
    }
    const { mean, deviation } = this.q, [x, y] = [scene.fromX(px), scene.fromY(py)];
    const wide = (at, d) => Math.max(1e-3, Math.abs(at - mean[d]) / RADII[mean.length][1]), up = deviation.slice(1);
    if (this.gripped === "centre") this.put({ mean: up.length ? [x, y] : [x], deviation });
    else this.put({ mean, deviation: this.gripped === "across" ? [wide(x, 0), ...up] : [deviation[0], wide(y, 1)] });
  }

  release() {
    if (!this.gripped) return;
    this.gripped = null;
    delete this.dom.canvas.dataset.gripped;
    this.request();
    this.teller.settle();
  }

  zoom(event) {
    if (!this.field) return;
    const { extent } = this.gap, factor = Math.exp(Math.max(-100, Math.min(100, event.deltaY)) * 0.0022);
    const half = Math.min(extent, Math.max(0.02, this.view.half * factor));
    if (half === this.view.half) return;
    event.preventDefault();
    const [px, py] = this.place(event), { fromX, fromY } = this.scene(), [x, y] = [fromX(px), fromY(py)], share = half / this.view.half;
    this.view = { half, x: x + (this.view.x - x) * share, y: y + (this.view.y - y) * share };
    this.request();
  }

  key(event) {
    if (!this.field || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key, does = { Enter: () => this.fit(), Escape: () => this.back() };
    if (KEYS[key]?.[1] < this.gap.latent) this.nudge(...KEYS[key], event.shiftKey ? 0.01 : 0.1);
    else if (does[key]) does[key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  nudge(what, d, sign, by) {
    this.stop();
    const { mean, deviation } = this.q, change = (list, made) => list.map((v, k) => (k === d ? made(v) : v));
    this.put(what === "mean" ? { deviation, mean: change(mean, (v) => v + sign * by * deviation[d]) }
      : { mean, deviation: change(deviation, (s) => Math.max(1e-3, s * Math.exp(sign * by))) });
    this.teller.settle();
  }

  put(q) {
    this.q = q;
    this.moved = true;
    this.request();
  }

  back() {
    if (!this.gap) return;
    this.stop();
    [this.q, this.moved] = [this.gap.encoder, false];
    this.request();
    this.teller.settle();
  }

  /** From where q is, a step a frame; a second press stops it. */
  fit() {
    if (!this.gap) return;
    if (this.fitting) return this.stop();
    const next = this.field ? this.ascending() : this.replaying();
    const tick = () => {
      if (next()) this.fitting = requestAnimationFrame(tick);
      else this.stop();
    };
    this.fitting = requestAnimationFrame(tick);
    setText(this.dom.fit, "Stop");
  }

  ascending() {
    const ascent = new Ascent(this.q, (q) => elboOf(q, this.field, this.gap.quadrature));
    return () => {
      this.put(ascent.next());
      return !ascent.done;
    };
  }

  /** In more dimensions Python has fitted q: its ELBO on the way there. */
  replaying() {
    const { way, best } = this.gap;
    let step = 0;
    return () => {
      step += 1;
      const share = Math.min(1, step / way.length), { encoder } = this.gap;
      const mean = best.mean.map((v, d) => encoder.mean[d] + share * (v - encoder.mean[d]));
      this.put(share === 1 ? best : { mean, deviation: encoder.deviation, elbo: way[step - 1] });
      return share < 1;
    };
  }

  stop() {
    if (!this.fitting) return;
    cancelAnimationFrame(this.fitting);
    this.fitting = 0;
    setText(this.dom.fit, "Fit");
    this.teller.settle();
  }

  // --- drawing ---

  scene() {
    const { gap, field, look, remember } = this, [width, height] = this.size, view = this.view;
    const plot = { left: MARGIN.left, top: MARGIN.top, width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom, small: false };
    const at = placed(plot, view);
    return {
      ...at, ...look, field, levels: gap.levels, axes: gap.axes, name: gap.name, logPx: gap.log_px, remember, moved: this.moved,
      own: gap.arrays.own ? { values: gap.arrays.own, levels: gap.own_levels } : null,
      shares: gap.latent > 1 ? ", 50 and 90 %" : "",
      fromX: (px) => view.x + (px - plot.left - plot.width / 2) / at.scale, fromY: (py) => view.y - (py - plot.top - plot.height / 2) / at.scale,
    };
  }

  get size() {
    const width = Math.floor(this.dom.canvas.parentElement.getBoundingClientRect().width);
    return [width, Math.min(width, 460)];
  }

  paint(ctx) {
    const scene = this.scene();
    clipped(ctx, scene.plot, () => drawPosterior(ctx, scene, { q: this.q, encoder: this.moved ? this.gap.encoder : null, gripped: this.gripped }));
    drawFrame(ctx, scene);
  }

  request() { this.pending ||= requestAnimationFrame(() => { this.pending = 0; this.draw(); }); }

  draw() {
    const { gap, dom, q } = this, [width, height] = this.size;
    if (!gap) return;
    if (this.field && width > 40) {
      Object.assign(dom.canvas.style, { width: `${width}px`, height: `${height}px` });
      this.paint(prepared(dom.canvas, width, height));
    }
    showImage(dom.decoded, this.decoder.decode(q.mean), this.decoder.image);
    const elbo = q.elbo ?? elboOf(q, this.field, gap.quadrature);
    this.bar.show({ ...gap, elbo, moved: this.moved, rough: this.field ? !this.field.isFine(q.mean) : this.fitting > 0 });
    dom.back.disabled = !this.moved;
    dom.fit.disabled = !this.field && !gap.best;
  }
}

export default mounts("true-posterior", (root) => new TruePosterior(root));
