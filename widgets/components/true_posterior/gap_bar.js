// log p(x) = ELBO + gap as a bar, and its parts in words.

import { element, number, setText } from "../../../vae_core/browser/dom.js";

const ROOM = 0.35; // of the bar, for the ELBO

export class GapBar {
  constructor() {
    this.parts = Object.fromEntries(["elbo", "amortisation", "approximation"].map((name) => [name, element("i", { class: name })]));
    this.bar = element("div", { class: "bar", role: "img" }, ...Object.values(this.parts));
    this.rows = Object.fromEntries([
      ["log_px", "log p(x)"], ["elbo", "ELBO of this q"], ["amortisation", "to the best q"], ["approximation", "from there to log p(x)"],
    ].map(([name, title]) => [name, {
      box: element("div", { class: name }), mark: element("i", { class: name }), title: element("dt", {}, title),
      value: element("dd", {}), note: element("small", {}),
    }]));
    for (const { box, mark, title, value, note } of Object.values(this.rows)) box.append(mark, title, value, note);
    this.root = element("div", { class: "gap" }, this.bar, element("dl", {}, ...Object.values(this.rows).map(({ box }) => box)));
  }

  /** elbo: of the q that is shown, moved by hand or the encoder's. best: null until it is found, or where there is none. */
  show({ log_px: logPx, error, encoder, best, elbo, moved, rough, family, own_levels: own = [] }) {
    // A q of another shape may surpass the best of the Gaussians.
    const { rows } = this, top = best ? Math.max(best.elbo, elbo) : logPx, shaped = own.length > 0;
    const parts = { amortisation: Math.max(0, top - elbo), approximation: Math.max(0, logPx - top) };
    // The encoder's gap sets the scale as long as q is no worse, so that a drag moves parts and not the scale.
    const whole = Math.max(logPx - Math.min(elbo, encoder.elbo), 0.5) / (1 - ROOM);
    const share = (nats) => `${Math.min(100, (100 * nats) / whole)}%`;
    this.parts.amortisation.style.width = share(parts.amortisation);
    this.parts.approximation.style.width = share(parts.approximation);
    const uncertain = error ? ` \u00b1 ${number(error, 2)}` : "";
    this.say("log_px", number(logPx) + uncertain, error ? "nats, by importance sampling" : "nats, by quadrature");
    setText(rows.elbo.title, moved ? "ELBO of this q" : "ELBO of the encoder\u2019s q");
    this.say("elbo", (rough ? "\u2248 " : "") + number(elbo), "nats");
    setText(rows.amortisation.title, shaped ? "to the best Gaussian" : moved ? "to the best q" : "amortisation gap");
    const loses = moved ? "" : shaped ? `what the best ${family} gains, or lacks, beside it` : "what one encoder for all images loses on this one";
    this.say("amortisation", best ? number(shaped ? best.elbo - elbo : parts.amortisation) : "\u2026", loses);
    setText(rows.approximation.title, shaped ? "from the better one to log p(x)" : "approximation gap");
    this.say("approximation", best ? number(parts.approximation) : "\u2026", shaped ? "" : `what no ${family} reaches`);
    this.bar.setAttribute("aria-label", Object.values(rows).map(({ title, value }) => `${title.textContent} ${value.textContent} nats`).join(", "));
  }

  say(name, value, note) {
    setText(this.rows[name].value, value);
    setText(this.rows[name].note, note);
  }
}
