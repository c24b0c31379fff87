"""Works the Labelme desktop program without a screen: `python drive.py FILE < steps`, with the Python of .venv-peers.

Starts the program as its own command does and takes the part of its event loop: finds buttons by their names, draws
with the mouse on its canvas, and ends it. Steps are a JSON list, each `{"do": …}`:

- `mark changed`: as if something had been moved;
- `save`: the Save action;
- `tick`, `flag`: clicks the check box of an image flag;
- `draw`, `tool`, `label`, `points`: clicks these pixels of the image with a drawing tool;
- `drag`, `start`, `end`: moves what lies at `start`, a vertex or a whole shape, to `end`, before anything is drawn;
- `paint`, `label`, `column`, `row`, `pixels`: puts in a mask, as the program's own segmentation would.

Coordinates are pixels of the image. A dialogue that would wait for somebody is an error.
"""

import json
import runpy
import sys

import numpy as np
from PyQt5 import QtCore, QtGui, QtWidgets
from PyQt5.QtCore import Qt

SETTINGS = "{auto_save: false, display_label_popup: false, labels: [metastasis, bladder], logger_level: warning}"


class Desktop:
    """The running program's window, and the places on it."""

    def __init__(self):
        self.window = _named("MainWindow", QtWidgets.QApplication.topLevelWidgets())
        self.canvas = self._part("Canvas")

    def _part(self, name):
        return _named(name, self.window.findChildren(QtWidgets.QWidget))

    def _action(self, text):
        for action in self.window.findChildren(QtWidgets.QAction):
            if action.text().replace("&", "").strip() == text:
                return action
        raise SystemExit(f"Labelme has no action {text!r}")

    def press(self, text):
        action = self._action(text)
        if not action.isEnabled():
            raise SystemExit(f"Labelme's action {text!r} is greyed out")
        action.trigger()

    def tick(self, flag):
        """Checks or unchecks an image flag in the list where it stands."""
        for flags in self.window.findChildren(QtWidgets.QListWidget):
            for item in flags.findItems(flag, Qt.MatchExactly):
                item.setCheckState(Qt.Unchecked if item.checkState() == Qt.Checked else Qt.Checked)
                return
        raise SystemExit(f"Labelme shows no flag {flag!r}")

    def draw(self, tool, label, points):
        self._choose(label)
        self.press(tool)
        for point in points:
            self._click(point)

    def paint(self, label, column, row, pixels):
        from labelme import _automation  # noqa: PLC0415 (the program is there only once it runs)

        mask = np.array(pixels, bool)
        box = (column, row, column + mask.shape[1] - 1, row + mask.shape[0] - 1)
        found = _automation.Detection(bbox=box, mask=mask, label=label)
        self.window._insert_shapes(_automation.shapes_from_detections([found], "mask"))
        self.window.mark_dirty()

    def _choose(self, label):
        labels = self._part("UniqueLabelQListWidget")
        for row in range(labels.count()):
            if labels.item(row).data(Qt.UserRole) == label:
                labels.setCurrentRow(row)
                return
        raise SystemExit(f"Labelme offers no label {label!r}")

    def drag(self, start, end):
        self._mouse(QtCore.QEvent.MouseMove, start)
        self._mouse(QtCore.QEvent.MouseButtonPress, start, Qt.LeftButton, Qt.LeftButton)
        self._mouse(QtCore.QEvent.MouseMove, end, Qt.NoButton, Qt.LeftButton)
        self._mouse(QtCore.QEvent.MouseButtonRelease, end, Qt.LeftButton)

    def _click(self, point):
        self._mouse(QtCore.QEvent.MouseMove, point)
        self._mouse(QtCore.QEvent.MouseButtonPress, point, Qt.LeftButton, Qt.LeftButton)
        self._mouse(QtCore.QEvent.MouseButtonRelease, point, Qt.LeftButton)

    def _mouse(self, kind, point, button=Qt.NoButton, held=Qt.NoButton):
        """One event over a pixel of the image, which lies scaled in the middle of the canvas."""
        scale, image = self.canvas.scale, self.canvas.pixmap
        left = max(self.canvas.width() - image.width() * scale, 0) / 2
        top = max(self.canvas.height() - image.height() * scale, 0) / 2
        place = QtCore.QPointF(left + point[0] * scale, top + point[1] * scale)
        event = QtGui.QMouseEvent(kind, place, button, held, Qt.NoModifier)
        QtWidgets.QApplication.sendEvent(self.canvas, event)


def _named(name, widgets):
    for widget in widgets:
        if type(widget).__name__ == name:
            return widget
    raise SystemExit(f"Labelme has no {name}")


def _refuse(_parent, title, text, *_):
    raise SystemExit(f"Labelme asks or complains: {title}: {text}")


def _work(steps):
    QtWidgets.QApplication.processEvents()
    desktop = Desktop()
    for step in steps:
        {
            "mark changed": desktop.window.mark_dirty,
            "save": lambda: desktop.press("Save"),
            "tick": desktop.tick,
            "draw": desktop.draw,
            "drag": desktop.drag,
            "paint": desktop.paint,
        }[step.pop("do")](**step)
        QtWidgets.QApplication.processEvents()
    if "*" in desktop.window.windowTitle():
        raise SystemExit("Labelme still shows unsaved changes")
    return 0


def main(file):
    steps = json.load(sys.stdin)
    for dialogue in ("critical", "question", "warning", "information"):
        setattr(QtWidgets.QMessageBox, dialogue, _refuse)
    QtWidgets.QApplication.exec_ = lambda *_: _work(steps)
    sys.argv = ["labelme", "--config", SETTINGS, "--logger-level", "warning", file]
    runpy.run_module("labelme", run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1])
