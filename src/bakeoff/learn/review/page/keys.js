// Single keys for reviews and moves. They rest while a text is written or a panel is open, or if they are turned off.

import { byId } from "./dom.js";

const KEPT = "bakeoff-single-keys";
const LETTERS = { a: "accept", c: "correct", u: "unanswerable", d: "document", m: "merge", s: "skip" };
const DIGITS = Object.fromEntries(Object.values(LETTERS).map((action, i) => [`Digit${i + 1}`, action]));

/** `actions` are {decide(action), back(), forward(), note(), few(), document()}. */
export function setUpKeys(actions) {
  const choice = byId("single-keys");
  choice.checked = localStorage.getItem(KEPT) !== "off";
  choice.addEventListener("change", () => localStorage.setItem(KEPT, choice.checked ? "on" : "off"));
  for (const name of ["note", "few"])
    byId(name).addEventListener("keydown", (event) => {
      if ((event.key !== "Enter" && event.key !== "Escape") || event.isComposing) return;
      event.preventDefault();
      event.stopPropagation();
      byId("card").focus({ preventScroll: true });
    });
  byId("passage").addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "e" && choice.checked && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault(); // it closes the document and does not open it again
      byId("passage").close();
    }
  });
  addEventListener("keydown", (event) => {
    const isBusy = event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing || document.querySelector("dialog[open]") || !byId("decision").hidden;
    if (isBusy || event.defaultPrevented || !choice.checked || event.target.closest?.("input:not([type='checkbox']), textarea, select")) return;
    const key = event.key.toLowerCase();
    const action = LETTERS[key] ?? DIGITS[event.code];
    if (action) actions.decide(action);
    else if (key === "b" || key === "arrowleft" || key === "backspace") actions.back();
    else if (key === "arrowright") actions.forward();
    else if (key === "n") actions.note();
    else if (key === "w" && !byId("few-field").hidden) actions.few();
    else if (key === "e") actions.document();
    else return;
    event.preventDefault();
  });
}
