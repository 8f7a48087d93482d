// Adds documents: files that are chosen, or dropped onto the page.

import { announce } from "./announce.js";
import { request } from "./api.js";
import { byId, el } from "./dom.js";
import { counted } from "./format.js";
import { problem } from "./problem.js";

let isBusy = false;

/** Calls `onAdded()` after files were sent. */
export function setUpUpload(onAdded) {
  const form = byId("upload");
  byId("files").addEventListener("change", (event) => {
    add([...event.target.files], onAdded);
    event.target.value = "";
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  // A file that is dropped beside the field must not replace the page.
  for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault());
  const isWanted = () => !form.hidden && !byId("documents").hidden;
  addEventListener("dragover", () => form.classList.toggle("over", isWanted()));
  addEventListener("dragleave", (event) => event.relatedTarget || form.classList.remove("over"));
  addEventListener("drop", (event) => {
    form.classList.remove("over");
    if (isWanted()) dropped(event.dataTransfer, onAdded);
  });
}

function dropped(transfer, onAdded) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const folder = entries.find((entry) => entry.isDirectory);
  if (folder) show(el("p", { class: "remark" }, `“${folder.name}” is a folder. Drop its files, or keep a folder in step with: bakeoff documents sync FOLDER`));
  else if (transfer.files.length) add([...transfer.files], onAdded);
}

/** Sends files. Of those whose names documents in other folders have, the report asks what to do. */
async function add(files, onAdded) {
  if (!files.length || isBusy) return;
  isBusy = true;
  const what = counted(files.length, "file", "files");
  show(el("p", { class: "remark", role: "status" }, `Adding ${what} …`));
  const place = { folder: byId("folder").value.trim(), labels: labels() };
  try {
    const found = await sent(files, { ...place, same_name: "ask" });
    report(found, files, place, onAdded);
  } catch (error) {
    show(problem(error, () => add(files, onAdded)));
    announce(error.message);
  } finally {
    isBusy = false;
  }
  await onAdded();
}

/** What became of files that were sent, as the server reports it. */
async function sent(files, query) {
  const given = Object.entries(query).filter(([, value]) => value);
  try {
    return await (await request(`/documents?${new URLSearchParams(given)}`, { method: "POST", body: formOf(files) })).json();
  } catch (error) {
    if (error.code === "unreachable") error.message = `The connection ended. Check that the server is running; ${sizeOf(files)} may also be more than it takes at once.`;
    throw error;
  }
}

const sizeOf = (files) => `${(files.reduce((sum, file) => sum + file.size, 0) / 1e6).toFixed(1)} MB`;

function formOf(files) {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  return form;
}

const labels = () => byId("labels").value.split(",").map((label) => label.trim()).filter(Boolean).join(",");

function report(found, files, place, onAdded) {
  const lines = linesOf(found);
  const asked = (found.same_name ?? []).map((one) => question(one, files, place, onAdded));
  show(el("ul", { class: "report" }, lines.map(shown), asked));
  announce([...lines.map(([kind, names]) => `${kind}: ${names.join(", ")}`), ...asked.map((item) => item.textContent)].join(". "));
}

function linesOf({ added = [], updated = [], unchanged = [], problems = [] }) {
  return [
    ["Added", added.map((entry) => `${nameOf(entry)}${entry.same_as ? ` (the same text is already there as ${entry.same_as})` : ""}`)],
    ["Replaced", updated.map(nameOf)],
    ["Unchanged", unchanged.map(nameOf)],
    ["Not added", problems.map(({ source, reason }) => `${source}: ${reason}`)],
  ].filter(([, names]) => names.length);
}

const shown = ([kind, names]) => el("li", {}, el("strong", {}, `${kind}: `), names.join(", "));

/** Asks whether a file replaces a document of its name, or is added beside it. */
function question({ source, there }, files, place, onAdded) {
  const [file] = files.filter(({ name }) => source === name || source.endsWith(`/${name}`));
  const answer = (label, folder) => el("button", { type: "button", class: "button", onclick: () => settle({ ...place, folder }) }, label);
  const settle = async (query) => {
    try {
      const done = linesOf(await sent([file], query)).map(shown);
      item.replaceWith(...done);
      done[0]?.setAttribute("tabindex", "-1");
      done[0]?.focus();
    } catch (error) {
      item.append(problem(error));
    }
    await onAdded();
  };
  const replace = there.map((path) => answer(there.length > 1 ? `Replace ${path}` : "Replace it", path.slice(0, Math.max(0, path.lastIndexOf("/")))));
  const words = `not added yet, as ${there.join(", ")} ${there.length > 1 ? "have" : "has"} this name.`;
  const item = el("li", { class: "same-name" }, el("p", {}, el("strong", {}, `${source}: `), words), el("div", { class: "box-tools" }, replace, answer("Add beside it", place.folder)));
  return item;
}

const nameOf = (entry) => entry.source || entry.title || entry.id;

function show(node) {
  byId("uploaded").replaceChildren(node);
}
