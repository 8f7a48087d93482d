// Keys that work everywhere on the page: Escape stops an answer, Alt with a digit changes the view, Alt+N begins a new conversation.

import { newConversation, stopAnswer } from "./ask_view.js";
import { stopComparison } from "./compare_view.js";
import { go, VIEWS } from "./router.js";

export function setUpShortcuts() {
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return; // Escape closes it, and nothing else should happen
    if (event.key === "Escape") stopAnswer() || stopComparison();
    if (!event.altKey || event.ctrlKey || event.metaKey) return;
    const digit = /^Digit([1-4])$/.exec(event.code)?.[1];
    if (digit) go(VIEWS[digit - 1]);
    else if (event.code === "KeyN") go("ask", newConversation);
    else return;
    event.preventDefault();
  });
}
