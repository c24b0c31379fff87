// Pointers on the panels: one drags the window (or pans, or edits), two pinch and pan, the wheel zooms.

const STILL = 4;
const REACH = { mouse: 9, pen: 12, touch: 22 };

export function listen(view, desk) {
  for (const panel of view.panels) new Gestures(view, panel, desk);
}

class Gestures {
  constructor(view, panel, desk) {
    Object.assign(this, { view, panel, desk, fingers: new Map(), action: null });
    const surface = panel.over;
    surface.addEventListener("pointerdown", (event) => this.down(event));
    surface.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) surface.addEventListener(name, (event) => this.up(event));
    surface.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    surface.addEventListener("dblclick", (event) => this.double(event));
    surface.addEventListener("contextmenu", (event) => event.preventDefault());
    panel.figure.addEventListener("focusin", () => desk.look(panel));
  }

  at(event) {
    const box = this.panel.over.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  down(event) {
    this.panel.over.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, this.at(event));
    this.desk.look(this.panel);
    if (this.fingers.size > 1) {
      this.action?.cancel?.();
      this.action = this.pinch();
      return;
    }
    this.action = this.begin(event);
  }

  begin(event) {
    const editor = this.desk.editor;
    if (event.button > 0 || this.desk.space) return this.panning();
    if (editor) return editor.projection === this.panel.projection ? this.editing(editor, event) : this.panning();
    return this.desk.drags === "pan" ? this.panning() : this.windowing();
  }

  move(event) {
    const at = this.at(event);
    const editor = this.desk.editor;
    if (!this.fingers.has(event.pointerId)) {
      if (editor?.projection === this.panel.projection && editor.tool !== "points" && !editor.down) {
        editor.putCursor(this.view.toImage(this.panel, ...at));
      }
      return;
    }
    const before = this.fingers.get(event.pointerId);
    this.fingers.set(event.pointerId, at);
    const places = event.getCoalescedEvents?.().map((one) => this.at(one)) ?? [];
    this.action?.move?.(at, before, places.length ? places : [at]);
  }

  up(event) {
    if (!this.fingers.delete(event.pointerId)) return;
    const action = this.action;
    if (action?.two) {
      if (!this.fingers.size) this.action = null;
      return;
    }
    this.action = null;
    if (event.type === "pointercancel") action?.cancel?.();
    else action?.end?.(this.at(event));
  }

  panning() {
    return this.clickable({ move: (at, before) => this.view.pan(this.panel, at[0] - before[0], at[1] - before[1]) });
  }

  windowing() {
    return this.clickable({
      move: (at, before) => this.view.changeWindow([this.panel.window], (before[1] - at[1]) / 2, at[0] - before[0]),
    });
  }

  // A drag that stayed where it was is a click: it chooses the disagreement there.
  clickable(action) {
    let travelled = 0;
    return {
      move: (at, before) => {
        travelled += Math.hypot(at[0] - before[0], at[1] - before[1]);
        if (travelled > STILL) action.move(at, before);
      },
      end: (at) => {
        if (travelled <= STILL) this.desk.chooseAt(this.panel, this.view.toImage(this.panel, ...at));
      },
    };
  }

  pinch() {
    const spread = () => {
      const [a, b] = [...this.fingers.values()];
      return { length: Math.hypot(a[0] - b[0], a[1] - b[1]), middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] };
    };
    let last = spread();
    return {
      two: true,
      move: () => {
        if (this.fingers.size < 2) return;
        const now = spread();
        this.view.pan(this.panel, now.middle[0] - last.middle[0], now.middle[1] - last.middle[1]);
        this.view.zoomAt(now.length / Math.max(1, last.length), this.panel, ...now.middle);
        last = now;
      },
    };
  }

  editing(editor, event) {
    const at = this.view.toImage(this.panel, ...this.at(event));
    const reach = REACH[event.pointerType] / this.view.scale(this.panel);
    if (editor.tool === "points") return this.dragPoint(editor, at, reach);
    editor.putCursor(at);
    return editor.paints ? this.brush(editor) : this.freehand(editor, at, reach);
  }

  dragPoint(editor, at, reach) {
    if (!editor.nearest(at, reach)) return this.panning();
    let moved = false;
    return {
      move: (to) => {
        if (!moved) editor.remember();
        moved = true;
        editor.putPoint(this.view.toImage(this.panel, ...to));
      },
      cancel: () => moved && editor.undo(),
    };
  }

  brush(editor) {
    editor.press();
    return {
      move: (_, __, places) => places.forEach((place) => editor.putCursor(this.view.toImage(this.panel, ...place))),
      end: () => editor.lift(),
      cancel: () => { editor.lift(); editor.undo(); },
    };
  }

  // A stroke is a freehand outline; taps are corners, and a tap on the first one closes.
  freehand(editor, at, reach) {
    const corners = editor.line.length;
    if (corners > 2 && Math.hypot(at[0] - editor.line[0][0], at[1] - editor.line[0][1]) <= reach) {
      editor.closeLine();
      return {};
    }
    editor.addLinePoint(at);
    let travelled = 0;
    return {
      move: (to, before, places) => {
        travelled += Math.hypot(to[0] - before[0], to[1] - before[1]);
        if (travelled > STILL && !corners) places.forEach((place) => editor.extendLine(this.view.toImage(this.panel, ...place)));
      },
      end: () => travelled > STILL && !corners && editor.closeLine(true),
      cancel: () => { editor.line.length = corners; editor.changed(); },
    };
  }

  double(event) {
    const editor = this.desk.editor;
    if (editor?.projection !== this.panel.projection || editor.tool !== "points") return;
    editor.addAt(this.view.toImage(this.panel, ...this.at(event)), (2 * REACH.mouse) / this.view.scale(this.panel));
  }

  wheel(event) {
    event.preventDefault();
    this.view.zoomAt(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), this.panel, ...this.at(event));
  }
}
