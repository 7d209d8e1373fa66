// The traverse board, mounted by Streamlit.

import { element } from "../browser/dom.js";
import { bring } from "../browser/store.js";

/** Streamlit calls this with a parcel, to be kept for the boards, or with what a board is to show. */
export default function ({ data, parentElement }) {
  if (data instanceof Uint8Array) return bring(parentElement, data);
  parentElement.replaceChildren(element("div", { class: "traverse" }, data.label));
}
