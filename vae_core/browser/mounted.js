// What components that move sliders share: they live as long as Streamlit mounts them, tell Python where they
// stand once the hand has let go, play back and forth, and list their keys.

import { element } from "./dom.js";
import { bring } from "./store.js";

export const PAUSE = 250; // ms without change before Python is told

/**
 * The function that Streamlit calls with a parcel, to be kept for all, or with what a component is to show.
 * make(root): the component, with update(data, setStateValue, setTriggerValue) and destroy().
 */
export function mounts(name, make) {
  const mounted = new WeakMap(); // where Streamlit mounted one -> it; the function runs again on every change
  return ({ data, parentElement, setStateValue, setTriggerValue }) => {
    if (data instanceof Uint8Array) return bring(parentElement, data);
    let one = mounted.get(parentElement);
    if (!one) {
      const root = element("div", { class: `component ${name}`, role: "group" });
      parentElement.append(root);
      one = make(root);
      mounted.set(parentElement, one);
    }
    one.update(data, setStateValue, setTriggerValue);
    return () => {
      one.destroy();
      one.root.remove(); // the place may be somebody else's from now on
      mounted.delete(parentElement);
    };
  };
}

/** Tells Python a state once nothing has changed for a moment and the hand has let go. */
export class Teller {
  /** holds(event): whether a press keeps Python waiting until its end. state(): what is told; playing(): not now. */
  constructor(root, { holds, state, playing, tell }) {
    Object.assign(this, { state, playing, tell, known: null });
    this.listen = new AbortController();
    const { signal } = this.listen;
    root.addEventListener("pointerdown", (event) => { this.holding = holds(event); }, { signal });
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => this.release(), { signal });
  }

  destroy() {
    this.listen.abort();
    clearTimeout(this.timer);
  }

  release() {
    this.holding = false;
    if (this.due) this.settle();
  }

  settle() {
    clearTimeout(this.timer);
    this.due = true;
    this.timer = setTimeout(() => {
      if (this.holding || this.playing()) return;
      this.due = false;
      const state = this.state(), text = JSON.stringify(state);
      if (text === this.known) return;
      this.known = text;
      this.tell(state);
    }, PAUSE);
  }

  /** What Python knows already. */
  knows(state) { this.known = JSON.stringify(state); }
}

/** Calls put(share of the way) for every picture, back and forth from a share on, as long as goesOn(). */
export function swing(from, period, put, goesOn) {
  const phase = Math.acos(1 - 2 * Math.min(1, Math.max(0, from)));
  let started = null;
  const tick = (now) => {
    if (!goesOn()) return;
    started ??= now;
    put((1 - Math.cos(phase + (2 * Math.PI * (now - started)) / period)) / 2);
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

/** The folded list of keys, each with what it does, below a sentence on the pointer. */
export function keysMenu(sentence, keys) {
  return element("details", { class: "menu keys" },
    element("summary", { "aria-label": "Keys and gestures", title: "Keys and gestures" }, "?"),
    element("div", {},
      element("p", {}, sentence),
      element("dl", {}, ...keys.flatMap(([key, does]) => [element("dt", {}, key), element("dd", {}, does)]))));
}
