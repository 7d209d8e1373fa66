// The smallest regions that hold given shares of a density known on a fine grid {from: [x, y], side, size}, with
// values[i * size + j] at (x_i, y_j): as p(z|x) of one image, far narrower than the cells of a map.

import { outlines } from "./contours.js";
import { trace } from "./plane.js";

/** levels: of the values, at the edges. colour: [r, g, b]. */
export function drawRegions(ctx, scene, { from: [x0, y0], side, size, values }, levels, colour) {
  const { remember, toX, toY } = scene;
  const loops = remember("regions", values, () => levels.map((level) => outlines({ x: 0, cell: side, size }, values, level)));
  const shifted = { toX: (x) => toX(x + x0), toY: (y) => toY(y + y0) };
  ctx.fillStyle = `rgb(${colour.join(" ")} / 0.22)`;
  ctx.strokeStyle = `rgb(${colour.join(" ")})`;
  ctx.lineWidth = 1.6;
  for (const each of loops) {
    trace(ctx, shifted, each);
    ctx.fill("evenodd");
    ctx.stroke();
  }
}
