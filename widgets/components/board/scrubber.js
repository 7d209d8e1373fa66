// The scrubber: which moment of the training is looked at, and playing them one after the other.

import { decades, nearestMoment, shareOf } from "./scale.js";

const WHOLE = 8000; // milliseconds of a whole training at speed 1
const BRIEFLY = 33; // of one moment, at least
const SPEEDS = [0.5, 1, 2, 4];

export class Scrubber {
  /** part(name): an element of the board. seek(k, duration): shows a moment, the way there in so many milliseconds. */
  constructor(part, seek) {
    Object.assign(this, { part, seek, steps: [], frame: 0, playing: 0, speed: 1 });
    const slider = part("slider"), speed = part("speed");
    speed.replaceChildren(...SPEEDS.map((times) => new Option(`${times}×`, times, times === 1, times === 1)));
    speed.onchange = () => { this.speed = +speed.value; };
    slider.oninput = () => {
      this.halt();
      this.go(nearestMoment(this.steps, slider.value / slider.max));
    };
    slider.onkeydown = (event) => this.key(event);
    part("play").onclick = () => (this.playing ? this.halt() : this.play());
  }

  get last() { return this.steps.length - 1; }

  /** Whether it stands at the right end, and goes along with what comes. */
  get follows() { return this.frame >= this.last; }

  /** Milliseconds from one moment to the next while it plays. */
  get pause() { return Math.max(BRIEFLY, WHOLE / this.steps.length / this.speed); }

  /** The moments there are, which of them is shown, and whether some before them are on their way. */
  take(steps, frame, coming) {
    Object.assign(this, { steps, frame: Math.max(0, frame) });
    const alone = this.last < 1 && !coming;
    this.part("replay").hidden = alone;
    if (alone) this.halt();
    else this.place();
  }

  go(frame, duration = 0) {
    this.frame = Math.max(0, Math.min(frame, this.last));
    this.place();
    this.seek(this.frame, duration);
  }

  place() {
    const { steps, frame, last } = this, slider = this.part("slider"), at = this.part("at");
    slider.value = slider.max * shareOf(steps[frame], steps[last]);
    slider.style.setProperty("--share", shareOf(steps[frame], steps[last]));
    at.textContent = `step ${steps[frame].toLocaleString("en")}`;
    slider.setAttribute("aria-valuetext", at.textContent);
    const marks = decades(steps[last]), box = this.part("decades");
    if (box.childElementCount !== marks.length) box.replaceChildren(...marks.map(() => document.createElement("span")));
    marks.forEach((step, k) => {
      box.children[k].textContent = step < 1000 ? step : step < 1e6 ? `${step / 1000}k` : `${step / 1e6}M`;
      box.children[k].style.setProperty("--share", shareOf(step, steps[last]));
    });
  }

  key(event) {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (event.key === " ") this.part("play").click();
    else if (event.key === "Home" || event.key === "End" || by) {
      this.halt();
      this.go(by ? this.frame + by : event.key === "Home" ? 0 : this.last);
    } else return;
    event.preventDefault();
  }

  play() {
    if (this.follows) this.go(0);
    this.label(true);
    const tick = (before) => {
      this.playing = requestAnimationFrame((time) => {
        if (time - before < this.pause) return tick(before);
        if (this.follows) return this.halt();
        this.go(this.frame + 1, this.pause);
        tick(time);
      });
    };
    tick(performance.now());
  }

  halt() {
    cancelAnimationFrame(this.playing);
    this.playing = 0;
    this.label(false);
  }

  label(playing) {
    const button = this.part("play");
    button.dataset.playing = playing;
    button.setAttribute("aria-label", playing ? "Pause" : "Play the training again");
  }
}
