import { finder } from "./finder.js";

// Which words of the page are terms. Nothing of the page is changed: React owns its nodes, and falls over them when
// somebody else moves or splits them. So terms are ranges over its text, underlined as highlights of CSS, and what
// is under the pointer is looked up in them. An observer follows what React changes, text by text.

const NAME = "elbo-term";
const UNDERLINE = `::highlight(${NAME}) { text-decoration: underline dotted color-mix(in srgb, currentColor 55%, transparent) 1px; }`;
const ROOMS = '[data-testid="stMain"], [data-testid="stSidebar"], [data-testid="stTooltipContent"]';
// What is pressed has a meaning of its own, formulas and figures are pictures, and a title is explained by its page.
const OTHERS = 'a, button, input, select, textarea, summary, option, code, pre, svg, h1, .katex, math, style, script, noscript, [role="button"], [role="radio"], [role="tab"], [role="option"], [role="slider"], [contenteditable="true"], label:has([type="checkbox"], [type="radio"]), .elbo-no-terms, [data-testid="stIconMaterial"]';

const outer = (node) => node.parentElement ?? node.getRootNode().host ?? null;
const up = (element) => element.parentElement ?? element.getRootNode().host ?? null;

function inRoom(element) {
  for (let each = element; each; each = up(each)) if (each.matches(ROOMS)) return true;
  return false;
}

export class Marks {
  /** changed: called when there are other terms than before. */
  constructor(terms, changed) {
    this.find = finder(terms);
    this.changed = changed;
    this.found = new Map(); // text -> [{key, range}]
    this.roots = new Set();
    this.waiting = new Set();
    this.highlight = typeof Highlight === "undefined" ? null : new Highlight();
    if (this.highlight) CSS.highlights.set(NAME, this.highlight);
    this.observer = new MutationObserver((records) => this.hear(records));
    this.observe(document);
    this.read(document.body);
  }

  observe(root) {
    if (this.roots.has(root)) return;
    this.roots.add(root);
    this.observer.observe(root, { childList: true, subtree: true, characterData: true });
    if (!this.highlight) return;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(UNDERLINE);
    root.adoptedStyleSheets.push(sheet);
  }

  hear(records) {
    for (const { type, target, addedNodes } of records) {
      if (type === "characterData") this.waiting.add(target);
      else for (const node of addedNodes) this.waiting.add(node);
    }
    // Together, and when the browser has time: a picture that follows a hand comes first.
    this.later ??= setTimeout(() => {
      this.later = null;
      this.settle();
    }, 150);
  }

  settle() {
    const before = this.found.size, waiting = [...this.waiting];
    this.waiting.clear();
    let other = false;
    for (const [text, marks] of this.found) if (!text.isConnected) other = this.forget(text, marks) || other;
    for (const node of waiting) if (node.isConnected) other = this.read(node) || other;
    if (other || before !== this.found.size) this.changed();
  }

  forget(text, marks = this.found.get(text)) {
    for (const { range } of marks ?? []) this.highlight?.delete(range);
    return this.found.delete(text);
  }

  /** Whether there are other terms than before in it. */
  read(node) {
    if (node.nodeType === Node.TEXT_NODE) return this.readText(node);
    if (node.nodeType !== Node.ELEMENT_NODE && node.nodeType !== Node.DOCUMENT_FRAGMENT_NODE) return false;
    if (node.matches?.(OTHERS)) return false;
    if (node.shadowRoot) this.open(node.shadowRoot);
    let other = false;
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, (each) =>
      each.nodeType === Node.ELEMENT_NODE && each.matches(OTHERS) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    while (walker.nextNode()) {
      const each = walker.currentNode;
      if (each.nodeType === Node.TEXT_NODE) other = this.readText(each) || other;
      else if (each.shadowRoot) other = this.open(each.shadowRoot) || other;
    }
    return other;
  }

  open(root) {
    if (root.querySelector(".terms")) return false; // our own line of terms
    this.observe(root);
    return this.read(root);
  }

  readText(text) {
    const had = this.forget(text), parent = outer(text);
    const found = this.find(text.data);
    if (!found.length || !parent || parent.closest(OTHERS) || !inRoom(parent)) return had;
    this.found.set(text, found.map(({ key, start, end }) => {
      const range = new Range();
      range.setStart(text, start);
      range.setEnd(text, end);
      this.highlight?.add(range);
      return { key, range };
    }));
    return true;
  }

  /** The term under the pointer of an event, and the box of its letters. */
  at(event) {
    const [element] = event.composedPath(), { clientX: x, clientY: y } = event;
    for (const node of element.childNodes ?? []) {
      for (const { key, range } of this.found.get(node) ?? []) {
        for (const box of range.getClientRects()) {
          if (x >= box.left && x <= box.right && y >= box.top - 2 && y <= box.bottom + 2) return { key, box };
        }
      }
    }
    return null;
  }

  /** Keys of the terms in the main part of the page that can be seen. */
  keys() {
    const seen = new Set();
    for (const [text, marks] of this.found) {
      if (outer(text)?.checkVisibility()) for (const { key } of marks) seen.add(key);
    }
    return seen;
  }
}
