// Which cells of a grid, or which groups of categories, are B's already, on a path that gives them one after another.

import { box, prepared } from "../../../vae_core/browser/draw.js";

/** given: how many places have given way. Those where both codes are the same stay empty. */
export function drawPlaces(canvas, { stepped: { rows, columns, count }, arrays: { places } }, given, { colours }) {
  const side = canvas.clientWidth, cell = side / Math.max(rows, columns), ctx = prepared(canvas, side, side);
  const [left, top] = [(side - columns * cell) / 2, (side - rows * cell) / 2];
  const at = (k) => [left + (k % columns) * cell, top + Math.floor(k / columns) * cell];
  for (let k = 0; k < count; k++) box(ctx, at(k)[0] + 1, at(k)[1] + 1, cell - 2, cell - 2, { stroke: colours.line });
  places.forEach((k, step) => box(ctx, at(k)[0] + 1, at(k)[1] + 1, cell - 2, cell - 2, { fill: step < given ? colours.accent : colours.muted, alpha: step < given ? 1 : 0.35 }));
}
