// What the server made of a question that needed what was said before.

import { el } from "./dom.js";

export const understood = (question) => el("p", { class: "understood", dir: "auto" }, el("span", {}, "Understood as: "), question);
