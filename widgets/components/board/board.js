// The training board: the live map, and beside it numbers, curves, probe images and samples, all of one moment.
// Python sends the newest moment of a run that trains, and all of them when it comes to rest.
// More mounts of the same component bring what lies under the points, the decoder where that is asked for, and the
// moments that were stored before the board was opened, which it asks for. They stay there: of two messages to one mount
// that come close together, Streamlit shows the second alone.

import { makeDecoder } from "../../../vae_core/browser/decoder.js";
import { unpack } from "../../../vae_core/browser/parcel.js";
import { sideBySide } from "../../../vae_core/browser/pictures.js";
import { readTheme } from "../../../vae_core/browser/theme.js";
import { Cloud } from "./cloud.js";
import { Codebook } from "./codebook.js";
import { Film } from "./film.js";
import { makeFrame } from "./frame.js";
import { Groups } from "./groups.js";
import { makePanels } from "./panels.js";
import { Scrubber } from "./scrubber.js";
import { sizesOf } from "./sizes.js";

const MOST_GLIDE = 900; // milliseconds; the next report is then awaited at rest
const BELOW = 10, PEEK = 44; // pixels left free below the board; where more follows, so that its head is seen

const boards = new Map(); // where Streamlit mounted one -> it
let stored = null; // the parcel of earlier moments
const ground = { name: "density", choose: () => {}, decoder: null, pixels: "means", held: [] };

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!(data instanceof Uint8Array)) return takeGround(data, setStateValue);
  const { arrays, ...header } = unpack(data);
  if (header.kind === "decoder") return takeDecoder({ ...header, arrays });
  if (header.kind === "earlier") return takeEarlier({ ...header, ...arrays });
  let board = boards.get(parentElement);
  if (!board) {
    const root = makeFrame();
    parentElement.append(root);
    board = makeBoard(root);
    boards.set(parentElement, board);
  }
  if (board.show({ ...header, ...arrays })) setTriggerValue("lack", header.run);
  return () => { board.close(); boards.delete(parentElement); };
}

function takeGround({ ground: name, pixels, held }, setStateValue) {
  ground.choose = (chosen) => setStateValue("ground", chosen);
  lay({ name, pixels, held });
}

function takeDecoder(parcel) {
  const made = makeDecoder(parcel);
  lay({ decoder: (pixels) => ({ ...made.showing(pixels), held: ground.held, id: `${parcel.id} ${pixels}` }) });
  return () => lay({ decoder: null });
}

function takeEarlier(parcel) {
  stored = parcel;
  for (const board of boards.values()) board.join();
  return () => { stored = null; };
}

function lay(changes) {
  Object.assign(ground, changes);
  for (const board of boards.values()) board.lay();
}

