// The path on the plane of two latent dimensions: density of the codes, some of them by class, the prior's
// regions, and the path over them, red where it crosses what is empty.

import { box, clipped, dot, line, prepared, write } from "../../../vae_core/browser/draw.js";
import { drawDensity, drawPoints, drawPrior, placed, remembering } from "../../../vae_core/browser/plane.js";
import { kindOf } from "./path.js";

const MARGIN = { left: 26, bottom: 20, top: 4, right: 4 };

export class Plan {
  constructor(canvas) {
    this.canvas = canvas;
    this.ground = new OffscreenCanvas(1, 1);
  }

  /** What stays while t moves. */
  take(plane, path, look) {
    Object.assign(this, { plane, path, look });
    const side = this.canvas.clientWidth;
    if (!plane || !side) return;
    const { left, bottom, top, right } = MARGIN, inner = Math.min(side - left - right, side - top - bottom);
    const { log_p: logP, log_q: drawn, points, labels } = plane.arrays;
    const pick = (column) => points.filter((_, k) => k % 2 === column);
    this.side = side;
    this.scene = {
      ...placed({ left, top, width: inner, height: inner, small: true }, { x: 0, y: 0, half: plane.extent }),
      ...look, grid: plane.grid, regions: plane.regions, fields: { logP, drawn }, remember: remembering(),
      points: { x: pick(0), y: pick(1), labels }, classes: look.colours.classes,
    };
    this.drawGround();
    this.draw(this.t ?? 0);
  }

  drawGround() {
    const { scene, side, look: { colours } } = this, ctx = prepared(this.ground, side, side), { plot } = scene;
    clipped(ctx, plot, () => {
      drawDensity(ctx, scene);
      drawPoints(ctx, scene, { radius: 1, alpha: 0.55 });
      drawPrior(ctx, scene);
      this.drawPath(ctx, this.path);
    });
    box(ctx, plot.left + 0.5, plot.top + 0.5, plot.width - 1, plot.height - 1, { stroke: colours.line });
    this.nameAxes(ctx);
  }

  nameAxes(ctx) {
    const { plane: { dims, extent }, scene: { font, colours, plot: { left, top, width } } } = this;
    const [x, y] = dims.map((d) => `z${d + 1}`), [low, high] = [`\u2212${extent}`, `${extent}`], middle = width / 2;
    const style = { fill: colours.muted, font, size: 11 };
    for (const [text, at, align] of [[low, 0, "left"], [x, middle, "center"], [high, width, "right"]]) {
      write(ctx, text, left + at, top + width + 4, { ...style, align, baseline: "top" });
    }
    for (const [text, at, baseline] of [[high, 0, "top"], [y, middle, "middle"], [low, width, "bottom"]]) {
      write(ctx, text, left - 4, top + at, { ...style, align: "right", baseline });
    }
  }

  drawPath(ctx, path) {
    const { scene: { colours, font, plot, toX, toY }, plane: { dims: [a, b] } } = this;
    const { codes, log_q: q, log_p: p, hole } = path.arrays, [T, D] = codes.shape;
    const at = (k) => [toX(codes[k * D + a]), toY(codes[k * D + b])];
    const t = (k) => path.first + (k / (T - 1)) * (path.last - path.first);
    const [from, to] = [path.marks[0][0], path.marks.at(-1)[0]], inside = (k) => t(k) >= from - 1e-6 && t(k) <= to + 1e-6;
    const proper = Array.from({ length: T }, (_, k) => k).filter(inside).map(at);
    ctx.lineCap = "round";
    line(ctx, proper, { stroke: colours.paper, width: 5, alpha: 0.75 });
    for (let k = 0; k + 1 < T; k++) {
      const kind = q ? kindOf(q[k] - p[k], hole[k]) : "data", whole = inside(k) && inside(k + 1);
      const stroke = kind === "hole" || kind === "empty" ? `rgb(${colours.hole})` : colours.ink;
      line(ctx, [at(k), at(k + 1)], { stroke, width: whole ? 2.4 : 1.2, alpha: whole ? 1 : 0.45 });
    }
    for (const [where, name] of path.marks) {
      const k = Math.round(((where - path.first) / (path.last - path.first)) * (T - 1)), [x, y] = at(k);
      dot(ctx, x, y, path.named ? 3 : 2, { fill: colours.ink });
      if (name.length > 2 || !path.named) continue;
      const high = y - 5 < plot.top + 15 ? y + 20 : y - 5; // within the picture
      write(ctx, name, x, high, {
        fill: colours.ink, font, size: 13, weight: 600, align: "center", baseline: "bottom", halo: colours.paper,
      });
    }
  }

  /** The place of the code at t. */
  draw(t, code = null) {
    this.t = t;
    this.code = code ?? this.code;
    if (!this.plane || !this.scene) return;
    const { colours, toX, toY, plot: { left, top, width } } = this.scene, [a, b] = this.plane.dims;
    const ctx = prepared(this.canvas, this.side, this.side);
    ctx.drawImage(this.ground, 0, 0, this.side, this.side);
    if (!this.code) return;
    const keep = (v, from) => Math.min(from + width, Math.max(from, v));
    const [x, y] = [keep(toX(this.code[a]), left), keep(toY(this.code[b]), top)];
    dot(ctx, x, y, 5.5, { fill: colours.accent, stroke: colours.paper, width: 2 });
  }
}
