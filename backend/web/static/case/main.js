// The case page: reads the document that came with it, joins its parts, says when it is ready.

import { Desk } from "./desk.js";
import { listen as listenToPointers } from "./gestures.js";
import { listen as listenToKeys } from "./keys.js";
import { renderAll } from "./list.js";
import { Scene } from "./outlines.js";
import { View } from "./view.js";
import { say } from "./words.js";
import { Work } from "./work.js";

const at = (id) => document.getElementById(id);
const root = at("case");
const { steps, source, finish, model, token } = root.dataset;

const scene = new Scene();
const work = new Work(JSON.parse(at("document").textContent), { steps, document: source, finish, model }, token, () => desk.refresh());
const view = new View([...root.querySelectorAll("figure.panel")], scene);
const desk = new Desk(work, view, scene, () => {
  renderAll(desk);
  renderEditing();
});

function renderEditing() {
  root.classList.toggle("editing", Boolean(desk.editor));
  at("drag").textContent = desk.drags === "pan" ? say("drag_pan") : say("drag_window");
  at("grey").setAttribute("aria-pressed", String(!view.inverted));
  at("outlines").setAttribute("aria-pressed", String(!scene.hidden));
}

function onClick(id, action) {
  at(id)?.addEventListener("click", () => {
    action();
    renderEditing();
  });
}

onClick("zoom-in", () => view.zoomAt(1.4));
onClick("zoom-out", () => view.zoomAt(1 / 1.4));
onClick("all", () => view.all());
onClick("zoom", () => desk.zoomTo());
onClick("drag", () => { desk.drags = desk.drags === "pan" ? "window" : "pan"; });
onClick("reset", () => view.resetWindows());
onClick("grey", () => {
  view.invert();
  scene.readColours(root);
});
onClick("outlines", () => {
  scene.hidden = !scene.hidden;
  scene.changed();
  view.draw();
});
onClick("model", () => desk.model());
onClick("undo", () => desk.undo());
onClick("add", () => desk.add());
onClick("finish", () => desk.finish());
onClick("asking-no", () => desk.askNoMore());
onClick("trouble-retry", () => work.retry());
onClick("trouble-discard", () => work.discard());
onClick("trouble-open", () => work.reopen());

for (const [button, dialog] of [["exclude", "exclude-dialog"], ["second-opinion", "second-dialog"], ["help", "help-dialog"]]) {
  onClick(button, () => at(dialog).showModal());
}
for (const button of root.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}
at("exclude-form")?.addEventListener("submit", () => {
  const chosen = new FormData(at("exclude-form"));
  desk.exclude(chosen.get("projection"), chosen.get("reason"));
});
for (const badge of root.querySelectorAll("[data-excluded]")) {
  badge.querySelector("button").addEventListener("click", () => desk.include(badge.dataset.excluded));
}
at("comment").addEventListener("change", () => desk.comment(at("comment").value));

for (const button of at("tool-buttons").querySelectorAll("button")) {
  button.addEventListener("click", () => desk.editor.choose(button.dataset.tool));
}
for (const [id, action] of Object.entries({
  "edit-add": (editor) => editor.addAfter(),
  "edit-delete": (editor) => editor.deletePoint(),
  "edit-smaller": (editor) => editor.resize(-1),
  "edit-larger": (editor) => editor.resize(1),
  "edit-close": (editor) => editor.closeLine(),
  "edit-undo": (editor) => editor.undo(),
  "edit-label": (editor) => editor.swapLabel(),
  "edit-save": () => desk.saveEdit(),
  "edit-cancel": () => desk.closeEditor(),
})) {
  onClick(id, () => action(desk.editor));
}

scene.readColours(root);
desk.refresh();
listenToKeys(desk);
await view.load();
listenToPointers(view, desk);
desk.refresh();
root.dataset.ready = Math.round(performance.now());
Object.defineProperty(window, "casePage", { value: { view, desk, work } });