function makeBoard(root) {
  const part = (name) => root.querySelector(`.${name}`);
  let d = null, sizes = sizesOf({ width: 900, height: 600 }), arrived = 0, beside = "curves";
  const film = new Film(), canvases = {};
  const scrubber = new Scrubber(part, (frame, duration) => seek(duration));
  const moment = () => film.moments[scrubber.frame];

  const cloud = new Cloud(part("cloud"), () => sizes.mapHeight, (name) => {
    lay({ name });
    ground.choose(name);
  });
  const codebook = new Codebook(part("cloud"), () => sizes.mapHeight);
  const groups = new Groups(part("cloud"), () => sizes.mapHeight);
  const panels = makePanels(part, () => ({
    d, sizes, moment: moment(), sets, cursor: scrubber.follows ? null : moment()?.step,
  }), () => {
    beside = beside === "curves" ? "bars" : "curves";
    measure();
  });
  const figures = [cloud, codebook, groups, ...Object.values(panels)];

  // The pictures of the moment that is shown, on one canvas for all moments.
  function now(name) {
    const one = moment()[name];
    one.canvas = canvases[name] = sideBySide(one, canvases[name]);
    return one;
  }
  function sets(name) {
    if (!moment()) return [];
    if (name === "samples") return [now("samples")];
    return d.probes ? [d.probes, ...(d.seen ? [d.seen] : []), now("reconstructions")] : [];
  }

  // --- how large everything is ---

  function measure() {
    const main = document.querySelector("[data-testid=stMain]"), foot = document.querySelector(".st-key-terms-foot");
    const { top, bottom, width } = root.getBoundingClientRect();
    const below = BELOW + (document.querySelector(".st-key-below-board") ? PEEK : foot?.offsetParent ? foot.getBoundingClientRect().bottom - bottom : 0);
    const height = window.innerHeight - top - (main?.scrollTop ?? 0) - below;
    const [, h, w] = d?.samples?.shape.slice(-3) ?? [1, 28, 28];
    sizes = sizesOf({ width, height, sets: d?.seen ? 3 : 2, image: [h, w] });
    const grid = part("grid");
    grid.dataset.shape = root.dataset.shape = sizes.shape;
    grid.dataset.both = sizes.both;
    grid.dataset.beside = beside;
    grid.style.setProperty("--map", `${sizes.map}px`);
    grid.style.setProperty("--columns", sizes.tiles);
    if (d) tiles();
    figures.forEach((f) => f.draw());
  }
  const observer = new ResizeObserver(measure);
  observer.observe(root);
  for (const around of document.querySelectorAll("[data-testid=stMainBlockContainer]")) observer.observe(around);
  addEventListener("resize", measure);

  // --- the numbers ---

  function tiles() {
    const box = part("tiles"), shown = moment()?.tiles ?? d.tiles;
    shown.forEach(([name, value, under, help, symbol], k) => {
      const tile = box.children[k] ?? box.appendChild(Object.assign(document.createElement("div"), { innerHTML: "<span></span><b></b><i></i>" }));
      const [a, b, c] = tile.children;
      a.textContent = name; b.textContent = value; c.textContent = under; tile.title = help;
      a.style.color = symbol ? `var(--${symbol})` : "";
    });
    while (box.children.length > shown.length) box.lastChild.remove();
    const over = shown.length % sizes.tiles;
    for (const tile of box.children) tile.style.gridColumn = "";
    if (over) box.lastChild.style.gridColumn = `span ${sizes.tiles - over + 1}`;
  }

  function seek(duration) {
    const codes = d.grouped ? groups : d.quantised ? codebook : cloud;
    for (const other of [cloud, codebook, groups]) if (other !== codes) other.box.remove();
    if (!codes.box.isConnected) part("cloud").append(codes.box);
    if (d.grouped) groups.take(moment(), d.codes_note);
    else if (d.quantised) codebook.take(moment(), d.codes_note, duration);
    else cloud.take(moment(), { axes: d.axes, classes: d.classes, note: d.cloud_note, chosen: d.chosen, latent: d.latent, standard: d.unit_prior }, duration);
    lays();
    panels.curves.say(d.kl_note);
    panels.curves.box.querySelector(".extra").textContent = d.levels ? "Nats per level" : d.quantised ? "Use of codes" : d.grouped ? "KL per group" : "KL per dimension";
    panels.bars.name(d.levels ? "Nats of the codes, per level" : d.quantised ? "Use of each code" : d.grouped ? "KL per group" : "KL per latent dimension");
    panels.bars.say(d.bars_note);
    tiles();
    figures.forEach((f) => f.draw());
  }
  function lays() { if (!d.quantised && !d.grouped) cloud.lay(ground.name, ground.decoder?.(ground.pixels) ?? null, scrubber.follows); }

  return {
    /** Whether it lacks moments before the one that came, for the first time. */
    show(next) {
      const other = !d || d.run !== next.run, follows = other || scrubber.follows;
      const looked = follows ? null : moment()?.step;
      // The way to the next report takes as long as it was awaited.
      const since = performance.now() - arrived, glide = !other && !next.replay && film.last >= 0 ? Math.min(since, MOST_GLIDE) : 0;
      arrived = performance.now();
      d = next;
      film.take(next);
      if (stored && film.lacks(next)) film.join(stored);
      for (const name of ["probes", "seen"]) if (d[name]) d[name].canvas = sideBySide(d[name]);
      const theme = readTheme(root);
      figures.forEach((f) => Object.assign(f, { theme }));
      panels.probes.name((d.seen ? "Probe images, what is seen, reconstructions" : "Probe images and their reconstructions") + d.pixels);
      panels.curves.name(d.distance ? "Per image" : d.unit === "bits" ? "Bits per image" : "Nats per image");
      panels.samples.name(`Samples from the prior${d.pixels}`);
      part("bar").style.width = `${100 * (d.progress ?? 0)}%`;
      part("meter").style.visibility = d.progress == null ? "hidden" : "visible";
      scrubber.take(film.steps, looked == null ? film.last : film.at(looked), film.lacks(next));
      seek(follows ? glide : -1);
      measure();
      root.dataset.step = d.step; root.dataset.run = d.run; root.dataset.marks = d.marks.map((m) => m.text).join(" ");
      root.dataset.points = moment()?.x?.length ?? 0;
      root.dataset.shown = 1 + Number(root.dataset.shown ?? 0);
      return film.asks(next);
    },
    join() {
      const step = moment()?.step;
      if (!d || !film.join(stored)) return;
      scrubber.take(film.steps, film.at(step), film.lacks(d));
    },
    lay() { if (d) { lays(); cloud.draw(); } },
    close() {
      root.remove();
      scrubber.halt();
      observer.disconnect();
      removeEventListener("resize", measure);
      figures.forEach((f) => f.close());
    },
  };
}
