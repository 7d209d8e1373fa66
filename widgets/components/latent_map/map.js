// The latent map: a plane of latent space under the hand, decoded where the pointer is, with no question to
// Python on the way. Two canvases: `base` holds the layers and is redrawn when they change, `over` what
// follows the pointer. Python is told, after a pause, where the pin is and what is shown.

import { clipped, prepared } from "../../../vae_core/browser/draw.js";
import { element } from "../../../vae_core/browser/dom.js";
import { showImage } from "../../../vae_core/browser/images.js";
import { nearestPoint, remembering } from "../../../vae_core/browser/plane.js";
import { bring, fetchParcel, join, leave, linkedTo } from "../../../vae_core/browser/store.js";
import { readTheme } from "../../../vae_core/browser/theme.js";
import { thinned } from "./codes.js";
import { drawCursor } from "./cursor.js";
import { drawBase, sceneOf } from "./drawing.js";
import { attachHand } from "./gestures.js";
import { LAYERS } from "./layers.js";
import { catchUp, counterpart, mirror } from "./linked.js";
import { Manifold } from "./manifold.js";
import { Mixture } from "./mixture.js";
import { buildDom } from "./panel.js";
import { Plane } from "./place.js";
import { readOut, showControls } from "./readout.js";
import { Replay } from "./replay.js";
import { View } from "./view.js";

const SLOTS = ["decoder", "picture", "holes", "frames"];
const DEFAULT_LAYERS = ["posterior", "prior", "holes", "points", "ellipse", "preview"];
const SAMPLES = 24; // of the prior, on the map
const PAUSE = 250; // ms without change before Python is told
const REACH = 7; // pixels within which the pointer is on an image's point
const EDGE_OF_POINTS = 3; // pixels outside the plot, from where points still reach into it
const TRAIL = 6; // frames for which class centres leave a trail in a replay

