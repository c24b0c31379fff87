// What is drawn over a sub-image: the two readings, what is settled, what was decided, the model, the editor.

import { both, boxOf, combine, either, fill, midway, trace } from "./masks.js";
import { midpoints } from "./rings.js";

export const STYLES = {
  settled: { width: 1.1, dash: [] },
  first: { width: 1.9, dash: [] },
  second: { width: 1.9, dash: [6, 4] },
  model: { width: 2, dash: [1.5, 4] },
  result: { width: 2.2, dash: [], filled: true },
};
const POINT = 3.5;

export function pathOf(rings) {
  const path = new Path2D();
  for (const ring of rings) {
    ring.forEach(([c, r], k) => (k ? path.lineTo(c, r) : path.moveTo(c, r)));
    path.closePath();
  }
  return path;
}

const piece = (rings) => ({ path: pathOf(rings), box: boxOf(rings) });

// The rings of what a decision gives the reference.
export function resultRings(dispute, choice, edited) {
  const [first, second] = [dispute.first?.rings ?? [], dispute.second?.rings ?? []];
  if (choice === "first") return first;
  if (choice === "second") return second;
  if (choice === "none") return [];
  if (choice === "edit") return (edited ?? []).flatMap((region) => region.rings);
  const [a, b] = [fill(first), fill(second)];
  if (choice === "midway") return a.pixels && b.pixels ? trace(midway(a, b)).map(midpoints) : [];
  return trace(combine(a, b, choice === "union" ? either : both)).map(midpoints);
}

// Everything that is to be drawn; `version` says when to draw it anew.
export class Scene {
  constructor() {
    this.version = 0;
    this.layers = { anterior: {}, posterior: {} };
    this.hidden = false;
    this.modelShown = false;
    this.selected = null;
    this.editor = null;
    this.results = new Map();
    this.colours = {};
  }

  changed() {
    this.version += 1;
  }

  // `decisionOf(dispute)` → what counts for the page now, saved or not.
  rebuild(projections, decisionOf) {
    for (const one of projections) {
      const layers = { settled: [], first: [], second: [], result: [] };
      for (const { rings } of one.settled) layers.settled.push(piece(rings));
      for (const { rings } of one.added) layers.result.push(piece(rings));
      for (const dispute of one.disputes) this.place(layers, dispute, decisionOf(dispute));
      layers.model = this.layers[one.projection].model;
      layers.numbers = one.disputes.map((dispute) => ({ number: dispute.number, box: dispute.box, key: dispute.key }));
      this.layers[one.projection] = layers;
    }
    this.changed();
  }

  place(layers, dispute, decision) {
    if (decision) {
      layers.result.push(this.result(dispute, decision));
      if (dispute.key !== this.selected) return;
    }
    if (dispute.first) layers.first.push(piece(dispute.first.rings));
    if (dispute.second) layers.second.push(piece(dispute.second.rings));
  }

  result(dispute, { choice, regions }) {
    const name = `${dispute.key} ${choice} ${choice === "edit" ? JSON.stringify(regions) : ""}`;
    if (!this.results.has(name)) this.results.set(name, piece(resultRings(dispute, choice, regions)));
    return this.results.get(name);
  }

  setModel(outlines) {
    for (const [projection, regions] of Object.entries(outlines)) {
      this.layers[projection].model = regions.map((one) => piece(one.rings));
    }
    this.changed();
  }

  // Colours belong to the style sheet, which knows the grey they lie on.
  readColours(element) {
    const style = getComputedStyle(element);
    for (const name of [...Object.keys(STYLES), "halo", "mark"]) {
      this.colours[name] = style.getPropertyValue(`--${name}`).trim();
    }
    this.changed();
  }
}

export function paint(context, place, ratio, scene, projection) {
  const scale = place[0] / ratio;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.setTransform(...place);
  context.lineJoin = "round";
  const layers = scene.layers[projection];
  if (!scene.hidden) {
    const seen = inSight(context, place);
    for (const draw of [halo, stroke]) {
      for (const name of ["settled", "result", "first", "second", ...(scene.modelShown ? ["model"] : [])]) {
        for (const { path } of (layers[name] ?? []).filter(seen)) draw(context, path, name, scale, scene);
      }
    }
    numbers(context, layers.numbers ?? [], scale, scene);
  }
  if (scene.editor?.projection === projection) paintEditor(context, scale, scene);
}

