// The four panels: two projections in two windows, moved and zoomed as one. Anterior and posterior mirror each other, so
// that all four always show the same part of the body.

import { COLUMNS, ROWS } from "./masks.js";
import { greys, load } from "./pictures.js";
import { paint } from "./outlines.js";

const START = { level: 127.5, width: 255 };
const MOST_ZOOM = 24;
const RATIO = 2;

export class View {
  constructor(figures, scene) {
    this.scene = scene;
    this.panels = figures.map((figure) => new Panel(figure));
    for (const panel of this.panels) panel.model = this.panels.find((one) => one.projection === panel.projection);
    this.windows = { low: { ...START }, high: { ...START } };
    this.inverted = localStorage.getItem("grey") !== "plain";
    this.zoom = 1;
    this.centre = [COLUMNS / 2, ROWS / 2];
    this.waiting = false;
    this.frames = 0;
    this.tables = {};
    this.sized = new ResizeObserver(() => this.measure());
    this.panels.forEach((panel) => this.sized.observe(panel.figure));
    this.dress();
  }

  async load() {
    await Promise.all(this.panels.map(async (panel) => { panel.picture = await load(panel.figure.dataset.picture); }));
    this.measure();
  }

  measure() {
    this.panels.forEach((panel) => panel.measure());
    this.draw();
  }

  dress() {
    document.getElementById("case").dataset.grey = this.inverted ? "inverted" : "plain";
    this.tables = { low: greys(this.windows.low, this.inverted), high: greys(this.windows.high, this.inverted) };
    this.draw();
  }

  draw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.frames += 1;
      for (const panel of this.panels) panel.draw(this);
    });
  }

  scale(panel) {
    return panel.fit * this.zoom;
  }

  // Mirrored columns for the posterior: the same place of the body.
  twin(projection, [column, row]) {
    return projection === "anterior" ? [column, row] : [COLUMNS - column, row];
  }

  toImage(panel, x, y) {
    const [cx, cy] = this.twin(panel.projection, this.centre);
    const scale = this.scale(panel);
    return [(x - panel.width / 2) / scale + cx, (y - panel.height / 2) / scale + cy];
  }

  toScreen(panel, [column, row]) {
    const [cx, cy] = this.twin(panel.projection, this.centre);
    const scale = this.scale(panel);
    return [(column - cx) * scale + panel.width / 2, (row - cy) * scale + panel.height / 2];
  }

  pan(panel, dx, dy) {
    const scale = this.scale(panel);
    const across = panel.projection === "anterior" ? -dx : dx;
    this.moveTo([this.centre[0] + across / scale, this.centre[1] - dy / scale]);
  }

  moveTo([column, row]) {
    this.centre = [Math.min(COLUMNS, Math.max(0, column)), Math.min(ROWS, Math.max(0, row))];
    this.draw();
  }

  zoomAt(factor, panel = this.panels[0], x = panel.width / 2, y = panel.height / 2) {
    const before = this.twin(panel.projection, this.toImage(panel, x, y));
    this.zoom = Math.min(MOST_ZOOM, Math.max(1, this.zoom * factor));
    const after = this.twin(panel.projection, this.toImage(panel, x, y));
    this.moveTo([this.centre[0] + before[0] - after[0], this.centre[1] + before[1] - after[1]]);
  }

  all() {
    this.zoom = 1;
    this.moveTo([COLUMNS / 2, ROWS / 2]);
  }

  // Brings a box [c0, r0, c1, r1] of a projection to the middle, in its surroundings.
  show(projection, [left, top, right, bottom]) {
    const panel = this.panels[0];
    const room = Math.min(panel.width / (right - left + 50), panel.height / (bottom - top + 110));
    this.zoom = Math.min(MOST_ZOOM, Math.max(1, room / panel.fit));
    this.moveTo(this.twin(projection, [(left + right) / 2, (top + bottom) / 2]));
  }

  reveal(projection, point) {
    const panel = this.panels.find((one) => one.projection === projection);
    const [x, y] = this.toScreen(panel, point);
    const [dx, dy] = [overflow(x, panel.width), overflow(y, panel.height)];
    if (dx || dy) this.pan(panel, -dx, -dy);
  }

  setWindow(name, level, width) {
    this.windows[name] = { level: Math.min(255, Math.max(0, level)), width: Math.min(510, Math.max(4, width)) };
    this.tables[name] = greys(this.windows[name], this.inverted);
    this.draw();
  }

  // More level is brighter, more width is softer.
  changeWindow(names, level, width) {
    for (const name of names) {
      this.setWindow(name, this.windows[name].level - level, this.windows[name].width + width);
    }
  }

  resetWindows() {
    this.windows = { low: { ...START }, high: { ...START } };
    this.dress();
  }

  invert() {
    this.inverted = !this.inverted;
    localStorage.setItem("grey", this.inverted ? "inverted" : "plain");
    this.dress();
  }
}

function overflow(at, size) {
  const margin = Math.min(40, size / 4);
  if (at < margin) return at - margin;
  return at > size - margin ? at - size + margin : 0;
}

class Panel {
  // `model` is the first panel of the same projection: the other window shows the same outlines.
  constructor(figure) {
    this.figure = figure;
    this.projection = figure.dataset.projection;
    this.window = figure.dataset.window;
    [this.under, this.over] = figure.querySelectorAll("canvas");
    this.below = this.under.getContext("2d", { alpha: false });
    this.above = this.over.getContext("2d");
    this.picture = null;
    this.width = this.height = this.fit = 1;
    this.last = {};
  }

  measure() {
    const box = this.over.getBoundingClientRect();
    this.ratio = Math.min(RATIO, window.devicePixelRatio || 1);
    this.width = Math.max(1, box.width);
    this.height = Math.max(1, box.height);
    this.fit = Math.min(this.width / COLUMNS, this.height / ROWS);
    for (const canvas of [this.under, this.over]) {
      const [width, height] = [Math.round(this.width * this.ratio), Math.round(this.height * this.ratio)];
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    }
    this.last = {};
  }

  // What has not changed since the last frame is left as it is.
  draw(view) {
    if (!this.picture) return;
    const scale = view.scale(this) * this.ratio;
    const [cx, cy] = view.twin(this.projection, view.centre);
    const place = [scale, 0, 0, scale, this.under.width / 2 - cx * scale, this.under.height / 2 - cy * scale];
    const table = view.tables[this.window];
    if (`${place}` !== this.last.place || table !== this.last.table) this.drawPicture(place, table, view.inverted);
    if (`${place}` !== this.last.place || view.scene.version !== this.last.version) {
      if (this.copies) this.copy();
      else paint(this.above, place, this.ratio, view.scene, this.projection);
    }
    this.last = { place: `${place}`, table, version: view.scene.version };
  }

  drawPicture(place, table, inverted) {
    const { below } = this;
    below.setTransform(1, 0, 0, 1, 0, 0);
    below.fillStyle = inverted ? "#fff" : "#000";
    below.fillRect(0, 0, this.under.width, this.under.height);
    below.setTransform(...place);
    below.imageSmoothingQuality = "low";
    below.drawImage(this.picture.show(table), 0, 0);
  }

  get copies() {
    const { over } = this.model;
    return this.model !== this && over.width === this.over.width && over.height === this.over.height;
  }

  copy() {
    this.above.setTransform(1, 0, 0, 1, 0, 0);
    this.above.globalCompositeOperation = "copy";
    this.above.drawImage(this.model.over, 0, 0);
    this.above.globalCompositeOperation = "source-over";
  }
}
