// The moments of a run that the board can show: those that Python has sent at once, and each that came since.

const MOST_MOMENTS = 400;  // beyond, every second one goes

export class Film {
  constructor() { this.moments = []; this.about = ""; }

  get last() { return this.moments.length - 1; }

  /** Takes in a parcel: all moments that are stored, or the newest of a run in training. */
  take(d) {
    // Codes on other axes are no earlier moments of the same cloud.
    const about = `${d.run} ${d.chosen} ${d.labels.length}`;
    if (about !== this.about || d.replay) this.moments = [];
    this.about = about;
    if (!d.labels.length) return;
    const steps = d.frame_steps, fresh = steps.map((step, k) => moment(d, k, step));
    // A run that goes on from an earlier state trains its last steps again.
    this.moments = [...this.moments.filter((m) => m.step < steps[0]), ...fresh];
    if (this.moments.length > MOST_MOMENTS) this.moments = this.moments.filter((_, k) => (this.last - k) % 2 === 0);
  }

  /** Where the moment of a step is, or the next one after it. */
  at(step) {
    const found = this.moments.findIndex((m) => m.step >= step);
    return found < 0 ? this.last : found;
  }
}

function moment(d, k, step) {
  const one = (name) => {
    const all = d[name];
    if (!d.replay) return all;
    const shape = all.shape.slice(1), size = shape.reduce((p, n) => p * n, 1);
    return Object.assign(all.subarray(k * size, (k + 1) * size), { shape });
  };
  // Of a prior that stays as it is there is one for all moments; one of old frames is today's alone.
  const moves = d.regions.length === d.frame_steps.length, p = moves ? k : 0;
  const known = d.regions.length && (moves || d.unit_prior || k === d.frame_steps.length - 1);
  const cells = d.grid ? d.grid.size ** 2 : 0;
  const prior = known ? { regions: d.regions[p], grid: d.grid, logP: d.log_p.subarray(p * cells, (p + 1) * cells) } : null;
  return {
    prior, step, labels: d.labels, tiles: d.past_tiles[k] ?? d.tiles,
    cloud: one("cloud"), kl: one("kl"), reconstructions: one("reconstructions"), samples: one("samples"),
  };
}
