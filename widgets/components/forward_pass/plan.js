// The map in the middle: means of test images by class, the prior's contours, and over them the images that are shown,
// the posterior of the one in use and z.

import { clipped, dot, line, prepared, write } from "../../../vae_core/browser/draw.js";
import { centresOf, drawPoints, drawPrior, nameClasses, namePrior, placed, remembering } from "../../../vae_core/browser/plane.js";

const MARGIN = { left: 20, right: 3, top: 3, bottom: 18 };

export class PassMap {
  /** canvas: what the pointer is over. parcel: kind "decoder", of `browser/forward_pass.py`. */
  constructor(canvas, { arrays, classes, extent, grid, regions }) {
    Object.assign(this, { canvas, arrays, extent, ground: new OffscreenCanvas(1, 1) });
    const { points, labels = null, log_p: logP } = arrays, column = (k) => points.filter((_, i) => i % 2 === k);
    const [x, y] = [column(0), column(1)];
    this.fixed = {
      grid, regions, classes, axes: ["z1", "z2"], fields: { logP }, remember: remembering(),
      points: { x, y, labels, centres: centresOf({ x, y, labels }) },
    };
  }

  /** Draws what stays: for another width or theme. */
  lay(look) {
    const side = this.canvas.clientWidth;
    if (!side) return;
    const { left, right, top, bottom } = MARGIN, inner = Math.min(side - left - right, side - top - bottom);
    const plot = { left, top, width: inner, height: inner, small: true };
    this.side = side;
    this.scene = { ...this.fixed, ...placed(plot, { x: 0, y: 0, half: this.extent }), ...look };
    const ctx = prepared(this.ground, side, side), { scene } = this, taken = [];
    clipped(ctx, plot, () => {
      drawPoints(ctx, scene, { radius: 1.5, alpha: 0.6 });
      drawPrior(ctx, scene);
      namePrior(ctx, scene, taken);
      nameClasses(ctx, scene, taken);
      const edge = Math.sqrt(-2 * Math.log(1 - scene.regions.at(-1)[0])); // of N(0, I), the outermost ring's radius
      write(ctx, "p(z)", plot.left + inner / 2, scene.toY(-edge) + 11, { fill: look.colours.p, font: look.font, size: 13, weight: "italic 600", align: "center", halo: look.colours.paper });
    });
    this.frame(ctx);
  }

  frame(ctx) {
    const { extent, scene: { colours, font, plot: { left, top, width } } } = this;
    ctx.strokeStyle = colours.line;
    ctx.lineWidth = 1;
    ctx.strokeRect(left - 0.5, top - 0.5, width + 1, width + 1);
    const style = { fill: colours.muted, font, size: 11 }, [low, high] = [`\u2212${extent}`, `${extent}`];
    for (const [text, at, align] of [[low, 0, "left"], ["z1", width / 2, "center"], [high, width, "right"]]) {
      write(ctx, text, left + at, top + width + 4, { ...style, align, baseline: "top" });
    }
    for (const [text, at, baseline] of [[high, 0, "top"], ["z2", width / 2, "middle"], [low, width, "bottom"]]) {
      write(ctx, text, left - 4, top + at, { ...style, align: "right", baseline });
    }
  }

  /** What moves. posterior: {x, y, sx, sy} of the image in use; others are small rings. */
  draw(z, image, posterior) {
    if (!this.scene) return;
    const { side, scene, arrays: { means } } = this, { colours, toX, toY, scale, plot } = scene;
    const ctx = prepared(this.canvas, side, side);
    ctx.drawImage(this.ground, 0, 0, side, side);
    clipped(ctx, plot, () => {
      for (let k = 0; k < means.length / 2; k++) {
        const [x, y] = [toX(means[2 * k]), toY(means[2 * k + 1])];
        dot(ctx, x, y, k === image ? 6.5 : 4, { stroke: colours.paper, width: 3.5 });
        dot(ctx, x, y, k === image ? 6.5 : 4, { stroke: k === image ? `rgb(${colours.q})` : colours.ink, width: k === image ? 2 : 1.2 });
      }
      ellipse(ctx, toX(posterior.x), toY(posterior.y), posterior.sx * scale, posterior.sy * scale, { stroke: `rgb(${colours.q})` });
      const [x, y] = [toX(z[0]), toY(z[1])];
      const from = [toX(posterior.x), toY(posterior.y)];
      if (Math.hypot(x - from[0], y - from[1]) > 12) line(ctx, [from, [x, y]], { stroke: colours.ink, width: 1, dash: [2, 3], alpha: 0.7 });
      dot(ctx, x, y, 5, { fill: colours.accent, stroke: colours.paper, width: 1.8 });
    });
  }

  /** z under a place of the window, within the map. */
  at({ clientX, clientY }) {
    const { left, top } = this.canvas.getBoundingClientRect(), { plot, scale } = this.scene, { extent } = this;
    const within = (v) => Math.min(extent, Math.max(-extent, v));
    const x = (clientX - left - plot.left - plot.width / 2) / scale, y = (plot.top + plot.height / 2 - (clientY - top)) / scale;
    return [within(x), within(y)];
  }
}

/** An ellipse along the axes, as posteriors without correlation have it. */
export function ellipse(ctx, x, y, rx, ry, { stroke, width = 1.2, alpha = 1 }) {
  Object.assign(ctx, { strokeStyle: stroke, lineWidth: width, globalAlpha: alpha });
  ctx.beginPath();
  ctx.ellipse(x, y, rx, ry, 0, 0, 2 * Math.PI);
  ctx.stroke();
  ctx.globalAlpha = 1;
}
