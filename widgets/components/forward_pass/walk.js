// How z walks by itself: it rests at an image, where it is drawn from q(z|x) a few times a second, and goes on to the
// next image by an eased step. Times are in milliseconds.

export const REST = 2600, STEP = 1500, DRAW = 260;

const eased = (t) => t * t * (3 - 2 * t);

/**
 * How far a walk has come that began so long ago towards the image `first` of so many `images`. turn: the steps begun
 * before this one. share: of the way from where this one began to the mean of `image`; 1 is there. drawn: how many
 * codes have been drawn there by now.
 */
export function walkAt(time, first, images) {
  const turn = Math.floor(time / (STEP + REST)), within = time - turn * (STEP + REST);
  const drawn = within < STEP ? 0 : 1 + Math.floor((within - STEP) / DRAW);
  return { turn, image: (first + turn) % images, share: eased(Math.min(1, within / STEP)), drawn };
}

/** Number of the image whose mean is nearest to z = [x, y]. */
export function nearestMean(means, [x, y]) {
  let best = 0, least = Infinity;
  for (let k = 0; k < means.length / 2; k++) {
    const d = (means[2 * k] - x) ** 2 + (means[2 * k + 1] - y) ** 2;
    if (d < least) [least, best] = [d, k];
  }
  return best;
}

/** Two draws of N(0, 1), by Box and Muller. */
export function twoNormals() {
  const r = Math.sqrt(-2 * Math.log(1 - Math.random())), angle = 2 * Math.PI * Math.random();
  return [r * Math.cos(angle), r * Math.sin(angle)];
}
