// What is shown when no answer is left, and when labelling was finished.

import { byId, el } from "./dom.js";

/** Shows a title and paragraphs in place of the answer. */
export function showEnd(title, ...body) {
  byId("card").hidden = byId("dock").hidden = true;
  byId("end").hidden = false;
  delete byId("end").dataset.why;
  byId("end-title").textContent = title;
  byId("end-body").replaceChildren(...body);
  byId("end-title").focus();
}

export function hideEnd() {
  byId("end").hidden = true;
  delete byId("end").dataset.why;
}

/** The verdict before and after, as the server gives it; null if the run was not judged. `again` is the command for that. */
export function showJudged(judged, n, again) {
  byId("finish").hidden = true;
  const kept = el("p", {}, `${n} of your labels are in the run folder. You can close this page; the program has ended.`);
  if (!judged) return showEnd("Done", kept, el("p", { class: "hint" }, "The run was not judged again. For a verdict with the labels: ", el("code", {}, again), "."));
  const isSame = judged.before === judged.after;
  const sentences = isSame
    ? [el("p", {}, "The verdict stays: ", el("strong", {}, judged.after))]
    : [el("p", {}, "Before: ", judged.before), el("p", {}, "Now: ", el("strong", {}, judged.after))];
  return showEnd("Done, and judged again", ...sentences, el("p", {}, "Report: ", el("code", {}, judged.report)), kept);
}
