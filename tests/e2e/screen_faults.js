// What a person would wince at on the page as it stands, measured: an array of sentences, empty where all is well.
// Text over text, controls that are cut, out of reach or too small for a finger, a page that scrolls sideways.
() => {
  const faults = [];
  const FINGER = 43.5;
  const SLACK = 1.5; // pixels: rounding, and the air that a font's box has above and below its letters

  const rendered = element => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const parent = element => element.assignedSlot ?? element.parentElement ?? element.getRootNode().host ?? null;
  const ancestors = element => {
    const line = [];
    for (let each = parent(element); each; each = parent(each)) line.push(each);
    return line;
  };
  const cache = new Map();
  const styleOf = element => cache.get(element) ?? (cache.set(element, getComputedStyle(element)), cache.get(element));
  const clips = (style, axis) => style[`overflow${axis}`] !== "visible";
  const scrolls = (style, axis) => ["auto", "scroll"].includes(style[`overflow${axis}`]);
  const cross = (a, b) => ({
    left: Math.max(a.left, b.left), right: Math.min(a.right, b.right),
    top: Math.max(a.top, b.top), bottom: Math.min(a.bottom, b.bottom),
  });
  const width = box => Math.max(0, box.right - box.left);
  const height = box => Math.max(0, box.bottom - box.top);
  const sidebar = document.querySelector('[data-testid="stSidebar"]'), everything = [];
  const folded = sidebar?.getBoundingClientRect().right < 1 ? sidebar : null;
  (function walk(root) {
    for (const element of root.querySelectorAll("*")) {
      if (folded?.contains(element)) continue;
      everything.push(element);
      if (element.shadowRoot) walk(element.shadowRoot);
    }
  })(document);
  const main = document.querySelector('[data-testid="stMain"]');
  const scroller = new Set([main]); // the page itself: what it hides now, it shows when it is scrolled
  for (let each = main.parentElement; each; each = each.parentElement) scroller.add(each);

  // The part of a box that its ancestors let through. Scrolling of the page itself hides nothing for good.
  function seen(box, element, words = false) {
    let left = { left: box.left, right: box.right, top: box.top, bottom: box.bottom };
    let place = styleOf(element).position;
    for (const each of [...(words ? [element] : []), ...ancestors(element)]) {
      const style = styleOf(each);
      const past = each !== element && place === "fixed" || (place === "absolute" && style.position === "static");
      if (!past) {
        place = style.position;
        if (!scroller.has(each)) {
          const outer = each.getBoundingClientRect();
          if (clips(style, "X")) left = cross(left, { ...left, left: outer.left, right: outer.right });
          if (clips(style, "Y")) left = cross(left, { ...left, top: outer.top, bottom: outer.bottom });
        }
      }
    }
    return left;
  }
  // For screen readers alone.
  const unread = element => [element, ...ancestors(element)].some(each => {
    const style = styleOf(each);
    return style.clip !== "auto" || style.clipPath !== "none";
  });
  const words = element => (element.getAttribute?.("aria-label") || element.textContent || element.tagName).trim().replace(/\s+/g, " ").slice(0, 40);
  const where = element => {
    const key = [element, ...ancestors(element)].flatMap(each => [...each.classList]).find(name => name.startsWith("st-key-"));
    const own = typeof element.className === "string" && element.className ? `.${element.className.split(" ")[0]}` : "";
    return `${element.tagName.toLowerCase()}${own}${key ? ` in .${key}` : ""}`;
  };

  // 1. Text over text: of two elements, both there to be read.
  const texts = [];
  for (const element of everything) {
    if (["SCRIPT", "STYLE", "NOSCRIPT", "TITLE", "OPTION", "TEXTAREA"].includes(element.tagName)) continue;
    if (element.closest('.katex, .modebar, .hoverlayer, [data-testid="stIconMaterial"]') || unread(element) || !rendered(element)) continue;
    for (const node of element.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE || !node.data.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const line of range.getClientRects()) {
        const box = seen(line, element, true);
        if (width(box) > 2 && height(box) > 2) texts.push({ box, element, node });
      }
    }
  }
  // A popover or a sidebar on top covers what is below it: only what is on top at its middle can be read.
  const onTop = text => {
    const x = (text.box.left + text.box.right) / 2, y = (text.box.top + text.box.bottom) / 2;
    if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) return true;
    const layer = element => [element, ...ancestors(element)].find(each =>
      each.matches('[data-baseweb="popover"], [data-testid="stSidebar"], [role="dialog"], [data-testid="stHeader"], [data-testid="stToastContainer"]')) ?? null;
    const hit = document.elementFromPoint(x, y);
    return !hit || layer(hit) === layer(text.element);
  };
  const readable = texts.filter(onTop).sort((a, b) => a.box.top - b.box.top);
  const told = new Set();
  readable.forEach((one, i) => {
    for (let k = i + 1; k < readable.length && readable[k].box.top < one.box.bottom - SLACK; k++) {
      const other = readable[k];
      if (other.node === one.node) continue;
      const both = cross(one.box, other.box);
      // Boxes of lines are taller than their letters: a fifth of the lower line may be shared.
      const air = 0.2 * Math.min(height(one.box), height(other.box));
      if (width(both) > SLACK && height(both) > Math.max(SLACK, air)) {
        const sentence = `“${one.node.data.trim().slice(0, 30)}” (${where(one.element)}) and “${other.node.data.trim().slice(0, 30)}” (${where(other.element)}) overlap by ${width(both).toFixed(0)} x ${height(both).toFixed(0)} px`;
        if (!told.has(sentence)) faults.push(sentence);
        told.add(sentence);
      }
    }
  });

  // 2. Controls that are cut, or lie beyond what holds them.
  const controls = everything.filter(element =>
    element.matches('button, input, select, textarea, a[href], summary, [role="slider"], [role="radio"], [role="checkbox"], [role="tab"], [role="button"]')
    && !element.closest(".modebar, .js-plotly-plot") && rendered(element));
  for (const control of controls) {
    const box = control.getBoundingClientRect(), style = styleOf(control);
    if (box.width < 3 || box.height < 3 || style.opacity === "0" || unread(control)) continue;
    const line = ancestors(control);
    const left = seen(box, control);
    if (width(left) < box.width - SLACK)
      faults.push(`“${words(control)}” (${where(control)}) is cut: ${width(left).toFixed(0)} of ${box.width.toFixed(0)} px wide`);
    if (box.right > innerWidth + SLACK || box.left < -SLACK)
      faults.push(`“${words(control)}” (${where(control)}) lies beyond the window: ${box.left.toFixed(0)} to ${box.right.toFixed(0)} px`);
    const up = line.some(each => !scroller.has(each) && scrolls(styleOf(each), "Y") && each.scrollHeight > each.clientHeight + 1);
    if (!up && height(left) < box.height - SLACK && style.position !== "fixed")
      faults.push(`“${words(control)}” (${where(control)}) is cut: ${height(left).toFixed(0)} of ${box.height.toFixed(0)} px high`);
  }
  // Words cut inside a control, or on any line that a box ends without an ellipsis.
  for (const element of everything) {
    const style = styleOf(element);
    if (!rendered(element) || element.clientWidth < 3 || element.scrollWidth <= element.clientWidth + 1) continue;
    if (!["hidden", "clip"].includes(style.overflowX)) continue;
    if (unread(element) || element.matches("input, canvas, svg, svg *") || element.closest(".js-plotly-plot")) continue;
    const own = [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const control = element.matches("button, button *, label, label *, a, a *, [role=combobox] *");
    if (own && (control || style.textOverflow !== "ellipsis") && !element.title && !element.closest("[title]"))
      faults.push(`“${words(element)}” (${where(element)}) is cut: ${element.clientWidth} of ${element.scrollWidth} px`);
  }

  // 3. A column of words: a text that is squeezed into a few words a line.
  for (const element of everything) {
    if (!element.matches("p, small, li, figcaption") || unread(element) || !rendered(element)) continue;
    const box = element.getBoundingClientRect(), high = parseFloat(styleOf(element).lineHeight) || 20;
    if (box.width < 140 && box.height > 5.5 * high)
      faults.push(`“${words(element)}” (${where(element)}) is a column of ${Math.round(box.height / high)} lines, ${box.width.toFixed(0)} px wide`);
  }

  // 4. On a phone: targets too small for a finger, what is touched being as large as a pseudo-element makes it.
  if (innerWidth <= 640) for (const control of controls) {
    if (unread(control) || control.closest("p, .cells") || control.disabled) continue;
    const label = control.closest("label"), box = (label ?? control).getBoundingClientRect();
    const more = getComputedStyle(control, "::after");
    const grown = more.content !== "none" && more.position === "absolute" ? [parseFloat(more.width) || 0, parseFloat(more.height) || 0] : [0, 0];
    const [w, h] = [Math.max(box.width, grown[0]), Math.max(box.height, grown[1])];
    if (box.width > 3 && styleOf(control).opacity !== "0" && Math.min(w, h) < FINGER)
      faults.push(`“${words(control)}” (${where(control)}) is too small for a finger: ${w.toFixed(0)} x ${h.toFixed(0)} px`);
  }

  // 5. The page scrolls sideways.
  for (const each of [document.documentElement, main])
    if (each.scrollWidth > each.clientWidth + 1) {
      const worst = everything.filter(element => main.contains(element) && rendered(element))
        .map(element => [element.getBoundingClientRect().right, element]).sort((a, b) => b[0] - a[0])[0];
      faults.push(`the page scrolls sideways: ${each.scrollWidth} px in ${each.clientWidth}; ${worst ? `${where(worst[1])} reaches ${worst[0].toFixed(0)}` : ""}`);
      break;
    }
  return faults;
}
