// The board of completions: one result, or two side by side. Nothing is sent to Python: the hand looks, and plays
// the film.

import { element } from "../../../vae_core/browser/dom.js";
import { mounts } from "../../../vae_core/browser/mounted.js";
import { fetchParcel, join, leave } from "../../../vae_core/browser/store.js";
import { readTheme } from "../../../vae_core/browser/theme.js";
import { Found } from "./found.js";

class Completions {
  constructor(root) {
    this.root = root;
    this.shown = [];
    this.sides = element("div", { class: "sides" });
    this.root.setAttribute("aria-label", "Completions");
    this.root.append(this.sides);
  }

  destroy() {
    leave(this);
    for (const each of this.shown) each.destroy();
    this.shown = [];
  }

  update(data) {
    this.data = data;
    this.look = readTheme(this.root);
    join(this, null);
    this.gather();
  }

  /** Takes up what Python named once all of it has arrived; until then the old stays. */
  gather() {
    const { panels, drawn, waiting } = this.data;
    while (this.shown.length > panels.length) {
      const gone = this.shown.pop();
      gone.destroy();
      gone.root.remove();
    }
    while (this.shown.length < panels.length) {
      const one = new Found();
      this.shown.push(one);
      this.sides.append(one.root);
    }
    this.sides.dataset.count = String(panels.length);
    panels.forEach((ids, k) => {
      const parcels = ids && { decoder: fetchParcel(ids.decoder), found: fetchParcel(ids.found) };
      const there = parcels && parcels.decoder && parcels.found;
      if (there) this.shown[k].take(parcels, this.look, drawn);
      this.shown[k].wait(waiting[k] ?? null, !ids);
    });
  }
}

export default mounts("completions", (root) => new Completions(root));
