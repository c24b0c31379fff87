// Everything by keyboard. Each key stands here once: what it does, and what the help says of it.

import { REASONS } from "./list.js";
import { say } from "./words.js";

const STEP = 24;
const OFF = "single keys off";

// [keys, what the help says, action]
const VIEWING = [
  [["ArrowDown", "j"], "key_next", (desk) => desk.move(1)],
  [["ArrowUp", "k"], "key_previous", (desk) => desk.move(-1)],
  [["1", "f"], "choose_first", (desk) => desk.decide("first")],
  [["2", "s"], "choose_second", (desk) => desk.decide("second")],
  [["3", "u"], "choose_union", (desk) => desk.decide("union")],
  [["4", "i"], "choose_intersection", (desk) => desk.decide("intersection")],
  [["5", "n"], "choose_none", (desk) => desk.decide("none")],
  [["6", "m"], "choose_midway", (desk) => desk.decide("midway")],
  [["e"], "choose_edit", (desk) => desk.decide("edit")],
  [["Delete"], "key_clear", (desk) => desk.clear()],
  [["Control+z", "Backspace"], "undo", (desk) => desk.undo()],
  [["a"], "key_add", (desk) => desk.add()],
  [["Shift+A"], "key_add_bladder", (desk) => desk.add("bladder")],
  [["p"], "key_panel", (desk) => nextPanel(desk)],
  [["c"], "key_comment", () => document.getElementById("comment").focus()],
  [["x"], "key_exclude", () => press("exclude")],
  [["r"], "key_second_opinion", () => press("second-opinion")],
  [["Control+Enter"], "key_finish", (desk) => desk.finish()],
];
const EDITING = [
  [["v"], "tool_points", (desk) => desk.editor.choose("points")],
  [["d"], "tool_draw", (desk) => desk.editor.choose("draw")],
  [["h"], "tool_hole", (desk) => desk.editor.choose("hole")],
  [["b"], "tool_brush", (desk) => desk.editor.choose("brush")],
  [["x"], "tool_erase", (desk) => desk.editor.choose("erase")],
  [["n"], "key_next_point", (desk) => desk.editor.step(1)],
  [["p"], "key_previous_point", (desk) => desk.editor.step(-1)],
  [["r"], "key_next_ring", (desk) => desk.editor.stepRing()],
  [["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], "key_move", (desk, event) => moveByKey(desk.editor, event, 1)],
  [["Shift+ArrowLeft", "Shift+ArrowRight", "Shift+ArrowUp", "Shift+ArrowDown"], "key_move_far", (desk, event) => moveByKey(desk.editor, event, 8)],
  [["Alt+ArrowLeft", "Alt+ArrowRight", "Alt+ArrowUp", "Alt+ArrowDown"], "key_move_near", (desk, event) => moveByKey(desk.editor, event, 0.25)],
  [["a"], "key_add_point", (desk) => desk.editor.addAfter()],
  [["Delete", "Backspace"], "key_delete_point", (desk) => desk.editor.deletePoint()],
  [["Shift+Delete"], "key_delete_ring", (desk) => desk.editor.deleteRing()],
  [[" "], "key_put", (desk) => put(desk.editor)],
  [["c"], "key_close", (desk) => desk.editor.closeLine()],
  [[","], "key_smaller", (desk) => desk.editor.resize(-1)],
  [["."], "key_larger", (desk) => desk.editor.resize(1)],
  [["t"], "key_label", (desk) => desk.editor.swapLabel()],
  [["1"], "key_from_first", (desk) => desk.startFrom("first")],
  [["2"], "key_from_second", (desk) => desk.startFrom("second")],
  [["5"], "key_from_nothing", (desk) => desk.startFrom("nothing")],
  [["Control+z"], "undo", (desk) => desk.editor.undo()],
  [["s", "Enter"], "key_save", (desk) => desk.saveEdit()],
  [["Escape"], "key_cancel", (desk) => desk.leave()],
];
const ALWAYS = [
  [["z"], "key_zoom", (desk) => desk.toggleZoom()],
  [["0"], "key_all", ({ view }) => view.all()],
  [["+", "="], "key_in", ({ view }) => view.zoomAt(1.25)],
  [["-"], "key_out", ({ view }) => view.zoomAt(0.8)],
  [["Control+ArrowLeft", "Control+ArrowRight", "Control+ArrowUp", "Control+ArrowDown"], "key_pan", (desk, event) => panByKey(desk, event)],
  [["l"], "key_darker", ({ view }) => view.changeWindow(["low", "high"], -8, 0)],
  [["Shift+L"], "key_brighter", ({ view }) => view.changeWindow(["low", "high"], 8, 0)],
  [["w"], "key_harder", ({ view }) => view.changeWindow(["low", "high"], 0, -12)],
  [["Shift+W"], "key_softer", ({ view }) => view.changeWindow(["low", "high"], 0, 12)],
  [["Shift+R"], "key_reset", ({ view }) => view.resetWindows()],
  [["g"], "key_grey", (desk) => press("grey")],
  [["o"], "key_outlines", (desk) => press("outlines")],
  [["Shift+M"], "key_model", (desk) => desk.model()],
  [["?"], "key_help", () => press("help")],
];

export function listen(desk) {
  addEventListener("keydown", (event) => pressed(desk, event));
  addEventListener("keyup", (event) => { if (event.key === " ") desk.space = false; });
  fillHelp();
}

function pressed(desk, event) {
  const target = event.target;
  if (document.querySelector("dialog[open]")) return;
  if (target.matches("textarea, input, select")) {
    if (event.key === "Escape") document.getElementById("list").focus();
    if (!(event.ctrlKey && event.key === "Enter")) return;
  }
  if (event.isComposing) return;
  if (target.matches("button, summary, a") && [" ", "Enter"].includes(event.key) && !event.ctrlKey) return;
  const name = nameOf(event);
  if (name.length === 1 && localStorage.getItem(OFF)) return;
  if (desk.asking && reasonKey(desk, event)) return;
  const found = find(desk.editor ? EDITING : VIEWING, name) ?? find(ALWAYS, name);
  if (!found) {
    if (event.key === " ") desk.space = true;
    return;
  }
  event.preventDefault();
  found[2](desk, event);
}

const find = (table, name) => table.find(([keys]) => keys.includes(name));

function nameOf(event) {
  const { key } = event;
  const letter = /^[a-z]$/i.test(key);
  const digit = /^(Digit|Numpad)(\d)$/.exec(event.code)?.[2];
  if (event.ctrlKey || event.metaKey) return `Control+${letter ? key.toLowerCase() : key}`;
  if (event.altKey) return `Alt+${key}`;
  if (letter) return event.shiftKey ? `Shift+${key.toUpperCase()}` : key.toLowerCase();
  if (digit && !event.shiftKey) return digit;
  return event.shiftKey && key.length > 1 ? `Shift+${key}` : key;
}

function reasonKey(desk, event) {
  const reason = REASONS[Number(/^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1]) - 1];
  if (!reason && event.key !== "Escape") return false;
  event.preventDefault();
  if (reason) desk.giveReason(reason);
  else desk.askNoMore();
  return true;
}

const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function moveByKey(editor, event, by) {
  const [dx, dy] = WAYS[event.key].map((one) => one * by);
  if (editor.tool === "points") editor.movePoint(dx, dy);
  else editor.moveCursor(dx, dy);
}

function put(editor) {
  if (editor.paints) {
    if (editor.down) editor.lift();
    else editor.press();
  } else if (editor.tool !== "points") {
    editor.addLinePoint();
  }
}

function panByKey({ view, looked }, event) {
  const [dx, dy] = WAYS[event.key];
  view.pan(looked, -dx * STEP, -dy * STEP);
}

function nextPanel(desk) {
  const { panels } = desk.view;
  panels[(panels.indexOf(desk.looked) + 1) % panels.length].figure.focus();
}

const press = (id) => document.getElementById(id)?.click();

const SHOWN = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "␣", Control: "Ctrl", Delete: "Del", Backspace: "⌫", Escape: "Esc", Enter: "⏎", Shift: "⇧", Alt: "Alt" };

function fillHelp() {
  for (const [id, table] of Object.entries({ "help-viewing": VIEWING, "help-always": ALWAYS, "help-editing": EDITING })) {
    for (const [keys, words] of table) {
      const row = document.getElementById(id).insertRow();
      const shown = keys.length === 4 ? [keys[0].replace("ArrowLeft", "←↑↓→")] : keys;
      const named = shown.map((key) => key.split(/(?<=.)\+/).map((part) => SHOWN[part] ?? part.toUpperCase()).join(" "));
      row.insertCell().append(...named.map((text) => Object.assign(document.createElement("kbd"), { textContent: text })));
      row.insertCell().textContent = say(words);
    }
  }
  const toggle = document.getElementById("single-keys");
  toggle.checked = !localStorage.getItem(OFF);
  toggle.addEventListener("change", () => (toggle.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "yes")));
}
