"""The yardstick: readers against each other, the model and each reader against the reference, split by exposure."""

from collections import defaultdict
from collections.abc import Sequence

from backend.evaluation.figures import Json, dice_figure
from backend.evaluation.score import Score
from converters.regions import LABELS


def reader_figures(scores: Sequence[Score]) -> dict[str, Json]:
    """For each reader and label: Dice with the model (over projections where either holds the label, as between
    readers) and with the reference; `contributed` where any of these references was made from this reader's reading."""
    rows: dict[str, list[tuple[str, Score]]] = defaultdict(list)
    for score in scores:
        for name, reader in score["readers"].items():
            rows[name].append((score["patient"], reader))
    return {name: _one_reader(own) for name, own in sorted(rows.items())}


def _one_reader(rows: Sequence[tuple[str, Score]]) -> Json:
    exposures = sorted({str(reader["exposure"]) for _, reader in rows})
    return {
        label: {
            "dice_to_model": _figure(rows, "to_model", label, either=True),
            "dice_to_reference": _figure(rows, "to_reference", label),
            "contributed": any(reader["contributed"] for _, reader in rows),
            "by_exposure": {
                exposure: {
                    "dice_to_model": _figure(own, "to_model", label, either=True),
                    "dice_to_reference": _figure(own, "to_reference", label),
                }
                for exposure in exposures
                if (own := [row for row in rows if str(row[1]["exposure"]) == exposure])
            },
        }
        for label in LABELS
    }


def _figure(rows: Sequence[tuple[str, Score]], side: str, label: str, *, either: bool = False) -> Json:
    return dict(dice_figure([(patient, reader[side][label]) for patient, reader in rows], either=either).to_json())


def between_readers(scores: Sequence[Score]) -> Json:
    """Readers' Dice with each other by label, over projections where either holds it; split by the exposures met."""
    pairs = [(score["patient"], pair) for score in scores for pair in score["between_readers"]]
    exposures = sorted({" / ".join(pair["exposures"]) for _, pair in pairs})
    return {
        label: {
            "dice": _between(pairs, label),
            "by_exposure": {
                exposure: _between([row for row in pairs if " / ".join(row[1]["exposures"]) == exposure], label)
                for exposure in exposures
            },
        }
        for label in LABELS
    }


def _between(pairs: Sequence[tuple[str, Score]], label: str) -> Json:
    return dict(dice_figure([(patient, pair["counts"][label]) for patient, pair in pairs], either=True).to_json())
