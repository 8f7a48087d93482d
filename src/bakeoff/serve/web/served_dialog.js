// Explains what is served: how good it was in its test, and what "the same as was measured" means.

import { byId, el } from "./dom.js";
import { testedTable } from "./tested.js";

const MEANING = "The sum is made of everything that decides about an answer: settings, prompt, model, documents, index and Bakeoff itself. If the served and the measured one are equal, the very parts answer that were tested. That is no mark of quality: how good they are, the test says.";

/** Opens the explanation of what /health says; `state` is the same in a few words. */
export function explainServed(health, state) {
  const table = testedTable([health.contender]);
  byId("served-body").replaceChildren(
    ...[
      health.verdict && el("p", {}, health.verdict),
      table && el("h3", {}, "In the test"),
      table,
      table && el("p", {}, "Right: correct, or declined where the documents have no answer. Declined: the other questions without an answer."),
      el("h3", {}, "Is it what was tested?"),
      state && el("p", {}, el("strong", {}, sentence(state))),
      (health.remarks ?? []).map((remark) => el("p", {}, sentence(remark))),
      el("p", {}, MEANING),
      sums(health),
      el("p", {}, el("a", { href: "/health", target: "_blank", rel: "noopener" }, "The same for programs")),
    ].flat().filter(Boolean),
  );
  byId("served").showModal();
}

export function setUpServedDialog() {
  byId("served-close").addEventListener("click", () => byId("served").close());
}

const sums = ({ served_sha256: served, measured_sha256: measured }) =>
  el("dl", { class: "sums" }, el("dt", {}, "Measured"), el("dd", {}, el("code", {}, measured ?? "no sum was written")), el("dt", {}, "Served"), el("dd", {}, el("code", {}, served)));

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
