// One model's path: the image at t, the fade of pixels beside it, the path on the plane, and along t the frames
// and what the path passes.

import { element, number, setText } from "../../../vae_core/browser/dom.js";
import { paint, showImage } from "../../../vae_core/browser/images.js";
import { drawPassed } from "./density_strip.js";
import { blendInWords, classesAt, codeAt, fadeAt, frameTimes, givenAt, kindOf, valueOn } from "./path.js";
import { Plan } from "./path_map.js";
import { drawPlaces } from "./places_map.js";

const NARROW = 640; // below it a row has every other frame
const SLICE = 8; // ms of decoding frames before the hand has its turn
const PASSES = {
  data: "codes of the data lie here", thin: "fewer codes of the data than the prior expects",
  hole: "a hole: less than a tenth of the prior", empty: "neither codes of the data nor much of the prior",
};

export class Side {
  /** `hand`: {move(t), preview(t or null), play(), key(event)}. */
  constructor(hand) {
    this.hand = hand;
    this.buildDom();
    this.plan = new Plan(this.dom.plan);
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(this.root);
  }

  destroy() {
    this.sizes.disconnect();
    cancelAnimationFrame(this.working);
  }

  buildDom() {
    const picture = (name, label) => element("canvas", { class: name, role: "img", "aria-label": label });
    const caption = () => element("figcaption", {});
    const dom = {
      title: element("h4", {}), note: element("span", { class: "note" }),
      live: picture("decoded", "Decoded image"), liveSays: caption(), fade: picture("faded", "Pixels faded over"),
      plan: picture("plan", "The path in latent space"), planSays: caption(), facts: element("dl", {}),
      reading: element("p", { class: "reading", "aria-live": "off" }), marks: element("div", { class: "marks" }),
      frames: element("div", { class: "frames" }), fades: element("div", { class: "frames" }),
      passed: picture("passed", "Density along the path"), here: element("i", { class: "here", "aria-hidden": "true" }),
      play: element("button", { type: "button", class: "play", title: "Play (Space)", "aria-label": "Play", onclick: () => this.hand.play() }),
      box: element("i", { class: "box", "aria-hidden": "true" }),
      slider: element("input", {
        type: "range", min: 0, max: 1, step: 0.01, "aria-label": "t, the place on the path",
        oninput: () => this.hand.move(Number(this.dom.slider.value)), onkeydown: (event) => this.hand.key(event),
      }),
    };
    dom.fadeBox = element("figure", { class: "fade" }, dom.fade, element("figcaption", {}, "Pixels faded over"));
    dom.planBox = element("figure", { class: "plane" }, dom.plan, dom.planSays);
    dom.head = element("header", {}, dom.title, dom.note);
    dom.fadesName = element("div", { class: "name" }, "Pixels faded over, without a model");
    const swatch = (name) => element("i", { class: `swatch ${name}` });
    dom.passedName = element("div", { class: "name" }, "Density of the data against the prior\u2019s",
      element("span", {}, swatch("q"), "as dense, or denser"), element("span", {}, swatch("hole"), "hole: q < p / 10"),
      element("span", {}, swatch("empty"), "the same, beyond the prior\u2019s 95 %"));
    const rows = element("div", {
      class: "rows",
      onpointerdown: (event) => this.press(event), onpointermove: (event) => this.hover(event),
      onpointerleave: () => this.hand.preview(null),
    }, dom.box, dom.frames, dom.fadesName, dom.fades, dom.passedName, dom.passed, dom.here);
    this.dom = { ...dom, rows };
    this.root = element("section", { class: "side" }, dom.head,
      element("div", { class: "stage" }, element("figure", { class: "live" }, dom.live, dom.liveSays), dom.fadeBox,
        dom.planBox, element("div", { class: "numbers" }, dom.facts, dom.reading)),
      element("div", { class: "timeline" }, dom.marks, rows, element("div", { class: "run" }, dom.play, element("div", { class: "rail" }, dom.slider))));
  }

  // --- what comes from Python ---

  take({ decoder, path, plane }, pixels, look) {
    const shown = decoder.made.showing(pixels), changed = shown !== this.decoder || path !== this.path;
    Object.assign(this, { decoder: shown, path, plane, look });
    const { dom } = this, { title, note, marks, facts, first, last, strip, arrays: { ends, log_q: q } } = path;
    setText(dom.title, title);
    setText(dom.note, note);
    this.root.setAttribute("aria-label", title);
    Object.assign(dom.slider, { min: first, max: last });
    dom.fadeBox.hidden = !ends;
    dom.fades.hidden = dom.fadesName.hidden = !ends || !strip;
    dom.planBox.hidden = !plane && !path.stepped;
    dom.passedName.hidden = Boolean(path.stepped);
    this.root.dataset.stepped = String(Boolean(path.stepped));
    if (plane ?? path.stepped) setText(dom.planSays, (plane ?? path.stepped).caption);
    dom.passed.dataset.known = String(Boolean(q));
    dom.facts.replaceChildren(...facts.map(([name, value, help]) =>
      element("div", { title: help }, element("dt", {}, name), element("dd", {}, value))));
    dom.marks.replaceChildren(...marks.map(([t, name]) => {
      const mark = element("span", {}, name);
      mark.style.setProperty("--at", (t - first) / (last - first));
      return mark;
    }));
    this.changed ||= changed;
    this.fit();
  }

