// The hand: pointer and keyboard on the canvas, turned into strokes. Places are in pixels of the image.

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FAR = 4; // steps of the keyboard's cursor with Shift
export const KEYS_IN_WORDS = "Arrow keys move the brush, with Shift four times as far; hold Space to paint. "
  + "B brush, E eraser, [ and ] brush size, Control Z undo, Delete clear";

/** Lets the hand act on `sheet`; returns what lets go of it. */
export function attachHand(canvas, sheet) {
  let held = null; // the pointer that paints; further fingers do nothing
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * sheet.shape.width,
      ((event.clientY - box.top) / box.height) * sheet.shape.height,
    ];
  };
  const act = {
    pointerdown(event) {
      if (held !== null || event.button === 1) return;
      // Synthetic events, as in tests, have no pointer to capture.
      try { canvas.setPointerCapture(event.pointerId); } catch { /* nothing to hold on to */ }
      held = event.pointerId;
      sheet.press(place(event), event.button === 2 || event.shiftKey);
    },
    pointermove(event) {
      if (held === null) return sheet.hover(place(event));
      if (event.pointerId !== held) return;
      const between = event.getCoalescedEvents?.() ?? [];
      for (const each of between.length ? between : [event]) sheet.drag(place(each));
    },
    pointerup(event) {
      if (event.pointerId !== held) return;
      held = null;
      sheet.release();
      if (event.pointerType === "touch") sheet.hover(null);
    },
    pointerleave() { if (held === null) sheet.hover(null); },
    contextmenu(event) { event.preventDefault(); },
    keydown(event) {
      const { key } = event, arrow = ARROWS[key];
      if (arrow) sheet.move(arrow.map((step) => step * (event.shiftKey ? FAR : 1)));
      else if (key === "Enter" && sheet.enter()) { /* told */ }
      else if (key === " " || key === "Enter") { if (!event.repeat) sheet.pressHere(); }
      else if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "z") sheet.undo();
      else if (event.ctrlKey || event.metaKey || event.altKey) return;
      else if (key.toLowerCase() === "b") sheet.choose("brush");
      else if (key.toLowerCase() === "e") sheet.choose("eraser");
      else if (key.toLowerCase() === "i") sheet.invert();
      else if (key === "[" || key === "]") sheet.grow(key === "]" ? 1 : -1);
      else if (key === "Delete" || key === "Backspace") sheet.clear();
      else return;
      event.preventDefault();
      event.stopPropagation(); // Streamlit has shortcuts of its own
    },
    keyup({ key }) { if (key === " " || key === "Enter") sheet.release(); },
    blur() { sheet.release(); sheet.hover(null); },
  };
  act.pointercancel = act.lostpointercapture = act.pointerup;
  for (const [name, listener] of Object.entries(act)) canvas.addEventListener(name, listener);
  return () => { for (const [name, listener] of Object.entries(act)) canvas.removeEventListener(name, listener); };
}
