// The moments of a run that the board can show: those that Python has sent at once, and each that came since.

import { remembering } from "../../../vae_core/browser/plane.js";

const MOST_MOMENTS = 400;  // beyond, every second one goes

export class Film {
  /** since: the step of the first moment that came by itself, from which on those sent later as stored are left. */
  constructor() { Object.assign(this, { moments: [], about: "", since: Infinity, joined: null, asked: "" }); }

  get last() { return this.moments.length - 1; }

  get steps() { return this.moments.map(({ step }) => step); }

  /** Takes in a parcel: all moments that are stored, or the newest of a run in training. */
  take(d) {
    // Codes on other axes are no earlier moments of the same cloud.
    const about = aboutOf(d);
    if (about !== this.about || d.replay) Object.assign(this, { moments: [], since: Infinity, joined: null });
    this.about = about;
    if (!d.labels.length) return;
    const steps = d.frame_steps;
    this.since = d.replay ? -1 : Math.min(this.since, steps[0]);
    const fresh = steps.map((step, k) => this.known(step, d) ?? moment(d, k, step));
    // A run that goes on from an earlier state trains its last steps again.
    this.keep([...this.moments.filter((m) => m.step < steps[0]), ...fresh]);
  }

  /** Takes in the parcel of moments that were stored before it was opened; whether they are new, and of the same. */
  join(d) {
    if (d === this.joined || aboutOf(d) !== this.about) return false;
    this.joined = d;
    const before = d.frame_steps.map((step, k) => moment(d, k, step)).filter((m) => m.step < this.since);
    this.keep([...before, ...this.moments.filter((m) => m.step >= this.since)]);
    return true;
  }

  keep(moments) {
    this.moments = moments;
    if (moments.length > MOST_MOMENTS) this.moments = moments.filter((_, k) => (this.last - k) % 2 === 0);
  }

  /** Whether moments before those it has are stored. */
  lacks({ first }) { return this.since > 0 && first !== null && this.moments[0]?.step > first; }

  /** The same, the first time it is so. */
  asks(d) {
    if (this.asked === this.about || !this.lacks(d)) return false;
    this.asked = this.about;
    return true;
  }

  /** The newest moment again, with numbers that may have come since: nothing of it is to be drawn anew. */
  known(step, d) {
    const last = this.moments[this.last];
    return !d.replay && last?.step === step ? Object.assign(last, { tiles: d.past_tiles[0] }) : null;
  }

  /** Where the moment of a step is, or the next one after it. */
  at(step) {
    const found = this.moments.findIndex((m) => m.step >= step);
    return found < 0 ? this.last : found;
  }
}

/** What moments of one film have in common. */
function aboutOf(d) { return `${d.run} ${d.chosen} ${d.labels.length} ${d.unit} ${d.pixels}`; }

function moment(d, k, step) {
  const one = (name) => {
    const all = d[name];
    if (!d.replay || !all) return all;
    const shape = all.shape.slice(1), size = shape.reduce((p, n) => p * n, 1);
    return Object.assign(all.subarray(k * size, (k + 1) * size), { shape });
  };
  // Of a prior that stays as it is there is one for all moments; one of old frames is today's alone.
  const moves = d.regions.length === d.frame_steps.length, p = moves ? k : 0;
  const known = d.regions.length && (moves || d.unit_prior || k === d.frame_steps.length - 1);
  const cells = d.grid ? d.grid.size ** 2 : 0, nats = (name, scale) => (one(name) ? inNats(one(name), scale) : null);
  const prior = known ? { regions: d.regions[p], grid: d.grid, logP: d.log_p.subarray(p * cells, (p + 1) * cells) } : null;
  const column = (axis) => d.cloud && d.labels.length && Float32Array.from(d.labels, (_, i) => one("cloud")[2 * i + axis]);
  return {
    step, prior, labels: d.labels, tiles: d.past_tiles[k] ?? d.tiles, x: column(0), y: column(1), grid: d.grid,
    logQ: nats("density", d.density_scale), empty: prior && nats("empty", d.empty_scale), remember: remembering(),
    kl: one("kl"), uses: one("uses"), shares: one("shares"), codeTiles: one("code_tiles"), vectors: one("vectors"), codebook: one("codebook"),
    reconstructions: one("reconstructions"), samples: one("samples"),
  };
}

/** Bytes as nats: each stands for the middle of its step. */
export function inNats(bytes, [first, step]) {
  return Float32Array.from(bytes, (v) => first + (v + 0.5) * step);
}
