// The images' codes, in rows of the order in which points are thinned (points.py): the browser has the first of
// them whole, of more the place on the map, and of others what Python has told.

export class Codes {
  constructor({ images, stride, inverse, origin, corner, steps, arrays: { mean, log_var: logVar, labels, places } }) {
    const latent = origin.length, whole = mean ? mean.length / latent : 0;
    Object.assign(this, { images: mean ? images : 0, stride, inverse, latent, mean, logVar, labels, places, corner, steps, whole });
    this.rows = places ? places.length / 2 : whole;
    this.told = new Map(); // image -> {mean, logVar}
  }

  /** The row of an image, which may lie beyond those that are here. */
  row(image) { return (image * this.inverse) % this.images; }
  image(row) { return (row * this.stride) % this.images; }

  label(image) { return this.labels?.[this.row(image)]; }

  learn({ image, mean, log_var: logVar }) { this.told.set(image, { mean, logVar }); }

  has(image) { return image !== null && (this.row(image) < this.whole || this.told.has(image)); }

  /** {mean, logVar} of an image of which `has`. */
  of(image) {
    const from = this.row(image) * this.latent, to = from + this.latent;
    return this.told.get(image) ?? { mean: this.mean.subarray(from, to), logVar: this.logVar.subarray(from, to) };
  }

  /** The image of which the code is here that comes after another, or before it. */
  next(image, step) {
    do image = (image + step + this.images) % this.images; while (!this.has(image));
    return image;
  }
}

/** The first `most` points that lie in the part [left, right, bottom, top] of the plane, and their `rows`. */
export function thinned(points, [left, right, bottom, top], most) {
  const rows = [];
  for (let i = 0; i < points.x.length && rows.length < most; i++) {
    const x = points.x[i], y = points.y[i];
    if (x >= left && x <= right && y >= bottom && y <= top) rows.push(i);
  }
  const [x, y] = [points.x, points.y].map((values) => Float32Array.from(rows, (i) => values[i]));
  return { ...points, x, y, labels: points.labels && rows.map((i) => points.labels[i]), rows };
}
