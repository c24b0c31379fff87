"""The yardstick: readers against each other, the model and each reader against the reference, split by exposure."""

from collections.abc import Sequence

from backend.evaluation.outlines import dice, outline_figures
from backend.evaluation.pairs import (
    Pair,
    model_with_readers,
    model_with_reference,
    readers_with_each_other,
    readers_with_reference,
)
from backend.evaluation.scores import Json, Score, reader_names
from converters.regions import LABELS


def outline_rows(scores: Sequence[Score]) -> list[Json]:
    """[{`first`, `second`, …}]: the model and each reader with the reference, the model with each reader, the readers
    with each other; `outline_figures` of each."""
    names = reader_names(scores)
    rows = [("model", "reference", model_with_reference(scores))]
    rows += [("model", name, model_with_readers(scores, name)) for name in names]
    rows += [(name, "reference", readers_with_reference(scores, name)) for name in names]
    rows += [("reader", "reader", readers_with_each_other(scores))]
    return [{"first": first, "second": second} | outline_figures(pairs) for first, second, pairs in rows]


def reader_figures(scores: Sequence[Score]) -> dict[str, Json]:
    """For each reader and label: Dice with the model (over projections where either holds the label, as between
    readers) and with the reference; `contributed` where any of these references was made from this reader's reading."""
    return {name: _one_reader(scores, name) for name in reader_names(scores)}


def _one_reader(scores: Sequence[Score], name: str) -> Json:
    to_model, to_reference = model_with_readers(scores, name), readers_with_reference(scores, name)
    return {
        label: {
            "dice_to_model": dice(to_model, label).to_json(),
            "dice_to_reference": dice(to_reference, label).to_json(),
            "contributed": any(pair.contributed for pair in to_reference),
            "by_exposure": {
                exposure: {
                    "dice_to_model": dice(_seen(to_model, exposure), label).to_json(),
                    "dice_to_reference": dice(_seen(to_reference, exposure), label).to_json(),
                }
                for exposure in _exposures(to_model)
            },
        }
        for label in LABELS
    }


def between_readers(scores: Sequence[Score]) -> Json:
    """Readers' Dice with each other by label, over projections where either holds it; split by the exposures met."""
    pairs = readers_with_each_other(scores)
    return {
        label: {
            "dice": dice(pairs, label).to_json(),
            "by_exposure": {exposure: dice(_seen(pairs, exposure), label).to_json() for exposure in _exposures(pairs)},
        }
        for label in LABELS
    }


def _exposures(pairs: Sequence[Pair]) -> list[str]:
    return sorted({str(pair.exposure) for pair in pairs})


def _seen(pairs: Sequence[Pair], exposure: str) -> list[Pair]:
    return [pair for pair in pairs if pair.exposure == exposure]
