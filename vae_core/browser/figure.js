// A figure: a titled canvas that redraws when its width changes, follows the pointer, and can be taken away.
// options: {title, height(width), draw(pen, theme, figure), hover(x, y) -> text, cursor: whether hovering redraws,
//           csv() -> text, extra: [[label, help, act]]}

function figure(parent, options) {
  const box = document.createElement("figure");
  const head = document.createElement("figcaption"), title = document.createElement("b"), note = document.createElement("span");
  const tools = document.createElement("span"), canvas = document.createElement("canvas");
  tools.className = "tools"; note.className = "note";
  head.append(title, note, tools); box.append(head, canvas); parent.append(box);
  title.textContent = options.title; note.textContent = options.note ?? "";
  canvas.setAttribute("role", "img"); canvas.setAttribute("aria-label", options.title);

  const self = { box, canvas, theme: null, pointer: null };
  self.say = (text) => { if (self.pointer === null) note.textContent = text; self.resting = text; };
  self.name = (text) => { title.textContent = text; };
  self.resting = options.note ?? "";

  let wanted = 0;
  const width = () => Math.floor(box.getBoundingClientRect().width);
  const paint = () => {
    wanted = 0;
    const w = width();
    if (w < 20 || !self.theme) return;
    const h = Math.round(options.height(w));
    canvas.style.width = `${w}px`; canvas.style.height = `${h}px`;
    options.draw(canvasPen(canvas, w, h), self.theme, self);
  };
  self.draw = () => { wanted ||= requestAnimationFrame(paint); };
  const watch = new ResizeObserver(self.draw);
  watch.observe(box);
  self.close = () => watch.disconnect();

  if (options.hover) {
    canvas.addEventListener("pointermove", (e) => {
      const r = canvas.getBoundingClientRect();
      self.pointer = [e.clientX - r.left, e.clientY - r.top];
      note.textContent = options.hover(...self.pointer) ?? self.resting;
      if (options.cursor) self.draw();
    });
    canvas.addEventListener("pointerleave", () => { self.pointer = null; note.textContent = self.resting; if (options.cursor) self.draw(); });
  }

  for (const [label, help, act] of options.extra ?? []) {
    const button = document.createElement("button");
    button.type = "button"; button.textContent = label; button.title = help; button.className = "extra";
    button.onclick = () => act(button);
    tools.append(button);
  }
  const kinds = { PNG: () => png(), SVG: () => svg(), ...(options.csv ? { CSV: () => csv() } : {}) };
  for (const [kind, act] of Object.entries(kinds)) {
    const button = document.createElement("button");
    button.type = "button"; button.textContent = kind; button.title = `Download as ${kind}`;
    button.onclick = act;
    tools.append(button);
  }
  const file = () => `${(self.file ? `${self.file} ` : "") + title.textContent}`.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  const svg = () => {
    const w = width(), pen = svgPen(w, Math.round(options.height(w))), pointer = self.pointer;
    self.pointer = null;
    options.draw(pen, self.theme, self);
    self.pointer = pointer;
    save(new Blob([pen.finish(self.theme.paper)], { type: "image/svg+xml" }), `${file()}.svg`);
  };
  const png = () => {
    const out = document.createElement("canvas");
    out.width = canvas.width; out.height = canvas.height;
    const c = out.getContext("2d");
    c.fillStyle = self.theme.paper; c.fillRect(0, 0, out.width, out.height); c.drawImage(canvas, 0, 0);
    out.toBlob((blob) => save(blob, `${file()}.png`));
  };
  const csv = () => save(new Blob([options.csv()], { type: "text/csv" }), `${file()}.csv`);
  return self;
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob); link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
