// What one method found: tiles grouped by what they are read as, the film of its chains, one completion enlarged
// beside its nearest training image, and the plane.

import { element, number, setText } from "../../../vae_core/browser/dom.js";
import { paint } from "../../../vae_core/browser/images.js";
import { Places } from "./places.js";

const NONE = 255; // what stands for no class
const PLAYS = 70; // ms of a moment of the film
const KEYS = { ArrowLeft: -1, ArrowRight: 1, PageUp: 10, PageDown: -10 };

export class Found {
  constructor() {
    this.lit = 0;
    this.buildDom();
    this.places = new Places(this.dom.plan, (k) => this.light(k));
    this.sizes = new ResizeObserver(() => this.places.draw());
    this.sizes.observe(this.root);
  }

  destroy() {
    this.sizes.disconnect();
    this.stop();
  }

  buildDom() {
    const canvas = (label) => element("canvas", { role: "img", "aria-label": label });
    const dom = {
      title: element("h4", {}), badge: element("span", { class: "badge" }), counts: element("p", { class: "counts" }),
      summary: element("div", { class: "summary" }), groups: element("div", { class: "groups" }),
      one: canvas("The completion under the pointer"), near: canvas("Its nearest training image"),
      oneSays: element("p", { class: "says" }), facts: element("dl", {}),
      plan: canvas("Where the completions lie in latent space"), planSays: element("figcaption", {}),
      play: element("button", { type: "button", class: "play", "aria-label": "Play the film", title: "Play the chains from their start. A link opens at the last draw", onclick: () => this.play() }),
      slider: element("input", {
        type: "range", min: 0, max: 0, step: 1, value: 0, "aria-label": "Moment of the chains",
        oninput: () => this.seek(Number(this.dom.slider.value)), onkeydown: (event) => this.key(event),
      }),
      moment: element("output", {}), bar: element("div", { class: "bar" }, element("i", {})), doing: element("span", { class: "doing" }),
    };
    dom.film = element("div", { class: "film" }, dom.play, dom.slider, dom.moment);
    dom.lens = element("div", { class: "lens" }, dom.one, dom.near, dom.oneSays);
    dom.planBox = element("figure", { class: "plane" }, dom.plan, dom.planSays);
    this.dom = dom;
    this.root = element("section", { class: "found" },
      element("header", {}, dom.title, dom.badge, dom.doing), dom.bar, dom.counts,
      element("div", { class: "stage" },
        element("div", {}, dom.groups, dom.film), dom.planBox,
        element("div", { class: "under" }, dom.lens, dom.summary)), dom.facts);
  }

  // --- what comes from Python ---

  take({ decoder, found }, look, drawn) {
    const changed = found !== this.found, { dom } = this;
    Object.assign(this, { decoder: decoder.made, found, look, drawn });
    if (!changed) {
      this.places.take(found, look);
      return this.draw();
    }
    const { title, badge: [kind, words], facts, captions, arrays } = found, [, count, latent] = arrays.codes.shape;
    this.stop();
    setText(dom.title, title);
    setText(dom.badge, words);
    Object.assign(dom.badge.dataset, { kind });
    dom.badge.hidden = !words;
    dom.facts.replaceChildren(...facts.map(([name, value, help]) =>
      element("div", { title: help }, element("dt", {}, name), element("dd", {}, value))));
    dom.summary.replaceChildren(...captions.map(([caption, help], k) => {
      const canvas = element("canvas", { role: "img", "aria-label": caption });
      showBytes(canvas, part(arrays.summary, k), arrays.summary.shape.slice(1));
      return element("figure", { title: help }, canvas, element("figcaption", {}, caption));
    }));
    this.frames = arrays.codes.shape[0];
    dom.film.dataset.still = String(this.frames < 2);
    dom.planBox.dataset.old = String(!found.scene);
    Object.assign(dom.slider, { max: this.frames - 1, value: this.frames - 1 });
    this.at = this.frames - 1;
    this.lit = Math.min(this.lit, count - 1);
    this.makeTiles(count);
    dom.planBox.hidden = latent < 2;
    setText(dom.planSays, found.scene?.caption ?? "The plane is chosen when the chains have ended.");
    this.places.take(found, look);
    this.draw();
  }

  /** waiting: [share, sentence] or null; old: what stands here is of an earlier question. */
  wait(waiting, old) {
    this.root.dataset.old = String(old && Boolean(this.found));
    this.dom.bar.dataset.on = String(Boolean(waiting));
    this.dom.bar.firstChild.style.width = `${100 * (waiting?.[0] ?? 0)}%`;
    setText(this.dom.doing, waiting?.[1] ?? "");
  }

  /** Tiles in groups by what the result is read as, the largest group first. */
  makeTiles(count) {
    const { arrays: { reads }, classes } = this.found, last = (this.frames - 1) * count, groups = new Map();
    for (let k = 0; k < count; k++) {
      const read = reads ? reads[last + k] : NONE;
      groups.set(read, [...(groups.get(read) ?? []), k]);
    }
    const sorted = [...groups].sort((a, b) => b[1].length - a[1].length);
    this.tiles = Array.from({ length: count });
    this.dom.groups.replaceChildren(...sorted.map(([read, members]) => {
      const tiles = members.map((k) => {
        const canvas = element("canvas", {}), mark = element("i", { "aria-hidden": "true" });
        this.tiles[k] = { canvas, mark };
        return element("button", {
          type: "button", class: "tile", "aria-label": `Completion ${k + 1}${read === NONE ? "" : `, read as ${classes[read]}`}`,
          onpointerenter: () => this.light(k), onfocus: () => this.light(k),
        }, canvas, mark);
      });
      const name = element("span", { class: "name" }, read === NONE ? "" : classes[read]);
      name.style.setProperty("--class", this.colour(read));
      return element("div", { class: "group" }, reads ? name : null, element("div", { class: "tiles" }, ...tiles));
    }));
  }

