// The menu by which a drawn view is taken away: as a picture in three sizes, as drawing, as table, or as a link. Each
// file says in itself which link opens it.

import { download, element } from "./dom.js";

const SIZES = [1, 2, 4];
const FILE_NAME = 120; // characters of a file's name
const SAID = 1800; // ms for which a button says what it did
const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

/**
 * name(): of the files, after the runs of the link and without an ending. kinds: {png(times) -> blob, svg() -> text, csv() -> text}, those there are;
 * the blob may be on its way.
 */
export function takeAwayMenu(name, { png, svg, csv }) {
  const menu = element("details", { class: "menu save" },
    element("summary", { "aria-label": "Take away", title: "Take away: picture, drawing, table, link" }, "\u2913"));
  const item = (label, title, act) => element("button", {
    type: "button", class: "quiet", title, onclick: async () => { menu.open = false; await act(); },
  }, label);
  const save = async (ending, content, after = "") => download(await stamped(ending, content), `${slug(`${runs()} ${name()}`)}${after}.${ending}`);
  const link = element("button", { type: "button", class: "quiet", title: "Copies the address of what is on screen" }, "Copy link");
  link.onclick = () => copyLink(link);
  menu.append(element("div", {},
    ...(png ? SIZES.map((times) => item(times === 1 ? "PNG" : `PNG ${times}\u00d7`, `${times} pixels to one on screen`,
      async () => save("png", await png(times), times === 1 ? "" : `-${times}x`))) : []),
    svg ? item("SVG", "A drawing that can be enlarged", () => save("svg", svg())) : null,
    csv ? item("CSV", "The numbers", () => save("csv", csv())) : null, link));
  return menu;
}

/** Copies the page's address; the button says that it did. */
export async function copyLink(button) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(location.href);
  } catch {
    // Without HTTPS, or where it is not allowed, the browser gives no clipboard.
    return void prompt("This browser does not let a page copy. The link:", location.href);
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = label; }, SAID);
}

const runs = () => {
  const query = new URLSearchParams(location.search);
  return query.get("runs") ?? query.get("run") ?? ""; // of several, the run in use may be none of them
};

const slug = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, FILE_NAME) || "elbo-room";

/** A file with the link in it, where its kind keeps words. */
async function stamped(ending, content) {
  const link = location.href;
  if (ending === "csv") return new Blob([`# link: ${link}\n`, content], { type: "text/csv" });
  if (ending === "svg") {
    const words = link.replace(/&/g, "&amp;").replace(/</g, "&lt;");
    return new Blob([content.replace(/<svg[^>]*>/, (tag) => `${tag}<desc>${words}</desc>`)], { type: "image/svg+xml" });
  }
  const bytes = new Uint8Array(await content.arrayBuffer()), head = 33; // signature and IHDR
  return new Blob([bytes.slice(0, head), textChunk("Link", link), bytes.slice(head)], { type: "image/png" });
}

/** A chunk of kind iTXt: a word, and a text in UTF-8 (PNG, section 11.3.3). */
function textChunk(word, text) {
  const body = new TextEncoder().encode(`iTXt${word}\0\0\0\0\0${text}`), chunk = new Uint8Array(body.length + 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, body.length - 4);
  chunk.set(body, 4);
  let crc = 0xffffffff;
  for (const byte of body) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  view.setUint32(body.length + 4, (crc ^ 0xffffffff) >>> 0);
  return chunk;
}
