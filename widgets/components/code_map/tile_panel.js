// Tiles in rows under the hand: the cells of a grid of codes, each by the tile of its code, or the codes of a codebook.

import { tiled } from "../../../vae_core/browser/codes.js";
import { element } from "../../../vae_core/browser/dom.js";
import { box, clipped, line, prepared } from "../../../vae_core/browser/draw.js";

const HATCH = 5; // pixels between two lines

export class TilePanel {
  /** hand: {over(k or null), press(k), drag(k), key(event, step)}; k: the number of a tile. */
  constructor(title, label, hand) {
    Object.assign(this, { title, hand, count: 0, layout: null });
    this.canvas = element("canvas", {});
    this.note = element("span", { class: "note" });
    this.over = element("div", {
      class: "over", tabindex: 0, role: "application", "aria-label": label,
      onpointermove: (event) => this.moved(event), onpointerleave: () => hand.over(null),
      onpointerdown: (event) => this.pressed(event), onkeydown: (event) => hand.key(event, this.step(event.key)),
    }, this.canvas);
    this.root = element("figure", {}, element("figcaption", {}, element("b", {}, title), this.note), this.over);
  }

  /** count: of tiles; columns: of a grid, or null for as many as make them largest. */
  take(count, columns, ratio) {
    Object.assign(this, { count, columns });
    this.canvas.style.aspectRatio = String(ratio);
  }

  get size() {
    const { width, height } = this.canvas.getBoundingClientRect();
    return [width, height];
  }

  /** Left, top and side of a tile. */
  place(k) {
    const { columns, side, gap } = this.layout;
    return [(k % columns) * (side + gap), Math.floor(k / columns) * (side + gap), side];
  }

  at({ clientX, clientY }) {
    if (!this.layout) return null;
    const { left, top } = this.canvas.getBoundingClientRect(), { columns, side, gap } = this.layout;
    const column = Math.floor((clientX - left) / (side + gap)), k = Math.floor((clientY - top) / (side + gap)) * columns + column;
    return column >= 0 && column < columns && k >= 0 && k < this.count ? k : null;
  }

  /** How far an arrow key goes among the tiles; null of other keys. */
  step(key) {
    const columns = this.layout?.columns ?? 1;
    return { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key] ?? null;
  }

  moved(event) {
    const k = this.at(event);
    this.hand.over(event.pointerType === "touch" ? null : k);
    if (event.buttons & 1 && k !== null) this.hand.drag(k);
  }

  pressed(event) {
    const k = this.at(event);
    if (k !== null && event.button === 0) this.hand.press(k);
  }

  /**
   * pictures: the tiles of all codes side by side, each [w, h]. codeOf(k), look(k): the code of a tile, and
   * {faded, hatched, corner, outline: [[colour, width]...] from the edge inwards} of it.
   */
  draw({ colours }, pictures, [w, h], codeOf, look) {
    const size = this.size, ctx = prepared(this.canvas, ...size), gap = this.count > 100 ? 1 : 3;
    const { columns, side } = this.columns ? { columns: this.columns, side: (size[0] + gap) / this.columns - gap } : tiled(this.count, size, gap);
    this.layout = { columns, side, gap };
    ctx.imageSmoothingEnabled = false;
    for (let k = 0; k < this.count; k++) {
      const [x, y] = this.place(k), { faded, hatched, corner, outline = [] } = look(k);
      ctx.globalAlpha = faded ? 0.35 : 1;
      if (!hatched) ctx.drawImage(pictures, codeOf(k) * w, 0, w, h, x, y, side, side);
      ctx.globalAlpha = 1;
      if (hatched) hatch(ctx, x, y, side, side, colours);
      if (faded) box(ctx, x + 0.5, y + 0.5, side - 1, side - 1, { stroke: colours.line });
      if (corner) line(ctx, [[x, y], [x + side / 3, y], [x, y + side / 3]], { fill: corner });
      let inside = 0;
      for (const [stroke, width] of outline) {
        box(ctx, x + inside + width / 2, y + inside + width / 2, side - 2 * inside - width, side - 2 * inside - width, { stroke, width });
        inside += width;
      }
    }
  }
}

/** What is hidden: lines from one corner to the other. */
export function hatch(ctx, x, y, width, height, colours) {
  clipped(ctx, { left: x, top: y, width, height }, () => {
    box(ctx, x, y, width, height, { fill: colours.paper });
    for (let at = HATCH / 2; at < width + height; at += HATCH) line(ctx, [[x + at, y], [x, y + at]], { stroke: colours.muted, alpha: 0.8 });
  });
}
