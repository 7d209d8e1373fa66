// The hand: pointer, wheel, pinch and keyboard on the map, turned into what the map can do.

const KEYS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
};
const ACTIONS = {
  " ": "play", Escape: "unpin", "0": "resetView", Home: "resetView", e: "drawEpsilon", n: "freshSamples", h: "nextHole",
};
export const GESTURES_IN_WORDS = "Hover decodes, a click pins, hold to drag. The wheel or two fingers zoom, "
  + "Shift and drag moves the map, a double click shows all of it.";
export const KEYS_IN_WORDS = [
  ["arrows", "move the pin by a tenth of a standard deviation, with Shift a hundredth; where images are compared, to the next one"],
  ["+ \u2212 0", "zoom in, zoom out, the whole map"], ["Space", "play or pause the replay"],
  ["E", "draw \u03b5 from the posterior of the pinned image"], ["N", "new samples of the prior"],
  ["H", "go to the next hole"], ["Esc", "take the pin away"],
];
const STILL = 4; // pixels that a hand may tremble between press and release of a click
const NUDGE = 0.1, FINE = 0.01; // in standard deviations of the prior

export function attachHand(canvas, map) {
  const touches = new Map(); // pointers that are down, by id: their last place
  let doing = null; // "click" becomes "drag", which moves the pin; "pan" and "pinch" move the view
  let pressed = [0, 0];
  let elsewhere = 0; // when the wheel last turned outside: a page scrolled over the map does not start to zoom
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const pinch = () => {
    const [[ax, ay], [bx, by]] = [...touches.values()];
    return { x: (ax + bx) / 2, y: (ay + by) / 2, span: Math.max(1, Math.hypot(ax - bx, ay - by)) };
  };

  canvas.onpointerdown = (event) => {
    if (event.button === 2) return;
    // Synthetic events, as in tests, have no pointer to capture.
    try { canvas.setPointerCapture(event.pointerId); } catch { /* nothing to hold on to */ }
    const before = touches.size === 1 ? [...touches.values()][0] : null;
    touches.set(event.pointerId, place(event));
    if (before) {
      // Two fingers pin nothing: what the first of them has moved goes back.
      if (doing === "click" || doing === "drag") {
        map.restorePin();
        map.release();
      }
      doing = "pinch";
    }
    else if (event.shiftKey || event.button === 1) doing = "pan";
    else {
      doing = "click";
      pressed = place(event);
      map.press(...pressed);
    }
    canvas.dataset.doing = doing;
    if (event.button === 1) event.preventDefault();
  };

  canvas.onpointermove = (event) => {
    const now = place(event), last = touches.get(event.pointerId);
    if (!last) return map.hover(...now);
    if (doing === "pinch" && touches.size >= 2) {
      const from = pinch();
      touches.set(event.pointerId, now);
      const to = pinch();
      map.pan(to.x - from.x, to.y - from.y);
      map.zoom(from.span / to.span, to.x, to.y);
      return;
    }
    touches.set(event.pointerId, now);
    if (doing === "click" && Math.hypot(now[0] - pressed[0], now[1] - pressed[1]) > STILL) doing = "drag";
    if (doing === "pan") map.pan(now[0] - last[0], now[1] - last[1]);
    else if (doing === "drag") map.drag(...now);
  };

  canvas.onpointerup = canvas.onpointercancel = (event) => {
    if (!touches.delete(event.pointerId) || touches.size > 0) return;
    if (doing === "click" || doing === "drag") map.release();
    doing = null;
    delete canvas.dataset.doing;
    if (event.pointerType === "touch") map.leave();
  };
  canvas.onpointerleave = () => { if (!doing) map.leave(); };
  canvas.ondblclick = () => { map.restorePin(); map.resetView(); };

  canvas.onwheel = (event) => {
    if (event.timeStamp - elsewhere < 300) { elsewhere = event.timeStamp; return; }
    const turned = event.deltaY * (event.deltaMode === 1 ? 20 : 1) * (event.ctrlKey ? 5 : 1);
    // All the way out the page scrolls again.
    if (map.zoom(Math.exp(Math.max(-100, Math.min(100, turned)) * 0.0022), ...place(event))) event.preventDefault();
  };
  const onWheel = (event) => { if (!event.composedPath().includes(canvas)) elsewhere = event.timeStamp; };
  window.addEventListener("wheel", onWheel, { passive: true });

  canvas.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key in KEYS) map.nudge(...KEYS[key].map((v) => v * (event.shiftKey ? FINE : NUDGE)));
    else if (key in ACTIONS) map[ACTIONS[key]]();
    else if (key === "+" || key === "=") map.zoom(0.8);
    else if (key === "-") map.zoom(1.25);
    else return;
    event.preventDefault();
  };
  return () => window.removeEventListener("wheel", onWheel);
}