  colour(read) {
    const { classes } = this.look.colours;
    return read === NONE ? "transparent" : classes[read % classes.length];
  }

  // --- the hand ---

  light(k) {
    if (k === this.lit) return;
    this.lit = k;
    this.draw();
  }

  key(event) {
    if (event.key === " ") this.play();
    else if (KEYS[event.key]) this.seek(Math.min(this.frames - 1, Math.max(0, this.at + KEYS[event.key])));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  seek(at) {
    this.stop();
    this.show(at);
  }

  show(at) {
    this.at = at;
    this.dom.slider.value = at;
    this.draw();
  }

  play() {
    if (this.playing) return this.stop();
    const first = this.at === this.frames - 1 ? 0 : this.at, started = performance.now();
    this.dom.play.dataset.playing = "true";
    const tick = (now) => {
      const at = Math.min(this.frames - 1, first + Math.floor((now - started) / PLAYS));
      if (at !== this.at) this.show(at);
      if (at === this.frames - 1) return this.stop();
      this.playing = requestAnimationFrame(tick);
    };
    this.playing = requestAnimationFrame(tick);
  }

  stop() {
    cancelAnimationFrame(this.playing);
    this.playing = 0;
    this.dom.play.dataset.playing = "false";
  }

  // --- drawing ---

  /** Completion k at the moment that is shown, as bytes [H, W, C]; it lies in a buffer that is written to again. */
  picture(k) {
    const { image, observed, codes, drawn } = this.found.arrays, [, count, latent] = codes.shape, channels = image.shape[2];
    if (this.drawn && drawn && this.at === this.frames - 1) return part(drawn, k);
    const from = (this.at * count + k) * latent, mean = this.decoder.decode(codes.subarray(from, from + latent));
    this.bytes ??= new Uint8ClampedArray(image.length);
    for (let i = 0, p = 0; i < observed.length; i++) for (let c = 0; c < channels; c++, p++) {
      this.bytes[p] = observed[i] ? image[p] : 255 * mean[p];
    }
    return this.bytes;
  }

  draw() {
    const { found, dom, at, tiles, lit } = this;
    if (!found) return;
    const { image, reads, sure, codes, nearest } = found.arrays, [height, width, channels] = image.shape, count = codes.shape[1];
    if (this.bytes?.length !== image.length) this.bytes = null;
    const tally = new Map(), pictures = [];
    tiles.forEach(({ canvas, mark }, k) => {
      showBytes(canvas, this.picture(k), [height, width, channels]);
      pictures.push(canvas);
      const read = reads ? reads[at * count + k] : NONE;
      if (read !== NONE) tally.set(read, (tally.get(read) ?? 0) + 1);
      setText(mark, read === NONE ? "" : found.classes[read]);
      canvas.parentElement.dataset.lit = String(k === lit);
    });
    this.tally(tally);
    showBytes(dom.one, this.picture(lit), [height, width, channels]);
    dom.near.hidden = !nearest;
    const read = reads ? reads[at * count + lit] : NONE, ended = at === this.frames - 1, says = [`Completion ${lit + 1}`];
    if (read !== NONE) says.push(`read as ${found.classes[read]}${ended && sure ? ` (${Math.round(100 * sure[lit])} %)` : ""}`);
    if (nearest) {
      showBytes(dom.near, part(nearest, lit), [height, width, channels]);
      const [name, distance] = found.nearest[lit];
      if (ended) says.push(`right: the nearest training image, ${name}, at distance ${number(distance, 1)}`);
    } else if (found.nearest_note) says.push(found.nearest_note);
    setText(dom.oneSays, `${says.join(" · ")}.`);
    const step = found.steps[at], warming = step <= found.warm_up;
    setText(dom.moment, step === 0 ? "start" : warming ? `warming up, step ${step}` : `draw ${step - found.warm_up} of ${found.total - found.warm_up}`);
    dom.slider.setAttribute("aria-valuetext", dom.moment.textContent);
    this.places.show(at, lit, pictures);
  }

  /** "9 × 4 · 7 × 9" */
  tally(tally) {
    const { classes } = this.found, sorted = [...tally].sort((a, b) => b[1] - a[1]);
    this.dom.counts.replaceChildren(...sorted.flatMap(([read, n], k) => {
      const share = element("b", {}, `${n} \u00d7 ${classes[read]}`);
      share.style.setProperty("--class", this.colour(read));
      return k ? [" \u00b7 ", share] : [share];
    }), element("small", {}, sorted.length ? "read by a classifier that had no part in the training" : ""));
  }
}

/** The k-th of an array [K, ...]. */
function part(array, k) {
  const size = array.length / array.shape[0];
  return array.subarray(k * size, (k + 1) * size);
}

/** Bytes [H, W, C] on a canvas of as many pixels. */
function showBytes(canvas, bytes, [height, width, channels]) {
  if (canvas.width !== width || canvas.height !== height || !canvas.pixels) {
    Object.assign(canvas, { width, height });
    canvas.pixels = canvas.getContext("2d").createImageData(width, height);
  }
  paint(Float32Array.from(bytes, (v) => v / 255), channels, canvas.pixels.data);
  canvas.getContext("2d").putImageData(canvas.pixels, 0, 0);
}
