// A slider's arithmetic: between a code's coordinate z and the place t along the slider, 0 to 1. The stops, the
// z of the strip's images, stand at even distances; between them z is linear.

/** The z at a place t; beyond the ends, the ends. */
export function zAt(stops, t) {
  const u = Math.min(1, Math.max(0, t)) * (stops.length - 1), k = Math.min(Math.floor(u), stops.length - 2);
  return stops[k] + (u - k) * (stops[k + 1] - stops[k]);
}

/** The place of a z; beyond the first and last stop, these. */
export function placeOf(stops, z) {
  const last = stops.length - 1;
  if (!(z > stops[0])) return 0;
  if (z >= stops[last]) return 1;
  let k = 0;
  while (z >= stops[k + 1]) k++;
  return (k + (z - stops[k]) / (stops[k + 1] - stops[k])) / last;
}

/** What linked sliders share: the same place on both, and the same distance beyond the ends. */
export function carry(stops, z, others) {
  const first = stops[0], last = stops[stops.length - 1];
  if (z < first) return others[0] + z - first;
  if (z > last) return others[others.length - 1] + z - last;
  return zAt(others, placeOf(stops, z));
}
