"""Who is compared with whom: the model and the readers with the reference and with each other, projection by
projection."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from backend.evaluation.scores import Json, Score


@dataclass(frozen=True)
class Pair:
    """Two sets of masks of one projection, as they were counted.

    Attributes:
        who: names of those compared with the reference, or with each other.
        counts: pixels shared, of the first and of the second, by label.
        measures: the document of `compared`.
        second_is_truth: the second is the reference; else neither is.
        bstbi: of first and second, one value per sub-image.
        burden: [lesion pixels, lesions] of first and second.
        contributed: the first is a reader who helped to make the reference.
    """

    patient: str
    study: str
    who: str
    counts: Mapping[str, Sequence[int]]
    measures: Json
    pixel_mm: float | None
    second_is_truth: bool
    bstbi: tuple[Sequence[float | None], Sequence[float | None]]
    burden: tuple[Sequence[int], Sequence[int]]
    contributed: bool = False
    exposure: str | None = None
    """What the reader, or both of them, saw first."""


def model_with_reference(scores: Sequence[Score]) -> list[Pair]:
    return [
        Pair(
            score["patient"],
            score["study"],
            "model",
            score["counts"],
            score["measures"],
            score["pixel_mm"],
            True,
            (score["bstbi"]["model"], score["bstbi"]["reference"]),
            (score["burden"]["model"], score["burden"]["reference"]),
        )
        for score in scores
    ]


def model_with_readers(scores: Sequence[Score], only: str | None = None) -> list[Pair]:
    """The model with one reader, or with each."""
    return [
        Pair(
            score["patient"],
            score["study"],
            f"model / {name}",
            reader["to_model"],
            reader["measures"]["to_model"],
            score["pixel_mm"],
            False,
            (score["bstbi"]["model"], reader["bstbi"]),
            (score["burden"]["model"], reader["burden"]),
            exposure=str(reader["exposure"]),
        )
        for score, name, reader in _readings(scores, only)
    ]


def readers_with_reference(scores: Sequence[Score], only: str | None = None) -> list[Pair]:
    """One reader, or each, with the reference."""
    return [
        Pair(
            score["patient"],
            score["study"],
            name,
            reader["to_reference"],
            reader["measures"]["to_reference"],
            score["pixel_mm"],
            True,
            (reader["bstbi"], score["bstbi"]["reference"]),
            (reader["burden"], score["burden"]["reference"]),
            bool(reader["contributed"]),
            str(reader["exposure"]),
        )
        for score, name, reader in _readings(scores, only)
    ]


def readers_with_each_other(scores: Sequence[Score]) -> list[Pair]:
    return [
        Pair(
            score["patient"],
            score["study"],
            " / ".join(pair["readers"]),
            pair["counts"],
            pair["measures"],
            score["pixel_mm"],
            False,
            (score["readers"][first]["bstbi"], score["readers"][second]["bstbi"]),
            (score["readers"][first]["burden"], score["readers"][second]["burden"]),
            exposure=" / ".join(pair["exposures"]),
        )
        for score in scores
        for pair in score["between_readers"]
        for first, second in [pair["readers"]]
    ]


def _readings(scores: Sequence[Score], only: str | None) -> Iterator[tuple[Score, str, Json]]:
    for score in scores:
        for name in sorted(score["readers"]):
            if only in (None, name):
                yield score, name, score["readers"][name]
