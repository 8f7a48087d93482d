// Links of answers: only to the web or a mail address, marked as leading elsewhere, never followed by themselves.

import { el } from "./dom.js";

const SCHEMES = new Set(["http:", "https:", "mailto:"]);

/** The address if a link may lead there; null otherwise. Relative addresses lead nowhere. */
export function safeAddress(text) {
  try {
    const address = new URL(text);
    return SCHEMES.has(address.protocol) ? address.href : null;
  } catch {
    return null;
  }
}

/** A link that opens a new tab and tells the other site nothing. It names the site, unless its own text does. */
export function externalLink(address, children) {
  const link = el("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow", class: "external" }, el("span", { class: "label" }, children));
  const { host, protocol, pathname } = new URL(address);
  const site = protocol === "mailto:" ? pathname : host;
  if (!link.textContent.includes(site)) link.append(" ", el("span", { class: "site" }, `(${site})`));
  link.append(el("span", { class: "sr" }, " (opens another site)"));
  return link;
}
