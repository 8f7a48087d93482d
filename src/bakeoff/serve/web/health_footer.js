// What is served, and whether it is what was measured.

import { send } from "./api.js";
import { byId, el } from "./dom.js";
import { line } from "./format.js";

/** Fills the footer. Gives what /health says, or an empty object if it does not answer. */
export async function showHealth() {
  const place = byId("health");
  try {
    const health = await (await send("/health")).json();
    const hash = String(health.served_sha256 ?? "").slice(0, 12);
    const same = { true: "the same as was measured", false: "not what was measured" }[health.same] ?? "";
    const link = el("a", { href: "/health" }, hash ? el("code", {}, hash) : "health");
    place.replaceChildren(...line(health.contender ? `Serving ${health.contender}` : "", link, same && el("span", { class: health.same ? "same" : "differs" }, same)));
    return health;
  } catch {
    place.textContent = "The server does not answer.";
    return {};
  }
}
