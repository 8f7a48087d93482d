// How far the labels are, and what they do to the verdict.

import { getJson } from "./api.js";
import { byId, el } from "./dom.js";
import { counted } from "./format.js";

const PAUSE = 1200; // milliseconds without a new label before the outlook is asked for

let timer = 0;
let latest = 0;

/** `progress` is the server's; `more` are labels that are still on their way. */
export function showProgress(progress) {
  const { mine, random_labelled: drawn, n_random: random, total } = progress;
  const isRandom = drawn < random;
  byId("reached-words").textContent = isRandom
    ? `${drawn} of the first ${random}, drawn at random`
    : `${counted(mine, "answer", "answers")} labelled; now those that matter most`;
  byId("reached-bar").max = isRandom ? random : total;
  byId("reached-bar").value = isRandom ? drawn : progress.labelled;
}

/** Asks what the labels do to the verdict, when no further label came for a moment. */
export function askOutlook() {
  clearTimeout(timer);
  timer = setTimeout(showOutlook, PAUSE);
}

/** It is not asked for any more: the program is about to end. */
export function forgetOutlook() {
  clearTimeout(timer);
}

async function showOutlook() {
  const asked = (latest += 1);
  try {
    const { sentences } = await getJson("/outlook");
    if (asked === latest) byId("outlook").replaceChildren(...sentences.map((sentence) => el("p", {}, sentence)));
  } catch (error) {
    if (asked === latest) byId("outlook").replaceChildren(el("p", {}, error.message));
  }
}
