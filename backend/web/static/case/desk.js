// What the physician does on the page: choose a disagreement, decide, edit, add, exclude, finish. Keys, buttons and
// pointers all come here.

import { Editor } from "./editor.js";
import { resultRings } from "./outlines.js";
import { boxOf, fill } from "./masks.js";
import { inside, outline } from "./rings.js";
import { say } from "./words.js";

export class Desk {
  constructor(work, view, scene, shown) {
    Object.assign(this, { work, view, scene, shown });
    this.editor = null;
    this.asking = null;
    this.drags = "window";
    this.space = false;
    this.looked = view.panels[0];
    this.sealed = work.source.state !== "open";
    this.selected = this.firstOpen();
  }

  firstOpen() {
    const listed = this.disputes();
    return (listed.find((one) => !this.work.decision(one)) ?? listed[0])?.key ?? null;
  }

  // Those of projections that are not excluded, in the order of the list.
  disputes() {
    const order = ["exclusion", "label", "only", "split", "merged", "shape", "bladder"];
    const listed = this.work.disputes();
    return listed.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || a.projection.localeCompare(b.projection) || a.number - b.number);
  }

  get dispute() {
    return this.disputes().find((one) => one.key === this.selected) ?? null;
  }

  projection(name) {
    return this.work.source.projections.find((one) => one.projection === name);
  }

  isOpen(dispute) {
    return !this.sealed && !this.projection(dispute.projection).exclusion;
  }

  look(panel) {
    this.looked = panel;
  }

  select(key) {
    if (this.editor) return;
    this.selected = key;
    this.asking = null;
    this.refresh();
    if (this.view.zoom > 1.01 && this.dispute) this.zoomTo();
  }

  move(by) {
    const listed = this.disputes();
    if (!listed.length) return;
    const at = listed.findIndex((one) => one.key === this.selected);
    this.select(listed[(at + by + listed.length) % listed.length].key);
  }

  zoomTo() {
    const box = this.editor?.rings.length ? boxOf(this.editor.rings) : this.dispute?.box;
    if (box) this.view.show(this.editor?.projection ?? this.dispute.projection, box);
  }

  toggleZoom() {
    if (this.view.zoom > 1.01) this.view.all();
    else this.zoomTo();
  }

  chooseAt(panel, point) {
    if (this.editor) return;
    const hit = (dispute) => [dispute.first, dispute.second].some((one) => one?.rings.some((ring) => inside(point, ring)));
    const near = ({ box: [l, t, r, b] }) => point[0] > l - 3 && point[0] < r + 3 && point[1] > t - 3 && point[1] < b + 3;
    const here = this.disputes().filter((one) => one.projection === panel.projection);
    const found = here.find(hit) ?? here.find(near);
    if (found) this.select(found.key);
  }

  refresh() {
    if (!this.dispute) this.selected = this.firstOpen();
    this.scene.selected = this.selected;
    this.scene.editor = this.editor;
    this.scene.rebuild(this.work.source.projections, (dispute) => this.work.decision(dispute));
    this.view.draw();
    this.shown();
  }

  // deciding

  decide(choice, regions = null) {
    const { dispute } = this;
    if (!dispute || !this.isOpen(dispute) || !dispute.choices.includes(choice)) return;
    if (choice === "edit" && !regions) {
      this.edit();
      return;
    }
    if (dispute.needs_reason.includes(choice)) {
      this.asking = { choice, regions };
      this.shown();
      return;
    }
    this.put(dispute, { choice, ...(regions && { regions }) });
  }

  giveReason(reason) {
    const { choice, regions } = this.asking;
    this.asking = null;
    this.put(this.dispute, { choice, reason, ...(regions && { regions }) });
  }

  askNoMore() {
    this.asking = null;
    this.shown();
  }

  put(dispute, decision) {
    this.work.send({ action: "decide", dispute: dispute.key, ...decision });
    const listed = this.disputes();
    const at = listed.findIndex((one) => one.key === dispute.key);
    const rest = [...listed.slice(at + 1), ...listed.slice(0, at)];
    const next = rest.find((one) => !this.work.decision(one) && this.isOpen(one));
    this.select(next?.key ?? dispute.key);
  }

  clear() {
    const { dispute } = this;
    if (dispute && this.isOpen(dispute) && this.work.decision(dispute)) this.work.send({ action: "clear", dispute: dispute.key });
    this.refresh();
  }

  undo() {
    if (this.editor) this.editor.undo();
    else if (!this.sealed && (this.work.source.can_undo || this.work.unsaved.length)) this.work.send({ action: "undo" });
  }

  comment(text) {
    if (text !== this.work.source.comment) this.work.send({ action: "comment", text });
  }

  exclude(projection, reason) {
    this.work.send({ action: "exclude", projection, reason });
  }

  include(projection) {
    this.work.send({ action: "include", projection });
  }

  remove(key) {
    this.work.send({ action: "remove", key });
  }

  // the editor

  edit() {
    const { dispute } = this;
    const decision = this.work.decision(dispute);
    const from = decision && decision.choice !== "none" ? decision.choice : dispute.first ? "first" : "second";
    const rings = outline(fill(resultRings(dispute, from, decision?.regions)));
    const label = decision?.regions?.[0]?.label ?? dispute.label;
    this.open({ projection: dispute.projection, label, rings, box: dispute.box, dispute });
  }

  add(label = "metastasis") {
    if (this.sealed || this.editor) return;
    const { projection } = this.looked;
    if (this.projection(projection).status !== "adjudicate") return;
    const [column, row] = this.view.twin(projection, this.view.centre);
    this.open({ projection, label, rings: [], box: [column - 8, row - 8, column + 8, row + 8], dispute: null });
  }

  open({ projection, label, rings, box, dispute }) {
    const at = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
    this.editor = new Editor({ projection, label, rings, at, changed: () => this.edited() });
    this.editing = dispute;
    this.view.show(projection, box);
    this.refresh();
    document.getElementById("editor").focus({ preventScroll: true });
  }

  edited() {
    const { editor } = this;
    const at = editor.tool === "points" ? editor.chosen : editor.cursor;
    if (at) this.view.reveal(editor.projection, at);
    this.scene.changed();
    this.view.draw();
    this.shown();
  }

  // What stands against saving the outline; null where nothing does.
  problem() {
    if (this.editor.line.length) return say("line_open");
    if (!this.editor.pixels) return say("outline_empty");
    return this.editor.crosses ? say("outline_crosses") : null;
  }

  saveEdit() {
    this.editor.lift();
    if (this.problem()) {
      this.shown();
      return;
    }
    const { editor, editing } = this;
    this.closeEditor();
    if (editing) this.decide("edit", editor.regions());
    else this.work.send({ action: "add", projection: editor.projection, regions: editor.regions() });
  }

  // The line that is being drawn first, then the editor.
  leave() {
    if (!this.editor.line.length) {
      this.closeEditor();
      return;
    }
    this.editor.line = [];
    this.editor.changed();
  }

  closeEditor() {
    this.editor = null;
    this.refresh();
    document.getElementById("list").focus({ preventScroll: true });
  }

  startFrom(which) {
    const { editing, editor } = this;
    const rings = which === "nothing" ? [] : editing?.[which]?.rings ?? [];
    editor.remember();
    editor.rings = rings.length ? outline(fill(rings)) : [];
    editor.keepPoint();
    editor.changed();
  }

  // the model, the end

  async model() {
    const { model } = this.work.source;
    if (!model.allowed) return;
    if (!this.scene.modelShown && !(await this.fetchModel())) return;
    this.scene.modelShown = !this.scene.modelShown;
    this.scene.changed();
    this.view.draw();
    this.shown();
  }

  async fetchModel() {
    if (this.fetched) return true;
    if (!this.work.source.model.shown && !(await this.work.send({ action: "show_model" }))) return false;
    const { status, body } = await this.work.ask(this.work.addresses.model);
    if (status !== 200) {
      this.work.trouble = { kind: "refused", sentence: body.error ?? "" };
      this.shown();
      return false;
    }
    this.scene.setModel(body);
    this.fetched = true;
    return true;
  }

  get ready() {
    return !this.sealed && !this.work.unsaved.length && this.work.source.undecided === 0 && !this.editor;
  }

  async finish() {
    if (!this.ready) {
      this.move(0);
      const next = this.disputes().find((one) => !this.work.decision(one) && this.isOpen(one));
      if (next) this.select(next.key);
      return;
    }
    const { status, body } = await this.work.post(this.work.addresses.finish, { revision: this.work.source.revision });
    if (status === 200) {
      location.assign(body.address);
      return;
    }
    if (body.kind === "stale") await this.work.reload();
    this.work.trouble = { kind: body.kind ?? (status === 0 ? "away" : "refused"), sentence: body.error ?? "" };
    this.refresh();
  }
}
