"""How long the model takes for a study."""

from collections.abc import Sequence

import numpy as np

from backend.evaluation.scores import Json, Score, by_study, reader_names
from backend.measures.intervals import bootstrap_mean
from backend.records import PROJECTIONS, Figure


def time_figures(scores: Sequence[Score]) -> Json:
    """`seconds_per_study` of the model over the studies with both projections, its `standard_deviation`, and the
    `devices`; `readers`: {name: seconds per study, where the source of the readings says}."""
    by_patient: dict[str, list[float | None]] = {}
    for (patient, _), own in by_study(scores).items():
        taken = [score["seconds"] for score in own if "seconds" in score]
        if len(taken) == len(PROJECTIONS):
            by_patient.setdefault(patient, []).append(sum(taken))
    every = [seconds for own in by_patient.values() for seconds in own if seconds is not None]
    return {
        "seconds_per_study": bootstrap_mean(by_patient).to_json(),
        "standard_deviation": float(np.std(every, ddof=1)) if len(every) > 1 else None,
        "devices": sorted({score["device"] for score in scores if "device" in score}),
        "readers": {name: _of_reader(scores, name).to_json() for name in reader_names(scores)},
    }


def _of_reader(scores: Sequence[Score], name: str) -> Figure:
    """A study's two readings carry the time of both, so the longer counts."""
    by_patient: dict[str, list[float | None]] = {}
    for (patient, _), own in by_study(scores).items():
        taken = [score["readers"][name]["seconds"] for score in own if name in score["readers"]]
        known = [seconds for seconds in taken if seconds is not None]
        by_patient.setdefault(patient, []).append(max(known, default=None))
    return bootstrap_mean(by_patient)
