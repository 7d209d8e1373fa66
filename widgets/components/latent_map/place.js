// Where things are: the plane of latent space that the map shows, and the images' points on it.

import { centresOf } from "../../../vae_core/browser/plane.js";
import { Codes } from "./codes.js";

/** One draw of N(0, 1), by Box and Muller: the ε of a Gaussian posterior. */
const normalDraw = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

/** A place (x, y) of the map is the code origin + x u + y v; u and v are orthonormal. */
export class Plane {
  constructor(picture) {
    const { origin, u, v } = picture;
    Object.assign(this, { origin, u, v, latent: origin.length, codes: new Codes(picture) });
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
  ofImage(image) { return this.at(this.codes.of(image).mean, image); }

  /** The posterior of an image on the plane: its centre and covariance. */
  posterior(image) {
    const { x, y } = this.ofImage(image), { logVar } = this.codes.of(image), { u, v, latent } = this;
    let xx = 0, xy = 0, yy = 0;
    for (let d = 0; d < latent; d++) {
      const variance = Math.exp(logVar[d]);
      xx += u[d] * u[d] * variance;
      xy += u[d] * v[d] * variance;
      yy += v[d] * v[d] * variance;
    }
    return { x, y, xx, xy, yy };
  }

  /** A draw of the posterior of an image, in the whole latent space: mu + sigma epsilon. */
  draw(image) {
    const { mean, logVar } = this.codes.of(image);
    return Array.from({ length: this.latent }, (_, d) => mean[d] + Math.exp(logVar[d] / 2) * normalDraw());
  }

  /** The images' points, in the rows of `codes`. */
  points() {
    const { mean, labels, places, corner, steps, whole, rows } = this.codes;
    return pointsOf(rows, labels, (i) => (i < whole ? this.project(mean, i * this.latent)
      : [corner[0] + steps[0] * places[2 * i], corner[1] + steps[1] * places[2 * i + 1]]));
  }

  /** Those of a frame of N means [.., N, D]. */
  framePoints(mean, labels, frame) {
    const N = mean.shape.at(-2);
    return pointsOf(N, labels, (i) => this.project(mean, (frame * N + i) * this.latent));
  }
}

/** {x, y, labels, centres: [[class, [x, y]]...]} */
function pointsOf(count, labels, place) {
  const x = new Float32Array(count), y = new Float32Array(count);
  for (let i = 0; i < count; i++) [x[i], y[i]] = place(i);
  return { x, y, labels, centres: centresOf({ x, y, labels }) };
}
