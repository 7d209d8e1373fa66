// The strip below the frames: how dense the codes of the data lie along the path, beside what the prior expects.

const HOLE = 0.85, EMPTY = 0.3, FULL = 0.9; // opacities

/** Draws log q - log p along the path across the canvas: the data's colour by density, holes in theirs. */
export function drawPassed(canvas, path, colours) {
  const { log_q: q, log_p: p, hole } = path.arrays;
  const width = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
  const height = Math.max(1, Math.round(canvas.clientHeight * devicePixelRatio));
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const ctx = canvas.getContext("2d");
  ctx.clearRect(0, 0, width, height);
  if (!q) return;
  const T = q.length;
  for (let x = 0; x < width; x++) {
    const k = Math.min(T - 1, Math.round(((x + 0.5) / width) * (T - 1))), ratio = q[k] - p[k];
    const [colour, alpha] = hole[k] ? [colours.hole, HOLE]
      : ratio < -Math.LN10 ? [colours.hole, EMPTY] : [colours.q, FULL * strength(ratio)];
    ctx.globalAlpha = alpha;
    ctx.fillStyle = `rgb(${colour})`;
    ctx.fillRect(x, 0, 1, height);
  }
  ctx.globalAlpha = 1;
}

/** From a tenth of the prior's density, faint, to three times it, full. */
const strength = (logRatio) => Math.min(1, Math.max(0.04, (logRatio + Math.LN10) / (Math.LN10 + Math.log(3))));
