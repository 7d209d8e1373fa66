// A button that copies the address of what is on screen.

import { copyLink } from "../../../vae_core/browser/take_away.js";

export default function ({ parentElement }) {
  if (parentElement.querySelector(".copy-link")) return;
  const button = Object.assign(document.createElement("button"), {
    className: "copy-link", type: "button", textContent: "Copy link", title: "Copies the address of what is on screen",
    onclick: () => copyLink(button),
  });
  button.setAttribute("aria-live", "polite");
  parentElement.append(button);
}