class LatentMap {
  constructor(root) {
    this.root = root;
    this.parcels = {};
    this.layers = new Set(DEFAULT_LAYERS);
    this.view = new View();
    this.spacing = "linear";
    this.pin = this.pointer = this.ghost = this.drawn = this.answer = this.sent = null;
    this.samples = this.draws = [];
    this.firstSample = 0; // of those that the picture brings
    this.manifold = new Manifold();
    this.replay = new Replay(() => this.frameShown());
    this.remember = remembering();
    this.dom = buildDom(root, this);
    this.detach = attachHand(this.dom.over, this);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.dom.over.parentElement);
  }

  destroy() {
    leave(this);
    this.detach();
    this.observer.disconnect();
    this.manifold.stop();
    this.replay.stop();
    for (const timer of [this.timer, this.saying]) clearTimeout(timer);
    cancelAnimationFrame(this.pending);
  }

  // --- what comes from Python ---

  update(data, setStateValue) {
    this.tell = (state) => setStateValue("state", state);
    this.data = data;
    Object.assign(this.root.dataset, { size: data.size, answers: data.answers });
    this.root.style.setProperty("--height", typeof data.height === "number" ? `${data.height}px` : data.height);
    this.dom.over.setAttribute("aria-label", data.label);
    this.readTheme();
    join(this, data.group);
    this.answer = withPosterior(data.answer);
    this.learn(data.answer?.code);
    if (this.revision !== data.revision) {
      this.revision = data.revision;
      this.wish = data.state;
    }
    this.gather();
    this.resize();
  }

  /** Takes up the parcels that Python named once all have arrived; until then the old ones stay. */
  gather() {
    const named = SLOTS.map((slot) => [slot, this.data[slot]]).map(([slot, id]) => [slot, !id ? null
      : this.parcels[slot]?.id === id ? this.parcels[slot] : fetchParcel(id)]);
    if (named.some(([, parcel]) => parcel === undefined)) return;
    const fresh = named.filter(([slot, parcel]) => parcel !== this.parcels[slot]).map(([slot]) => slot);
    this.parcels = Object.fromEntries(named);
    const { decoder, picture, holes, frames } = this.parcels;
    const pixels = this.data.pixels !== this.pixels;
    this.pixels = this.data.pixels;
    this.decoder = decoder?.made.showing(this.pixels) ?? null;
    this.dom.waiting.hidden = Boolean(picture);
    if (!picture) return;
    this.picture = picture;
    this.holes = holes ? { ...holes, numbers: holes.arrays.numbers } : null;
    if (fresh.includes("frames")) this.replay.take(frames);
    if (fresh.includes("picture")) {
      this.plane = new Plane(picture);
      this.learn(this.data.answer?.code);
      this.mixture = picture.mixture ? new Mixture(picture.arrays.mean, picture.arrays.log_var) : null;
      if (!this.view.moved) this.view.half = picture.extent;
      this.view.extent = picture.extent;
      this.inside = picture.regions.find(([mass]) => mass === 0.99)[1];
      if (this.pin) this.pin = { ...this.pin, ...this.plane.at(this.pin.z, this.known(this.pin.image)) };
      if (this.pointer) this.pointer = this.plane.place(this.pointer.x, this.pointer.y);
      this.ghost = this.drawn = null;
      this.draws = [];
    }
    if (fresh.includes("picture") || fresh.includes("frames")) this.centres = null;
    const wish = this.wish;
    if (wish) this.adopt(wish);
    else if (fresh.length) this.placePoints();
    this.showControls();
    if (pixels) this.stripOf = null;
    this.request(fresh.length > 0 || pixels || Boolean(wish));
    if (fresh.length || wish) catchUp(this);
  }

  adopt({ pin, image, layers, view, spacing, frame }) {
    this.wish = null;
    if (layers) this.layers = new Set(layers);
    this.spacing = spacing ?? this.spacing;
    this.view.look(...(view ?? [0, 0, this.view.extent]));
    this.takePin(pin?.length === this.plane.latent ? this.plane.at(pin, this.known(image)) : null);
    this.replay.show(frame);
    if (this.layers.has("samples") && !this.samples.length) this.drawSamples();
    this.placePoints();
    // The first wish is what Python knows already; where a later one has led, it is told like any move.
    if (this.sent === null) this.sent = JSON.stringify(this.state());
    else {
      this.settle();
      if (!this.data.group) this.dom.over.scrollIntoView({ block: "nearest", behavior: "smooth" });
    }
  }

  /** The image's index, where the picture is of such an image. */
  known(image) { return image !== null && image < this.plane.codes.images ? image : null; }

  /** The code of the pinned image comes from Python, where it is none of those in the picture. */
  learn(code) {
    if (!code || !this.plane) return;
    this.plane.codes.learn(code);
    if (!this.pin?.awaited || this.pin.image !== code.image) return;
    this.takePin(this.plane.ofImage(code.image));
    this.request(false);
    this.settle();
  }

  readTheme() {
    const theme = readTheme(this.root);
    if (JSON.stringify(theme) === JSON.stringify(this.theme)) return;
    this.theme = theme;
    this.remember = remembering();
    this.request(true);
  }

  // --- geometry ---

  get frames() { return this.replay.frames; }
  get frame() { return this.replay.frame; }

  resize() {
    const box = this.dom.over.parentElement.getBoundingClientRect(), density = window.devicePixelRatio || 1;
    if (!box.width) return;
    const small = this.data.size === "thumbnail";
    const margin = small ? { left: 0, top: 0, right: 0, bottom: 0 } : { left: 42, top: 8, right: 8, bottom: 38 };
    const plot = {
      small, left: margin.left, top: margin.top,
      width: box.width - margin.left - margin.right, height: box.height - margin.top - margin.bottom,
    };
    if (density === this.density && JSON.stringify(plot) === JSON.stringify(this.view.plot)) return;
    this.density = density;
    this.size = [box.width, box.height];
    this.view.plot = plot;
    this.request(true);
  }

  scene() { return sceneOf(this); }

  point(px, py) { return this.plane.place(...this.view.toPlane(px, py)); }

  placePoints() {
    const { frames, frame, plane } = this, moving = frame !== null;
    this.points = moving ? plane.framePoints(frames.arrays.mean, frames.arrays.labels, frame)
      : plane.codes.rows ? plane.points() : null;
    if (!moving) return;
    const { mean, labels } = frames.arrays;
    this.centres ??= frames.steps.map((_, f) => new Map(plane.framePoints(mean, labels, f).centres));
    const trail = this.centres.slice(Math.max(0, frame - TRAIL), frame + 1);
    this.points.paths = this.points.centres.map(([c]) => [c, trail.map((centres) => centres.get(c))]);
  }

  /** The image whose point is drawn under a place, or null; of maps that compare images, the nearest one. */
  imageAt({ x, y }) {
    if (!this.points || this.frame !== null) return null;
    const { codes } = this.plane, image = (row) => (row === null ? null : codes.image(row));
    if (this.data.links === "image") return image(nearestPoint(this.points, x, y, Infinity, codes.whole));
    if (!this.shown || (!this.layers.has("points") && !this.layers.has("ellipse"))) return null;
    const found = nearestPoint(this.shown, x, y, REACH / this.view.scale);
    return image(found === null ? null : this.shown.rows[found]);
  }

  /** The place under a pixel; of maps that compare images, that of the nearest image. */
  under(px, py) {
    const place = this.point(px, py), image = this.imageAt(place);
    return this.data.links === "image" && image !== null ? this.plane.ofImage(image) : { ...place, image };
  }

  // --- what the hand does ---

  hover(px, py) {
    if (!this.picture) return;
    this.drawn = null;
    this.pointer = this.under(px, py);
    this.follow();
  }

  leave() {
    this.pointer = null;
    this.follow();
  }

  press(px, py) {
    if (!this.picture) return;
    const now = performance.now();
    // The two presses of a double click pin nothing: it keeps what was pinned before the first.
    if (!(now - this.pressed < 400)) this.before = this.pin;
    this.pressed = now;
    // The same place on all maps is no image's on the others.
    const place = this.data.links === "place" ? this.point(px, py) : this.under(px, py);
    this.setPin(place.image === null ? place : this.placeOf(place.image));
    this.dragging = true;
    this.pointer = null;
    this.follow();
  }

  /** Where an image's code is; on the plane, and `awaited`, where Python is yet to tell the whole of it. */
  placeOf(image) {
    const { plane, points } = this, row = plane.codes.row(image);
    return plane.codes.has(image) ? plane.ofImage(image)
      : { ...plane.place(points.x[row], points.y[row]), image, awaited: true };
  }

  drag(px, py) {
    if (!this.picture) return;
    this.setPin(this.data.links === "image" ? this.under(px, py) : this.point(px, py));
    this.follow();
  }

  release() {
    this.dragging = false;
    this.request(false);
    this.settle();
  }

  restorePin() { this.setPin(this.before ?? null); }

  /** The pin of this map and of those linked to it. */
  setPin(place) {
    this.takePin(place);
    for (const other of this.linked) {
      const there = place && counterpart(other, place, this);
      if (there === undefined) continue; // Python encodes the image for it
      other.takePin(there);
      other.request(false);
      other.settle();
    }
  }

  takePin(place) {
    if (place?.image !== this.pin?.image) this.draws = [];
    this.pin = place;
    this.drawn = null;
  }

  nudge(dx, dy) {
    if (!this.picture) return;
    if (this.data.links === "image") return this.nextImage(Math.sign(dx + dy));
    const from = this.pin ?? this.pointer ?? this.plane.place(0, 0), { u, v } = this.plane;
    this.setPin(this.plane.at(from.z.map((value, d) => value + dx * u[d] + dy * v[d])));
    this.pointer = null;
    this.looked(this.view.reveal(this.pin.x, this.pin.y));
    this.follow();
    this.settle();
  }

  /** The next image of the data, or the one before. */
  nextImage(step) {
    const { codes } = this.plane;
    if (!codes.images || this.frame !== null) return;
    this.setPin(this.plane.ofImage(codes.next(this.pin?.image ?? (step > 0 ? -1 : 0), step)));
    this.pointer = null;
    this.looked(this.view.reveal(this.pin.x, this.pin.y));
    this.follow();
    this.settle();
  }

  unpin() {
    if (this.data.links === "image") return; // one is always compared
    this.setPin(null);
    this.follow();
    this.settle();
  }

  pan(dx, dy) { this.looked(this.view.pan(dx, dy)); }
  resetView() { this.looked(this.view.reset()); }

  /** Shows `factor` times as much, around a pixel or the pin; false where that is not possible. */
  zoom(factor, px, py) {
    if (!this.picture) return false;
    const { pin, view } = this, around = px === undefined ? [pin?.x ?? view.x, pin?.y ?? view.y] : view.toPlane(px, py);
    return this.looked(view.zoom(factor, ...around));
  }

  looked(changed) {
    if (changed) this.changed();
    return changed;
  }

  nextHole() {
    const list = this.holes?.list ?? [];
    if (!list.length || this.data.links === "image") return;
    this.visited = ((this.visited ?? -1) + 1) % list.length;
    this.setPin(this.plane.place(...list[this.visited].center));
    this.pointer = null;
    this.looked(this.view.reveal(this.pin.x, this.pin.y));
    this.follow();
    this.settle();
  }

  drawEpsilon() {
    const image = this.pin?.image ?? null;
    if (!this.plane?.codes.has(image) || !this.decoder) return;
    this.pointer = null;
    this.drawn = this.plane.at(this.plane.draw(image));
    this.draws = [...this.draws, this.drawn];
    this.follow();
  }

  /** The next samples of the prior; `from`: how many further, or back, the first of them is. */
  drawSamples(from = 0) {
    const { prior_samples: drawn } = this.picture.arrays, [count, D] = drawn.shape;
    this.firstSample = (this.firstSample + from + count) % count;
    this.samples = Array.from({ length: SAMPLES }, (_, k) => {
      const at = D * ((this.firstSample + k) % count);
      return drawn.slice(at, at + D);
    });
    this.firstSample = (this.firstSample + SAMPLES) % count;
  }

  repeatSamples() { this.drawSamples(-SAMPLES); }

  freshSamples() {
    this.layers.add("samples");
    this.drawSamples();
    this.showControls();
    this.changed();
  }

  // --- what the controls do ---

  toggle(name) {
    // Grounds hide each other: always one of them is on.
    const grounds = LAYERS.filter((layer) => layer.ground).map((layer) => layer.name);
    if (grounds.includes(name) && this.layers.has(name)) return;
    if (!this.layers.delete(name)) {
      if (grounds.includes(name)) for (const other of grounds) this.layers.delete(other);
      this.layers.add(name);
      if (name === "samples") this.drawSamples();
    }
    this.showControls();
    this.changed();
  }

  toggleSpacing() {
    this.spacing = this.spacing === "linear" ? "quantile" : "linear";
    this.manifold.clear();
    this.showControls();
    this.changed();
  }

  /** Of linked maps the one with the controls plays, for all. */
  play() { (this.controls ?? this).replay.toggle(); }

  showFrame(frame) {
    this.replay.show(frame);
    this.frameShown();
  }

  frameShown() {
    this.placePoints();
    this.showControls();
    this.changed();
  }

  // --- what linked maps have in common ---

  /** The map that holds the controls of all; null where each has its own. */
  get controls() { return this.data.size === "controls" ? this : this.linked.find(({ data }) => data.size === "controls") ?? null; }

  get linked() { return linkedTo(this, this.data.group).filter((other) => other.picture); }

  /** The hand has changed what is shown, here and so on all linked maps. */
  changed() {
    for (const other of this.linked) mirror(other, this);
    this.request(true);
    this.settle();
  }

  // --- what goes to Python ---

  state() {
    const { pin, view, frame } = this, round = (v) => Number(v.toFixed(5));
    return {
      pin: pin && pin.z.map(round), image: pin?.image ?? null,
      layers: LAYERS.map(({ name }) => name).filter((name) => this.layers.has(name)),
      view: view.moved ? [view.x, view.y, view.half].map(round) : null, spacing: this.spacing, frame,
    };
  }

  /** Tells Python once nothing has changed for a moment. */
  settle() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.dom.over.dataset.doing || this.replay.playing) return this.settle();
      if ((this.controls ?? this) !== this) return; // it tells for all
      const state = this.state(), text = JSON.stringify(state);
      if (text === this.sent) return;
      this.sent = text;
      this.tell(state);
    }, PAUSE);
  }

  /** The pointer or the pin has moved: so have the cursors of the maps linked to this one. */
  follow() {
    this.ghost = null; // the last hand leads
    for (const other of this.linked) {
      other.ghost = (this.pointer && counterpart(other, this.pointer, this)) ?? null;
      other.pointer = other.drawn = null;
      other.request(false);
    }
    this.request(false);
  }

  // --- drawing ---

  get here() {
    const { drawn, pointer, ghost, pin } = this;
    return drawn ?? pointer ?? ghost ?? pin ?? this.plane.place(0, 0);
  }

  /** The image whose posterior is drawn, where that is known: of the one at hand, else of the pinned one. */
  get imageShown() {
    const image = this.here.image ?? this.pin?.image ?? null;
    return this.frame === null && this.plane.codes.has(image) ? image : null;
  }

  request(base) {
    this.stale ||= base;
    this.pending ||= requestAnimationFrame(() => { this.pending = 0; this.draw(); });
  }

  draw() {
    if (!this.picture || !this.view.plot) return;
    if (this.stale) this.shown = this.points && thinned(this.points, this.view.reach(EDGE_OF_POINTS), this.picture.most);
    const scene = this.scene();
    if (this.stale) drawBase(this, scene);
    this.stale = false;
    const { here, imageShown: image } = this;
    clipped(prepared(this.dom.over, ...this.size), scene.plot, (ctx) => drawCursor(ctx, scene, this, here, image));
    if (this.view.plot.small) return;
    if (this.decoder) showImage(this.dom.image, this.decoder.decode(here.z), this.decoder.image);
    readOut(this, scene, here, here.awaited ? null : here.image);
  }


  showControls() { showControls(this); }
}

/** An answer, with the values of p(z|x) and of q(z|x), base64 of float32, as numbers. */
function withPosterior(answer) {
  const numbers = (grid) => grid && {
    ...grid, values: new Float32Array(Uint8Array.from(atob(grid.values), (c) => c.charCodeAt(0)).buffer), own: numbers(grid.own),
  };
  return answer && { ...answer, posterior: numbers(answer.posterior) };
}

const mounted = new WeakMap(); // where Streamlit mounted a map -> the map; its function runs again on every change

/** Streamlit calls this with a parcel, to be kept for the maps, or with what a map is to show. */
export default function ({ data, parentElement, setStateValue }) {
  if (data instanceof Uint8Array) return bring(parentElement, data);
  let map = mounted.get(parentElement);
  if (!map) {
    const root = element("div", { class: "component latent-map" });
    parentElement.append(root);
    map = new LatentMap(root);
    mounted.set(parentElement, map);
  }
  map.update(data, setStateValue);
  return () => {
    map.destroy();
    mounted.delete(parentElement);
  };
}
