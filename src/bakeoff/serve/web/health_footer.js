// What is served, and whether it is what was measured.

import { send } from "./api.js";
import { byId, el } from "./dom.js";
import { line } from "./format.js";

const LIVE = new Set(["documents", "index"]); // parts that may change while the server runs

/** Fills the footer. Gives what /health says, or an empty object if it does not answer. */
export async function showHealth() {
  const place = byId("health");
  try {
    const health = await (await send("/health")).json();
    const hash = String(health.served_sha256 ?? "").slice(0, 12);
    const link = el("a", { href: "/health", "aria-label": `State of the server, sum ${hash}` }, el("code", {}, hash || "health"));
    place.replaceChildren(...line(health.contender ? `Serving ${health.contender}` : "", link, comparedWithMeasured(health)));
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
  return el("span", { class: "differs" }, `not what was measured: ${changed.join(", ")}`);
}
