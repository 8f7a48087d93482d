// Long texts folded to their beginning, with a button that shows all.

import { el } from "./dom.js";

/** Folds an element of the page if it is much higher than `height` pixels. `what` names it, as in "the question". */
export function fold(element, what, height = 260) {
  if (element.scrollHeight < 1.5 * height) return;
  element.style.setProperty("--fold", `${height}px`);
  element.classList.add("folded");
  const set = (isOpen) => {
    element.classList.toggle("folded", !isOpen);
    button.textContent = isOpen ? "Show less" : "Show all";
    button.append(el("span", { class: "sr" }, ` of ${what}`));
    button.setAttribute("aria-expanded", String(isOpen));
  };
  const button = el("button", { type: "button", class: "quiet-button unfold", onclick: () => set(element.classList.contains("folded")) });
  element.after(button);
  element.addEventListener("focusin", () => set(true)); // what has the focus is seen
  set(false);
}
