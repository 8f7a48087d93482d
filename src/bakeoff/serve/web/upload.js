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

async function add(files, onAdded) {
  if (!files.length || isBusy) return;
  isBusy = true;
  const what = counted(files.length, "file", "files");
  show(el("p", { class: "remark", role: "status" }, `Adding ${what} …`));
  try {
    const response = await request(`/documents${labelsQuery()}`, { method: "POST", body: formOf(files) });
    report(await response.json());
  } catch (error) {
    if (error.code === "unreachable") error.message = `The connection ended. Check that the server is running; ${sizeOf(files)} may also be more than it takes at once.`;
    show(problem(error, () => add(files, onAdded)));
    announce(error.message);
  } finally {
    isBusy = false;
  }
  await onAdded();
}

const sizeOf = (files) => `${(files.reduce((sum, file) => sum + file.size, 0) / 1e6).toFixed(1)} MB`;

function formOf(files) {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  return form;
}

function labelsQuery() {
  const labels = byId("labels").value.split(",").map((label) => label.trim()).filter(Boolean);
  return labels.length ? `?${new URLSearchParams({ labels: labels.join(",") })}` : "";
}

function report({ added = [], updated = [], unchanged = [], problems = [] }) {
  const lines = [
    ["Added", added.map(nameOf)],
    ["Replaced", updated.map(nameOf)],
    ["Unchanged", unchanged.map(nameOf)],
    ["Not added", problems.map(({ source, reason }) => `${source}: ${reason}`)],
  ].filter(([, names]) => names.length);
  const items = lines.map(([kind, names]) => el("li", {}, el("strong", {}, `${kind}: `), names.join(", ")));
  show(el("ul", { class: "report" }, items));
  announce(lines.map(([kind, names]) => `${kind}: ${names.join(", ")}`).join(". "));
}

const nameOf = (entry) => (typeof entry === "string" ? entry : entry.source || entry.title || entry.id);

function show(node) {
  byId("uploaded").replaceChildren(node);
}
