// Discrete codes: what a decoder takes of them, and tiles, one for each code.

/** The vectors [K, D] of codes [h * w] as z [D * h * w], channels first, as decoders take it. */
export function embedded(codes, vectors) {
  const [, D] = vectors.shape, cells = codes.length, z = new Float32Array(D * cells);
  for (let i = 0; i < cells; i++) for (let d = 0; d < D; d++) z[d * cells + i] = vectors[codes[i] * D + d];
  return z;
}

/** Codes of several levels in one row, each level {vectors, cells}, as z: the numbers of one level behind those of the other. */
export function embeddedLevels(codes, levels) {
  let from = 0;
  const parts = levels.map(({ vectors, cells }) => embedded(codes.subarray(from, from += cells), vectors));
  const z = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (z.set(part, at), at + part.length), 0);
  return z;
}

/** The categories chosen in each of M groups as z [M * K]: in every group a 1 at its category. */
export function oneHot(chosen, categories) {
  const z = new Float32Array(chosen.length * categories);
  chosen.forEach((k, m) => { z[m * categories + k] = 1; });
  return z;
}

/** The columns in which so many square tiles are largest within a rectangle, and how large they are there. */
export function tiled(count, [width, height], gap) {
  let best = { columns: 1, side: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const side = Math.min((width + gap) / columns, (height + gap) / rows) - gap;
    if (side > best.side) best = { columns, side };
  }
  return best;
}
