// One sub-image as bytes of grey, and the same through a window: a table of 256 greys onto a canvas.

import { COLUMNS, ROWS } from "./masks.js";

export async function load(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = new OffscreenCanvas(COLUMNS, ROWS);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, COLUMNS, ROWS);
  const grey = new Uint8Array(COLUMNS * ROWS);
  for (let k = 0; k < grey.length; k++) grey[k] = pixels.data[4 * k];
  return new Picture(grey, canvas, context, pixels);
}

class Picture {
  constructor(grey, canvas, context, pixels) {
    Object.assign(this, { grey, canvas, context, pixels, shown: null });
    this.words = new Uint32Array(pixels.data.buffer);
  }

  show(table) {
    if (this.shown === table) return this.canvas;
    this.shown = table;
    const { words, grey } = this;
    for (let k = 0; k < grey.length; k++) words[k] = table[grey[k]];
    this.context.putImageData(this.pixels, 0, 0);
    return this.canvas;
  }
}

// Grey levels as they are stored: 0 is hottest. The window is [level − width / 2, level + width / 2] of them.
export function greys({ level, width }, inverted) {
  const table = new Uint32Array(256);
  for (let value = 0; value < 256; value++) {
    const part = Math.min(1, Math.max(0, (value - level + width / 2) / width));
    const grey = Math.round(255 * (inverted ? part : 1 - part));
    table[value] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
  return table;
}
