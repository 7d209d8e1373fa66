// Values on a logarithmic scale with 0 at its left end: a share of the way from 0 to 1, and back.

const ZERO = 0.06; // of the way from 0 to the least value
const NEAR = 0.012; // of the way, within which a tick draws the thumb to itself

export function shareOfValue(value, { least, most }) {
  if (value <= 0) return 0;
  const t = Math.log(value / least) / Math.log(most / least);
  return Math.min(1, ZERO + (1 - ZERO) * Math.max(0, t));
}

/** In two digits; near a tick, the tick. */
export function valueAtShare(share, { least, most, ticks }) {
  const near = ticks.find((tick) => Math.abs(shareOfValue(tick, { least, most }) - share) <= NEAR);
  if (near !== undefined) return near;
  if (share < ZERO / 2) return 0;
  return Number((least * (most / least) ** Math.max(0, (share - ZERO) / (1 - ZERO))).toPrecision(2));
}

/** The next stop above (by 1) or below (by -1) a value, or the value where there is none. */
export function nextStop(value, by, stops) {
  return (by > 0 ? stops.find((stop) => stop > value) : stops.findLast((stop) => stop < value)) ?? value;
}

/** As words.number writes it: few digits, no noughts behind the point. */
export function inDigits(value) {
  if (value !== 0 && (value < 0.01 || value >= 1e5)) return value.toExponential(0).replace("e+", "e");
  return String(Number(value.toPrecision(3)));
}
