// What the map works out from its grids, on numbers alone: values between grid points, and what two log
// densities say in words. A grid is {x: first, cell, size}, square, the same
// in both directions; a field on it is an array with field[i * size + j] at (x_i, y_j).

const ROUNDING = 1e-6; // of a cell, by which a place on the grid's edge may seem to lie beyond it

/** Bilinear interpolation of a field at (x, y); NaN outside the grid. */
export function valueAt(grid, field, x, y) {
  const { size } = grid, a = (x - grid.x) / grid.cell, b = (y - grid.x) / grid.cell;
  const on = (v) => v >= -ROUNDING && v <= size - 1 + ROUNDING;
  if (!on(a) || !on(b)) return NaN;
  const inner = (v) => Math.max(0, Math.min(Math.floor(v), size - 2)), i = inner(a), j = inner(b), s = a - i, t = b - j;
  const at = i * size + j;
  return (1 - s) * ((1 - t) * field[at] + t * field[at + 1])
    + s * ((1 - t) * field[at + size] + t * field[at + size + 1]);
}

/** The field's value at the grid point nearest to (x, y); 0 outside. For labels, which have no in-between. */
export function nearestTo(grid, field, x, y) {
  const i = Math.round((x - grid.x) / grid.cell), j = Math.round((y - grid.x) / grid.cell);
  return i >= 0 && j >= 0 && i < grid.size && j < grid.size ? field[i * grid.size + j] : 0;
}

/** Standard normal quantile of u in (0, 1): Newton on Marsaglia's series for the distribution function. */
export function normalQuantile(u) {
  let x = 0;
  for (let step = 0; step < 60; step++) {
    let term = x, sum = x;
    for (let k = 3; Math.abs(term) > 1e-17; k += 2) sum += term *= (x * x) / k;
    const density = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI), move = (0.5 + density * sum - u) / density;
    x -= move;
    if (Math.abs(move) < 1e-12) break;
  }
  return x;
}

/**
 * What log p(z) and log q(z), in nats, say in words. `hole`: the number of the hole that z lies in, or 0.
 * `inside`: whether z lies within the prior's region. `ratio`: of prior over data, from which on it is a hole.
 * `floored`: whether q may be lower than logQ says.
 */
export function inWords(logP, logQ, { hole = 0, inside = true, floored = false, ratio = 10 } = {}) {
  if (Number.isNaN(logP) || Number.isNaN(logQ)) return "off the map: no density was computed here";
  const difference = logP - logQ, times = howManyTimes(Math.abs(difference), floored && difference > 0);
  const expects = `the prior expects ${times} more mass here than the data put`;
  if (hole) return `hole ${hole}: ${expects}`;
  if (difference > Math.log(ratio) && inside) return `a hole: ${expects}`;
  if (!inside && difference > 0) return `far out: ${expects}, and it expects hardly any`;
  if (Math.abs(difference) < Math.log(1.25)) return "prior and data agree here";
  return difference > 0 ? expects : `the data put ${times} more mass here than the prior expects`;
}

/** e^nats as "1.6 times", "37 times", "more than a million times". */
function howManyTimes(nats, atLeast) {
  const ratio = Math.exp(nats);
  if (ratio >= 1e6) return "more than a million times";
  const digits = ratio < 10 ? ratio.toFixed(1) : Number(ratio.toPrecision(2)).toLocaleString("en-GB");
  return `${atLeast ? "at least " : ""}${digits} times`;
}
