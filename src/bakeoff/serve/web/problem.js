// Shows what went wrong, in the server's words, and offers to try again.

import { el } from "./dom.js";

/** A note with the error's message; `again` is called by its button. */
export function problem(error, again = null) {
  const words = error.status !== undefined ? error.message : "Something went wrong in this page. Load it again.";
  return el(
    "div",
    { class: "problem-note" },
    el("p", {}, words),
    again && el("button", { type: "button", class: "button", onclick: again }, "Try again"),
  );
}
