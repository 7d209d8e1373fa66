// Which cells of a grid, or which groups of categories, are B's already, on a path that gives them one after another.

import { box, prepared } from "../../../vae_core/browser/draw.js";

const FRAME = 3; // pixels

/**
 * given: how many places have given way. Those where both codes are the same stay empty. Of two grids the cells of the
 * first are frames about the four cells of the second that lie below each.
 */
export function drawPlaces(canvas, { stepped: { grids: [[rows, columns], fine], count }, arrays: { places } }, given, { colours }) {
  const side = canvas.clientWidth, cell = side / Math.max(rows, columns), ctx = prepared(canvas, side, side), outer = fine ? rows * columns : count;
  const [left, top] = [(side - columns * cell) / 2, (side - rows * cell) / 2], half = (cell - 2 * FRAME - 3) / 2;
  const inside = (i) => Math.floor(i / 2) * cell + FRAME + 2 + (i % 2) * half;
  const square = (k) => (k < outer
    ? [left + (k % columns) * cell + 1, top + Math.floor(k / columns) * cell + 1, cell - 2]
    : [left + inside((k - outer) % fine[1]), top + inside(Math.floor((k - outer) / fine[1])), half - 1]);
  const draw = (k, look, frame) => {
    const [x, y, size] = square(k), within = frame ? FRAME / 2 : 0;
    box(ctx, x + within, y + within, size - 2 * within, size - 2 * within, look);
  };
  for (let k = 0; k < count; k++) draw(k, { stroke: colours.line });
  places.forEach((k, step) => {
    const [colour, alpha] = step < given ? [colours.accent, 1] : [colours.muted, 0.35], frame = fine && k < outer;
    draw(k, frame ? { stroke: colour, width: FRAME, alpha } : { fill: colour, alpha }, frame);
  });
}
