// The arithmetic of a path, on numbers alone. Its T points lie at even steps of t from `first` to `last`.

/** The code at t, straight between two points, or `stepped` that of the nearer one; beyond the ends, the ends. `codes` [T, D] flat. */
export function codeAt({ codes, first, last, stepped }, t) {
  const D = codes.shape[1], T = codes.shape[0], where = Math.min(1, Math.max(0, (t - first) / (last - first))) * (T - 1);
  const u = stepped ? Math.round(where) : where, k = Math.min(Math.floor(u), T - 2);
  return Float32Array.from({ length: D }, (_, d) => codes[k * D + d] + (u - k) * (codes[(k + 1) * D + d] - codes[k * D + d]));
}

/** How many places of a stepped path have given way at t. */
export const givenAt = ({ first, last, arrays: { places } }, t) => Math.round(Math.min(1, Math.max(0, (t - first) / (last - first))) * places.length);

/** The weights of the classes that are decoded under at t; none where the decoder's own serve. */
export const classesAt = ({ arrays: { classes }, first, last }, t) => classes && codeAt({ codes: classes, first, last }, t);

/** Such as "70 % 4, 30 % 7"; "" of one class or none, and of more than four, a blend of all. */
export function blendInWords(weights, names) {
  const some = Array.from(weights ?? [], (w, k) => [w, names[k] ?? String(k)]).filter(([w]) => w > 0.005);
  if (some.length < 2 || some.length > 4) return "";
  return some.map(([w, name]) => `${Math.round(100 * w)}\u00a0% ${name}`).join(", ");
}

/** A number known at each point, at t: between two points it is linear. */
export function valueOn(values, { first, last }, t) {
  const T = values.length, u = Math.min(1, Math.max(0, (t - first) / (last - first))) * (T - 1);
  const k = Math.min(Math.floor(u), T - 2);
  return values[k] + (u - k) * (values[k + 1] - values[k]);
}

/** The t of frames in one row: `count` of them, evenly from first to last. */
export const frameTimes = ({ first, last }, count) =>
  Array.from({ length: count }, (_, k) => Number((first + (k / (count - 1)) * (last - first)).toFixed(6)));

/** Images faded over one to the next, cut to [0, 1]: ends [M, H, W, C] in grey levels -> mean [H, W, C] at t. */
export function fadeAt(ends, t) {
  const pieces = ends.shape[0] - 1, n = ends.length / (pieces + 1), where = t * pieces;
  const k = Math.min(pieces - 1, Math.max(0, Math.floor(where))), u = where - k, from = k * n;
  return Float32Array.from({ length: n }, (_, i) => {
    const v = (ends[from + i] + u * (ends[from + n + i] - ends[from + i])) / 255;
    return v < 0 ? 0 : v > 1 ? 1 : v;
  });
}

/** What a place is: dense as the prior expects, thin, or a tenth of it and less: a hole, or empty far out. */
export function kindOf(logRatio, hole) {
  if (hole) return "hole";
  if (logRatio < -Math.LN10) return "empty";
  return logRatio < -0.5 * Math.LN10 ? "thin" : "data";
}
