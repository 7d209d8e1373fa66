// Voronoi cells: which places of a plane are nearer to one point than to all others.

/**
 * The cell of each point [[x, y]...] within a rectangle {left, right, bottom, top}, as corners [[x, y]...] in turn;
 * without corners where the rectangle holds none of it. Of n points in n² steps.
 */
export function voronoi(points, { left, right, bottom, top }) {
  const corners = [[left, bottom], [right, bottom], [right, top], [left, top]];
  return points.map((point) => points.reduce((cell, other) => (other === point ? cell : nearer(cell, point, other)), corners));
}

/** The part of a convex polygon that is nearer to a point than to another one. */
function nearer(corners, [ax, ay], [bx, by]) {
  if (ax === bx && ay === by) return corners;
  // Positive on the side of a: |p - b|² - |p - a|², a linear function of p.
  const side = ([x, y]) => 2 * ((ax - bx) * x + (ay - by) * y) + bx * bx + by * by - ax * ax - ay * ay;
  return corners.flatMap((from, k) => {
    const to = corners[(k + 1) % corners.length], here = side(from), there = side(to), kept = here >= 0 ? [from] : [];
    if (here >= 0 === there >= 0) return kept;
    const share = here / (here - there);
    return [...kept, [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]];
  });
}