  /** What depends on the room there is. */
  fit() {
    const width = this.root.clientWidth;
    if (!this.path || !width) return;
    const { frames } = this.path, count = width < NARROW ? Math.ceil(frames / 2) : frames;
    if (this.changed || count !== this.count) this.makeFrames(count);
    this.changed = false;
    drawPassed(this.dom.passed, this.path, this.look.colours);
    if (this.plane) this.plan.take(this.plane, this.path, this.look);
    this.draw(this.t ?? this.path.first);
  }

  makeFrames(count) {
    const { path, dom, decoder: { image: [channels, height, width], decode } } = this, { ends } = path.arrays;
    this.count = count;
    this.root.style.setProperty("--count", count);
    const times = frameTimes(path, count), [from, to] = [path.marks[0][0], path.marks.at(-1)[0]];
    const tiles = (parent) => {
      const made = times.map((t) => element("canvas", {
        width, height, "data-beyond": t < from - 1e-6 || t > to + 1e-6, "data-t": t,
      }));
      parent.replaceChildren(...made);
      return made;
    };
    const show = (canvas, mean) => {
      const ctx = canvas.getContext("2d"), pixels = ctx.createImageData(width, height);
      paint(mean, channels, pixels.data);
      ctx.putImageData(pixels, 0, 0);
    };
    const decoded = tiles(dom.frames), faded = ends && path.strip ? tiles(dom.fades) : [];
    // A few at a time, so that even slow decoders do not hold up the hand.
    let k = 0;
    const work = () => {
      const started = performance.now();
      for (; k < count && performance.now() - started < SLICE; k++) {
        show(decoded[k], decode(codeAt({ ...path, codes: path.arrays.codes }, times[k]), classesAt(path, times[k])));
        if (faded[k]) show(faded[k], fadeAt(ends, times[k]));
      }
      this.root.dataset.decoded = String(k === count);
      if (k < count) this.working = requestAnimationFrame(work);
    };
    cancelAnimationFrame(this.working);
    work();
  }

  playing(on) {
    this.dom.play.dataset.playing = String(on);
    this.dom.play.setAttribute("aria-label", on ? "Stop" : "Play");
  }

  // --- the hand on the rows ---

  under({ clientX }) {
    const { left, width } = this.dom.passed.getBoundingClientRect(), { first, last } = this.path;
    const share = Math.min(1, Math.max(0, (clientX - left) / width));
    return Math.round((first + share * (last - first)) * 100) / 100;
  }

  press(event) {
    if (event.button !== 0) return;
    this.dom.rows.setPointerCapture(event.pointerId);
    this.hand.move(this.under(event));
    this.dom.slider.focus({ preventScroll: true });
    event.preventDefault();
  }

  hover(event) {
    if (event.buttons & 1) this.hand.move(this.under(event));
    else if (event.pointerType !== "touch") this.hand.preview(this.under(event));
  }

  // --- drawing ---

  /** Everything at t; `pinned`: where the slider stands, while t is only looked at. */
  draw(t, pinned = t) {
    this.t = pinned;
    if (!this.path) return;
    const { dom, path, decoder } = this, { codes, log_q: q, log_p: p, hole, ends } = path.arrays;
    const z = codeAt({ ...path, codes }, t), along = { first: path.first, last: path.last };
    const y = classesAt(path, t), blend = blendInWords(y, decoder.condition?.names);
    showImage(dom.live, decoder.decode(z, y), decoder.image);
    setText(dom.liveSays, `${path.stepped ? "Decoded" : `Decoded at t = ${number(t)}`}${blend && `, as ${blend}`}`);
    if (ends) showImage(dom.fade, fadeAt(ends, t), decoder.image);
    if (q) {
      const lq = valueOn(q, along, t), lp = valueOn(p, along, t);
      const k = Math.round(((t - path.first) / (path.last - path.first)) * (hole.length - 1));
      const kind = kindOf(lq - lp, hole[k]);
      setText(dom.reading, `At t = ${number(t)}: log q ${number(lq, 1)}, log p ${number(lp, 1)} nats; ${PASSES[kind]}.`);
      dom.reading.dataset.kind = kind;
    } else setText(dom.reading, path.stepped ? this.given(t) : "");
    if (Number(dom.slider.value) !== pinned) dom.slider.value = pinned;
    dom.slider.setAttribute("aria-valuetext", `t = ${number(pinned)}`);
    const share = (t - path.first) / (path.last - path.first);
    for (const mark of [dom.box, dom.here]) mark.style.setProperty("--t", share);
    if (this.plane) this.plan.draw(t, z);
    else if (path.stepped) drawPlaces(dom.plan, path, givenAt(path, t), this.look);
  }

  /** How far a stepped path is at t, and what its codes cost there. */
  given(t) {
    const { stepped: { name }, arrays: { places, log_p: p } } = this.path, count = givenAt(this.path, t);
    const says = `${count} of the ${places.length} ${name} that differ are B\u2019s`;
    return p ? `${says}; these codes cost ${number(-p[count], 1)} nats.` : `${says}.`;
  }
}
