// Where the badges of holes stand: each on the middle of its hole, or as near to it as the others leave room.

export const RADIUS = 8;
const APART = 2 * RADIUS + 2; // pixels between the middles of two badges, their outlines included

/** Places of badges at these middles, [x, y] in pixels, in their order; the first has the first choice. */
export function standing(middles) {
  const taken = [];
  for (const middle of middles) {
    const free = ([x, y]) => taken.every(([ox, oy]) => Math.hypot(x - ox, y - oy) > APART - 1e-6);
    const away = ([x, y]) => Math.hypot(x - middle[0], y - middle[1]);
    taken.push(around(middle, taken).filter(free).sort((one, other) => away(one) - away(other))[0]);
  }
  return taken;
}

/** The nearest free place is the middle itself, right beside one badge, or beside two at once. */
function around([x, y], taken) {
  const places = [[x, y]];
  taken.forEach(([ox, oy], k) => {
    const angle = x === ox && y === oy ? 0 : Math.atan2(y - oy, x - ox);
    places.push([ox + APART * Math.cos(angle), oy + APART * Math.sin(angle)]);
    for (const [px, py] of taken.slice(k + 1)) {
      const half = Math.hypot(px - ox, py - oy) / 2;
      if (half > APART) continue;
      const turn = Math.acos(half / APART), towards = Math.atan2(py - oy, px - ox);
      for (const a of [towards + turn, towards - turn]) places.push([ox + APART * Math.cos(a), oy + APART * Math.sin(a)]);
    }
  });
  return places;
}
