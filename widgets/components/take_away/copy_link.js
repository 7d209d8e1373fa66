// A button that copies the address of what is on screen.

const SHOWN = 1800; // ms for which it says that it did

export default function ({ parentElement }) {
  if (parentElement.querySelector(".copy-link")) return;
  const button = Object.assign(document.createElement("button"), {
    className: "copy-link", type: "button", textContent: "Copy link", title: "Copies the address of what is on screen",
  });
  const say = (words) => {
    button.textContent = words;
    clearTimeout(button.timer);
    button.timer = setTimeout(() => { button.textContent = "Copy link"; }, SHOWN);
  };
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      say("Copied");
    } catch {
      // Without HTTPS, or where it is not allowed, the browser gives no clipboard.
      prompt("This browser does not let a page copy. The link:", location.href);
    }
  };
  button.setAttribute("aria-live", "polite");
  parentElement.append(button);
}
