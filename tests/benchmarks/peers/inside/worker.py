"""Answers questions about the peers, one line of JSON for one; runs with the Python of .venv-peers.

A question is `{"call": "outlines.labelme", "with": {…}}`, its answer `{"answer": …}` or `{"error": text}`.
"""

import json
import os
import sys
import traceback
from importlib.metadata import version

import masks
import outlines
import readers
import speed
from wire import packed, unpacked

PEERS = ("labelme", "label-studio-sdk", "pycocotools", "supervision", "opencv-python-headless", "numpy")


def _versions():
    return {name: version(name) for name in PEERS}


def _answer(call, given):
    if call == "versions":
        return _versions()
    room, name = call.split(".")
    if room == "outlines":
        return [packed(mask) for mask in outlines.TOOLS[name](given["labelme_file"], given["export_file"])]
    if room == "masks":
        return [packed(masks.TOOLS[name](unpacked(mask))) for mask in given["masks"]]
    return {"readers": readers, "speed": speed}[room].TOOLS[name](**given)


def main():
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what the peers print is no answer
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            said = {"answer": _answer(asked["call"], asked.get("with", {}))}
        except Exception:  # noqa: BLE001 (whatever a peer does is told, and the next question is heard)
            said = {"error": traceback.format_exc()}
        answers.write(json.dumps(said) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
