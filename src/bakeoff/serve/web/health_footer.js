// What is served, and whether it is what was measured.

import { send } from "./api.js";
import { byId, el } from "./dom.js";
import { line } from "./format.js";
import { explainServed } from "./served_dialog.js";

const LIVE = new Set(["documents", "index"]); // parts that may change while the server runs
const MEANING = "the very parts that were tested, not a mark of quality";

/** Fills the footer. Gives what /health says, or an empty object if it does not answer. */
export async function showHealth() {
  const place = byId("health");
  try {
    const health = await (await send("/health")).json();
    const hash = String(health.served_sha256 ?? "").slice(0, 12);
    const state = comparedWithMeasured(health);
    const label = `What is served, sum ${hash}`;
    const button = el("button", { type: "button", class: "quiet-button", "aria-label": label, "aria-haspopup": "dialog", onclick: () => explainServed(health, state) }, el("code", {}, hash || "sum"));
    const shown = health.same ? `${state}: ${MEANING}` : state.startsWith("not ") ? el("span", { class: "differs" }, state) : state;
    place.replaceChildren(...line(health.contender ? `Serving ${health.contender}` : "", button, shown));
    return health;
  } catch {
    place.textContent = "The server does not answer.";
    return {};
  }
}

function comparedWithMeasured({ same, measured_sha256: measured, changed = [] }) {
  if (same) return "the same as was measured";
  if (!measured) return "";
  if (changed.includes("documents") && changed.every((part) => LIVE.has(part))) return "as measured, with newer documents";
  if (changed.length === 1 && changed[0] === "bakeoff") return "measured with another version of Bakeoff";
  return `not what was measured: ${changed.join(", ")}`;
}
