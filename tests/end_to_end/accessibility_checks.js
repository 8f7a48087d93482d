// What is wrong with the page that a screen reader, a keyboard or weak eyes would notice. Gives a list of sentences.
// Sources: WCAG 2.2, 1.4.3 (contrast; the formula of relative luminance), 2.4.6, 2.5.8 (target size), 4.1.2 (name).
const leastTarget = arguments[0];
const problems = [];
const modal = document.querySelector("dialog[open]");
const root = modal ?? document;
const isShown = (e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !e.closest(".sr, svg, [aria-hidden='true']");
const nameOf = (e) => {
  const by = (e.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join("");
  return (e.getAttribute("aria-label") || by || [...(e.labels ?? [])].map((l) => l.textContent).join("") || (e.matches("input, textarea, select") ? "" : e.textContent)).trim();
};
const told = (e) => `<${e.tagName.toLowerCase()}${e.id ? ` id=${e.id}` : ""} class="${e.className}"> ${e.textContent.trim().slice(0, 40)}`;

for (const e of root.querySelectorAll("a, button, input, select, textarea, summary, [tabindex='0'], dialog, nav, [role='group']")) {
  if (e.checkVisibility() && !nameOf(e)) problems.push(`no name: ${told(e)}`);
}

let before = modal ? 1 : 0;
for (const e of root.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
  if (!e.checkVisibility()) continue;
  const level = Number(e.tagName[1]);
  if (level > before + 1) problems.push(`heading ${level} after ${before}: ${told(e)}`);
  before = level;
}
if (!modal && [...document.querySelectorAll("h1")].filter((e) => e.checkVisibility()).length !== 1) problems.push("not exactly one h1");
for (const landmark of ["header", "nav", "main", "footer"]) if (document.querySelectorAll(landmark).length !== 1) problems.push(`not one ${landmark}`);
if (!document.documentElement.lang) problems.push("no language");
const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) problems.push(`id twice: ${id}`);

const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const rgba = (color) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
};
const over = ([r, g, b, a], below) => [r, g, b].map((c, i) => c * a + below[i] * (1 - a));
const backgroundOf = (e) => {
  const layers = [];
  for (let at = e; at; at = at.parentElement) {
    layers.push(rgba(getComputedStyle(at).backgroundColor));
    if (layers.at(-1)[3] === 1) break;
  }
  return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
};
const luminance = (color) => {
  const [r, g, b] = color.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};
for (const e of root.querySelectorAll("*")) {
  const hasText = [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim()) || e.matches("input, textarea");
  if (!hasText || !isShown(e) || e.matches(":disabled")) continue;
  const style = getComputedStyle(e);
  const background = backgroundOf(e);
  const ratio = contrast(over(rgba(style.color), background), background);
  const size = parseFloat(style.fontSize);
  const least = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
  if (ratio < least) problems.push(`contrast ${ratio.toFixed(2)} of ${least}: ${told(e)}`);
}

// Targets: large enough for a finger. Links within a sentence may be smaller, as WCAG allows.
for (const e of root.querySelectorAll("button, select, nav a, input:not([type='checkbox']):not([type='file'])")) {
  const box = e.getBoundingClientRect();
  if (isShown(e) && Math.min(box.width, box.height) < Math.min(leastTarget, 34)) problems.push(`small (${Math.round(box.width)} x ${Math.round(box.height)}): ${told(e)}`);
}
return problems;
