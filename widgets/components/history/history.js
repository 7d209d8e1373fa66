// Which changes of the address are entries in the browser's history. Streamlit writes each change as an entry
// of its own, so that Back would lead through every rest of a slider. Here Back leads to another page, tab,
// method, seed or image. A change replaces the entry where it is made by

// - a page that fills in what the link to it left out, before anybody has touched it,
// - a page under its old name, which moves on to the new one,
// - a hand that moves something: parameters that are quiet, and further strokes of a mask or a drawing.

const BY_HAND = /^(draw|paint)\./;

/** Whether the address `to` takes the place of `from` (both URL). touched: since the page was opened. */
export function replaces(from, to, { quiet, pages }, touched) {
  if (from.pathname !== to.pathname) return !pages.includes(from.pathname.split("/").pop());
  if (!touched) return true;
  const names = new Set([...from.searchParams.keys(), ...to.searchParams.keys()]);
  return [...names].every((name) => {
    const [old, now] = [from, to].map((url) => url.searchParams.getAll(name).join("\n"));
    if (old === now || quiet.includes(name)) return true;
    return BY_HAND.test(old) && now.split(".")[0] === old.split(".")[0];
  });
}

/**
 * Whether the address `to` is that of another page under this one's name: before it goes to a page, a script that leads
 * there (st.switch_page) writes that page's parameters into the address of the one it is still on.
 */
export function underWay(from, to, { parameters }) {
  const known = parameters[from.pathname.split("/").pop()];
  return from.pathname === to.pathname && Boolean(known) && [...to.searchParams.keys()].some((name) => !known.includes(name) && !from.searchParams.has(name));
}

const OURS = Symbol.for("elbo-room history"); // on the function: what Python sent last, and whether it is touched

function install() {
  const push = history.pushState.bind(history), replace = history.replaceState.bind(history);
  const state = { data: null, touched: navigator.userActivation?.hasBeenActive ?? true };
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => { state.touched = true; }, true);
  history.pushState = (entry, title, address) => {
    const [from, to] = [new URL(location.href), new URL(address ?? "", location.href)];
    if (underWay(from, to, state.data)) return;
    (replaces(from, to, state.data, state.touched) ? replace : push)(entry, title, address);
    if (from.pathname !== to.pathname) state.touched = false;
  };
  history.pushState[OURS] = state;
}

export default function ({ data }) {
  if (!history.pushState[OURS]) install();
  history.pushState[OURS].data = data;
}
