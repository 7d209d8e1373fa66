// The latent map: the aggregated posterior as a picture, the prior's contours, the points; a click says where.

const maps = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  let map = maps.get(parentElement);
  if (!map) { map = makeMap(parentElement.querySelector(".map")); maps.set(parentElement, map); }
  map.pick = (z) => setStateValue("z", z);
  map.show(unpack(data), readTheme(parentElement.host ?? parentElement.querySelector(".map")));
  return () => { map.close(); maps.delete(parentElement); };
}

const PEAK = 1 / (2 * Math.PI);  // of N(0, I) in two dimensions
const BAR = 74;  // pixels at the right for the colour bar

function makeMap(root) {
  let d = null;
  root.replaceChildren();  // of an earlier mount
  const heat = document.createElement("canvas");
  const plane = { contours: PRIOR_CONTOURS, heat };
  const self = figure(root, {
    title: "", height: (w) => planeHeight(w - BAR, 740),
    draw(pen, theme) {
      this.box = drawPlane({ ...pen, width: pen.width - BAR }, theme, plane);
      bar(pen, theme, this.box);
    },
    hover(px, py) {
      if (!this.box) return null;
      const [x, y] = fromPlane(this.box, d.extent, px, py);
      if (Math.max(Math.abs(x), Math.abs(y)) > d.extent) return null;
      const q = at(x, y), p = logPrior(x, y);
      return `z = (${minus(x.toFixed(2))}, ${minus(y.toFixed(2))}) · log q ${minus(q.toFixed(2))} · log p ${minus(p.toFixed(2))} · log q/p ${minus((q - p).toFixed(2))}`;
    },
  });
  let box = null;
  self.canvas.addEventListener("click", (e) => {
    const r = self.canvas.getBoundingClientRect();
    box = planeBox(r.width - BAR, r.height);
    const z = fromPlane(box, d.extent, e.clientX - r.left, e.clientY - r.top);
    if (Math.max(...z.map(Math.abs)) > d.extent) return;
    plane.pin = z;
    self.draw();
    map.pick(z.map((v) => Math.round(v * 1000) / 1000));
  });
  const logPrior = (x, y) => -Math.log(2 * Math.PI) - (x * x + y * y) / 2;
  const at = (x, y) => {
    const g = d.log_q.shape[0], cell = (v) => Math.max(0, Math.min(g - 1, Math.round(((v / d.extent + 1) / 2) * (g - 1))));
    return d.log_q[cell(x) * g + cell(y)];
  };

  // The colour of each value: [low, high, stops].
  function scale(theme) {
    if (d.layer === "ratio") return [-5, 5, theme.dark
      ? ["#ff9d5c", "#a34f1a", "#22262d", "#1f6f9e", "#7cc8ff"] : ["#9c3a00", "#f0a878", "#fbfaf7", "#8ec3e6", "#00558a"]];
    const stops = theme.dark ? ["#191d23", "#123f45", "#1f7d80", "#5fc9bd", "#dffff7"] : ["#ffffff", "#cfe6e3", "#74b8b1", "#0f6a73", "#06343a"];
    // The same for every run: up to twice the prior's own peak.
    return d.layer === "log" ? [Math.log(2 * PEAK) - 10, Math.log(2 * PEAK), stops] : [0, 2 * PEAK, stops];
  }
  const value = (log_q, x, y) => (d.layer === "ratio" ? log_q - logPrior(x, y) : d.layer === "log" ? log_q : Math.exp(log_q));

  function colour(theme) {
    const [low, high, stops] = scale(theme), lut = table(stops), g = d.log_q.shape[0];
    heat.width = heat.height = g;
    const c = heat.getContext("2d"), image = c.createImageData(g, g);
    for (let i = 0; i < g; i++) for (let j = 0; j < g; j++) {
      const x = -d.extent + (2 * d.extent * i) / (g - 1), y = -d.extent + (2 * d.extent * j) / (g - 1);
      const t = Math.max(0, Math.min(255, Math.round(((value(d.log_q[i * g + j], x, y) - low) / (high - low)) * 255)));
      image.data.set(lut[t], 4 * ((g - 1 - j) * g + i));
    }
    c.putImageData(image, 0, 0);
  }

  function bar(pen, theme, box) {
    const [low, high, stops] = scale(theme), lut = table(stops), x = box.left + box.side + 14, label = { fill: theme.faint, size: 11, font: theme.font };
    const strip = document.createElement("canvas");
    strip.width = 1; strip.height = 256;
    const c = strip.getContext("2d"), image = c.createImageData(1, 256);
    for (let t = 0; t < 256; t++) image.data.set(lut[255 - t], 4 * t);
    c.putImageData(image, 0, 0);
    const top = box.top + 20, h = box.side - 20;
    pen.text(x, box.top + 10, { density: "q(z)", log: "log q(z)", ratio: "log q/p" }[d.layer], { ...label, fill: theme.ink, weight: 600 });
    pen.image(strip, x, top, 12, h, true);
    pen.rect(x, top, 12, h, { stroke: theme.edge });
    for (const t of ticks(low, high, 6)) pen.text(x + 17, Math.min(top + h - 4, Math.max(top + 5, top + (1 - (t - low) / (high - low)) * h)), short(t), { ...label, baseline: "middle" });
  }

  const map = {
    pick() {},
    show(next, theme) {
      d = next;
      Object.assign(plane, { extent: d.extent, axes: d.axes, labels: d.labels, classes: d.classes, points: d.points, names: d.names, pin: d.pin ?? undefined });
      plane.x = d.x; plane.y = d.y;
      self.theme = theme; self.file = d.run; self.name(d.title); self.say(d.note);
      root.dataset.run = d.run; root.dataset.layer = d.layer;
      colour(theme);
      self.draw();
    },
    close: self.close,
  };
  return map;
}

function table(stops) {
  const parts = stops.map(rgb), n = parts.length - 1;
  return Array.from({ length: 256 }, (_, t) => {
    const u = (t / 255) * n, k = Math.min(n - 1, Math.floor(u)), f = u - k;
    return [...parts[k].map((v, c) => Math.round(v + (parts[k + 1][c] - v) * f)), 255];
  });
}
