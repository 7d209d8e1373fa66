// The training board: numbers, latent cloud, curves, probe digits, prior samples, KL per dimension.
// Python sends all stored frames when the page opens and when the run comes to rest; while it trains, its newest report.

import { number } from "../../../vae_core/browser/dom.js";
import { box } from "../../../vae_core/browser/draw.js";
import { Figure, table } from "../../../vae_core/browser/figure.js";
import { unpack } from "../../../vae_core/browser/parcel.js";
import { drawPictures, picturesHeight, sideBySide } from "../../../vae_core/browser/pictures.js";
import { readTheme } from "../../../vae_core/browser/theme.js";
import { barAt, drawBars } from "./bars.js";
import { Cloud, squareHeight } from "./cloud.js";
import { curveLayout, drawCurves, nearestStep } from "./curves.js";
import { Film } from "./film.js";

const boards = new WeakMap();

export default function ({ data, parentElement }) {
  let board = boards.get(parentElement);
  if (!board) { board = makeBoard(parentElement.querySelector(".board")); boards.set(parentElement, board); }
  const { arrays, ...header } = unpack(data);
  board.show({ ...header, ...arrays });
  return () => { board.close(); boards.delete(parentElement); };
}

function makeBoard(root) {
  const part = (name) => root.querySelector(`.${name}`);
  for (const name of ["tiles", "cloud", "curves", "probes", "samples", "bars"]) part(name).replaceChildren();  // of an earlier mount
  let d = null, frame = 0, playing = 0;
  const film = new Film(), canvases = {};

  const cloud = new Cloud(part("cloud"));
  const curves = new Figure(part("curves"), {
    title: "Nats per image", height: squareHeight, cursor: true,
    draw: (ctx, size, theme, pointer) => drawCurves(ctx, size, theme, curveData(theme.colours), pointer),
    hover(px) {
      if (!d.steps.length) return null;
      const { left, right } = curveLayout([0, 0], 1), w = curves.canvas.clientWidth - left - right;
      const i = nearestStep(d.steps, ((px - left) / w) * d.steps[d.steps.length - 1]);
      const say = (name, key) => (Number.isFinite(d[key][i]) ? `${name} ${number(d[key][i], 1)}` : null);
      return [`step ${d.steps[i].toLocaleString("en")}`, say("ELBO", "elbo_train"), say("test", "elbo_test"), say("KL", "kl_train")].filter(Boolean).join(" · ");
    },
    csv: () => {
      const names = ["steps", ...["elbo", "reconstruction", "kl", "beta_kl", ...d.terms.map(([key]) => key)].flatMap((n) => [`${n}_train`, `${n}_test`])];
      return table(names, [...d.steps].map((_, i) => names.map((n) => (Number.isFinite(d[n][i]) ? d[n][i] : ""))));
    },
  });
  const probes = new Figure(part("probes"), {
    title: "Probe images and their reconstructions", height: (w) => (d.probes ? picturesHeight(w, [...given(), d.probes].map((set) => set.shape), d.probes.shape[0]) : w / 5),
    draw(ctx, size, theme) {
      if (!d.probes || film.last < 0) drawWaiting(ctx, size, theme);
      else drawPictures(ctx, size[0], [...given(), now("reconstructions")], d.probes.shape[0]);
    },
  });
  const samples = new Figure(part("samples"), {
    title: "Samples from the prior", height: (w) => (film.last < 0 ? w / 4 : picturesHeight(w, [film.moments[frame].samples.shape], 8)),
    draw(ctx, size, theme) { if (film.last < 0) drawWaiting(ctx, size, theme); else drawPictures(ctx, size[0], [now("samples")], 8); },
  });
  const bars = new Figure(part("bars"), {
    title: "KL per latent dimension", height: () => 132, cursor: true,
    draw(ctx, size, theme) { if (kl().length) drawBars(ctx, size, theme, kl(), d.chosen); else drawWaiting(ctx, size, theme); },
    hover(px) {
      const k = barAt(bars.canvas.clientWidth, kl().length, px);
      return k === null ? null : `z${k + 1}: ${kl()[k].toFixed(2)} nats`;
    },
    csv: () => table(["dimension", "kl"], kl().map((v, k) => [k + 1, v])),
  });
  const figures = [cloud, curves, probes, samples, bars];

  const given = () => (d.seen ? [d.probes, d.seen] : [d.probes]);

  // The pictures of the moment that is shown, on one canvas for all moments.
  function now(name) {
    const one = film.moments[frame][name];
    one.canvas = canvases[name] = sideBySide(one, canvases[name]);
    return one;
  }
  const kl = () => [...(film.moments[frame]?.kl ?? [])];

  function arrange() {
    const { labels = [], cloud: codes = [], prior = null } = film.moments[frame] ?? {};
    cloud.take(codes, labels, { axes: d.axes, classes: d.classes, prior, note: d.cloud_note });
    for (const each of [curves, bars]) each.say(d.kl_note);
  }

  function curveData(colours) {
    const pair = (key, colour) => [
      { name: "train", values: d[`${key}_train`], colour, width: 1.4, dash: [4, 3], alpha: 0.85 },
      { name: "test", values: d[`${key}_test`], colour, width: 2 },
    ];
    const panels = [
      { title: "ELBO", colour: colours.elbo, lines: pair("elbo", colours.elbo) },
      { title: "Reconstruction", colour: colours.reconstruction, lines: pair("reconstruction", colours.reconstruction) },
      { title: "KL", colour: colours.kl, lines: pair("kl", colours.kl) },
    ];
    // On axes of its own: after a move of beta it is many times the KL, and would flatten it.
    if (d.weighted) panels.push({ title: d.weighted, colour: colours.beta_kl, lines: [{ name: "train", values: d.beta_kl_train, colour: colours.beta_kl, width: 1.6 }] });
    if (d.terms?.length) panels.push({ title: "", lines: d.terms.map(([key, name], k) => {
      const values = d[`${key}_train`], last = values.findLast(Number.isFinite);
      return { name: last === undefined ? name : `${name} ${number(last, Math.abs(last) < 10 ? 2 : 1)}`, values, colour: colours.classes[k], width: 1.6 };
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
      a.style.color = symbol ? `var(--${symbol})` : "";
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
    play.dataset.playing = "false"; play.setAttribute("aria-label", "Play the training again");
  }
  play.onclick = () => {
    if (playing) return halt();
    if (frame >= film.last) seek(0);
    play.dataset.playing = "true"; play.setAttribute("aria-label", "Pause");
    tick(performance.now());
  };
  slider.oninput = () => { halt(); seek(+slider.value); };
  slider.onkeydown = (e) => { if (e.key === " ") { e.preventDefault(); play.click(); } };

  return {
    show(next) {
      const other = !d || d.run !== next.run;
      // Who looks at an earlier step goes on doing so; who is at the end follows it.
      const looked = !other && frame < film.last ? film.moments[frame].step : null;
      d = next;
      film.take(next);
      for (const name of ["probes", "seen"]) if (d[name]) d[name].canvas = sideBySide(d[name]);
      root.classList.toggle("empty", Boolean(d.empty));
      part("replay").hidden = film.last < 1;
      if (film.last < 1) halt();
      const theme = readTheme(root);
      figures.forEach((f) => Object.assign(f, { theme, file: d.run }));
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

/** The outline of what is to come. */
function drawWaiting(ctx, [width, height], { colours }) {
  box(ctx, 0.5, 0.5, width - 1, height - 1, { stroke: colours.line, dash: [4, 4] });
}
