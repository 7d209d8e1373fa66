// A sheet of thumbnails to choose one from: one picture cut into buttons. Arrow keys move from one to the
// next and over the edge to the next page, Enter chooses.

import { element, setText } from "../../../vae_core/browser/dom.js";

class Sheet {
  constructor(root) {
    this.cells = element("div", { class: "cells", role: "group", onkeydown: (event) => this.key(event) });
    const turn = (says, sign, pages) => element("button", {
      type: "button", class: "turn", "aria-label": says, title: says, onclick: () => this.turn(pages),
    }, sign);
    this.back = turn("Page back", "\u2039", -1);
    this.forth = turn("Page forward", "\u203a", 1);
    this.where = element("output", { "aria-live": "polite" });
    this.pages = element("div", { class: "pages" }, this.back, this.where, this.forth);
    root.append(this.cells, this.pages);
  }

  update(data, say) {
    const paged = this.data?.png !== data.png, focused = this.cells.contains(this.root.activeElement);
    Object.assign(this, { data, say });
    if (paged) this.fill();
    this.cells.setAttribute("aria-label", data.label);
    setText(this.where, data.where);
    this.pages.hidden = data.first && data.last && !data.where;
    this.back.disabled = data.first;
    this.forth.disabled = data.last;
    this.pages.style.display = data.first && data.last ? "none" : ""; // there is nowhere to turn
    this.select(data.selected);
    if (paged && focused) this.buttons[this.arrival === "end" ? this.buttons.length - 1 : 0]?.focus();
    this.arrival = null;
  }

  fill() {
    const { png, captions, columns, rows, shape: [height, width] } = this.data;
    this.cells.style.setProperty("--columns", columns);
    this.cells.style.setProperty("--shape", `${width} / ${height}`);
    // As parts of the way from one edge to the other, as background-position counts.
    const part = (k, count) => `${count > 1 ? (100 * k) / (count - 1) : 0}%`;
    this.buttons = captions.map((caption, k) => {
      const button = element("button", {
        type: "button", title: caption, "aria-label": caption, onclick: () => this.choose(k),
      });
      button.style.background = `url(${png}) ${part(k % columns, columns)} ${part(Math.floor(k / columns), rows)}`
        + ` / ${100 * columns}% ${100 * rows}%`;
      return button;
    });
    this.cells.replaceChildren(...this.buttons);
  }

  select(chosen) {
    this.buttons.forEach((button, k) => {
      button.setAttribute("aria-pressed", String(k === chosen));
      button.tabIndex = k === (chosen ?? 0) ? 0 : -1;
    });
  }

  choose(k) {
    this.select(k); // without waiting for the answer
    this.say("choice", this.data.indices[k]);
  }

  turn(pages) {
    if (pages < 0 ? !this.data.first : !this.data.last) this.say("turn", pages);
  }

  key(event) {
    const { columns } = this.data, here = this.buttons.indexOf(this.root.activeElement), last = this.buttons.length - 1;
    const to = {
      ArrowLeft: here - 1, ArrowRight: here + 1, ArrowUp: here - columns, ArrowDown: here + columns,
      Home: 0, End: last, PageUp: -1, PageDown: last + 1,
    }[event.key];
    if (to === undefined || here < 0) return;
    event.preventDefault();
    if (this.buttons[to]) this.buttons[to].focus();
    else {
      this.arrival = to < 0 ? "end" : "start";
      this.turn(to < 0 ? -1 : 1);
    }
  }
}

const mounted = new WeakMap();

/** Streamlit calls this with a page of thumbnails. */
export default function ({ data, parentElement, setTriggerValue }) {
  let sheet = mounted.get(parentElement);
  if (!sheet) {
    const root = element("div", { class: "sheet" });
    parentElement.append(root);
    sheet = new Sheet(root);
    sheet.root = parentElement.getRootNode();
    mounted.set(parentElement, sheet);
  }
  sheet.update(data, setTriggerValue);
  return () => mounted.delete(parentElement);
}
