// The smallest regions that hold given shares of a density known on a fine grid {from: [x, y], side, size}, with
// values[i * size + j] at (x_i, y_j): as p(z|x) of one image, far narrower than the cells of a map.

import { outlines } from "./contours.js";
import { trace } from "./plane.js";

const edgesOf = ({ remember }, { side, size, values }, levels, kind) =>
  remember(kind, values, () => levels.map((level) => outlines({ x: 0, cell: side, size }, values, level)));

const shifted = ({ toX, toY }, [x0, y0]) => ({ toX: (x) => toX(x + x0), toY: (y) => toY(y + y0) });

/** Filled. levels: of the values, at the edges. colour: [r, g, b]. */
export function drawRegions(ctx, scene, grid, levels, colour) {
  ctx.fillStyle = `rgb(${colour.join(" ")} / 0.22)`;
  ctx.strokeStyle = `rgb(${colour.join(" ")})`;
  ctx.lineWidth = 1.6;
  for (const each of edgesOf(scene, grid, levels, "regions")) {
    trace(ctx, shifted(scene, grid.from), each);
    ctx.fill("evenodd");
    ctx.stroke();
  }
}

/** Their edges alone. */
export function drawContours(ctx, scene, grid, levels, { stroke, dash = [] }) {
  Object.assign(ctx, { strokeStyle: stroke, lineWidth: 1.6 });
  ctx.setLineDash(dash);
  for (const each of edgesOf(scene, grid, levels, "contours")) {
    trace(ctx, shifted(scene, grid.from), each);
    ctx.stroke();
  }
  ctx.setLineDash([]);
}
