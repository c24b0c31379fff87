"""picai_eval's free-response curve of detection maps: `python with_picai_eval.py FILE` with the Python of .venv-peers.

FILE: npz with `found` and `truth`, `(cases, rows, columns)`. Prints JSON: false regions per case, sensitivity and
confidence of every point, and how many lesions there are.
"""

import json
import sys
from pathlib import Path

import numpy as np

SAID = sys.stdout
sys.stdout = sys.stderr  # what the package prints is no answer

from picai_eval import evaluate  # noqa: E402


def main():
    maps = np.load(Path(sys.argv[1]))
    metrics = evaluate(
        list(maps["found"][:, None]),
        list(maps["truth"][:, None].astype(np.int32)),
        allow_unmatched_candidates_with_minimal_overlap=False,
        num_parallel_calls=1,
    )
    # its last point stands for lesions that no candidate matches
    points = zip(metrics.lesion_FPR[:-1], metrics.lesion_TPR[:-1], metrics.thresholds[:-1], strict=True)
    said = {"lesions": int(metrics.num_lesions), "points": [[float(value) for value in point] for point in points]}
    SAID.write(json.dumps(said))


if __name__ == "__main__":
    main()
