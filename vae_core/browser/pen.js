// One set of drawing verbs, two surfaces: a canvas for the screen, SVG text for a download.
// Lengths are CSS pixels. A style is {fill, stroke, width, dash, alpha}.

function canvasPen(canvas, width, height) {
  const scale = Math.min(globalThis.devicePixelRatio || 1, 3);
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  const c = canvas.getContext("2d");
  c.setTransform(scale, 0, 0, scale, 0, 0);
  c.clearRect(0, 0, width, height);
  const paint = (s) => {
    c.globalAlpha = s.alpha ?? 1;
    if (s.fill) { c.fillStyle = s.fill; c.fill(); }
    if (s.stroke) {
      c.strokeStyle = s.stroke; c.lineWidth = s.width ?? 1; c.setLineDash(s.dash ?? []);
      c.lineJoin = "round"; c.stroke();
    }
    c.globalAlpha = 1;
  };
  return {
    width, height,
    line(points, s) {
      c.beginPath();
      let down = false;
      for (const [x, y] of points) {
        if (!Number.isFinite(y)) { down = false; continue; }
        if (down) c.lineTo(x, y); else c.moveTo(x, y);
        down = true;
      }
      paint(s);
    },
    rect(x, y, w, h, s) { c.beginPath(); c.rect(x, y, w, h); paint(s); },
    circle(x, y, r, s) { c.beginPath(); c.arc(x, y, Math.max(r, 0), 0, 2 * Math.PI); paint(s); },
    text(x, y, text, s) {
      c.font = `${s.weight ?? 400} ${s.size ?? 12}px ${s.font}`;
      c.textAlign = s.align ?? "left"; c.textBaseline = s.baseline ?? "alphabetic";
      if (s.halo) { c.strokeStyle = s.halo; c.lineWidth = 3.5; c.lineJoin = "round"; c.setLineDash([]); c.strokeText(text, x, y); }
      c.fillStyle = s.fill; c.fillText(text, x, y);
    },
    image(picture, x, y, w, h, smooth = false) { c.imageSmoothingEnabled = smooth; c.drawImage(picture, x, y, w, h); },
    clip(x, y, w, h, draw) { c.save(); c.beginPath(); c.rect(x, y, w, h); c.clip(); draw(); c.restore(); },
  };
}

function svgPen(width, height) {
  const out = [];
  let clips = 0;
  const n = (v) => String(Math.round(v * 100) / 100);
  const safe = (t) => String(t).replace(/[&<>"]/g, (ch) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[ch]);
  const style = (s) => `fill="${safe(s.fill ?? "none")}"` + (s.stroke ? ` stroke="${safe(s.stroke)}" stroke-width="${s.width ?? 1}" stroke-linejoin="round"` : "")
    + (s.dash ? ` stroke-dasharray="${s.dash.join(" ")}"` : "") + (s.alpha != null ? ` opacity="${s.alpha}"` : "");
  return {
    width, height,
    line(points, s) {
      let d = "", down = false;
      for (const [x, y] of points) {
        if (!Number.isFinite(y)) { down = false; continue; }
        d += `${down ? "L" : "M"}${n(x)} ${n(y)}`; down = true;
      }
      if (d) out.push(`<path d="${d}" ${style(s)}/>`);
    },
    rect(x, y, w, h, s) { out.push(`<rect x="${n(x)}" y="${n(y)}" width="${n(w)}" height="${n(h)}" ${style(s)}/>`); },
    circle(x, y, r, s) { out.push(`<circle cx="${n(x)}" cy="${n(y)}" r="${n(r)}" ${style(s)}/>`); },
    text(x, y, text, s) {
      const anchor = { left: "start", center: "middle", right: "end" }[s.align ?? "left"];
      const base = { top: "text-before-edge", middle: "central", alphabetic: "auto" }[s.baseline ?? "alphabetic"];
      const halo = s.halo ? ` stroke="${safe(s.halo)}" stroke-width="3.5" stroke-linejoin="round" paint-order="stroke"` : "";
      out.push(`<text x="${n(x)}" y="${n(y)}" font-family="${safe(s.font)}" font-size="${s.size ?? 12}" font-weight="${s.weight ?? 400}" `
        + `text-anchor="${anchor}" dominant-baseline="${base}" fill="${safe(s.fill)}"${halo}>${safe(text)}</text>`);
    },
    image(picture, x, y, w, h, smooth = false) {
      out.push(`<image href="${picture.toDataURL("image/png")}" x="${n(x)}" y="${n(y)}" width="${n(w)}" height="${n(h)}" preserveAspectRatio="none"`
        + (smooth ? "/>" : ` style="image-rendering:pixelated"/>`));
    },
    clip(x, y, w, h, draw) {
      const id = `clip${clips++}`;
      out.push(`<clipPath id="${id}"><rect x="${n(x)}" y="${n(y)}" width="${n(w)}" height="${n(h)}"/></clipPath><g clip-path="url(#${id})">`);
      draw();
      out.push("</g>");
    },
    finish: (background) => `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`
      + `<rect width="${width}" height="${height}" fill="${background}"/>${out.join("")}</svg>`,
  };
}

// --- colours: one per symbol, everywhere ---------------------------------------------------------

function readTheme(element) {
  const css = getComputedStyle(element);
  const get = (name, other) => css.getPropertyValue(`--st-${name}`).trim() || other;
  const paper = get("background-color", "#ffffff");
  const [r, g, b] = rgb(paper);
  const dark = 0.3 * r + 0.6 * g + 0.1 * b < 128;
  return {
    dark, paper, ink: get("text-color", "#20242b"), panel: get("secondary-background-color", "#f2f0ea"),
    edge: get("border-color", "#d9d5cb"), accent: get("primary-color", "#0f6a73"), font: get("font", "sans-serif"),
    faint: dark ? "#9aa0aa" : "#6a6f78",
    elbo: dark ? "#3ec79a" : "#00805d", reconstruction: dark ? "#66b8f0" : "#0068a8",
    kl: dark ? "#f28a4b" : "#c2500a", beta_kl: dark ? "#dd93bd" : "#a8487f", prior: dark ? "#e6b64c" : "#9a6a00",
    // Okabe and Ito's order, its black and yellow replaced: ten classes legible on paper and on ink.
    classes: ["#0b7bc1", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b3a300", "#8563cf", "#a5694f", "#848c96"],
  };
}

function rgb(colour) {
  if (colour.startsWith("#")) {
    const hex = colour.length === 4 ? [...colour.slice(1)].map((d) => d + d).join("") : colour.slice(1);
    return [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16));
  }
  return (colour.match(/[\d.]+/g) ?? [255, 255, 255]).slice(0, 3).map(Number);
}

const classColour = (theme, label) => (label < 0 || label > 250 ? theme.faint : theme.classes[label % theme.classes.length]);

// --- numbers -------------------------------------------------------------------------------------

function ticks(low, high, count) {
  const rough = (high - low) / Math.max(count, 1);
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999);
  const out = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) out.push(k * step);
  return out;
}