// Whether a piece reaches into the part of the image that the canvas shows.
function inSight({ canvas }, [scale, , , , x, y]) {
  const [left, top, right, bottom] = [-x / scale, -y / scale, (canvas.width - x) / scale, (canvas.height - y) / scale];
  return ({ box }) => box[2] > left - 5 && box[0] < right + 5 && box[3] > top - 5 && box[1] < bottom + 5;
}

function halo(context, path, name, scale, scene) {
  context.strokeStyle = scene.colours.halo;
  context.lineWidth = (STYLES[name].width + 2) / scale;
  context.stroke(path);
}

// Over the halos of all: where outlines coincide, the dashes of one lie on the line of the other.
function stroke(context, path, name, scale, scene) {
  const { width, dash, filled } = STYLES[name];
  if (filled) {
    context.globalAlpha = 0.22;
    context.fillStyle = scene.colours[name];
    context.fill(path, "evenodd");
    context.globalAlpha = 1;
  }
  context.setLineDash(dash.map((one) => one / scale));
  context.strokeStyle = scene.colours[name];
  context.lineWidth = width / scale;
  context.stroke(path);
  context.setLineDash([]);
}

function numbers(context, listed, scale, scene) {
  context.font = `600 ${12 / scale}px system-ui, sans-serif`;
  context.textBaseline = "bottom";
  for (const { number, box, key } of listed) {
    const chosen = key === scene.selected;
    const [left, top, right, bottom] = [box[0] - 3 / scale, box[1] - 3 / scale, box[2] + 3 / scale, box[3] + 3 / scale];
    if (chosen) corners(context, [left, top, right, bottom], scale, scene);
    if (!chosen && scale < 1.4) continue;
    context.lineWidth = 3 / scale;
    context.strokeStyle = scene.colours.halo;
    context.fillStyle = scene.colours.mark;
    context.strokeText(number, right + 2 / scale, top + 2 / scale);
    context.fillText(number, right + 2 / scale, top + 2 / scale);
  }
}

// Brackets round the chosen disagreement, which hide nothing of it.
function corners(context, [left, top, right, bottom], scale, scene) {
  const arm = Math.min(8 / scale, (right - left) / 3);
  const path = new Path2D();
  for (const [x, y, dx, dy] of [[left, top, 1, 1], [right, top, -1, 1], [right, bottom, -1, -1], [left, bottom, 1, -1]]) {
    path.moveTo(x + dx * arm, y);
    path.lineTo(x, y);
    path.lineTo(x, y + dy * arm);
  }
  for (const [colour, width] of [[scene.colours.halo, 4], [scene.colours.mark, 1.8]]) {
    context.strokeStyle = colour;
    context.lineWidth = width / scale;
    context.stroke(path);
  }
}

function paintEditor(context, scale, scene) {
  const { editor } = scene;
  const path = pathOf(editor.rings);
  halo(context, path, "result", scale, scene);
  stroke(context, path, "result", scale, scene);
  if (editor.line.length) openLine(context, editor.line, scale, scene);
  const dot = (point, radius, colour) => {
    context.beginPath();
    context.arc(...point, radius / scale, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill();
  };
  if (editor.tool === "points") {
    editor.rings.forEach((ring, n) => ring.forEach((point, k) => {
      const chosen = n === editor.ring && k === editor.point;
      dot(point, (chosen ? 2 : 1) * POINT + 1.5, scene.colours.halo);
      dot(point, (chosen ? 2 : 1) * POINT, chosen ? scene.colours.mark : scene.colours.result);
    }));
  } else {
    cursor(context, editor, scale, scene);
  }
}

function openLine(context, line, scale, scene) {
  const path = new Path2D();
  line.forEach(([c, r], k) => (k ? path.lineTo(c, r) : path.moveTo(c, r)));
  for (const [colour, width] of [[scene.colours.halo, 4], [scene.colours.mark, 2]]) {
    context.strokeStyle = colour;
    context.lineWidth = width / scale;
    context.stroke(path);
  }
}

function cursor(context, editor, scale, scene) {
  const [c, r] = editor.cursor, arm = 9 / scale;
  const path = new Path2D();
  for (const [x, y] of [[arm, 0], [0, arm]]) {
    path.moveTo(c - x, r - y);
    path.lineTo(c + x, r + y);
  }
  if (editor.paints) {
    path.moveTo(c + editor.size, r);
    path.arc(c, r, editor.size, 0, 2 * Math.PI);
  }
  for (const [colour, width] of [[scene.colours.halo, 3.5], [scene.colours.mark, 1.4]]) {
    context.strokeStyle = colour;
    context.lineWidth = width / scale;
    context.stroke(path);
  }
}
