// What stands beside the map: the decoded image, the numbers of this place, its neighbours in the data, the
// legend, and the scrubber. The DOM is built once and only filled in afterwards, so that nothing jumps.

import { element, setText } from "../../../vae_core/browser/dom.js";
import { showImage } from "../../../vae_core/browser/images.js";
import { takeAwayMenu } from "../../../vae_core/browser/take_away.js";
import { filesOf } from "./drawing.js";
import { GESTURES_IN_WORDS, KEYS_IN_WORDS } from "./gestures.js";
import { LAYERS } from "./layers.js";

/** The whole of the component's DOM inside `root`; `map` is asked to act when a control is used. */
export function buildDom(root, map) {
  const ids = `map-${Math.random().toString(36).slice(2)}`;
  const dom = {
    base: element("canvas", { class: "base", "aria-hidden": "true" }),
    over: element("canvas", {
      class: "over", tabindex: 0, role: "application", "aria-label": "Latent map", "aria-describedby": `${ids}-keys`,
    }),
    said: element("div", { class: "for-screen-readers", "aria-live": "polite" }),
    waiting: element("div", { class: "waiting" }, "waiting for the model"),
    legend: element("div", { class: "legend", role: "group", "aria-label": "Layers of the map" }),
    image: element("canvas", { class: "decoded", role: "img", "aria-label": "Decoded image" }),
    caption: element("div", { class: "caption" }),
    rows: element("dl", { class: "numbers" }),
    words: element("p", { class: "words" }),
    near: element("div", { class: "near" }),
    epsilon: element("div", { class: "epsilon" }),
    scrub: element("div", { class: "scrub", role: "group", "aria-label": "Replay of training" }),
    scale: element("div", { class: "scale", "aria-hidden": "true" }),
    meaning: element("p", { class: "meaning" }),
  };
  dom.toggles = Object.fromEntries(LAYERS.map(({ name, label, hint }) => [name, element(
    "button",
    { type: "button", class: `toggle ${name}`, title: hint, "aria-pressed": "false", onclick: () => map.toggle(name) },
    element("i", { "aria-hidden": "true" }), label,
  )]));
  dom.spacing = element("button", {
    type: "button", class: "quiet", title: "Spacing of the decoded grid", onclick: () => map.toggleSpacing(),
  });
  const keys = element("details", { class: "menu keys" },
    element("summary", { "aria-label": "Keys and gestures" }, "?"),
    element("div", { id: `${ids}-keys` },
      element("p", {}, GESTURES_IN_WORDS),
      element("dl", {}, ...KEYS_IN_WORDS.flatMap(([key, does]) => [element("dt", {}, key), element("dd", {}, does)]))));
  const save = takeAwayMenu(() => `latent map ${map.picture.axes.join(" ")}`, filesOf(map));
  const ground = LAYERS.filter((layer) => layer.ground), above = LAYERS.filter((layer) => !layer.ground);
  dom.legend.append(
    element("span", { class: "grounds" }, ...ground.map(({ name }) => dom.toggles[name])),
    ...above.map(({ name }) => dom.toggles[name]), dom.spacing, element("span", { class: "menus" }, save, keys));
  dom.play = element("button", {
    type: "button", class: "play", "aria-label": "Play the replay", onclick: () => map.play(),
  });
  dom.range = element("input", {
    type: "range", min: 0, step: 1, "aria-label": "Training step",
    oninput: () => map.showFrame(Number(dom.range.value)),
  });
  dom.step = element("output", {});
  dom.scrub.append(dom.play, dom.range, dom.step);
  dom.draw = element("button", {
    type: "button", class: "quiet", title: "A draw of the posterior: z = \u03bc + \u03c3 \u03b5 (key E). A link does not hold draws",
    onclick: () => map.drawEpsilon(),
  }, "Draw \u03b5");
  dom.drawn = element("div", { class: "strip", role: "group", "aria-label": "Decoded draws" });
  dom.epsilon.append(dom.draw, dom.drawn);
  const square = element("div", { class: "square" }, dom.base, dom.over, dom.scale, dom.waiting, dom.said);
  const parts = [dom.image, dom.caption, dom.rows, dom.words, dom.epsilon, dom.near];
  const side = element("aside", { class: "panel", "aria-label": "What is at this place" }, ...parts);
  const left = element("div", {}, square, dom.scrub);
  root.append(dom.legend, element("div", { class: "main" }, left, side), dom.meaning);
  return dom;
}

/** The [term, value, note] rows of a definition list, reusing the nodes that are there. */
export function fillRows(list, rows) {
  while (list.children.length < 2 * rows.length) {
    list.append(element("dt"), element("dd", {}, element("span"), " ", element("small")));
  }
  while (list.children.length > 2 * rows.length) list.lastChild.remove();
  rows.forEach(([term, value, note], k) => {
    const [dt, dd] = [list.children[2 * k], list.children[2 * k + 1]];
    setText(dt, term);
    setText(dd.firstChild, value);
    setText(dd.lastChild, note ?? "");
  });
}

/** Nearest images of the data, as Python found them: [{image: base64 of uint8 [H, W, C], distance, name}]. */
export function fillNearest(box, answer, pinned) {
  const title = element("h4", {}, "Nearest training images");
  if (!answer) {
    box.dataset.state = pinned ? "asking" : "empty";
    // While Python looks them up the old ones stay, faded: a gap would flicker.
    if (pinned && box.querySelector("figure")) return;
    const words = pinned ? "looking\u2026" : "Click the map to pin a place and see them.";
    box.replaceChildren(title, element("p", {}, words));
    return;
  }
  box.dataset.state = "known";
  const figures = answer.nearest.map(({ image, distance, name }) => {
    const canvas = element("canvas", { role: "img", "aria-label": `${name}, at distance ${distance.toFixed(2)}` });
    const mean = Float32Array.from(atob(image), (c) => c.charCodeAt(0) / 255);
    showImage(canvas, mean, answer.shape);
    return element("figure", { title: name }, canvas, element("figcaption", {}, distance.toFixed(2)));
  });
  box.replaceChildren(title, element("div", { class: "strip" }, ...figures), element("small", {}, answer.measure));
}
