// Where things are: the plane of latent space that the map shows, and the images' points on it.

import { centresOf } from "../../../vae_core/browser/plane.js";

/** One draw of N(0, 1), by Box and Muller: the ε of a Gaussian posterior. */
const normalDraw = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

/** A place (x, y) of the map is the code origin + x u + y v; u and v are orthonormal. */
export class Plane {
  constructor({ origin, u, v, arrays: { mean, log_var } }) {
    Object.assign(this, { origin, u, v, mean, logVar: log_var, latent: origin.length });
  }

  zAt(x, y) { return this.origin.map((o, d) => o + x * this.u[d] + y * this.v[d]); }

  /** [x, y] of the code that starts at `offset` in z, projected onto the plane. */
  project(z, offset = 0) {
    let x = 0, y = 0;
    for (let d = 0; d < this.latent; d++) {
      const away = z[offset + d] - this.origin[d];
      x += away * this.u[d];
      y += away * this.v[d];
    }
    return [x, y];
  }

  /** The place of a code: z itself, which need not lie on the plane, and its projection. */
  at(z, image = null) {
    const [x, y] = this.project(z);
    return { x, y, z: [...z], image };
  }

  place(x, y) { return { x, y, z: this.zAt(x, y), image: null }; }

  /** The place of an image: the mean of its posterior. */
  ofImage(image) { return this.at(this.mean.subarray(image * this.latent, (image + 1) * this.latent), image); }

  /** The posterior of an image on the plane: its centre and covariance. */
  posterior(image) {
    const { x, y } = this.ofImage(image), { u, v, latent } = this;
    let xx = 0, xy = 0, yy = 0;
    for (let d = 0; d < latent; d++) {
      const variance = Math.exp(this.logVar[image * latent + d]);
      xx += u[d] * u[d] * variance;
      xy += u[d] * v[d] * variance;
      yy += v[d] * v[d] * variance;
    }
    return { x, y, xx, xy, yy };
  }

  /** A draw of the posterior of an image, in the whole latent space: mu + sigma epsilon. */
  draw(image) {
    const at = image * this.latent, { mean, logVar } = this;
    return Array.from({ length: this.latent }, (_, d) => mean[at + d] + Math.exp(logVar[at + d] / 2) * normalDraw());
  }
}

/**
 * Points {x, y, labels, centres: [[class, [x, y]]...]} of N means [.., N, D]; of the given frame where there are
 * several.
 */
export function placePoints(plane, mean, labels, frame = 0) {
  const D = plane.latent, N = mean.shape.at(-2), x = new Float32Array(N), y = new Float32Array(N);
  for (let i = 0; i < N; i++) [x[i], y[i]] = plane.project(mean, (frame * N + i) * D);
  return { x, y, labels, centres: centresOf({ x, y, labels }) };
}
