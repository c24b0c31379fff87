// The side of the page: disagreements by kind, the choices for the one that is selected, burden, what is saved.

import { make, say } from "./words.js";

const KEYS = { first: "1", second: "2", union: "3", intersection: "4", none: "5", midway: "6", edit: "E" };
export const REASONS = ["degenerative", "fracture", "injection_site", "contamination", "physiological", "other"];
const at = (id) => document.getElementById(id);

export function renderAll(desk) {
  renderList(desk);
  renderChoices(desk);
  renderBurden(desk.work.source);
  renderState(desk);
}

function renderList(desk) {
  const groups = new Map();
  for (const dispute of desk.disputes()) {
    if (!groups.has(dispute.kind)) groups.set(dispute.kind, []);
    groups.get(dispute.kind).push(dispute);
  }
  const parts = [...groups].flatMap(([kind, listed]) => [
    make("h3", { textContent: say(`kind_${kind}`) }, make("span", { className: "count", textContent: listed.length })),
    make("ul", {}, ...listed.map((dispute) => make("li", {}, item(desk, dispute)))),
  ]);
  keepFocus(at("list"), () => at("list").replaceChildren(...parts, ...addedList(desk)));
  at("list").querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" });
}

function keepFocus(holder, change) {
  const key = holder.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  change();
  if (key) holder.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

function item(desk, dispute) {
  const decision = desk.work.decision(dispute);
  const saved = desk.work.isSaved(dispute);
  const excluded = desk.projection(dispute.projection).exclusion;
  const state = excluded ? say("excluded") : decision ? say(`choice_${decision.choice}`) : say("undecided");
  const button = make("button", { type: "button", className: "dispute", dataset: { key: dispute.key, saved } },
    make("b", { textContent: dispute.number }),
    make("span", { textContent: `${say(dispute.projection)} · ${say(dispute.label)}` }),
    make("small", { textContent: sizes(dispute) }),
    make("em", { textContent: decision && !saved ? `${state} · ${say("unsaved")}` : state, className: decision ? "decided" : "open" }));
  button.setAttribute("aria-current", String(dispute.key === desk.selected));
  button.addEventListener("click", () => desk.select(dispute.key));
  return button;
}

function sizes({ first, second }) {
  return [first, second].map((one) => (one ? say("pixels", { n: one.pixels }) : "–")).join(" / ");
}

function addedList(desk) {
  const added = desk.work.source.projections.flatMap((one) => one.added.map((region) => ({ ...region, projection: one.projection })));
  if (!added.length) return [];
  const rows = added.map((region) => {
    const remove = make("button", { type: "button", className: "quiet", textContent: say("remove"), dataset: { key: region.key } });
    remove.disabled = desk.sealed;
    remove.addEventListener("click", () => desk.remove(region.key));
    return make("li", { className: "added" }, `${say(region.projection)} · ${say(region.label)}`, remove);
  });
  return [make("h3", { textContent: say("added") }), make("ul", {}, ...rows)];
}

function renderChoices(desk) {
  at("choices").hidden = Boolean(desk.editor) || !desk.dispute;
  at("editor").hidden = !desk.editor;
  if (desk.editor) {
    renderEditor(desk);
    return;
  }
  const { dispute } = desk;
  if (!dispute) return;
  const decision = desk.work.decision(dispute);
  at("choices-title").textContent = say("choices_title", { n: dispute.number, kind: say(`kind_${dispute.kind}`) });
  at("joint").textContent = background(desk, dispute);
  at("joint").hidden = !at("joint").textContent;
  const offered = desk.asking ? REASONS.map((reason, k) => reasonButton(desk, reason, k)) : dispute.choices.map((choice) => choiceButton(desk, dispute, decision, choice));
  keepFocus(at("buttons"), () => at("buttons").replaceChildren(...offered));
  at("buttons").classList.toggle("reasons", Boolean(desk.asking));
  at("why").hidden = !desk.asking;
  at("saved").textContent = savedWords(desk, dispute, decision);
  at("saved").className = desk.work.isSaved(dispute) ? "saved" : "unsaved";
}

// What else is known of a dispute: who calls the image unusable, what two physicians chose.
function background(desk, { projection, joint, unreadable }) {
  const parts = [];
  if (unreadable) parts.push(say(`unreadable_${unreadable.by}`, { reason: say(unreadable.reason) }));
  if (joint) {
    const excluded = desk.projection(projection).joint ?? {};
    const told = (who) => (excluded[who] ? say(excluded[who]) : joint[who] ? say(`choice_${joint[who]}`) : "–");
    parts.push(say("joint", { first: told("first_physician"), second: told("second_physician") }));
  }
  return parts.join(" ");
}

function savedWords(desk, dispute, decision) {
  const problem = desk.work.problemOf(dispute);
  if (problem) return say("not_saved_because", { sentence: problem });
  if (!desk.work.isSaved(dispute)) return say("saving");
  if (!decision) return "";
  return decision.reason ? say("saved_reason", { reason: say(`reason_${decision.reason}`) }) : say("saved");
}

function choiceButton(desk, dispute, decision, choice) {
  const button = make("button", { type: "button", className: `choice ${choice}`, disabled: !desk.isOpen(dispute), dataset: { key: choice } },
    make("i", { className: "swatch", ariaHidden: "true" }),
    make("span", { textContent: say(`choose_${choice}`) }),
    make("kbd", { textContent: KEYS[choice] }));
  button.setAttribute("aria-pressed", String(decision?.choice === choice));
  button.addEventListener("click", () => desk.decide(choice));
  return button;
}

function reasonButton(desk, reason, k) {
  const button = make("button", { type: "button", className: "choice", dataset: { key: reason } },
    make("span", { textContent: say(`reason_${reason}`) }), make("kbd", { textContent: k + 1 }));
  button.addEventListener("click", () => desk.giveReason(reason));
  return button;
}

function renderEditor(desk) {
  const { editor } = desk;
  for (const button of at("tool-buttons").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.tool === editor.tool));
  }
  for (const button of at("editor").querySelectorAll("[data-for]")) {
    button.hidden = !button.dataset.for.split(" ").includes(editor.tool);
  }
  const place = editor.tool === "points" ? editor.chosen : editor.cursor;
  const where = place ? `${place[0].toFixed(1)}, ${place[1].toFixed(1)}` : "–";
  const many = editor.rings[editor.ring]?.length ?? 0;
  at("where").textContent = editor.tool === "points"
    ? say("where_point", { n: editor.point + 1, of: many, where })
    : editor.paints ? say("where_brush", { where, size: editor.size, down: editor.down ? say("brush_down") : "" }) : say("where_cursor", { where, n: editor.line.length });
  at("editor-label").textContent = say(editor.label);
  at("editor-pixels").textContent = say("pixels", { n: editor.pixels });
  at("editor-problem").textContent = editor.down ? "" : desk.problem() ?? "";
}

