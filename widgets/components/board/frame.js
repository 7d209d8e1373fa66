// The board's elements, empty as yet.

import { element } from "../../../vae_core/browser/dom.js";

const place = (name, ...children) => element("div", { class: name }, ...children);

export function makeFrame() {
  return place("component board",
    place("meter", place("bar")),
    element("div", { class: "replay", hidden: true },
      element("button", { type: "button", class: "play", "aria-label": "Play the training again" }),
      element("select", { class: "speed", "aria-label": "Speed of playing", title: "How fast the training is played again" }),
      place("track",
        element("input", {
          class: "slider", type: "range", min: "0", max: "10000", step: "any", "aria-label": "Moment of the training",
          title: "On a scale by the log of the step; the right end follows the training. A link opens at the last step",
        }),
        element("div", { class: "decades", "aria-hidden": "true" })),
      element("output", { class: "at" })),
    place("grid",
      place("cloud"), place("tiles"), place("plots", place("curves"), place("bars")), place("probes"), place("samples")));
}
