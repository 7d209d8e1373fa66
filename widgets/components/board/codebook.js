// The codebook of a run whose codes are grids of cells: what each code stands for, and how often it is used. Codes of
// two numbers lie on a plane, cut into the places that choose each of them, among the vectors that the encoder gives.

import { box, clipped, dot, line } from "../../../vae_core/browser/draw.js";
import { Figure, table } from "../../../vae_core/browser/figure.js";
import { sideBySide } from "../../../vae_core/browser/pictures.js";
import { drawAxes, nearestPoint, placed } from "../../../vae_core/browser/plane.js";
import { voronoi } from "../../../vae_core/browser/voronoi.js";
import { between, Glide } from "./glide.js";
import { AXES } from "./sizes.js";

const MOST_VORONOI = 512; // of a plane: of more, only the codes themselves
const TILE_GAP = 5, USE_LINE = 3; // pixels between two tiles, and of the line under each
const VECTORS_SHOWN = 0.995; // of the vectors; the plane is as large as these need

export class Codebook extends Figure {
  /** height(): of the canvas. */
  constructor(parent, height) {
    super(parent, {
      title: "Codebook", height,
      draw: (ctx, size, theme) => (this.moment?.codebook ? this.drawPlane(ctx, size, theme) : this.drawTiles(ctx, size, theme)),
      hover: (px, py) => this.at(px, py),
      csv: () => table(["code", "cells"], [...(this.moment?.uses ?? [])].map((uses, k) => [k, uses])),
    });
    Object.assign(this, { moment: null, before: null, glide: new Glide(() => this.draw()) });
  }

  /** A moment of the film; note: what stands beside the title; duration: of the way there, in milliseconds. */
  take(moment, note, duration = 0) {
    if (!moment?.uses) return;
    const same = this.moment?.uses.length === moment.uses.length && this.moment.vectors?.length === moment.vectors?.length;
    if (moment !== this.moment) this.before = duration > 0 && same ? this.moment : null;
    this.moment = moment;
    this.pictures = sideBySide(moment.codeTiles, this.pictures);
    this.say(note);
    if (duration >= 0) this.glide.start(this.before ? duration : 0);
  }

  close() {
    this.glide.stop();
    super.close();
  }

  // --- tiles, one for each code ---

  /** Where the tiles stand: as large as lets all of them be seen. */
  layout([width, height]) {
    const { shape: [count, , h, w] } = this.moment.codeTiles, under = USE_LINE + TILE_GAP;
    const fitted = Array.from({ length: count }, (_, k) => {
      const columns = k + 1, across = (width - TILE_GAP * k) / columns;
      const wide = Math.min(across, ((height + TILE_GAP) / Math.ceil(count / columns) - under) * (w / h));
      return { columns, wide, tall: (wide * h) / w, high: (wide * h) / w + under };
    });
    const largest = Math.max(...fitted.map(({ wide }) => wide));
    return fitted.find(({ wide }) => wide > 0.97 * largest); // of those nearly as large, the fullest rows
  }

  drawTiles(ctx, size, { colours }) {
    if (!this.moment) return;
    const { codeTiles: { shape: [count, , h, w] }, uses } = this.moment, most = Math.max(...uses, 1);
    const { columns, wide, high, tall } = this.layout(size), one = new OffscreenCanvas(w, h), inner = one.getContext("2d");
    ctx.imageSmoothingEnabled = false;
    for (let k = 0; k < count; k++) {
      const x = (k % columns) * (wide + TILE_GAP), y = Math.floor(k / columns) * high;
      inner.drawImage(this.pictures, k * w, 0, w, h, 0, 0, w, h);
      ctx.globalAlpha = uses[k] ? 1 : 0.35;
      ctx.drawImage(one, x, y, wide, tall);
      ctx.globalAlpha = 1;
      box(ctx, x, y + tall + 1, wide, USE_LINE - 1, { fill: colours.line });
      // By the root: codes of the ground are used a hundred times as often as others.
      box(ctx, x, y + tall + 1, wide * Math.sqrt(uses[k] / most), USE_LINE - 1, { fill: colours.kl });
    }
  }

