// What a brush leaves on the pixels: everything within its radius of the line that the hand has drawn. The
// middle of pixel [row, column] lies at (column + 0.5, row + 0.5).

/** Calls visit(index, distance) for each pixel whose middle is within reach of the line from a to b. */
function along({ width, height }, [ax, ay], [bx, by], reach, visit) {
  const [left, right] = [Math.max(0, Math.floor(Math.min(ax, bx) - reach)), Math.min(width - 1, Math.max(ax, bx) + reach)];
  const [top, bottom] = [Math.max(0, Math.floor(Math.min(ay, by) - reach)), Math.min(height - 1, Math.max(ay, by) + reach)];
  const dx = bx - ax, dy = by - ay, length2 = dx * dx + dy * dy || 1;
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const x = column + 0.5 - ax, y = row + 0.5 - ay;
      const t = Math.min(1, Math.max(0, (x * dx + y * dy) / length2)); // the nearest place on the line
      visit(row * width + column, Math.hypot(x - t * dx, y - t * dy));
    }
  }
}

/**
 * Ink, or its removal, on grey levels 0 to 255: half at the radius, fading out over `fade` pixels. The eraser
 * reaches further, so that of a stroke of the same brush no grey edge is left.
 */
export function ink(pixels, shape, a, b, radius, fade, erase) {
  const half = erase ? radius + fade : radius;
  along(shape, a, b, half + fade / 2, (k, distance) => {
    const amount = Math.round(255 * Math.min(1, Math.max(0, (half - distance) / fade + 0.5)));
    pixels[k] = erase ? Math.min(pixels[k], 255 - amount) : Math.max(pixels[k], amount);
  });
}

/** Sets all pixels within the radius to `value`, and however thin the brush, the one under its tip. */
export function cover(pixels, shape, a, b, radius, value) {
  along(shape, a, b, radius, (k, distance) => { if (distance <= radius) pixels[k] = value; });
  const [column, row] = b.map(Math.floor);
  if (column >= 0 && row >= 0 && column < shape.width && row < shape.height) pixels[row * shape.width + column] = value;
}
