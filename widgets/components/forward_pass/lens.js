// q(z|x) under a magnifying glass: its one and two standard deviations to scale, and the codes that were drawn from it.

import { dot, line, prepared } from "../../../vae_core/browser/draw.js";
import { ellipse } from "./plan.js";

const REACH = 2.6; // standard deviations of the wider dimension, from the middle to the rim
const KEPT = 60; // draws

export class Lens {
  constructor(canvas) {
    Object.assign(this, { canvas, draws: [] });
  }

  /** Another image: {x, y, sx, sy} of its q(z|x). */
  show(posterior) { Object.assign(this, { posterior, draws: [] }); }

  add(z) { this.draws = [...this.draws, z].slice(-KEPT); }

  /** Draws it; gives back pixels per unit of z. z: within the glass a dot, outside nothing. */
  draw(look, z) {
    const side = this.canvas.clientWidth;
    if (!side || !this.posterior) return 0;
    const { colours } = look, { x, y, sx, sy } = this.posterior, rim = side / 2 - 1, scale = rim / (REACH * Math.max(sx, sy));
    const ctx = prepared(this.canvas, side, side), middle = side / 2, q = `rgb(${colours.q})`;
    const at = ([a, b]) => [middle + (a - x) * scale, middle - (b - y) * scale];
    ctx.save();
    ctx.beginPath();
    ctx.arc(middle, middle, rim, 0, 2 * Math.PI);
    ctx.clip();
    for (const each of this.draws) dot(ctx, ...at(each), 1.6, { fill: q, alpha: 0.45 });
    for (const k of [1, 2]) ellipse(ctx, middle, middle, k * sx * scale, k * sy * scale, { stroke: q, width: k === 1 ? 1.6 : 1.1, alpha: k === 1 ? 1 : 0.7 });
    line(ctx, [[middle - 3, middle], [middle + 3, middle]], { stroke: q });
    line(ctx, [[middle, middle - 3], [middle, middle + 3]], { stroke: q });
    dot(ctx, ...at(z), 3.2, { fill: colours.accent, stroke: colours.paper, width: 1.2 });
    ctx.restore();
    dot(ctx, middle, middle, rim, { stroke: colours.line, width: 1.5 });
    return scale;
  }
}
