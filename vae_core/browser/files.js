// Figures as files: what is on screen is drawn once more, for a PNG of any size, or for an SVG onto a context that
// writes instead of painting. It knows what figures use of a canvas's context, and no more.

export class SvgContext {
  constructor(width, height) {
    Object.assign(this, { width, height, out: [], stack: [], clips: 0, path: "", turn: "" });
    Object.assign(this, { fillStyle: "#000", strokeStyle: "#000", lineWidth: 1, globalAlpha: 1 });
    Object.assign(this, { font: "10px sans-serif", textAlign: "left", textBaseline: "middle", dash: "" });
  }

  toString() {
    const { width, height } = this;
    const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${this.out.join("\n")}</svg>`;
  }

  setLineDash(dash) { this.dash = dash.join(" "); }
  beginPath() { this.path = ""; }
  moveTo(x, y) { this.path += `M${short(x)} ${short(y)}`; }
  lineTo(x, y) { this.path += `${this.path ? "L" : "M"}${short(x)} ${short(y)}`; }
  rect(x, y, w, h) { this.path += `M${short(x)} ${short(y)}h${short(w)}v${short(h)}h${short(-w)}Z`; }
  arc(x, y, r) { this.ellipse(x, y, r, r, 0); }

  /** A whole ellipse; the layers draw no others. */
  ellipse(x, y, a, b, angle) {
    const half = `A${short(a)} ${short(b)} ${short((angle * 180) / Math.PI)} 0 1`;
    const end = (sign) => `${short(x + sign * a * Math.cos(angle))} ${short(y + sign * a * Math.sin(angle))}`;
    this.path += `M${end(1)}${half} ${end(-1)}${half} ${end(1)}`;
  }

  fill(rule = "nonzero") { this.shape(`fill="${this.fillStyle}" fill-rule="${rule}"`); }
  stroke() { this.shape(this.line()); }
  fillRect(x, y, w, h) { this.beginPath(); this.rect(x, y, w, h); this.fill(); }
  strokeRect(x, y, w, h) { this.beginPath(); this.rect(x, y, w, h); this.stroke(); }

  fillText(text, x, y) { this.text(text, x, y, `fill="${this.fillStyle}"`); }
  strokeText(text, x, y) { this.text(text, x, y, this.line()); }

  drawImage(canvas, x, y, w, h) {
    const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
    copy.getContext("2d").drawImage(canvas, 0, 0);
    const place = `x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}"`;
    const sharp = this.imageSmoothingEnabled ? "" : 'style="image-rendering: pixelated"';
    this.out.push(`<image ${place} preserveAspectRatio="none" ${sharp} href="${copy.toDataURL()}"/>`);
  }

  clip() {
    this.clips += 1;
    const id = `clip${this.clips}`;
    this.out.push(`<clipPath id="${id}"><path d="${this.path}"/></clipPath><g clip-path="url(#${id})">`);
    this.stack.at(-1).groups += 1;
  }

  save() { this.stack.push({ groups: 0 }); }
  translate(x, y) { this.group(`translate(${short(x)} ${short(y)})`); }
  rotate(angle) { this.group(`rotate(${short((angle * 180) / Math.PI)})`); }
  restore() { this.out.push("</g>".repeat(this.stack.pop().groups)); }

  group(transform) {
    this.out.push(`<g transform="${transform}">`);
    this.stack.at(-1).groups += 1;
  }

  line() {
    const dashes = this.dash && ` stroke-dasharray="${this.dash}"`;
    return `fill="none" stroke="${this.strokeStyle}" stroke-width="${this.lineWidth}" stroke-linejoin="round"${dashes}`;
  }

  shape(style) { if (this.path) this.out.push(`<path d="${this.path}" ${style} opacity="${this.globalAlpha}"/>`); }

  text(text, x, y, style) {
    const anchor = { center: "middle", right: "end" }[this.textAlign] ?? "start";
    const [, weight, size, family] = /^(?:(.*) )?([\d.]+px) (.*)$/.exec(this.font);
    const look = weight === "italic" ? 'font-style="italic"' : `font-weight="${weight ?? 400}"`;
    const font = `${look} font-size="${size}" font-family="${plain(family)}"`;
    const place = `x="${short(x)}" y="${short(y)}" text-anchor="${anchor}" dominant-baseline="${BASELINES[this.textBaseline]}"`;
    this.out.push(`<text ${place} ${font} ${style}>${plain(text)}</text>`);
  }
}

const BASELINES = { top: "text-before-edge", middle: "central", bottom: "text-after-edge", alphabetic: "auto" };
const short = (v) => String(Math.round(v * 100) / 100);
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const plain = (text) => String(text).replace(/[&<>"]/g, (c) => ENTITIES[c]);

/** What `draw(ctx)` draws, on the colour of the paper, as the text of an SVG. */
export function svgFile([width, height], paper, draw) {
  const ctx = new SvgContext(width, height);
  ctx.fillStyle = paper;
  ctx.fillRect(0, 0, width, height);
  draw(ctx);
  return ctx.toString();
}

/** The same as a PNG, `times` pixels to one of CSS. */
export function pngFile([width, height], paper, draw, times) {
  const sheet = new OffscreenCanvas(Math.round(width * times), Math.round(height * times)), ctx = sheet.getContext("2d");
  ctx.scale(times, times);
  ctx.fillStyle = paper;
  ctx.fillRect(0, 0, width, height);
  draw(ctx);
  return sheet.convertToBlob();
}
