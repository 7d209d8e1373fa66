// What stands beside the map: curves, KL per dimension, probe images and samples, each a figure.

import { number } from "../../../vae_core/browser/dom.js";
import { box } from "../../../vae_core/browser/draw.js";
import { Figure, table } from "../../../vae_core/browser/figure.js";
import { drawPictures, picturesHeight } from "../../../vae_core/browser/pictures.js";
import { barAt, drawBars, drawUses } from "./bars.js";
import { curveLayout, drawCurves, nearestStep } from "./curves.js";

/**
 * Figures by name. part(name): where each goes. shown(): {d, moment, sizes, sets(name), cursor, step}; sets: pictures
 * that are drawn; turn(): shows bars in the place of curves, or curves again.
 */
export function makePanels(part, shown, turn) {
  const kl = () => [...(shown().moment?.kl ?? [])], levels = () => shown().d.levels ?? null;
  const uses = () => (levels() ? [] : shares(shown().moment?.uses));
  const pictures = (name, title) => new Figure(part(name), {
    title,
    height: (width) => {
      const [sets, columns] = cut(name);
      return sets.length ? picturesHeight(width, sets.map((set) => set.shape), columns) : 40;
    },
    draw(ctx, size, theme) {
      const [sets, columns] = cut(name);
      if (sets.length) drawPictures(ctx, size[0], sets, columns);
      else drawWaiting(ctx, size, theme);
    },
  });
  /** The pictures as many as there is room for, and how many in a row. */
  const cut = (name) => {
    const { sizes } = shown(), columns = name === "probes" ? sizes.probes : sizes.samples.columns;
    const count = name === "probes" ? sizes.probes : sizes.samples.count;
    return [shown().sets(name).map(({ shape: [n, ...rest], canvas }) => ({ shape: [Math.min(n, count), ...rest], canvas })), columns];
  };
  const curves = new Figure(part("curves"), {
    title: "Nats per image", height: () => shown().sizes.curves, cursor: true,
    extra: [["KL per dimension", "The KL of each latent dimension, or how often each code is used, in place of the curves", turn]],
    draw: (ctx, size, theme, pointer) => drawCurves(ctx, size, theme, curveData(shown(), theme.colours), pointer),
    hover(px) {
      const { d } = shown();
      if (!d.steps.length) return null;
      const { left, right } = curveLayout([0, 0], 1), w = curves.canvas.clientWidth - left - right;
      const i = nearestStep(d.steps, ((px - left) / w) * d.steps[d.steps.length - 1]);
      const say = (name, key) => (Number.isFinite(d[key][i]) ? `${name} ${number(d[key][i], 1)}` : null);
      return [`step ${d.steps[i].toLocaleString("en")}`, say(d.distance ? "objective" : "ELBO", "elbo_train"), say("test", "elbo_test"), say("KL", "kl_train")].filter(Boolean).join(" · ");
    },
    csv: () => {
      const { d } = shown();
      const names = ["steps", ...["elbo", "reconstruction", "kl", "beta_kl", ...(d.bound ? ["bound"] : []), ...d.terms.map(([key]) => key)].flatMap((n) => [`${n}_train`, `${n}_test`])];
      return table(names, [...d.steps].map((_, i) => names.map((n) => (Number.isFinite(d[n][i]) ? d[n][i] : ""))));
    },
  });
  const bars = new Figure(part("bars"), {
    title: "KL per latent dimension", height: () => shown().sizes.curves, cursor: true,
    extra: [["Curves", "The curves again", turn]],
    draw(ctx, size, theme) {
      if (uses().length) drawUses(ctx, size, theme, uses().map(({ share }) => share));
      else if (kl().length) drawBars(ctx, size, theme, kl(), shown().d.chosen, levels());
      else drawWaiting(ctx, size, theme);
    },
    hover(px) {
      const used = uses(), k = barAt(bars.canvas.clientWidth, used.length || kl().length, px);
      if (k === null) return null;
      return used.length ? `code ${used[k].code}: ${(100 * used[k].share).toFixed(2)} % of cells` : `${levels()?.[k] ?? `z${k + 1}`}: ${kl()[k].toFixed(2)} ${shown().d.unit}`;
    },
    csv: () => (uses().length
      ? table(["code", "share"], uses().map(({ code, share }) => [code, share]))
      : table([levels() ? "level" : "dimension", "kl"], kl().map((v, k) => [levels()?.[k] ?? k + 1, v]))),
  });
  return { curves, bars, probes: pictures("probes", "Probe images and their reconstructions"), samples: pictures("samples", "Samples from the prior") };
}

function curveData({ d, cursor }, colours) {
  const pair = (key, colour) => [
    { name: "train", values: d[`${key}_train`], colour, width: 1.4, dash: [4, 3], alpha: 0.85 },
    { name: "test", values: d[`${key}_test`], colour, width: 2 },
  ];
  const panels = [
    { title: d.distance ? `\u2212${d.distance} \u2212 KL` : "ELBO", colour: colours.elbo, lines: [...pair("elbo", colours.elbo), ...hardCodes(d, colours), ...optimum(d, colours)] },
    { title: d.distance ? `\u2212${d.distance}` : "Reconstruction", colour: colours.reconstruction, lines: pair("reconstruction", colours.reconstruction) },
    { title: d.quantised ? "Codes" : "KL", colour: colours.kl, lines: pair("kl", colours.kl) },
  ];
  if (d.bound) panels.splice(1, 0, { title: d.bound, colour: colours.elbo, lines: pair("bound", colours.elbo) });
  // On axes of its own: after a move of beta it is many times the KL, and would flatten it.
  if (d.weighted) panels.push({ title: d.weighted, colour: colours.beta_kl, lines: [{ name: "train", values: d.beta_kl_train, colour: colours.beta_kl, width: 1.6 }] });
  if (d.terms?.length) panels.push({ title: "", lines: d.terms.map(([key, name], k) => {
    const values = d[`${key}_train`], last = values.findLast(Number.isFinite);
    return { name: last === undefined ? name : `${name} ${number(last, Math.abs(last) < 10 ? 2 : 1)}`, values, colour: colours.classes[k], width: 1.6 };
  }) });
  return { steps: d.steps, panels, marks: d.marks, cursor };
}

/** Of each code its share of all cells, the most used first: [{code, share}...]. */
function shares(uses) {
  if (!uses) return [];
  const all = Math.max(1, uses.reduce((sum, v) => sum + v, 0));
  return Array.from(uses, (v, code) => ({ code, share: v / all })).sort((a, b) => b.share - a.share);
}

/** The ELBO of the codes themselves, where training sees relaxed ones. */
function hardCodes(d, colours) {
  return d.hard_elbo_test ? [{ name: "hard codes, test", values: d.hard_elbo_test, colour: colours.ink, width: 1.4, dash: [1, 3] }] : [];
}

/** The highest ELBO that there can be, where a closed form says it. */
function optimum(d, colours) {
  if (d.optimum == null) return [];
  return [{ name: "PPCA", values: Array(d.steps.length).fill(d.optimum), colour: colours.ink, width: 1, dash: [2, 3] }];
}

/** The outline of what is to come. */
function drawWaiting(ctx, [width, height], { colours }) {
  box(ctx, 0.5, 0.5, width - 1, height - 1, { stroke: colours.line, dash: [4, 4] });
}