  // --- the plane of codes of two numbers ---

  scene([width, height]) {
    const { left, right, top, bottom } = AXES, { moment, before, glide } = this;
    const side = Math.max(10, Math.min(width - left - right, height - top - bottom));
    const plot = { left: left + Math.max(0, (width - left - right - side) / 2), top, width: side, height: side };
    const [codes, vectors] = ["codebook", "vectors"].map((name) => {
      const now = asPoints(moment[name]);
      return before && glide.share < 1 ? between(asPoints(before[name]), now, glide.share) : now;
    });
    const [x, y] = [span(vectors.x), span(vectors.y)], half = 0.6 * Math.max(x.width, y.width, 1e-3);
    return { ...placed(plot, { x: x.middle, y: y.middle, half }), codes, vectors };
  }

  drawPlane(ctx, size, theme) {
    const scene = this.shown = { ...this.scene(size), ...theme, axes: ["e1", "e2"] }, { colours } = theme;
    const { plot, view, toX, toY, codes, vectors } = scene, { uses } = this.moment, most = Math.max(...uses, 1);
    clipped(ctx, plot, () => {
      for (let i = 0; i < vectors.x.length; i++) dot(ctx, toX(vectors.x[i]), toY(vectors.y[i]), 1.4, { fill: colours.elbo, alpha: 0.45 });
      const points = Array.from(codes.x, (x, k) => [x, codes.y[k]]), { x, y, half } = view;
      const seen = { left: x - half, right: x + half, bottom: y - half, top: y + half };
      if (points.length <= MOST_VORONOI) for (const cell of voronoi(points, seen)) {
        if (cell.length) line(ctx, [...cell, cell[0]].map(([x, y]) => [toX(x), toY(y)]), { stroke: colours.muted, width: 1, alpha: 0.7 });
      }
      points.forEach(([x, y], k) => dot(ctx, toX(x), toY(y), 2.5 + 4 * Math.sqrt(uses[k] / most), { fill: uses[k] ? colours.kl : colours.paper, stroke: colours.ink }));
    });
    drawAxes(ctx, scene);
  }

  /** What is at a place of the canvas, in words. */
  at(px, py) {
    const { moment } = this;
    if (!moment) return null;
    const k = moment.codebook ? this.codeAt(px, py) : this.tileAt(px, py);
    if (k === null || k < 0 || k >= moment.uses.length) return null;
    const all = moment.uses.reduce((sum, uses) => sum + uses, 0);
    return `code ${k}: ${all ? ((100 * moment.uses[k]) / all).toFixed(2) : 0} % of cells`;
  }

  tileAt(px, py) {
    const { columns: across, wide, high } = this.layout(this.size), column = Math.floor(px / (wide + TILE_GAP));
    return column < across ? Math.floor(py / high) * across + column : null;
  }

  codeAt(px, py) {
    if (!this.shown) return null;
    const { toX, toY, scale, codes } = this.shown;
    return nearestPoint(codes, (px - toX(0)) / scale, (toY(0) - py) / scale, Infinity);
  }
}

/** The middle and the width of nearly all values. */
function span(values) {
  const sorted = Float32Array.from(values).sort(), at = (share) => sorted[Math.floor(share * (sorted.length - 1))];
  const low = at(1 - VECTORS_SHOWN), high = at(VECTORS_SHOWN);
  return { middle: (low + high) / 2, width: high - low };
}

/** Rows of two numbers as {x, y}. */
function asPoints(rows) {
  const column = (axis) => Float32Array.from({ length: rows.length / 2 }, (_, i) => rows[2 * i + axis]);
  return { x: column(0), y: column(1) };
}
