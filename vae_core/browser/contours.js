// Outlines of a field on a grid {x: first, cell, size}, square, the same in both directions, with
// field[i * size + j] at (x_i, y_j).

/** Lines along which a field passes `level`, as lists of [x, y]; closed ones end where they begin. */
export function outlines(grid, field, level) {
  const { size } = grid, next = new Map();
  // A line crosses the edges of grid cells. Edge 2k runs from point k to its neighbour in x, 2k + 1 in y.
  const join = (a, b) => {
    for (const [from, to] of [[a, b], [b, a]]) next.set(from, [...(next.get(from) ?? []), to]);
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
