// Outlines that people edit: few points, exactly the pixels they stand for, never crossing themselves.

import { fill, trace } from "./masks.js";

const TOLERANCES = [0.7, 0.5, 0.35, 0.2];

// The mask's outline with as few points as still cover exactly its pixels.
export function outline(mask) {
  const exact = trace(mask).map(midpoints);
  for (const tolerance of TOLERANCES) {
    const thin = exact.map((ring) => thinned(ring, tolerance));
    if (thin.every((ring) => ring.length > 2) && same(fill(thin), mask) && !crossing(thin)) return thin;
  }
  return exact.map((ring) => thinned(ring, 1e-9));
}

// Through the middles of the pixel borders: corners are cut by less than reaches a pixel's centre.
export function midpoints(ring) {
  return ring.map(([c, r], k) => {
    const [x, y] = ring[(k + 1) % ring.length];
    return [(c + x) / 2, (r + y) / 2];
  });
}

function same(a, b) {
  for (const [one, other] of [[a, b], [b, a]]) {
    for (let k = 0; k < one.data.length; k++) {
      const column = one.left + (k % one.width), row = one.top + Math.floor(k / one.width);
      if (one.data[k] && !other.has(column, row)) return false;
    }
  }
  return true;
}

export function thinned(ring, tolerance) {
  if (ring.length < 5) return ring;
  let far = 0;
  ring.forEach((point, k) => { if (distance(point, ring[0]) > distance(ring[far], ring[0])) far = k; });
  return [...kept(ring.slice(0, far + 1), tolerance), ...kept([...ring.slice(far), ring[0]], tolerance)];
}

// Douglas and Peucker; the last point is left to whoever comes next.
function kept(line, tolerance) {
  let worst = 0, at = -1;
  for (let k = 1; k < line.length - 1; k++) {
    const off = toSegment(line[k], line[0], line[line.length - 1]);
    if (off > worst) [worst, at] = [off, k];
  }
  if (worst <= tolerance) return [line[0]];
  return [...kept(line.slice(0, at + 1), tolerance), ...kept(line.slice(at), tolerance)];
}

export const distance = ([a, b], [c, d]) => Math.hypot(a - c, b - d);

export function toSegment([x, y], [x0, y0], [x1, y1]) {
  const length = (x1 - x0) ** 2 + (y1 - y0) ** 2;
  const t = length ? Math.min(1, Math.max(0, ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length)) : 0;
  return Math.hypot(x - x0 - t * (x1 - x0), y - y0 - t * (y1 - y0));
}

export function inside([x, y], ring) {
  let within = false;
  for (let k = 0, j = ring.length - 1; k < ring.length; j = k++) {
    const [x0, y0] = ring[k], [x1, y1] = ring[j];
    if ((y0 > y) !== (y1 > y) && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) within = !within;
  }
  return within;
}

// Whether any two edges of these rings cross or touch, neighbours aside.
export function crossing(rings) {
  const edges = rings.flatMap((ring, n) => ring.map((from, k) => ({ from, to: ring[(k + 1) % ring.length], n, k, of: ring.length })));
  for (let a = 0; a < edges.length; a++) {
    for (let b = a + 1; b < edges.length; b++) {
      if (!neighbours(edges[a], edges[b]) && meet(edges[a], edges[b])) return true;
    }
  }
  return false;
}

const neighbours = (a, b) => a.n === b.n && [1, a.of - 1].includes(Math.abs(a.k - b.k));

function meet(a, b) {
  const side = ([x0, y0], [x1, y1], [x, y]) => Math.sign((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0));
  const ends = [side(a.from, a.to, b.from), side(a.from, a.to, b.to), side(b.from, b.to, a.from), side(b.from, b.to, a.to)];
  if (ends[0] !== ends[1] && ends[2] !== ends[3] && !ends.includes(0)) return true;
  const on = (point, edge) => toSegment(point, edge.from, edge.to) < 1e-9;
  return on(b.from, a) || on(b.to, a) || on(a.from, b) || on(a.to, b);
}

// Rings as the server wants them: each outer ring with the holes right inside it.
export function regions(rings, label) {
  const holders = rings.map((ring) => rings.filter((other) => other !== ring && inside(ring[0], other)));
  const rounded = (ring) => ring.map(([c, r]) => [Math.round(c * 1e4) / 1e4, Math.round(r * 1e4) / 1e4]);
  return rings.flatMap((ring, n) => {
    if (holders[n].length % 2) return [];
    const holes = rings.filter((_, k) => holders[k].length === holders[n].length + 1 && holders[k].includes(ring));
    return [{ label, rings: [ring, ...holes].map(rounded) }];
  });
}