function short(v) {
  const a = Math.abs(v);
  if (!Number.isFinite(v)) return "–";
  if (a >= 1e6) return `${+(v / 1e6).toFixed(1)}M`;
  if (a >= 1e4) return `${+(v / 1e3).toFixed(1)}k`;
  if (a >= 100 || Number.isInteger(v)) return minus(v.toFixed(0));
  if (a >= 10) return minus(v.toFixed(1));
  return minus(a < 0.01 && a > 0 ? v.toExponential(0) : String(+v.toFixed(2)));
}

const minus = (text) => text.replace("-", "−");

// --- bytes from Python: [u32 header length][JSON header][arrays] -----------------------------------

function unpack(bytes) {
  const buffer = bytes.slice().buffer;  // a view into the message is not aligned: copy once
  const size = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  const kinds = { float32: Float32Array, uint8: Uint8Array, int16: Int16Array, float64: Float64Array };
  for (const [name, a] of Object.entries(head.arrays)) {
    head[name] = new kinds[a.kind](buffer, a.offset, a.shape.reduce((p, n) => p * n, 1));
    head[name].shape = a.shape;
  }
  return head;
}

// --- small pictures ------------------------------------------------------------------------------

// pixels: uint8 [N, C, H, W] as the data has them; one canvas per picture is slow, so one atlas of N columns.
function atlas(pixels, old) {
  const [n, channels, h, w] = pixels.shape;
  const canvas = old ?? document.createElement("canvas");
  canvas.width = n * w; canvas.height = h;
  const c = canvas.getContext("2d"), image = c.createImageData(n * w, h), d = image.data, plane = h * w;
  for (let k = 0; k < n; k++) for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) {
    const from = k * channels * plane + y * w + x, to = 4 * (y * n * w + k * w + x);
    const grey = channels < 3;
    d[to] = pixels[from]; d[to + 1] = pixels[grey ? from : from + plane]; d[to + 2] = pixels[grey ? from : from + 2 * plane];
    d[to + 3] = 255;
  }
  c.putImageData(image, 0, 0);
  return canvas;
}

// Rows of pictures, each row one atlas, `columns` to a row; every picture has the same size and whole-pixel gaps.
function pictureRows(pen, rows, columns, names, theme, size) {
  const left = names ? 92 : 0, gap = 3;
  const cell = size ?? Math.floor((pen.width - left - gap * (columns - 1)) / columns);
  let y = 0;
  rows.forEach((row, r) => {
    const [n, , h, w] = row.shape, high = Math.round((cell * h) / w);
    if (names) pen.text(0, y + high / 2, names[r], { fill: theme.faint, size: 12, font: theme.font, baseline: "middle" });
    const picture = row.atlas;
    for (let k = 0; k < n; k++) {
      const x = left + (k % columns) * (cell + gap), top = y + Math.floor(k / columns) * (high + gap);
      row.cell ??= document.createElement("canvas");
      row.cell.width = w; row.cell.height = h;
      row.cell.getContext("2d").drawImage(picture, k * w, 0, w, h, 0, 0, w, h);
      pen.image(row.cell, x, top, cell, high, false);
    }
    y += Math.ceil(n / columns) * (high + gap);
  });
}

function picturesHeight(width, rows, columns, names) {
  const left = names ? 92 : 0, gap = 3, cell = Math.floor((width - left - gap * (columns - 1)) / columns);
  return rows.reduce((sum, row) => sum + Math.ceil(row.shape[0] / columns) * (Math.round((cell * row.shape[2]) / row.shape[3]) + gap), 0);
}
