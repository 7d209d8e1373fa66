// The DOM of a canvas: the square, and below it a row of tools. Built once, and only filled in afterwards.

import { element } from "../../../vae_core/browser/dom.js";
import { KEYS_IN_WORDS } from "./gestures.js";

// Lines of 1.6 on a square of 20.
const ICONS = {
  brush: "M4 16c2.6.4 4.6-.6 4.8-2.6M8.8 13.4 15.6 4.6a1.2 1.2 0 0 1 1.8 1.5L10.4 14.6M8.8 13.4c-1.6-.9-3.2-.1-3.5 1.2-.1.6-.5 1.1-1.3 1.4",
  eraser: "M8 16.5 3.8 12.3a1.2 1.2 0 0 1 0-1.7l6.8-6.8a1.2 1.2 0 0 1 1.7 0l4 4a1.2 1.2 0 0 1 0 1.7L9.3 16.5H8ZM7 7.4l5.8 5.8M9 16.5h8",
  undo: "M7.5 4 4 7.5 7.5 11M4 7.5h7.5a4.5 4.5 0 0 1 0 9H8",
  clear: "M4.5 6h11M8 6V4.2h4V6M6 6l.7 10.3h6.6L14 6M8.6 8.8v4.8M11.4 8.8v4.8",
  invert: "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13V16.5",
  save: "M10 3.5v9M6.3 9 10 12.7 13.7 9M4.5 16.5h11",
};

function icon(name) {
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawn.setAttribute("viewBox", "0 0 20 20");
  drawn.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  drawn.append(path);
  return drawn;
}

/** The whole DOM inside `root`; `sheet` is asked to act when a tool is used. */
export function buildDom(root, sheet, masking) {
  const keys = `paint-${Math.random().toString(36).slice(2)}`;
  const tool = (name, says, onclick, attributes = {}) => element(
    "button", { type: "button", class: name, title: says, "aria-label": says, onclick, ...attributes }, icon(name));
  const dom = {
    base: element("canvas", { class: "base", "aria-hidden": "true" }),
    over: element("canvas", { class: "over", tabindex: 0, role: "application", "aria-describedby": keys }),
    hint: element("div", { class: "hint", "aria-hidden": "true" }, "Draw here"),
    said: element("output", { class: "said", "aria-live": "polite" }),
    brush: tool("brush", masking ? "Hide pixels (B)" : "Draw (B)", () => sheet.choose("brush")),
    eraser: tool("eraser", masking ? "Show pixels again (E, or the right button)" : "Erase (E, or the right button)",
      () => sheet.choose("eraser")),
    size: element("input", {
      type: "range", "aria-label": "Brush size in pixels", title: "Brush size ([ and ])",
      oninput: () => sheet.resizeBrush(Number(dom.size.value)),
    }),
    undo: tool("undo", "Undo (Ctrl Z)", () => sheet.undo(), { disabled: true }),
    invert: masking ? tool("invert", "Invert: hide what is shown (I)", () => sheet.invert()) : null,
    clear: tool("clear", masking ? "Show everything (Delete)" : "Clear (Delete)", () => sheet.clear()),
    save: tool("save", "Save as PNG", () => sheet.save()),
  };
  const group = (says, ...parts) => element("span", { role: "group", "aria-label": says }, ...parts);
  root.append(
    element("div", { class: "square" }, dom.base, dom.hint, dom.over),
    element("div", { class: "tools" },
      group("Tool", dom.brush, dom.eraser), dom.size, group("Change", dom.undo, dom.invert, dom.clear, dom.save)),
    dom.said,
    element("div", { id: keys, class: "for-screen-readers" }, `${KEYS_IN_WORDS}${masking ? ", I invert" : ""}.`));
  dom.hint.hidden = masking;
  return dom;
}
