// The latent cloud: posterior means on the plane of two dimensions, by class, over the prior's contours.

import { number } from "../../../vae_core/browser/dom.js";
import { clipped } from "../../../vae_core/browser/draw.js";
import { Figure, table } from "../../../vae_core/browser/figure.js";
import {
  centresOf, drawAxes, drawGrid, drawPoints, drawPrior, nameClasses, namePrior, nearestPoint, placed, remembering,
} from "../../../vae_core/browser/plane.js";

const MARGIN = { left: 42, right: 8, top: 4, bottom: 38 }, MOST = 560;
const USUAL = 4; // standard deviations of the prior
const MANY = 1000; // points, beyond which they are small

export const squareHeight = (width) => Math.min(width - MARGIN.left - MARGIN.right, MOST) + MARGIN.top + MARGIN.bottom;

export class Cloud extends Figure {
  constructor(parent) {
    const help = `Widen the range until nearly every code is inside; the usual range is ${USUAL} standard deviations of the prior. A link does not hold it`;
    super(parent, {
      title: "Latent cloud", height: squareHeight,
      draw: (ctx, size, theme) => this.drawPlane(ctx, size, theme),
      hover: (px, py) => this.at(px, py),
      extra: [["Fit", help, (button) => {
        this.fit = !this.fit;
        button.classList.toggle("on", this.fit);
        this.widen();
        this.draw();
      }]],
      csv: () => {
        const { x, y, labels } = this.points;
        return table(["z_a", "z_b", "label"], [...x].map((v, i) => [v, y[i], labels[i]]));
      },
    });
    Object.assign(this, { fit: false, extent: USUAL, remember: remembering(), points: { x: [], y: [], labels: [], centres: [] } });
  }

  /** codes [N, 2] and labels [N] of a moment; plane: {axes, classes, prior, note}, prior null where it is not known. */
  take(codes, labels, plane) {
    const column = (k) => codes.filter((_, i) => i % 2 === k);
    this.points = { x: column(0), y: column(1), labels };
    this.points.centres = centresOf(this.points);
    this.plane = plane;
    this.widen();
  }

  widen() {
    const { x, y } = this.points, far = Array.from(x, (v, i) => Math.max(Math.abs(v), Math.abs(y[i])));
    this.extent = USUAL;
    if (this.fit && far.length) {
      const most = [...far].sort((a, b) => a - b)[Math.floor(0.99 * (far.length - 1))];
      while (this.extent < most && this.extent < 4096) this.extent *= Number.isInteger(Math.log2(this.extent)) ? 1.5 : 4 / 3;
    }
    const outside = far.filter((v) => v > this.extent).length;
    this.say(!far.length ? "" : outside ? `${outside} of ${far.length} outside the range` : this.plane.note);
  }

  scene([width, height], theme) {
    const { left, right, top, bottom } = MARGIN, { plane, points, remember } = this;
    const side = Math.max(10, Math.min(width - left - right, height - top - bottom));
    const plot = { left: left + Math.max(0, (width - left - right - side) / 2), top, width: side, height: side };
    const { grid, regions, logP } = plane.prior ?? {};
    return {
      ...placed(plot, { x: 0, y: 0, half: this.extent }), ...theme, points, remember, grid, regions, fields: { logP },
      axes: plane.axes, classes: plane.classes,
    };
  }

  drawPlane(ctx, size, theme) {
    const scene = this.shown = this.scene(size, theme), { points: { x }, plot } = scene, taken = [];
    const radius = x.length > MANY ? 1.5 : Math.max(1.6, Math.min(3, plot.width / 160));
    clipped(ctx, plot, () => {
      drawGrid(ctx, scene);
      drawPoints(ctx, scene, { radius, alpha: x.length > MANY ? 0.6 : 0.8 });
      if (this.plane.prior) drawPrior(ctx, scene);
      nameClasses(ctx, scene, taken);
      if (this.plane.prior) namePrior(ctx, scene, taken);
    });
    drawAxes(ctx, scene);
  }

  /** What is at a place of the canvas, in words. */
  at(px, py) {
    if (!this.shown || !this.points.x.length) return null;
    const { toX, toY, scale } = this.shown, { extent } = this, x = (px - toX(0)) / scale, y = (toY(0) - py) / scale;
    if (Math.max(Math.abs(x), Math.abs(y)) > extent) return null;
    const i = nearestPoint(this.points, x, y, extent / 40), k = i === null ? null : this.points.labels[i];
    return `(${number(x)}, ${number(y)})` + (k === null || k >= 250 ? "" : ` · class ${this.plane.classes[k] ?? k}`);
  }
}