function renderBurden(source) {
  for (const [column, burden] of Object.entries({ first: source.burden_first, second: source.burden_second, now: source.burden })) {
    const put = (row, text) => { at(`burden-${row}-${column}`).textContent = text; };
    put("bstbi", burden?.bstbi == null ? "–" : `${(100 * burden.bstbi).toFixed(2)} %`);
    put("area", burden?.lesion_area_cm2 == null ? "–" : `${burden.lesion_area_cm2.toFixed(1)} cm²`);
    put("lesions", burden?.lesions ?? "–");
  }
}

function renderState(desk) {
  const { work } = desk;
  const all = desk.disputes().length;
  const left = desk.disputes().filter((one) => desk.isOpen(one) && !(one.decision && work.isSaved(one))).length;
  Object.assign(at("progress"), { max: Math.max(1, all), value: all - (desk.sealed ? 0 : left) });
  at("left").textContent = desk.sealed ? say(`state_${work.source.state}`) : say("left", { n: left, of: all });
  at("finish").disabled = !desk.ready;
  at("undo").disabled = desk.sealed || !(work.source.can_undo || work.unsaved.length);
  at("unsaved").hidden = !work.unsaved.length;
  at("unsaved").textContent = say("unsaved_count", { n: work.unsaved.length });
  at("trouble").hidden = !work.trouble;
  if (work.trouble) renderTrouble(work);
  for (const one of work.source.projections) {
    const badge = document.querySelector(`[data-excluded="${one.projection}"]`);
    badge.hidden = !one.exclusion;
    badge.querySelector("span").textContent = one.exclusion ? say("excluded_because", { projection: say(one.projection), reason: say(one.exclusion) }) : "";
    badge.querySelector("button").hidden = desk.sealed;
  }
  at("model").hidden = !work.source.model.allowed;
  at("model").setAttribute("aria-pressed", String(desk.scene.modelShown));
  if (document.activeElement !== at("comment")) at("comment").value = work.waiting.findLast(({ step }) => step.action === "comment")?.step.text ?? work.source.comment;
}

function renderTrouble({ trouble, unsaved }) {
  const told = { away: say("trouble_away"), stale: say("trouble_stale"), revised: say("trouble_revised"), login: say("trouble_login") };
  at("trouble-words").textContent = [told[trouble.kind], trouble.sentence].filter(Boolean).join(" ");
  at("trouble-retry").hidden = !unsaved.length || ["revised", "in_hand", "not_found"].includes(trouble.kind);
  at("trouble-discard").hidden = !unsaved.length || trouble.kind === "away";
  at("trouble-open").hidden = !["revised", "in_hand"].includes(trouble.kind);
}
