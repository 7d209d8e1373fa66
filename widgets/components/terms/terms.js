import { element } from "../../../vae_core/browser/dom.js";
import { markTheme } from "../../../vae_core/browser/theme.js";
import { Marks } from "./marks.js";

// GLOSSARY: its entries, which Python writes above this script.
// A card for the term under the pointer, the finger or the focus. It comes without the server: hovering costs no rerun.

const REST = 250; // milliseconds that a pointer rests on a term before its card comes
const GRACE = 250; // that it may be on its way from the term to the card
const OWN = new WeakMap(); // where Streamlit mounted it -> Terms

function mathOf(mathml) {
  return document.importNode(new DOMParser().parseFromString(mathml, "text/html").body.firstChild, true);
}

class Terms {
  constructor(root, entries) {
    this.entries = new Map(entries.map((entry) => [entry.key, entry]));
    this.card = element("div", { class: "card", popover: "manual", role: "dialog", "aria-label": "Term" });
    this.line = element("p", { class: "line" });
    this.root = element("section", { class: "component terms", "aria-label": "Terms on this page" }, this.line, this.card);
    root.append(this.root);
    this.heard = new AbortController();
    const { signal } = this.heard;
    addEventListener("pointermove", (event) => this.move(event), { signal, passive: true });
    addEventListener("click", (event) => this.press(event), { signal, capture: true });
    addEventListener("keydown", (event) => event.key === "Escape" && this.close(), { signal });
    addEventListener("scroll", () => this.close(), { signal, capture: true, passive: true });
    this.marks = new Marks(entries, () => this.list());
    this.list();
  }

  leave() {
    this.heard.abort();
    this.marks.observer.disconnect();
    this.marks.highlight?.clear();
    clearTimeout(this.timer);
  }

  /** The line of the page's terms: what the keyboard reaches. */
  list() {
    const keys = this.marks.keys(), there = this.listed;
    if (there && there.size === keys.size && [...keys].every((key) => there.has(key))) return;
    this.listed = keys;
    const known = [...this.entries.values()].filter(({ key }) => keys.has(key));
    this.root.hidden = known.length === 0;
    const at = this.line.querySelector("a:focus")?.dataset.key;
    this.line.replaceChildren("Terms on this page: ", ...known.flatMap((entry, i) => [i ? " · " : "", this.word(entry)]));
    // What came meanwhile must not take the keyboard's place away.
    if (at) this.line.querySelector(`[data-key="${at}"]`)?.focus({ preventScroll: true });
  }

  word(entry) {
    const { key, title } = entry;
    const link = element("a", { href: this.address(key), "data-key": key, style: `--lit: ${this.colour(entry)}` }, title.split(",")[0]);
    link.addEventListener("focus", () => {
      if (link.matches(":focus-visible")) this.show(key, link.getBoundingClientRect());
    });
    link.addEventListener("blur", () => this.close());
    link.addEventListener("pointerenter", () => this.rest(key, () => link.getBoundingClientRect()));
    link.addEventListener("click", (event) => this.follow(event, key));
    return link;
  }

  address(key) {
    return new URL(`glossary?term=${key}`, document.baseURI).href;
  }

  colour({ colour }) {
    return `var(--${colour})`;
  }

  move(event) {
    if (event.pointerType === "touch") return;
    const path = event.composedPath();
    if (path.includes(this.card) || path.includes(this.line)) return void clearTimeout(this.away);
    const found = event.buttons ? null : this.marks.at(event);
    if (found) return this.rest(found.key, () => found.box);
    clearTimeout(this.timer);
    this.waits = null;
    if (this.key && !this.away) this.away = setTimeout(() => this.close(), GRACE);
  }

  rest(key, box) {
    clearTimeout(this.away);
    this.away = null;
    if (this.key === key || this.waits === key) return;
    clearTimeout(this.timer);
    this.waits = key;
    this.timer = setTimeout(() => this.show(key, box()), REST);
  }

  press(event) {
    const path = event.composedPath();
    if (path.includes(this.card) || path.includes(this.line)) return;
    const found = this.marks.at(event);
    if (found) this.show(found.key, found.box);
    else this.close();
  }

  show(key, box) {
    const entry = this.entries.get(key);
    clearTimeout(this.away);
    this.away = this.waits = null;
    this.key = key;
    markTheme(this.root);
    const more = element("a", { href: this.address(key), onclick: (event) => this.follow(event, key) }, "In the glossary");
    this.card.style.setProperty("--lit", this.colour(entry));
    this.card.replaceChildren(
      element("h4", {}, entry.title),
      element("p", {}, entry.sentence),
      element("div", { class: "equation" }, mathOf(entry.mathml)),
      element("small", {}, "Read on: ", element("a", { href: entry.url, target: "_blank", rel: "noreferrer" }, entry.source)),
      element("small", {}, more),
    );
    this.card.showPopover();
    const width = this.card.offsetWidth, height = this.card.offsetHeight;
    const left = Math.min(Math.max(8, box.left - 12), document.documentElement.clientWidth - width - 8);
    const below = box.bottom + 6 + height < innerHeight || box.top < height + 6;
    Object.assign(this.card.style, { left: `${left}px`, top: `${below ? box.bottom + 6 : box.top - 6 - height}px` });
  }

  close() {
    clearTimeout(this.timer);
    clearTimeout(this.away);
    this.away = this.waits = this.key = null;
    if (this.card.matches(":popover-open")) this.card.hidePopover();
  }

  /** A press opens the glossary inside the app; with Ctrl or the middle button it is a link like any other. */
  follow(event, key) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.close();
    this.open(key);
  }
}

export default function ({ parentElement, setTriggerValue }) {
  let terms = OWN.get(parentElement);
  if (!terms) OWN.set(parentElement, terms = new Terms(parentElement, GLOSSARY));
  terms.open = (key) => setTriggerValue("open", key);
  markTheme(terms.root);
  return () => {
    terms.leave();
    OWN.delete(parentElement);
    terms.root.remove();
  };
}
