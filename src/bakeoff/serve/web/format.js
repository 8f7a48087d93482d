// Numbers and times as people read them.

import { el } from "./dom.js";

const WHEN = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const NUMBER = new Intl.NumberFormat("en");

/** A time element for an ISO time. Empty for none. */
export function time(iso) {
  const date = new Date(iso ?? "");
  return Number.isNaN(date.getTime()) ? "" : el("time", { datetime: iso }, WHEN.format(date));
}

export function seconds(milliseconds) {
  return milliseconds < 950 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** A share (0 to 1) as whole percent. 0 % and 100 % are only written if they are exact. */
export function percent(share) {
  if (share > 0 && share < 0.005) return "<1\u202f%";
  if (share > 0.995 && share < 1) return ">99\u202f%";
  return `${Math.round(100 * share)}\u202f%`;
}

export function counted(n, one, many) {
  return `${NUMBER.format(n)} ${n === 1 ? one : many}`;
}

/** Parts of a line, separated by dots; empty parts are left out. */
export function line(...parts) {
  return parts.filter((part) => part !== "" && part !== null && part !== undefined).flatMap((part, i) => (i ? [" · ", part] : [part]));
}
