// Presenting is a class of the document, for which `app.css` has rules. The tab remembers it over reloads; no link
// holds it, for whoever gets one sits at a desk.

const PRESENTING = "elbo-presenting";

const typing = ({ tagName, type, isContentEditable }) =>
  isContentEditable || /^(TEXTAREA|SELECT)$/.test(tagName) || (tagName === "INPUT" && !/^(range|checkbox|radio)$/.test(type));

function turn(on) {
  document.documentElement.classList.toggle(PRESENTING, on);
  if (on) sessionStorage.setItem(PRESENTING, "1");
  else sessionStorage.removeItem(PRESENTING);
  dispatchEvent(new Event("resize"));
}

const presenting = () => document.documentElement.classList.contains(PRESENTING);

function installKeys() {
  if (document.getElementById("elbo-leave")) return;
  const leaving = Object.assign(document.createElement("button"), {
    id: "elbo-leave", type: "button", textContent: "Leave presentation (F)", onclick: () => turn(false),
  });
  document.body.append(leaving);
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.composedPath()[0])) return;
    if (event.key === "f" || event.key === "F") turn(!presenting());
    else if (event.key === "Escape" && presenting()) turn(false);
    else return;
    event.preventDefault();
  });
  if (sessionStorage.getItem(PRESENTING)) turn(true);
}

export default function ({ parentElement }) {
  installKeys();
  if (parentElement.querySelector(".present")) return;
  const button = Object.assign(document.createElement("button"), {
    className: "present", type: "button", onclick: () => turn(true),
    title: "Hides the menu, in larger type and with the map at full height; F or Escape leaves. No link holds it",
  });
  button.append("Present ", Object.assign(document.createElement("kbd"), { textContent: "F" }));
  parentElement.append(button);
}
