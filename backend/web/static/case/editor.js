// An outline under edit: rings, points, a brush. It knows neither keys nor pointers, and nothing is kept until saved.

import { COLUMNS, ROWS, Mask, combine, either, fill, trace, without } from "./masks.js";
import { crossing, distance, inside, midpoints, outline, regions, thinned, toSegment } from "./rings.js";

export const TOOLS = ["points", "draw", "hole", "brush", "erase"];
const SIZES = [0.6, 1, 1.5, 2, 3, 4, 6, 8, 12, 16];
const FREEHAND = 0.6;

export class Editor {
  constructor({ projection, label, rings, at, changed }) {
    Object.assign(this, { projection, label, changed, cursor: [...at] });
    this.rings = rings.map((ring) => ring.map((point) => [...point]));
    this.tool = this.rings.length ? "points" : "draw";
    this.size = 3;
    this.ring = 0;
    this.point = this.rings.length ? 0 : -1;
    this.line = [];
    this.mask = null;
    this.down = false;
    this.past = [];
  }

  get paints() {
    return this.tool === "brush" || this.tool === "erase";
  }

  get crosses() {
    return crossing(this.rings);
  }

  get pixels() {
    return fill(this.rings).pixels;
  }

  regions() {
    return regions(this.rings, this.label);
  }

  choose(tool) {
    this.lift();
    this.line = [];
    this.tool = tool;
    if (tool === "points") this.keepPoint();
    this.changed();
  }

  remember() {
    this.past.push({ rings: this.rings.map((ring) => ring.map((point) => [...point])), label: this.label });
    if (this.past.length > 200) this.past.shift();
  }

  undo() {
    if (this.line.length) {
      this.line.pop();
    } else if (this.past.length) {
      Object.assign(this, this.past.pop());
      this.keepPoint();
    }
    this.changed();
  }

  swapLabel() {
    this.remember();
    this.label = this.label === "bladder" ? "metastasis" : "bladder";
    this.changed();
  }

  // points

  get chosen() {
    return this.rings[this.ring]?.[this.point] ?? null;
  }

  keepPoint() {
    this.ring = Math.min(Math.max(0, this.ring), this.rings.length - 1);
    this.point = Math.min(Math.max(0, this.point), (this.rings[this.ring]?.length ?? 0) - 1);
  }

  step(by) {
    const ring = this.rings[this.ring];
    if (!ring) return;
    this.point = (this.point + by + ring.length) % ring.length;
    this.changed();
  }

  stepRing() {
    if (!this.rings.length) return;
    this.ring = (this.ring + 1) % this.rings.length;
    this.point = 0;
    this.changed();
  }

  nearest(at, reach) {
    let best = null;
    this.rings.forEach((ring, n) => ring.forEach((point, k) => {
      const off = distance(point, at);
      if (off <= reach && (!best || off < best.off)) best = { n, k, off };
    }));
    if (best) [this.ring, this.point] = [best.n, best.k];
    this.changed();
    return best !== null;
  }

  movePoint(dx, dy) {
    if (!this.chosen) return;
    this.remember();
    this.putPoint([this.chosen[0] + dx, this.chosen[1] + dy]);
  }

  // While dragged: the caller has remembered.
  putPoint(at) {
    if (!this.chosen) return;
    this.rings[this.ring][this.point] = within(at);
    this.changed();
  }

  addAfter() {
    if (!this.chosen) return;
    this.remember();
    const ring = this.rings[this.ring], next = ring[(this.point + 1) % ring.length];
    ring.splice(this.point + 1, 0, [(this.chosen[0] + next[0]) / 2, (this.chosen[1] + next[1]) / 2]);
    this.point += 1;
    this.changed();
  }

  // On the edge under the pointer; false where none is near.
  addAt(at, reach) {
    let best = null;
    this.rings.forEach((ring, n) => ring.forEach((point, k) => {
      const off = toSegment(at, point, ring[(k + 1) % ring.length]);
      if (off <= reach && (!best || off < best.off)) best = { n, k, off };
    }));
    if (!best) return false;
    this.remember();
    this.rings[best.n].splice(best.k + 1, 0, within(at));
    [this.ring, this.point] = [best.n, best.k + 1];
    this.changed();
    return true;
  }

