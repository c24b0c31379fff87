"""Whether probabilities of pixels and confidences of regions mean what they say."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from backend.evaluation.scores import Json, Score
from backend.measures.clustered import clustered_auc
from backend.measures.intervals import RESAMPLES, bootstrap, resampled
from backend.measures.reliability import BINS, EDGES, brier, calibration_error, flat, reliability_bins, summed
from converters.regions import LABELS

ALMOST_BACKGROUND = 1
"""Bins at the low end that the error of pixels leaves out: nearly all pixels of a scan are background beyond doubt."""

Rows = Mapping[str, Sequence[Sequence[float]]]
"""Patient → bins of each of the patient's cases, behind each other."""


def calibration_figures(scores: Sequence[Score]) -> Json:
    """`pixels`: {label: `ece`, `brier`, `bins`}; `regions`: `ece`, `brier`, `auc`, `bins`; each bin [{`low`, `high`,
    `n`, `probability`, `share` {value, low, high, n}}] holds its mean probability and its share of positives."""
    return {"pixels": {label: _pixels(scores, label) for label in LABELS}, "regions": _regions(scores)}


def _pixels(scores: Sequence[Score], label: str) -> Json:
    rows: dict[str, list[list[float]]] = defaultdict(list)
    for score in scores:
        rows[score["patient"]].append(flat(score["calibration"][label], first=ALMOST_BACKGROUND))
    whole: dict[str, list[list[float]]] = defaultdict(list)
    for score in scores:
        whole[score["patient"]].append(flat(score["calibration"][label]))
    return _figures(rows) | {"bins": _bins(whole)}


def _regions(scores: Sequence[Score]) -> Json:
    rows: dict[str, list[list[float]]] = defaultdict(list)
    outlined = []
    for score in scores:
        regions = score["regions"]["outlined"]
        outlined += [(score["patient"], bool(true), confidence) for _, confidence, true in regions]
        bins = reliability_bins([confidence for _, confidence, _ in regions], [bool(true) for *_, true in regions])
        rows[score["patient"]].append(flat(bins))
    patients, truths, confidences = zip(*outlined, strict=True) if outlined else ((), (), ())
    auc = clustered_auc(patients, truths, confidences)
    return _figures(rows) | {"auc": auc.to_json(), "bins": _bins(rows)}


def _figures(rows: Rows) -> Json:
    """n counts pixels, or regions."""
    cases = int(sum(sum(row[::4]) for given in rows.values() for row in given))
    return {
        name: bootstrap(rows, statistic).to_json() | {"n": cases}
        for name, statistic in (("ece", calibration_error), ("brier", brier))
    }


def _bins(rows: Rows) -> list[Json]:
    total = summed(rows)
    low, high = _shares(rows)
    return [
        {
            "low": EDGES[at],
            "high": EDGES[at + 1],
            "probability": probability / n,
            "share": {"value": positive / n, "low": low[at], "high": high[at], "n": int(n)},
        }
        for at, (n, probability, positive, _) in enumerate(total.tolist())
        if n
    ]


def _shares(rows: Rows) -> tuple[list[float | None], list[float | None]]:
    """Percentile interval of each bin's share of positives, drawn by patient; None with fewer than two patients."""
    sums = np.array([np.sum(given, axis=0) for _, given in sorted(rows.items())]).reshape(-1, BINS, 4)
    drawn = resampled(sums.reshape(len(sums), -1), RESAMPLES).reshape(RESAMPLES, BINS, 4)
    low: list[float | None] = []
    high: list[float | None] = []
    for at in range(BINS):
        known = drawn[:, at, 0] > 0
        if np.count_nonzero(sums[:, at, 0]) < 2:
            low.append(None)
            high.append(None)
            continue
        ends = np.percentile(drawn[known, at, 2] / drawn[known, at, 0], [2.5, 97.5])
        low.append(float(ends[0]))
        high.append(float(ends[1]))
    return low, high
