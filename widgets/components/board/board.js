// The training board: numbers, latent cloud, curves, probe digits, prior samples, KL per dimension.
// Python sends all stored frames when the page opens and when the run comes to rest; while it trains, its newest report.

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
  const film = new Film(), canvases = {};
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
      if (!d.probes || film.last < 0) return waiting(pen, theme);
      pictureRows(pen, [...given(), now("reconstructions")], d.probes.shape[0], null, theme);
    },
  });
  const samples = figure(part("samples"), {
    title: "Samples from the prior", height: (w) => (film.last < 0 ? w / 4 : picturesHeight(w, [now("samples")], 8)),
    draw(pen, theme) { if (film.last < 0) waiting(pen, theme); else pictureRows(pen, [now("samples")], 8, null, theme); },
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

  // The pictures of the moment that is shown, on one canvas for all moments.
  function now(name) {
    const one = film.moments[frame][name];
    one.atlas = canvases[name] = atlas(one, canvases[name]);
    return one;
  }
  const kl = () => [...(film.moments[frame]?.kl ?? [])];

  function arrange() {
    const { labels = [], cloud: codes } = film.moments[frame] ?? {}, n = labels.length;
    plane.x = new Float32Array(n); plane.y = new Float32Array(n);
    for (let i = 0; i < n; i++) { plane.x[i] = codes[2 * i]; plane.y[i] = codes[2 * i + 1]; }
    plane.contours = d.chosen.length === 1 || !d.unit_prior ? [] : CLOUD_CONTOURS;
    Object.assign(plane, { labels, classes: d.classes, axes: d.axes, extent: 4 });
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
    return { steps: d.steps, panels, marks: d.marks, cursor: frame < film.last ? film.moments[frame].step : null };
  }

  // --- the numbers above, and playing ---

  function tiles() {
    const box = part("tiles");
    const shown = frame < film.last ? film.moments[frame].tiles : d.tiles;
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
    frame = Math.max(0, Math.min(k, film.last));
    slider.value = frame;
    at.textContent = `step ${film.moments[frame].step.toLocaleString("en")}`;
    slider.setAttribute("aria-valuetext", at.textContent);
    arrange();
    tiles();
    figures.forEach((f) => f.draw());
  }
  function tick(before) {
    playing = requestAnimationFrame((time) => {
      const pause = Math.max(33, 8000 / film.moments.length);  // the whole run in about eight seconds
      if (time - before < pause) return tick(before);
      if (frame >= film.last) return halt();
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
    if (frame >= film.last) seek(0);
    play.textContent = "❚❚"; play.setAttribute("aria-label", "Pause");
    tick(performance.now());
  };
  slider.oninput = () => { halt(); seek(+slider.value); };
  slider.onkeydown = (e) => { if (e.key === " ") { e.preventDefault(); play.click(); } };

  return {
    show(next, theme) {
      const other = !d || d.run !== next.run;
      // Who looks at an earlier step goes on doing so; who is at the end follows it.
      const looked = !other && frame < film.last ? film.moments[frame].step : null;
      d = next;
      film.take(next);
      for (const name of ["probes", "seen"]) if (d[name]) d[name].atlas = atlas(d[name]);
      root.classList.toggle("empty", Boolean(d.empty));
      part("replay").hidden = film.last < 1;
      if (film.last < 1) halt();
      figures.forEach((f) => { f.theme = theme; f.file = d.run; });
      probes.name(d.seen ? "Probe images, what is seen, reconstructions" : "Probe images and their reconstructions");
      part("bar").style.width = `${100 * (d.progress ?? 0)}%`;
      part("meter").style.visibility = d.progress == null ? "hidden" : "visible";
      slider.max = Math.max(film.last, 0);
      if (film.last >= 0) seek(looked === null ? film.last : film.at(looked)); else { frame = 0; arrange(); tiles(); figures.forEach((f) => f.draw()); }
      root.dataset.step = d.step; root.dataset.run = d.run; root.dataset.marks = d.marks.map((m) => m.text).join(" ");
      root.dataset.shown = 1 + Number(root.dataset.shown ?? 0);
    },
    close() { halt(); figures.forEach((f) => f.close()); },
  };
}

function waiting(pen, theme) {
  pen.rect(0.5, 0.5, pen.width - 1, pen.height - 1, { stroke: theme.edge, dash: [4, 4] });
}

const rows = (names, lines) => [names, ...lines].map((line) => line.join(",")).join("\n") + "\n";
