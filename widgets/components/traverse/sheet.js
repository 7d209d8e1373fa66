// The boards as a file: each with its image, and every row that is unfolded with its name, KL, strip and value.

import { number } from "../../../vae_core/browser/dom.js";
import { pngFile } from "../../../vae_core/browser/files.js";
import { fit, tilePainter } from "../../../vae_core/browser/images.js";
import { placeOf } from "./scale.js";

const MARGIN = 24, LIVE = 190, NAMES = 132, TILE = 44, VALUE = 52, HEAD = 44, ROW = TILE + 10;

/** The boards as a PNG, `times` pixels to one of CSS. */
export function picture({ root, boards, open }, times) {
  const style = getComputedStyle(root), get = (name) => style.getPropertyValue(name).trim();
  const look = {
    ink: get("--ink"), paper: get("--paper"), muted: get("--muted"), accent: get("--accent"), line: get("--line"),
    font: style.fontFamily,
  };
  const parts = boards.map((board) => {
    const rows = board.rows.filter((row) => open || !row.dead || board.dom.dead.hidden === false);
    return { board, rows, width: LIVE + 20 + NAMES + TILE * board.model.ticks.length + VALUE };
  });
  const width = parts.reduce((sum, part) => sum + part.width + MARGIN, MARGIN);
  const height = 2 * MARGIN + HEAD + Math.max(LIVE + 24, ...parts.map(({ rows }) => rows.length * ROW));
  return pngFile([width, height], look.paper, (ctx) => {
    let left = MARGIN;
    for (const part of parts) {
      ctx.save();
      ctx.translate(left, MARGIN);
      drawBoard(ctx, part, look);
      ctx.restore();
      left += part.width + MARGIN;
    }
  }, times);
}

function drawBoard(ctx, { board, rows }, look) {
  const { model, decoder } = board, z = board.code(), K = model.ticks.length, strips = LIVE + 20 + NAMES;
  const tile = tilePainter(decoder);
  text(ctx, model.title, 0, 8, look.ink, `600 15px ${look.font}`);
  if (model.note) text(ctx, model.note, 0, 26, look.muted, `12px ${look.font}`);
  model.ticks.forEach((tick, k) => text(ctx, tick, strips + (k + 0.5) * TILE, 26, look.muted, `11px ${look.font}`, "center"));
  draw(ctx, tile(z), decoder.image, 0, HEAD, LIVE);
  text(ctx, board.caption(), 0, HEAD + LIVE + 14, look.muted, `12px ${look.font}`);
  rows.forEach((row, k) => {
    const top = HEAD + k * ROW, code = z.slice(), value = z[row.d];
    ctx.globalAlpha = row.dead ? 0.55 : 1;
    text(ctx, [row.symbol, row.name].join(" "), LIVE + 20, top + 14, look.ink, `600 13px ${look.font}`, "left", NAMES - 10);
    text(ctx, Number.isFinite(row.kl) ? `${number(row.kl)} nats` : "KL not known", LIVE + 20, top + 32, look.muted, `12px ${look.font}`);
    row.stops.forEach((stop, s) => {
      code[row.d] = stop;
      draw(ctx, tile(code), decoder.image, strips + s * TILE + 1, top + 1, TILE - 2);
    });
    ctx.strokeStyle = look.accent;
    ctx.lineWidth = 2;
    ctx.strokeRect(strips + placeOf(row.stops, value) * (K - 1) * TILE, top, TILE, TILE);
    text(ctx, number(value), strips + K * TILE + VALUE, top + TILE / 2, look.ink, `13px ${look.font}`, "right");
    ctx.globalAlpha = 1;
  });
}

function text(ctx, words, x, y, colour, font, align = "left", most = undefined) {
  Object.assign(ctx, { fillStyle: colour, font, textAlign: align, textBaseline: "middle" });
  ctx.fillText(words, x, y, most);
}

/** An image within a box, its proportions kept, its pixels square where they are enlarged. */
function draw(ctx, canvas, shape, x, y, side) {
  const [w, h] = fit(shape, side, side);
  ctx.imageSmoothingEnabled = w < canvas.width;
  ctx.drawImage(canvas, x + (side - w) / 2, y + (side - h) / 2, w, h);
}
