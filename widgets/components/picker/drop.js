// Pictures dropped on the image in use, or pasted with Ctrl+V: given to Python as small files in base64.

const FILES_AS_THEY_ARE = 2 ** 18; // bytes; a larger picture is made smaller, as a server's message is bounded
const LONGEST_SIDE = 1024, QUALITY = 0.92;
const MOST_TEXT = 4 * 2 ** 20; // characters of all files together

/** A picture no larger than Python would keep it. WebP keeps what is transparent. */
async function reduced(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/webp", QUALITY));
}

const inBase64 = (blob) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(blob);
});

/** name and content of each file; content is empty where the browser cannot read a large one. */
async function packed(files) {
  const found = [];
  let room = MOST_TEXT;
  for (const file of files) {
    let content = "";
    try {
      content = await inBase64(file.size > FILES_AS_THEY_ARE ? await reduced(file) : file);
    } catch {
      // Python says that it is no picture
    }
    room -= content.length;
    if (room < 0) break;
    found.push({ name: file.name, content });
  }
  return found;
}

class DropTarget {
  constructor(name) {
    this.selector = `.${name}`;
    this.heard = { dragover: (event) => this.over(event), dragleave: () => this.mark(false),
      drop: (event) => this.drop(event), paste: (event) => this.paste(event) };
    for (const [type, hear] of Object.entries(this.heard)) document.addEventListener(type, hear);
  }

  remove() {
    for (const [type, hear] of Object.entries(this.heard)) document.removeEventListener(type, hear);
  }

  mark(on) {
    document.querySelector(this.selector)?.toggleAttribute("data-dropping", on);
  }

  isOver(event) {
    return event.target instanceof Element && event.target.closest(this.selector) !== null
      && [...event.dataTransfer?.types ?? []].includes("Files");
  }

  over(event) {
    const here = this.isOver(event);
    this.mark(here);
    if (!here) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  }

  drop(event) {
    this.mark(false);
    if (!this.isOver(event)) return;
    event.preventDefault();
    this.take(event.dataTransfer.files);
  }

  paste(event) {
    if (!event.clipboardData?.files.length || !this.isNext()) return;
    event.preventDefault();
    this.take(event.clipboardData.files);
  }

  /** Whether a paste is for this picker: under the pointer, else open, else the first of the page. */
  isNext() {
    const all = [...document.querySelectorAll("[class*='st-key-picker-']")];
    const chosen = all.find((each) => each.matches(":hover"))
      ?? all.find((each) => each.querySelector("[aria-expanded='true']")) ?? all[0];
    return chosen?.matches(this.selector) ?? false;
  }

  async take(files) {
    const found = await packed(files);
    if (found.length) this.say("files", found);
  }
}

const mounted = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let target = mounted.get(parentElement);
  if (!target) mounted.set(parentElement, (target = new DropTarget(data.picker)));
  target.say = setTriggerValue;
  return () => {
    target.remove();
    mounted.delete(parentElement);
  };
}
