// A drawer is open while its panel, a container of Streamlit with a key, has the class `open`; app.css says how it
// looks then. Escape, the cross and the button close it, and the focus goes in and back.

const OPEN = "open", GAP = 6, MARGIN = 12; // pixels above and below it
const ICONS = { button: "tune", head: "close" };
const drawers = new Map(); // name of the panel -> {button, wanted, was}

const panelOf = (name) => document.querySelector(`.st-key-${name}`);
const isOpen = (name) => drawers.get(name)?.wanted ?? false;

/** Puts what is wanted on the page: Streamlit may make the panel anew. */
function apply(name) {
  const panel = panelOf(name), { button, wanted } = drawers.get(name);
  button?.setAttribute("aria-expanded", String(wanted));
  if (!panel) return null;
  panel.classList.toggle(OPEN, wanted);
  const above = panelOf(drawers.get(name).below)?.getBoundingClientRect().bottom ?? 0;
  panel.style.setProperty("--top", `${above - panel.parentElement.getBoundingClientRect().top + GAP}px`);
  panel.style.setProperty("--room", `${innerHeight - above - GAP - MARGIN}px`);
  return panel;
}

function turn(name, open, focus = true) {
  const drawer = drawers.get(name);
  drawer.wanted = open;
  const panel = apply(name);
  if (!focus) return;
  if (!open) drawer.button?.focus();
  else requestAnimationFrame(() => (drawer.cross ?? panel?.querySelector("input, button, [tabindex='0']"))?.focus());
}

function onKey(event) {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  const target = event.composedPath()[0];
  if (target.getAttribute?.("aria-expanded") === "true" || target.closest?.("[data-baseweb=popover]")) return;
  for (const name of drawers.keys()) {
    if (!isOpen(name) || document.querySelector("[role=dialog]")) continue;
    turn(name, false);
    event.preventDefault();
  }
}

function install() {
  if (document.documentElement.dataset.drawers) return;
  document.documentElement.dataset.drawers = "1";
  addEventListener("keydown", (event) => window.elboDrawerKey?.(event));
  addEventListener("resize", () => window.elboDrawerSize?.());
}

export default function ({ data: { panel: name, part, label, open, below }, parentElement }) {
  install();
  window.elboDrawerKey = onKey;
  window.elboDrawerSize = () => [...drawers.keys()].forEach(apply);
  const drawer = drawers.get(name) ?? {};
  drawers.set(name, drawer);
  let control = parentElement.querySelector("button");
  if (!control) {
    const line = parentElement.appendChild(Object.assign(document.createElement("div"), { className: "line" }));
    control = document.createElement("button");
    Object.assign(control, { type: "button", className: part });
    const icon = Object.assign(document.createElement("span"), { className: "icon", textContent: ICONS[part] });
    icon.setAttribute("aria-hidden", "true");
    if (part === "head") {
      line.append(Object.assign(document.createElement("b"), { textContent: label }), control);
      control.setAttribute("aria-label", `Close ${label.toLowerCase()}`);
      control.append(icon);
    } else {
      line.append(control);
      control.append(icon, Object.assign(document.createElement("span"), { className: "label", textContent: label }));
      control.setAttribute("aria-label", label);
    }
  }
  control.onclick = () => turn(name, part === "button" && !isOpen(name));
  if (part === "head") drawer.cross = control;
  else {
    Object.assign(drawer, { button: control, below });
    if (drawer.was !== open) Object.assign(drawer, { was: open, wanted: open });
  }
  drawer.wanted ??= false;
  // The panel may come after its button.
  requestAnimationFrame(() => drawers.has(name) && apply(name));
  return () => {
    if (part === "head") drawer.cross = null;
    else drawers.delete(name);
  };
}
