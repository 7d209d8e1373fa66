// The ELBO of a diagonal Gaussian q = {mean: [D], deviation: [D]}, and its ascent.

const LOG_2PI_E = Math.log(2 * Math.PI) + 1;
const STEP = 0.02; // of differences: that wide the ELBO is smooth, though its grid is not
const LONGEST = 0.3, ENOUGH = 1e-3, MOST_STEPS = 200;
const LEAST = 1e-3, MOST = 8; // deviations

/** E_q[log p(x, z)] + H[q] in nats, by Gauss-Hermite quadrature: nodes and weights of averages over N(0, 1). */
export function elboOf({ mean, deviation }, field, { nodes, weights }) {
  const average = (d, z) => nodes.reduce((sum, node, k) => {
    z[d] = mean[d] + deviation[d] * node;
    return sum + weights[k] * (d === mean.length - 1 ? field.at(z) : average(d + 1, z));
  }, 0);
  const entropy = deviation.reduce((sum, s) => sum + Math.log(s) + LOG_2PI_E / 2, 0);
  return average(0, [...mean]) + entropy;
}

/**
 * Ascends the ELBO by Newton's method, damped as Levenberg and Marquardt do; next() gives q after one more step. Means
 * move in units of q's deviations, deviations by factors; no step is longer than LONGEST of these.
 */
export class Ascent {
  constructor(q, value) {
    Object.assign(this, { q, value, elbo: value(q), damping: 1, steps: 0, done: false });
  }

  next() {
    const { slope, curvature } = this.derivatives();
    for (let tries = 0; tries < 12; tries++, this.damping *= 4) {
      const step = solved(curvature.map((row, j) => row.map((v, k) => (j === k ? this.damping : 0) - v)), [...slope]);
      const size = Math.hypot(...step), short = Math.min(1, LONGEST / size);
      const there = step.reduce((q, by, k) => moved(q, k, short * by), this.q), elbo = this.value(there);
      // Where the ELBO is not concave an undamped step may lead down, or to no number.
      if (!(elbo > this.elbo)) continue;
      this.steps += 1;
      this.done = this.steps >= MOST_STEPS || (size < ENOUGH && elbo - this.elbo < ENOUGH);
      this.damping = Math.max(1e-6, this.damping / 3);
      [this.q, this.elbo] = [there, elbo];
      return there;
    }
    this.done = true;
    return this.q;
  }

  /** By central differences. */
  derivatives() {
    const { q, value } = this, n = 2 * q.mean.length, at = (j, a, k, b) => value(moved(moved(q, j, a * STEP), k, b * STEP));
    const ends = Array.from({ length: n }, (_, k) => [value(moved(q, k, STEP)), value(moved(q, k, -STEP))]);
    const slope = ends.map(([up, down]) => (up - down) / (2 * STEP));
    const curvature = ends.map(([up, down]) => Array.from({ length: n }, () => (up + down - 2 * this.elbo) / STEP ** 2));
    for (let j = 0; j < n; j++) for (let k = 0; k < j; k++) {
      curvature[j][k] = curvature[k][j] = (at(j, 1, k, 1) - at(j, 1, k, -1) - at(j, -1, k, 1) + at(j, -1, k, -1)) / (4 * STEP ** 2);
    }
    return { slope, curvature };
  }
}

/** x of A x = b, by Gauss's elimination with pivots; both are overwritten. */
function solved(A, b) {
  const n = b.length;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let j = k + 1; j < n; j++) if (Math.abs(A[j][k]) > Math.abs(A[pivot][k])) pivot = j;
    [A[k], A[pivot], b[k], b[pivot]] = [A[pivot], A[k], b[pivot], b[k]];
    for (let j = k + 1; j < n; j++) {
      const share = A[j][k] / A[k][k];
      for (let i = k; i < n; i++) A[j][i] -= share * A[k][i];
      b[j] -= share * b[k];
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    for (let i = k + 1; i < n; i++) b[k] -= A[k][i] * b[i];
    b[k] /= A[k][k];
  }
  return b;
}

/** q with its mean k moved by so many deviations, or, from D on, its deviation by a factor e^by. */
function moved({ mean, deviation }, k, by) {
  const D = mean.length;
  return {
    mean: mean.map((v, d) => (d === k ? v + by * deviation[d] : v)),
    deviation: deviation.map((s, d) => (d + D === k ? Math.min(MOST, Math.max(LEAST, s * Math.exp(by))) : s)),
  };
}
