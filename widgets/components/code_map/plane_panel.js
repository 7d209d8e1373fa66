// The codebook of codes of two numbers: its tiles where the codes lie, each in the cell of the plane that chooses it,
// among the vectors that the encoder gives of the image.

import { box, clipped, dot, line, prepared } from "../../../vae_core/browser/draw.js";
import { nearestPoint, placed } from "../../../vae_core/browser/plane.js";
import { voronoi } from "../../../vae_core/browser/voronoi.js";
import { TilePanel } from "./tile_panel.js";

const MARGIN = 1.15; // of the used codes and the vectors that lie farthest out
const TILE = 0.07; // of the side

export class PlanePanel extends TilePanel {
  /** codes: the codebook's vectors [K, 2], used so often each [K]; vectors: the encoder's [h * w, 2]. */
  takePlane(codes, uses, vectors) {
    const column = (rows, axis) => Float32Array.from({ length: rows.length / 2 }, (_, i) => rows[2 * i + axis]);
    Object.assign(this, { codes: { x: column(codes, 0), y: column(codes, 1) }, vectors });
    const shown = (axis) => [...column(vectors, axis), ...column(codes, axis).filter((_, k) => uses[k])];
    const [x, y] = [shown(0), shown(1)].map((values) => [Math.min(...values), Math.max(...values)]);
    const half = (MARGIN * Math.max(x[1] - x[0], y[1] - y[0], 1e-3)) / 2;
    this.view = { x: (x[0] + x[1]) / 2, y: (y[0] + y[1]) / 2, half };
    const points = Array.from(this.codes.x, (px, k) => [px, this.codes.y[k]]);
    this.cells = voronoi(points, { left: this.view.x - half, right: this.view.x + half, bottom: this.view.y - half, top: this.view.y + half });
  }

  get scene() {
    const [width, height] = this.size, side = Math.min(width, height);
    return placed({ left: (width - side) / 2, top: (height - side) / 2, width: side, height: side }, this.view);
  }

  at({ clientX, clientY }) {
    const { left, top } = this.canvas.getBoundingClientRect(), { toX, toY, scale } = this.scene;
    return nearestPoint(this.codes, (clientX - left - toX(0)) / scale, (toY(0) - (clientY - top)) / scale, Infinity);
  }

  step(key) {
    return { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[key] ?? null;
  }

  /** chosen: the cell of the map whose vector is joined to its code. */
  draw({ colours }, pictures, [w, h], codeOf, look, chosen) {
    const ctx = prepared(this.canvas, ...this.size), { plot, toX, toY } = this.scene, side = Math.max(10, TILE * plot.width);
    const at = (k) => [toX(this.codes.x[k]), toY(this.codes.y[k])], vector = (i) => [toX(this.vectors[2 * i]), toY(this.vectors[2 * i + 1])];
    clipped(ctx, plot, () => {
      for (const cell of this.cells) if (cell.length) line(ctx, [...cell, cell[0]].map(([x, y]) => [toX(x), toY(y)]), { stroke: colours.muted, alpha: 0.7 });
      ctx.imageSmoothingEnabled = false;
      for (let k = 0; k < this.count; k++) {
        const [x, y] = at(k).map((centre) => centre - side / 2), { faded, outline = [] } = look(k);
        ctx.globalAlpha = faded ? 0.35 : 1;
        ctx.drawImage(pictures, codeOf(k) * w, 0, w, h, x, y, side, side);
        ctx.globalAlpha = 1;
        let outside = 0;
        for (const [stroke, width] of [...outline].reverse()) {
          box(ctx, x - outside - width / 2, y - outside - width / 2, side + 2 * outside + width, side + 2 * outside + width, { stroke, width });
          outside += width;
        }
      }
      for (let i = 0; 2 * i < this.vectors.length; i++) dot(ctx, ...vector(i), i === chosen ? 4.5 : 2.2, { fill: i === chosen ? colours.accent : colours.elbo, stroke: i === chosen ? colours.paper : null });
    });
    box(ctx, plot.left + 0.5, plot.top + 0.5, plot.width - 1, plot.height - 1, { stroke: colours.line });
  }
}
