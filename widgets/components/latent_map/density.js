// What the map works out from its grids, on numbers alone: values between grid points, regions of a given
// mass, outlines, and what two log densities say in words. A grid is {x: first, cell, size}, square, the same
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

/** For each mass the log density that bounds the highest-density region holding it. */
export function massLevels(grid, logDensity, masses) {
  const sorted = Float64Array.from(logDensity).sort().reverse(), area = grid.cell ** 2, levels = [];
  let held = 0, k = 0;
  for (const mass of masses) {
    while (k < sorted.length - 1 && held < mass) held += Math.exp(sorted[k++]) * area;
    levels.push(sorted[k]);
  }
  return levels;
}

/** Lines along which a field passes `level`, as lists of [x, y]; closed ones end where they begin. */
export function outlines(grid, field, level) {
  const { size } = grid, next = new Map();
  // A line crosses the edges of grid cells. Edge 2k runs from point k to its neighbour in x, 2k + 1 in y.
  const join = (a, b) => {
    for (const [from, to] of [[a, b], [b, a]]) next.has(from) ? next.get(from).push(to) : next.set(from, [to]);
  };
  for (let i = 0; i < size - 1; i++) for (let j = 0; j < size - 1; j++) {
    const k = i * size + j;
    const corners = [field[k], field[k + size], field[k + size + 1], field[k + 1]];
    const above = corners.map((v) => v > level);
    const bottom = 2 * k, left = 2 * k + 1, right = 2 * (k + size) + 1, top = 2 * (k + 1);
    const edges = [bottom, right, top, left], cut = [];
    for (let e = 0; e < 4; e++) if (above[e] !== above[(e + 1) % 4]) cut.push(edges[e]);
    if (cut.length === 2) join(cut[0], cut[1]);
    if (cut.length === 4) {
      // A saddle: whether its middle is above says which corners belong together.
      const middle = (corners[0] + corners[1] + corners[2] + corners[3]) / 4 > level;
      const together = middle === above[0] ? [[bottom, right], [top, left]] : [[bottom, left], [top, right]];
      for (const [a, b] of together) join(a, b);
    }
  }
  const point = (edge) => {
    const k = edge >> 1, i = Math.floor(k / size), j = k % size, inY = edge & 1;
    const a = field[k], b = field[inY ? k + 1 : k + size], t = (level - a) / (b - a);
    return [grid.x + (i + (inY ? 0 : t)) * grid.cell, grid.x + (j + (inY ? t : 0)) * grid.cell];
  };
  const lines = [], seen = new Set();
  // Open lines first, from their ends, then what is left: loops.
  for (const start of [...[...next.keys()].filter((e) => next.get(e).length === 1), ...next.keys()]) {
    if (seen.has(start)) continue;
    const line = [];
    let here = start;
    for (; here !== undefined; here = next.get(here).find((e) => !seen.has(e))) {
      seen.add(here);
      line.push(point(here));
    }
    if (next.get(start).length === 2) line.push(line[0]);
    lines.push(line);
  }
  return lines;
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

/** One draw of N(0, 1), by Box and Muller. */
export const normalDraw = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

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
