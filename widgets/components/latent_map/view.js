// Which part of the plane is on screen, to scale: the same number of pixels per unit in both directions.

const CLOSEST = 0.02; // half the map's side at the closest zoom, in standard deviations of the prior
const EDGE = 0.95; // of half the side: a place farther out is brought into view

export class View {
  constructor() {
    Object.assign(this, { extent: 4, x: 0, y: 0, half: 4, plot: null });
  }

  get scale() { return this.plot.height / 2 / this.half; } // pixels per standard deviation
  get middle() { return [this.plot.left + this.plot.width / 2, this.plot.top + this.plot.height / 2]; }
  get moved() { return this.x !== 0 || this.y !== 0 || this.half !== this.extent; }

  toPlane(px, py) { return [this.x + (px - this.middle[0]) / this.scale, this.y - (py - this.middle[1]) / this.scale]; }

  /** [left, right, bottom, top] of what is on screen, and of as many pixels around it. */
  reach(margin) {
    const { left, top, width, height } = this.plot;
    const [x0, y1] = this.toPlane(left - margin, top - margin), [x1, y0] = this.toPlane(left + width + margin, top + height + margin);
    return [x0, x1, y0, y1];
  }

  /** Shows the square of the given half side around (x, y), or the nearest that may be shown; false if none is new. */
  look(x, y, half) {
    const reach = 2 * this.extent, within = (v) => Math.max(-reach, Math.min(reach, v));
    const next = { x: within(x), y: within(y), half: Math.max(CLOSEST, Math.min(reach, half)) };
    const changed = next.x !== this.x || next.y !== this.y || next.half !== this.half;
    Object.assign(this, next);
    return changed;
  }

  reset() { return this.look(0, 0, this.extent); }
  pan(dx, dy) { return this.look(this.x - dx / this.scale, this.y + dy / this.scale, this.half); }

  /** Shows `factor` times as much, (x, y) staying where it is. */
  zoom(factor, x, y) {
    const half = Math.max(CLOSEST, Math.min(2 * this.extent, this.half * factor)), grown = half / this.half;
    return grown !== 1 && this.look(x + (this.x - x) * grown, y + (this.y - y) * grown, half);
  }

  /** Moves so far that (x, y) is in view. */
  reveal(x, y) {
    const over = (v, centre) => Math.max(0, Math.abs(v - centre) - EDGE * this.half) * Math.sign(v - centre);
    return this.look(this.x + over(x, this.x), this.y + over(y, this.y), this.half);
  }
}
