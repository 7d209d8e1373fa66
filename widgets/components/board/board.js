// The training board: numbers, latent cloud, curves, probe digits, prior samples, KL per dimension.
// While a run trains Python sends its newest report; of a run at rest it sends all frames once, and they play here.

const boards = new WeakMap();
const CLOUD_CONTOURS = PRIOR_CONTOURS.filter(([mass]) => mass === 0.5 || mass === 0.95);

export default function ({ data, parentElement }) {
  let board = boards.get(parentElement);
  if (!board) { board = makeBoard(parentElement.querySelector(".board")); boards.set(parentElement, board); }
  board.show(unpack(data), readTheme(parentElement.host ?? parentElement.querySelector(".board")));
  return () => { board.close(); boards.delete(parentElement); };
}

function makeBoard(root) {
  const part = (name) => root.querySelector(`.${name}`);
  for (const name of ["tiles", "cloud", "curves", "probes", "samples", "bars"]) part(name).replaceChildren();  // of an earlier mount
  let d = null, fit = false, frame = 0, playing = 0;
  const plane = { contours: CLOUD_CONTOURS, points: true, names: true };

  const cloud = figure(part("cloud"), {
    title: "Latent cloud", height: (w) => planeHeight(w, 560),
    draw(pen, theme) { this.box = drawPlane(pen, theme, plane); },
    hover(px, py) {
      if (!this.box || !plane.x) return null;
      const [x, y] = fromPlane(this.box, plane.extent, px, py);
      if (Math.max(Math.abs(x), Math.abs(y)) > plane.extent) return null;
      const i = nearest(plane, x, y, plane.extent / 40), k = i >= 0 ? plane.labels[i] : 255;
      return `(${minus(x.toFixed(2))}, ${minus(y.toFixed(2))})` + (k < 250 ? ` · class ${plane.classes[k] ?? k}` : "");
    },
    extra: [["Fit", "Widen the range until nearly every code is inside; the usual range is 4 standard deviations of the prior. A link does not hold it", (button) => {
      fit = !fit; button.classList.toggle("on", fit); arrange(); cloud.draw();
    }]],
    csv: () => rows(["z_a", "z_b", "label"], plane.x ? [...plane.x].map((x, i) => [x, plane.y[i], plane.labels[i]]) : []),
  });
  const curves = figure(part("curves"), {
    title: "Nats per image", height: (w) => planeHeight(w, 560), cursor: true,
    draw(pen, theme, self) { drawCurves(pen, theme, curveData(theme), self.pointer); },
    hover(px) {
      if (!d.steps.length) return null;
      const { left, right } = curveLayout(100, 100, d.terms?.length ? 4 : 3), w = curves.canvas.clientWidth - left - right;
      const i = nearestStep(d.steps, ((px - left) / w) * d.steps[d.steps.length - 1]);
      const say = (name, key) => (Number.isFinite(d[key][i]) ? `${name} ${minus(d[key][i].toFixed(1))}` : null);
      return [`step ${d.steps[i].toLocaleString("en")}`, say("ELBO", "elbo_train"), say("test", "elbo_test"), say("KL", "kl_train")].filter(Boolean).join(" · ");
    },
    csv: () => {
      const names = ["steps", ...["elbo", "reconstruction", "kl", "beta_kl", ...d.terms.map(([key]) => key)].flatMap((n) => [`${n}_train`, `${n}_test`])];
      return rows(names, [...d.steps].map((_, i) => names.map((n) => (Number.isFinite(d[n][i]) ? d[n][i] : ""))));
    },
  });
  const probes = figure(part("probes"), {
    title: "Probe images and their reconstructions", height: (w) => (d.probes ? picturesHeight(w, [...given(), d.probes], d.probes.shape[0]) : w / 5),
    draw(pen, theme) {
      if (!d.probes || !d.reconstructions) return waiting(pen, theme);
      pictureRows(pen, [...given(), now("reconstructions")], d.probes.shape[0], null, theme);
    },
  });
  const samples = figure(part("samples"), {
    title: "Samples from the prior", height: (w) => (d.samples ? picturesHeight(w, [now("samples")], 8) : w / 4),
    draw(pen, theme) { if (d.samples) pictureRows(pen, [now("samples")], 8, null, theme); else waiting(pen, theme); },
  });
  const bars = figure(part("bars"), {
    title: "KL per latent dimension", height: () => 132, cursor: true,
    draw(pen, theme) { if (kl().length) drawBars(pen, theme, kl(), d.chosen); else waiting(pen, theme); },
    hover(px) {
      const k = barAt(bars.canvas.clientWidth, kl().length, px);
      return k < 0 ? null : `z${k + 1}: ${kl()[k].toFixed(2)} nats`;
    },
    csv: () => rows(["dimension", "kl"], kl().map((v, k) => [k + 1, v])),
  });
  const figures = [cloud, curves, probes, samples, bars];

  const given = () => (d.seen ? [d.probes, d.seen] : [d.probes]);

  // One frame of [F, ...] arrays, or the only one there is.
  function now(name) {
    const all = d[name];
    if (all.shape.length === 4) { all.atlas ??= atlas(all); return all; }
    const shape = all.shape.slice(1), size = shape.reduce((p, n) => p * n, 1);
    const one = all.subarray(frame * size, (frame + 1) * size);
    one.shape = shape; one.atlas = all.canvas = atlas(one, all.canvas);
    return one;
  }
  const kl = () => (d.kl.shape.length === 1 ? [...d.kl] : [...d.kl.subarray(frame * d.kl.shape[1], (frame + 1) * d.kl.shape[1])]);

  function arrange() {
    const n = d.labels.length, at = d.replay ? frame * n * 2 : 0;
    plane.x = new Float32Array(n); plane.y = new Float32Array(n);
    for (let i = 0; i < n; i++) { plane.x[i] = d.cloud[at + 2 * i]; plane.y[i] = d.cloud[at + 2 * i + 1]; }
    plane.contours = d.chosen.length === 1 || !d.unit_prior ? [] : CLOUD_CONTOURS;
    Object.assign(plane, { labels: d.labels, classes: d.classes, axes: d.axes, extent: 4 });
    if (fit && n) {
      const far = [...plane.x].map((x, i) => Math.max(Math.abs(x), Math.abs(plane.y[i]))).sort((a, b) => a - b)[Math.floor(0.99 * (n - 1))];
      while (plane.extent < far && plane.extent < 4096) plane.extent *= Number.isInteger(Math.log2(plane.extent)) ? 1.5 : 4 / 3;
    }
    const out = outside(plane);
    for (const part of [curves, bars]) part.say(d.kl_note);
    cloud.say(n === 0 ? "" : out ? `${out} of ${n} outside the range` : d.cloud_note);
  }

  function curveData(theme) {
    const pair = (key, colour) => [
      { name: "train", values: d[`${key}_train`], colour, width: 1.4, dash: [4, 3], alpha: 0.85 },
      { name: "test", values: d[`${key}_test`], colour, width: 2 },
    ];
    const panels = [
      { title: "ELBO", colour: theme.elbo, lines: pair("elbo", theme.elbo) },
      { title: "Reconstruction", colour: theme.reconstruction, lines: pair("reconstruction", theme.reconstruction) },
      { title: "KL", colour: theme.kl, lines: pair("kl", theme.kl) },
    ];
    // On axes of its own: after a move of beta it is many times the KL, and would flatten it.
    if (d.weighted) panels.push({ title: d.weighted, colour: theme.beta_kl, lines: [{ name: "train", values: d.beta_kl_train, colour: theme.beta_kl, width: 1.6 }] });
    if (d.terms?.length) panels.push({ title: "", lines: d.terms.map(([key, name], k) => {
      const values = d[`${key}_train`], last = values.findLast(Number.isFinite);
      return { name: last === undefined ? name : `${name} ${minus(last.toFixed(Math.abs(last) < 10 ? 2 : 1))}`, values, colour: theme.classes[k], width: 1.6 };
    }) });
    return { steps: d.steps, panels, marks: d.marks, cursor: d.replay && frame < d.frame_steps.length - 1 ? d.frame_steps[frame] : null };
  }

  // --- the numbers above, and playing ---

  function tiles() {
    const box = part("tiles");
    const shown = (d.replay && d.past_tiles[frame]) || d.tiles;  // the last frame's are those of now
    shown.forEach(([name, value, under, help, symbol], k) => {
      const tile = box.children[k] ?? box.appendChild(Object.assign(document.createElement("div"), { innerHTML: "<span></span><b></b><i></i>" }));
      const [a, b, c] = tile.children;
      a.textContent = name; b.textContent = value; c.textContent = under; tile.title = help;
      a.style.color = symbol ? cloud.theme[symbol] : "";
    });
    while (box.children.length > shown.length) box.lastChild.remove();
  }

  const slider = part("slider"), play = part("play"), at = part("at");
  function seek(k) {
    frame = Math.max(0, Math.min(k, d.frame_steps.length - 1));
    slider.value = frame;
    at.textContent = `step ${d.frame_steps[frame].toLocaleString("en")}`;
    slider.setAttribute("aria-valuetext", at.textContent);
    arrange();
    tiles();
    figures.forEach((f) => f.draw());
  }
  function tick(before) {
    playing = requestAnimationFrame((time) => {
      const pause = Math.max(33, 8000 / d.frame_steps.length);  // the whole run in about eight seconds
      if (time - before < pause) return tick(before);
      if (frame >= d.frame_steps.length - 1) return halt();
      seek(frame + 1);
      tick(time);
    });
  }
  function halt() {
    cancelAnimationFrame(playing); playing = 0;
    play.textContent = "▶"; play.setAttribute("aria-label", "Play the training again");
  }
  play.onclick = () => {
    if (playing) return halt();
    if (frame >= d.frame_steps.length - 1) seek(0);
    play.textContent = "❚❚"; play.setAttribute("aria-label", "Pause");
    tick(performance.now());
  };
  slider.oninput = () => { halt(); seek(+slider.value); };
  slider.onkeydown = (e) => { if (e.key === " ") { e.preventDefault(); play.click(); } };

  return {
    show(next, theme) {
      const other = !d || d.run !== next.run;
      // Who looks at an earlier step goes on doing so; who is at the end follows it.
      const again = d?.replay && next.replay && !other && frame < d.frame_steps.length - 1;
      d = next;
      for (const name of ["probes", "seen"]) if (d[name]) d[name].atlas = atlas(d[name]);
      root.classList.toggle("empty", Boolean(d.empty));
      part("replay").hidden = !d.replay;
      if (!d.replay) halt();
      figures.forEach((f) => { f.theme = theme; f.file = d.run; });
      tiles();
      probes.name(d.seen ? "Probe images, what is seen, reconstructions" : "Probe images and their reconstructions");
      part("bar").style.width = `${100 * (d.progress ?? 0)}%`;
      part("meter").style.visibility = d.progress == null ? "hidden" : "visible";
      if (d.replay) { slider.max = d.frame_steps.length - 1; seek(again ? frame : d.frame_steps.length - 1); } else { frame = 0; arrange(); }
      root.dataset.step = d.step; root.dataset.run = d.run; root.dataset.marks = d.marks.map((m) => m.text).join(" ");
      root.dataset.shown = 1 + Number(root.dataset.shown ?? 0);
      figures.forEach((f) => f.draw());
    },
    close() { halt(); figures.forEach((f) => f.close()); },
  };
}

function waiting(pen, theme) {
  pen.rect(0.5, 0.5, pen.width - 1, pen.height - 1, { stroke: theme.edge, dash: [4, 4] });
}

const rows = (names, lines) => [names, ...lines].map((line) => line.join(",")).join("\n") + "\n";
