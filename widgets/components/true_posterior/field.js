// log p(x, z) of one image as a function of z, read from two grids: a fine one around the true posterior, and a
// coarse one of all latent space. A grid is {from: [D], side, size} and values [size^D], the last dimension fastest.

export class Field {
  constructor({ fine, coarse, latent, arrays }) {
    Object.assign(this, { latent, fine: { ...fine, values: arrays.fine }, coarse: { ...coarse, values: arrays.coarse } });
  }

  /** log p(x, z) in nats; beyond the coarse grid that at its edge. */
  at(z) { return valueOn(within(this.fine, z) ? this.fine : this.coarse, z); }

  /** Whether a code is where the grid is fine. */
  isFine(z) { return within(this.fine, z); }
}

const within = ({ from, side, size }, z) => z.every((v, d) => v >= from[d] && v <= from[d] + side * (size - 1));

/** Between grid points by cubic convolution in each dimension (Keys 1981, a = -1/2). */
function valueOn({ from, side, size, values }, z) {
  const along = z.map((v, d) => {
    const at = Math.min(size - 1, Math.max(0, (v - from[d]) / side)), first = Math.min(size - 2, Math.floor(at));
    return { first, weights: inside(cubic(at - first), first, size) };
  });
  const sum = (d, offset) => {
    const { first, weights } = along[d];
    let total = 0;
    for (let k = 0; k < 4; k++) {
      const place = offset * size + Math.min(size - 1, Math.max(0, first - 1 + k));
      total += weights[k] * (d === along.length - 1 ? values[place] : sum(d + 1, place));
    }
    return total;
  };
  return sum(0, 0);
}

/** At an edge the point beyond it is that of the parabola through the last three (Keys 1981, equations 19 and 25). */
function inside([a, b, c, d], first, size) {
  if (first === 0) return [0, b + 3 * a, c - 3 * a, d + a];
  return first === size - 2 ? [a + d, b - 3 * d, c + 3 * d, 0] : [a, b, c, d];
}

const cubic = (t) => [
  t * (-0.5 + t * (1 - 0.5 * t)), 1 + t * t * (-2.5 + 1.5 * t), t * (0.5 + t * (2 - 1.5 * t)), t * t * (-0.5 + 0.5 * t),
];
