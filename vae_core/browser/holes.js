// Holes on the latent plane: regions where the data put far less than the prior expects. Outlined and numbered.

import { RADIUS, standing } from "./badges.js";
import { outlines } from "./contours.js";
import { dot, line, write } from "./draw.js";
import { trace } from "./plane.js";

const BADGES = 12;
const BUSY = 4000; // points of all holes' outlines

/**
 * The holes of a field [size * size] that is above 0 in them, largest first: {number, center: [x, y], mass}.
 * Cells that touch only at a corner are not connected. logP: nats of the prior; its mass by the midpoint rule.
 */
export function findHoles(grid, field, logP) {
  const { size, x: first, cell } = grid, number = new Int16Array(field.length), found = [];
  for (let start = 0; start < field.length; start++) {
    if (number[start] || !(field[start] > 0)) continue;
    const cells = [start], n = found.length + 1;
    number[start] = n;
    for (let k = 0; k < cells.length; k++) for (const next of neighbours(cells[k], size)) {
      if (number[next] || !(field[next] > 0)) continue;
      number[next] = n;
      cells.push(next);
    }
    let mass = 0, across = 0, up = 0;
    for (const k of cells) {
      const p = Math.exp(logP[k]) * cell * cell;
      mass += p;
      across += p * Math.floor(k / size);
      up += p * (k % size);
    }
    found.push({ cells, mass, middle: [across / mass, up / mass] });
  }
  return found.map((hole, k) => {
    const [i, j] = hole.middle.map(Math.round), inside = number[i * size + j] === k + 1;
    const deep = inside ? hole.middle : innermost(hole.cells, size);
    return { mass: hole.mass, center: deep.map((v) => first + v * cell) };
  }).sort((a, b) => b.mass - a.mass).map((hole, k) => ({ ...hole, number: k + 1 }));
}

function neighbours(k, size) {
  const j = k % size, near = [];
  if (k >= size) near.push(k - size);
  if (k < size * (size - 1)) near.push(k + size);
  if (j) near.push(k - 1);
  if (j < size - 1) near.push(k + 1);
  return near;
}

/** The cell of a ring or crescent that is left when the hole is peeled, edge by edge. */
function innermost(cells, size) {
  let left = new Set(cells);
  for (;;) {
    const next = new Set([...left].filter((k) => {
      const near = neighbours(k, size);
      return near.length === 4 && near.every((other) => left.has(other));
    }));
    if (!next.size) break;
    left = next;
  }
  const [k] = left;
  return [Math.floor(k / size), k % size];
}

/** Lines around holes, from a field that is above 0 in them. */
export const holeEdges = (grid, field) => outlines(grid, field, 0);

/** The largest holes' badges. The smallest holes have their outline alone. */
export function holeBadges(list, { toX, toY }) {
  const found = list.slice(0, BADGES).map(({ number, center: [x, y] }) => ({ number, middle: [toX(x), toY(y)] }));
  const places = standing(found.map(({ middle }) => middle));
  return found.map((badge, k) => ({ ...badge, x: places[k][0], y: places[k][1] }));
}

/** edges: of `holeEdges`; list: {number, center} of each hole, largest first. */
export function outlineHoles(ctx, scene, edges, list) {
  const { colours, font, plot } = scene, [r, g, b] = colours.hole, red = `rgb(${r} ${g} ${b})`;
  ctx.lineJoin = "round";
  trace(ctx, scene, edges);
  ctx.fillStyle = `rgb(${r} ${g} ${b} / 0.12)`;
  ctx.fill("evenodd");
  // Holes between scattered points are all edge: a bold line would hide them.
  const thin = edges.reduce((points, each) => points + each.length, 0) > BUSY;
  for (const [style, width] of plot.small ? [[red, 1]] : thin ? [[red, 0.7]] : [[colours.paper, 3], [red, 1.6]]) {
    ctx.strokeStyle = style;
    ctx.lineWidth = width;
    ctx.stroke();
  }
  if (plot.small) return;
  const shown = holeBadges(list, scene);
  for (const { middle, x, y } of shown) { // one that had to give way points at its hole
    if (Math.hypot(x - middle[0], y - middle[1]) > RADIUS) line(ctx, [middle, [x, y]], { stroke: red, width: 1.6 });
  }
  for (const { number, x, y } of shown) {
    dot(ctx, x, y, RADIUS, { fill: red, stroke: colours.paper, width: 1.5 });
    write(ctx, String(number), x, y + 0.5, { fill: colours["on-hole"], font, size: 10.5, weight: 600, align: "center" });
  }
}
