// What the map says in numbers and words beside itself, and the state of its controls.

import { element, number, setText } from "../../../vae_core/browser/dom.js";
import { showImage } from "../../../vae_core/browser/images.js";
import { inWords, nearestTo, valueAt } from "./density.js";
import { NATS } from "./layers.js";
import { fillNearest, fillRows } from "./panel.js";

const DRAWS = 8; // decoded draws kept in view
const REST = 500; // ms for which the hand must rest before a screen reader is told

/** The numbers of the place `here`; `image`: the image that lies there, or null. */
export function readOut(map, scene, here, image) {
  const { grid, fields } = scene;
  const { dom, pin, holes, picture } = map, { symbol, axes } = picture, whole = symbol === "z";
  const answer = pin && sameCode(map.answer?.z, pin.z) ? map.answer : null;
  // Python answers for the newest codes, not for those of a frame of the replay.
  const exact = here === pin && map.frame === null ? answer : null, better = whole ? exact : null;
  const logP = better?.log_p ?? valueAt(grid, fields.logP, here.x, here.y);
  const mixture = map.frame === null ? map.mixture : null, known = Boolean(better ?? mixture);
  const logQ = better?.log_q ?? mixture?.logDensity(here.z) ?? valueAt(grid, fields.logQ, here.x, here.y);
  const floored = !known && logQ <= picture.floor + 1e-6;
  const rows = [
    [whole ? "z" : axes.join(", "), `(${number(here.x)}, ${number(here.y)})`],
    [`log p(${symbol})`, number(logP), better ? "exact" : "nats"],
    [`log q(${symbol})`, (floored ? "\u2264 " : "") + number(logQ), known ? "exact" : "nats"],
  ];
  // The marginal of two coordinates says little of the whole space: there only the pin's exact values count.
  // A slice knows what its held coordinates add.
  const slice = picture.slice && map.frame === null ? logQ + scene.rest - logP : NaN;
  if (!whole) {
    rows.push(["log q(z)/p(z)", number(exact ? exact.log_q - exact.log_p : slice), exact ? "exact" : "nats"]);
  }
  fillRows(dom.rows, rows);
  const cell = holes && map.frame === null ? nearestTo(grid, holes.numbers, here.x, here.y) : 0;
  // A code in a cell that is a hole may have data of its own, narrower than the cell.
  const hole = known && logP - logQ <= Math.log(holes?.ratio) ? 0 : cell;
  const words = inWords(logP, logQ + (known ? 0 : scene.rest), {
    hole, inside: logP >= map.inside, floored, ratio: holes?.ratio,
  });
  setText(dom.words, words[0].toUpperCase() + words.slice(1));
  dom.words.dataset.kind = words.includes("hole") ? "hole" : words.startsWith("the data put") ? "crowd" : "";
  setText(dom.caption, captionOfPlace(map, here, image));
  dom.image.setAttribute("aria-label", `Decoded image. ${words}`);
  dom.draw.disabled = !map.plane.codes.has(pin?.image ?? null);
  fillStrip(map);
  if (map.nearFor !== (answer ?? pin)) {
    map.nearFor = answer ?? pin;
    fillNearest(dom.near, answer, Boolean(pin));
  }
  say(map, `${rows.map(([term, value]) => `${term} ${value}`).join(", ")}. ${words}`);
}

const sameCode = (a, b) => a?.length === b.length && a.every((v, d) => Math.abs(v - b[d]) < 2e-5);

function captionOfPlace({ picture, plane, frames, frame, drawn, pin }, here, image) {
  if (frame !== null) return `Step ${count(frames.steps[frame])}; the decoder is the newest`;
  if (drawn) return "A draw of q(z|x), decoded";
  if (image === null) return here === pin ? "Decoded at the pin" : "Decoded here";
  const name = picture.classes[plane.codes.label(image)];
  return name === undefined ? "Decoded where an image lies" : `Decoded where an image of \u201c${name}\u201d lies`;
}

function fillStrip(map) {
  if (map.stripOf === map.draws) return;
  map.stripOf = map.draws;
  map.dom.drawn.replaceChildren(...map.draws.slice(-DRAWS).reverse().map(({ z }) => {
    const canvas = element("canvas", { "aria-hidden": "true" });
    showImage(canvas, map.decoder.decode(z), map.decoder.image);
    return canvas;
  }));
}

/** To a screen reader, once the hand rests; what a mouse hovers over is not read out. */
function say(map, text) {
  if (map.pointer || map.replay.playing) return;
  clearTimeout(map.saying);
  map.saying = setTimeout(() => setText(map.dom.said, text), REST);
}

const count = (n) => n.toLocaleString("en-GB");

/** Which layers are on, the colour scale of the ground, and where the replay is. */
export function showControls({ root, data, dom, layers, picture, holes, spacing, replay: { frames, frame, playing, last } }) {
  for (const [name, button] of Object.entries(dom.toggles)) {
    button.setAttribute("aria-pressed", String(layers.has(name)));
  }
  dom.toggles.holes.disabled = !holes;
  setText(dom.spacing, spacing === "linear" ? "evenly spaced" : "by prior quantiles");
  dom.spacing.hidden = !layers.has("manifold") || !picture?.standard;
  const ground = Object.keys(NATS).find((name) => layers.has(name));
  dom.scale.dataset.ground = ground ?? "";
  if (ground) fillScale(dom.scale, ground);
  setText(dom.meaning, picture?.meaning ?? "");
  dom.scrub.hidden = !frames;
  if (!frames) return;
  const shown = frame ?? last, now = frame === null;
  dom.range.max = last;
  dom.range.value = shown;
  dom.play.dataset.playing = String(playing);
  dom.play.setAttribute("aria-label", playing ? "Pause the replay" : "Play the replay");
  const mass = now ? holes?.list.reduce((sum, hole) => sum + hole.mass, 0) : data.frame_holes?.[shown];
  root.dataset.replayed = String(!now);
  const holding = mass === undefined || data.size === "controls" ? "" : `, holes on this map ${(100 * mass).toFixed(1)} %`;
  setText(dom.step, (now ? "now" : `step ${count(frames.steps[shown])}`) + holding);
  dom.range.setAttribute("aria-valuetext", dom.step.textContent);
}

function fillScale(box, ground) {
  const [low, high] = NATS[ground];
  const ends = ground === "posterior" ? [number(low, 0), `${number(high, 1)} nats`]
    : ["data \u00d7100", "prior \u00d7100"];
  box.replaceChildren(element("span", {}, ends[0]), element("i"), element("span", {}, ends[1]));
}
