// The scrubber's scale: by the log of the step, for the drama is in the first hundreds.

/** Where a step is on it, from 0 to 1, when `last` is at 1. */
export const shareOf = (step, last) => (last > 0 ? Math.log1p(step) / Math.log1p(last) : 1);

/** The step at a share of it. */
export const stepAt = (share, last) => Math.expm1(share * Math.log1p(last));

/** Steps to mark: 0 and powers of ten, none so near the end that its name would be cut. */
export function decades(last) {
  const found = [0];
  for (let step = 1; shareOf(step, last) < 0.94; step *= 10) found.push(step);
  return found;
}

/** Index of the moment that is nearest on the scale; steps rise. */
export function nearestMoment(steps, share) {
  const last = steps.at(-1), away = (k) => Math.abs(shareOf(steps[k], last) - share);
  let best = steps.length - 1;
  for (let k = best - 1; k >= 0; k--) if (away(k) < away(best)) best = k;
  return best;
}
