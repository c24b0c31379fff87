// Outlines and pixels. A ring is [[column, row], …], open; rings together fill by the even-odd rule: a pixel belongs to
// them if its centre does, as it does on the server, which has the last word.

export const COLUMNS = 256;
export const ROWS = 1024;

export class Mask {
  constructor(left, top, width, height) {
    this.left = left;
    this.top = top;
    this.width = Math.max(0, width);
    this.height = Math.max(0, height);
    this.data = new Uint8Array(this.width * this.height);
  }

  has(column, row) {
    const c = column - this.left, r = row - this.top;
    return c >= 0 && r >= 0 && c < this.width && r < this.height && this.data[r * this.width + c] === 1;
  }

  set(column, row, value) {
    this.data[(row - this.top) * this.width + column - this.left] = value;
  }

  get pixels() {
    return this.data.reduce((sum, one) => sum + one, 0);
  }
}

export function boxOf(rings) {
  let [left, top, right, bottom] = [COLUMNS, ROWS, 0, 0];
  for (const ring of rings) {
    for (const [c, r] of ring) {
      left = Math.min(left, c); right = Math.max(right, c);
      top = Math.min(top, r); bottom = Math.max(bottom, r);
    }
  }
  return left > right ? [0, 0, 0, 0] : [left, top, right, bottom];
}

export function fill(rings) {
  const box = boxOf(rings);
  const left = Math.max(0, Math.floor(box[0])), top = Math.max(0, Math.floor(box[1]));
  const right = Math.min(COLUMNS, Math.ceil(box[2])), bottom = Math.min(ROWS, Math.ceil(box[3]));
  const mask = new Mask(left, top, right - left, bottom - top);
  for (let row = top; row < bottom; row++) {
    const crossings = rings.flatMap((ring) => crossingsAt(ring, row + 0.5)).sort((a, b) => a - b);
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const from = Math.max(left, Math.ceil(crossings[k] - 0.5)), to = Math.min(right, Math.ceil(crossings[k + 1] - 0.5));
      for (let column = from; column < to; column++) mask.set(column, row, 1);
    }
  }
  return mask;
}

function crossingsAt(ring, y) {
  const found = [];
  for (let k = 0; k < ring.length; k++) {
    const [x0, y0] = ring[k], [x1, y1] = ring[(k + 1) % ring.length];
    if ((y0 <= y) !== (y1 <= y)) found.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0));
  }
  return found;
}

export function combine(a, b, rule) {
  const boxes = [a, b].filter((one) => one.width && one.height);
  if (!boxes.length) return new Mask(0, 0, 0, 0);
  const left = Math.min(...boxes.map((one) => one.left)), top = Math.min(...boxes.map((one) => one.top));
  const right = Math.max(...boxes.map((one) => one.left + one.width));
  const bottom = Math.max(...boxes.map((one) => one.top + one.height));
  const made = new Mask(left, top, right - left, bottom - top);
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      if (rule(a.has(column, row), b.has(column, row))) made.set(column, row, 1);
    }
  }
  return made;
}

export const either = (a, b) => a || b;
export const both = (a, b) => a && b;
export const without = (a, b) => a && !b;

// The mean of two signed distances (to the nearest pixel of the other kind), its zero level included.
export function midway(a, b) {
  const mask = combine(a, b, either);
  const all = new Mask(mask.left, mask.top, mask.width, mask.height);
  const distances = [a, b].map((one) => signedDistance(one, mask));
  for (let k = 0; k < all.data.length; k++) all.data[k] = distances[0][k] + distances[1][k] >= 0 ? 1 : 0;
  return all;
}

function signedDistance(mask, box) {
  const inside = [], outside = [];
  for (let row = box.top - 1; row <= box.top + box.height; row++) {
    for (let column = box.left - 1; column <= box.left + box.width; column++) {
      const within = column >= box.left && row >= box.top && column < box.left + box.width && row < box.top + box.height;
      (within && mask.has(column, row) ? inside : outside).push([column, row]);
    }
  }
  const nearest = ([c, r], others) => others.reduce((least, [x, y]) => Math.min(least, (x - c) ** 2 + (y - r) ** 2), Infinity);
  const result = new Float64Array(box.width * box.height);
  const edge = { true: rim(inside, outside), false: rim(outside, inside) };
  for (let k = 0; k < result.length; k++) {
    const place = [box.left + (k % box.width), box.top + Math.floor(k / box.width)];
    const held = mask.has(...place);
    result[k] = (held ? 1 : -1) * Math.sqrt(nearest(place, edge[!held]));
  }
  return result;
}

// Those of `some` that touch one of the others: no other can be nearest.
function rim(some, others) {
  const taken = new Set(others.map(([c, r]) => c * 4096 + r));
  return some.filter(([c, r]) => [[1, 0], [-1, 0], [0, 1], [0, -1]].some(([x, y]) => taken.has((c + x) * 4096 + r + y)));
}

// Rings along pixel borders, every unit step a corner; pixels that touch by a corner stay joined.
export function trace(mask) {
  const steps = new Map();
  const add = (c, r, direction) => {
    const key = c * 4096 + r;
    if (!steps.has(key)) steps.set(key, []);
    steps.get(key).push(direction);
  };
  for (let row = mask.top; row < mask.top + mask.height; row++) {
    for (let column = mask.left; column < mask.left + mask.width; column++) {
      if (!mask.has(column, row)) continue;
      if (!mask.has(column, row - 1)) add(column, row, 0);
      if (!mask.has(column + 1, row)) add(column + 1, row, 1);
      if (!mask.has(column, row + 1)) add(column + 1, row + 1, 2);
      if (!mask.has(column - 1, row)) add(column, row + 1, 3);
    }
  }
  const rings = [];
  for (const [key, directions] of steps) {
    while (directions.length) rings.push(follow(steps, key, directions.pop()));
  }
  return rings;
}

const AHEAD = [[1, 0], [0, 1], [-1, 0], [0, -1]];

function follow(steps, start, direction) {
  const ring = [];
  let [column, row] = [Math.floor(start / 4096), start % 4096];
  for (;;) {
    ring.push([column, row]);
    column += AHEAD[direction][0];
    row += AHEAD[direction][1];
    const ways = steps.get(column * 4096 + row);
    if (column * 4096 + row === start && !ways.includes((direction + 3) % 4)) return ring;
    const left = (direction + 3) % 4;
    const next = ways.includes(left) ? left : ways[0];
    if (next === undefined) return ring;
    ways.splice(ways.indexOf(next), 1);
    direction = next;
  }
}
