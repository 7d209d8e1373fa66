// A figure: a titled canvas that redraws when its width changes, follows the pointer, and can be taken away as a file.

import { element } from "./dom.js";
import { prepared } from "./draw.js";
import { pngFile, svgFile } from "./files.js";
import { takeAwayMenu } from "./take_away.js";

/**
 * options: {title, height(width), draw(ctx, size: [width, height], theme, pointer: [x, y] or null),
 *           hover(x, y) -> text, cursor: whether hovering redraws, csv() -> text, extra: [[label, help, act]]}
 */
export class Figure {
  constructor(parent, options) {
    Object.assign(this, { options, theme: null, pointer: null, resting: "", wanted: 0 });
    this.title = element("b", {}, options.title);
    this.note = element("span", { class: "note" });
    this.canvas = element("canvas", { role: "img", "aria-label": options.title });
    const tools = element("span", { class: "tools" }, ...this.buttons());
    this.box = element("figure", {}, element("figcaption", {}, this.title, this.note, tools), this.canvas);
    parent.append(this.box);
    if (options.hover) this.follow();
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.box);
  }

  buttons() {
    const { extra = [], csv } = this.options, draw = (ctx) => this.options.draw(ctx, this.size, this.theme, null);
    return [
      ...extra.map(([label, title, act]) => element("button", { type: "button", class: "extra", title, onclick: (e) => act(e.currentTarget) }, label)),
      takeAwayMenu(() => this.title.textContent, {
        png: (times) => pngFile(this.size, this.theme.colours.paper, draw, times),
        svg: () => svgFile(this.size, this.theme.colours.paper, draw), csv,
      }),
    ];
  }

  follow() {
    const { options: { hover, cursor }, canvas } = this;
    const move = (pointer) => {
      this.pointer = pointer;
      this.note.textContent = (pointer && hover(...pointer)) ?? this.resting;
      if (cursor) this.draw();
    };
    canvas.addEventListener("pointermove", ({ clientX, clientY }) => {
      const { left, top } = canvas.getBoundingClientRect();
      move([clientX - left, clientY - top]);
    });
    canvas.addEventListener("pointerleave", () => move(null));
  }

  name(title) { this.title.textContent = title; }

  /** What stands beside the title while no pointer is on the figure. */
  say(text) {
    this.resting = text;
    if (this.pointer === null) this.note.textContent = text;
    this.note.title = text;
  }

  get size() {
    const width = Math.floor(this.box.getBoundingClientRect().width);
    return [width, Math.round(this.options.height(width))];
  }

  draw() {
    this.wanted ||= requestAnimationFrame(() => {
      this.wanted = 0;
      if (!this.theme) return;
      const [width, height] = this.size;
      if (width < 20) return;
      Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
      this.options.draw(prepared(this.canvas, width, height), [width, height], this.theme, this.pointer);
    });
  }

  close() {
    this.observer.disconnect();
    cancelAnimationFrame(this.wanted);
  }
}

/** Names and lines of values as CSV. */
export const table = (names, lines) => [names, ...lines].map((each) => each.join(",")).join("\n") + "\n";
