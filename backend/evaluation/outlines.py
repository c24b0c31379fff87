"""Figures of outlines: Dice, distances of borders and lesions, of any two who are compared."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from backend.evaluation.pairs import Pair
from backend.evaluation.scores import Json
from backend.measures.intervals import bootstrap, bootstrap_mean, pooled_dice_of_sums
from backend.measures.overlap import Overlap, pooled_dice
from backend.records import Figure
from converters.regions import LABELS

SIZES: tuple[tuple[str, float, float], ...] = (
    ("<10", 1, 10),
    ("10-29", 10, 30),
    ("30-99", 30, 100),
    (">=100", 100, np.inf),
)
"""Lesions by their pixels."""
FROM_10 = (10, np.inf)
ALL = (1, np.inf)

Value = Callable[[Pair, str], float | None]
Range = tuple[float, float]
"""Pixels of a lesion: at least, and less than."""


def outline_figures(pairs: Sequence[Pair]) -> Json:
    """Every figure of two who are compared.

    Returns:
        `n` {patients, projections}; `labels`: {label: `dice`, `pooled_dice`, `hd95_mm`, `hd95_px`, `surface_dice`};
        `lesions`: `f1`, `f1_from_10_px`, `by_size` [{`size`, `f1`, …}]; with a reference also `sensitivity`,
        `precision` and `false_per_study`; `contributed`: whether a reader is measured against a reference that
        this reader helped to make.
    """
    return {
        "n": {"patients": len({pair.patient for pair in pairs}), "projections": len(pairs)},
        "labels": {label: label_figures(pairs, label) for label in LABELS},
        "lesions": lesion_figures(pairs) | {"by_size": by_size(pairs)},
        "contributed": any(pair.contributed for pair in pairs),
    }


def label_figures(pairs: Sequence[Pair], label: str) -> Json:
    return {
        "dice": dice(pairs, label).to_json(),
        "pooled_dice": pooled(pairs, label).to_json(),
        "hd95_mm": _mean(pairs, label, _hd95_mm).to_json(),
        "hd95_px": _mean(pairs, label, _hd95_px).to_json(),
        "surface_dice": _mean(pairs, label, _surface_dice).to_json(),
    }


def dice(pairs: Sequence[Pair], label: str) -> Figure:
    """Mean over projections whose reference holds the label; where neither is the reference, that either marks."""
    return _mean(pairs, label, lambda pair, of: pooled_dice([Overlap(*pair.counts[of])]))


def pooled(pairs: Sequence[Pair], label: str) -> Figure:
    """Dice of all pixels of all projections together; n counts projections."""
    rows: dict[str, list[Sequence[float]]] = defaultdict(list)
    for pair in pairs:
        rows[pair.patient].append(pair.counts[label])
    return bootstrap(rows, pooled_dice_of_sums)


def lesion_figures(pairs: Sequence[Pair]) -> Json:
    figures = {
        "f1": lesion_f1(pairs).to_json(),
        "f1_from_10_px": lesion_f1(pairs, FROM_10).to_json(),
    }
    if all(pair.second_is_truth for pair in pairs):
        figures |= {
            "sensitivity": _sensitivity(pairs).to_json(),
            "precision": _precision(pairs).to_json(),
            "false_per_study": false_per_study(pairs).to_json(),
        }
    return figures


def by_size(pairs: Sequence[Pair]) -> list[Json]:
    """F1, and with a reference the sensitivity, of lesions of each size."""
    with_truth = all(pair.second_is_truth for pair in pairs)
    return [
        {"size": name, "f1": lesion_f1(pairs, (low, high)).to_json()}
        | ({"sensitivity": _sensitivity(pairs, (low, high)).to_json()} if with_truth else {})
        for name, low, high in SIZES
    ]


def lesion_f1(pairs: Sequence[Pair], sizes: Range = ALL) -> Figure:
    """2 × matched / (2 × matched + lesions without partner); n counts lesions, matched ones once."""
    rows = _rows(pairs, sizes, lambda matched, first, second: (2 * matched, 2 * matched + first + second))
    found = [_lesions(pair, sizes) for pair in pairs]
    return replace(bootstrap(rows, _share), n=sum(map(sum, found)))


def _sensitivity(pairs: Sequence[Pair], sizes: Range = ALL) -> Figure:
    rows = _rows(pairs, sizes, lambda matched, first, second: (matched, matched + second))
    return _with_count(bootstrap(rows, _share), rows)


def _precision(pairs: Sequence[Pair]) -> Figure:
    rows = _rows(pairs, ALL, lambda matched, first, second: (matched, matched + first))
    return _with_count(bootstrap(rows, _share), rows)


def false_per_study(pairs: Sequence[Pair]) -> Figure:
    """Lesions of the first that the reference lacks, on both projections together; n counts studies."""
    studies: dict[str, dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    for pair in pairs:
        studies[pair.patient][pair.study, pair.who] += len(pair.measures["lesions"]["only"][0])
    return bootstrap_mean({patient: list(own.values()) for patient, own in studies.items()})


def _rows(
    pairs: Sequence[Pair], sizes: Range, row: Callable[[int, int, int], tuple[float, float]]
) -> dict[str, list[tuple[float, float]]]:
    rows: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for pair in pairs:
        rows[pair.patient].append(row(*_lesions(pair, sizes)))
    return rows


def _with_count(figure: Figure, rows: dict[str, list[tuple[float, float]]]) -> Figure:
    k, n = (sum(row[column] for given in rows.values() for row in given) for column in (0, 1))
    return replace(figure, k=int(k), n=int(n))


def _share(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    of_all = sums[..., 1]
    return np.where(of_all == 0, np.nan, sums[..., 0] / np.where(of_all == 0, 1.0, of_all))


def _lesions(pair: Pair, sizes: Range) -> tuple[int, int, int]:
    """Lesions of these sizes: matched, of the first alone, of the second alone.

    A matched lesion has the reference's size; where neither is the reference, the mean of both.
    """
    lesions = pair.measures["lesions"]
    matched = [b if pair.second_is_truth else (a + b) / 2 for a, b in lesions["matched"]]
    low, high = sizes
    counts = (sum(low <= size < high for size in given) for given in (matched, *lesions["only"]))
    both, first, second = counts
    return both, first, second


def _mean(pairs: Sequence[Pair], label: str, value: Value) -> Figure:
    values: dict[str, list[float | None]] = defaultdict(list)
    for pair in pairs:
        _, first, second = pair.counts[label]
        if second or (first and not pair.second_is_truth):
            values[pair.patient].append(value(pair, label))
    return bootstrap_mean(values)


def _hd95_px(pair: Pair, label: str) -> float | None:
    value: float | None = pair.measures["surface"][label]["hd95_px"]
    return value


def _hd95_mm(pair: Pair, label: str) -> float | None:
    pixels = _hd95_px(pair, label)
    return None if pixels is None or pair.pixel_mm is None else pixels * pair.pixel_mm


def _surface_dice(pair: Pair, label: str) -> float:
    """0 where only one of the two marks the label."""
    surface = pair.measures["surface"][label]
    return surface["near"] / surface["border"] if surface["border"] else 0.0