  deletePoint() {
    if (!this.chosen) return;
    this.remember();
    const ring = this.rings[this.ring];
    ring.splice(this.point, 1);
    if (ring.length < 3) this.rings.splice(this.ring, 1);
    this.keepPoint();
    this.changed();
  }

  deleteRing() {
    if (!this.rings[this.ring]) return;
    this.remember();
    this.rings.splice(this.ring, 1);
    this.keepPoint();
    this.changed();
  }

  // drawing and painting at the cursor

  moveCursor(dx, dy) {
    const from = this.cursor;
    this.cursor = within([from[0] + dx, from[1] + dy]);
    if (this.down) this.stamp(from, this.cursor);
    this.changed();
  }

  putCursor(at) {
    this.moveCursor(at[0] - this.cursor[0], at[1] - this.cursor[1]);
  }

  addLinePoint(at = this.cursor) {
    this.line.push(within(at));
    this.changed();
  }

  extendLine(at) {
    const last = this.line[this.line.length - 1];
    if (!last || distance(last, at) > FREEHAND / 2) this.line.push(within(at));
    this.changed();
  }

  // Ends the line that is being drawn; false where it holds no area.
  closeLine(freehand = false) {
    const ring = freehand ? thinned(this.line, FREEHAND) : this.line;
    this.line = [];
    const drawn = fill([ring]);
    if (ring.length < 3 || !drawn.pixels) {
      this.changed();
      return false;
    }
    this.remember();
    this.join(ring, drawn, this.tool === "hole");
    this.changed();
    return true;
  }

  // A ring apart from all others stays as it was drawn; what meets others is joined to them pixel by pixel.
  join(ring, drawn, hole) {
    const now = fill(this.rings);
    const apart = !crossing([...this.rings, ring]) && !this.rings.some((other) => inside(other[0], ring));
    const held = drawn.data.every((one, k) => !one || now.has(drawn.left + (k % drawn.width), drawn.top + Math.floor(k / drawn.width)) === hole);
    if (apart && held) this.rings.push(ring);
    else this.rings = outline(combine(now, drawn, hole ? without : either));
    this.keepPoint();
  }

  press() {
    this.remember();
    this.mask = fill(this.rings);
    this.down = true;
    this.stamp(this.cursor, this.cursor);
    this.changed();
  }

  lift() {
    if (!this.down) return;
    this.down = false;
    this.rings = outline(this.mask);
    this.mask = null;
    this.keepPoint();
    this.changed();
  }

  stamp(from, to) {
    this.mask = combine(this.mask, disc(from, to, this.size), this.tool === "erase" ? without : either);
    this.rings = trace(this.mask).map(midpoints);
  }

  resize(by) {
    const at = SIZES.indexOf(this.size) + by;
    this.size = SIZES[Math.min(SIZES.length - 1, Math.max(0, at))];
    this.changed();
  }
}

function within([column, row]) {
  const kept = (value, most) => Math.min(most, Math.max(0, Math.round(value * 100) / 100));
  return [kept(column, COLUMNS), kept(row, ROWS)];
}

// Pixels whose centres lie within `size` of the way from one place to the other.
function disc(from, to, size) {
  const left = Math.max(0, Math.floor(Math.min(from[0], to[0]) - size)), top = Math.max(0, Math.floor(Math.min(from[1], to[1]) - size));
  const right = Math.min(COLUMNS, Math.ceil(Math.max(from[0], to[0]) + size)), bottom = Math.min(ROWS, Math.ceil(Math.max(from[1], to[1]) + size));
  const mask = new Mask(left, top, right - left, bottom - top);
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      if (toSegment([column + 0.5, row + 0.5], from, to) <= size) mask.set(column, row, 1);
    }
  }
  return mask;
}
