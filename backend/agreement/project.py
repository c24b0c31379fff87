"""How readers agree over the whole project: between each other, with the references, with themselves, over time."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, TypeVar

from backend.agreement.against import against, by_reader
from backend.agreement.between import between, dice_distribution
from backend.agreement.material import Compared, Judged, Material

Json = dict[str, Any]
T = TypeVar("T")


def project_figures(found: Material) -> Json:
    """Every figure is {value, low, high, n}; definitions in docs/agreement.md.

    Returns:
        `between_readers`: of the two readings that make the reference, with their `distribution` and `by_month`;
        `by_pair`: [{readers, …}] of every two readers; `readers`: {name: against the reference, `by_exposure`,
        `by_month`}; `repeats`: of hidden repeats, of `all` and by reader.
    """
    pairs = list(chain.from_iterable(map(found.pairs, found.studies)))
    deciding = [one for one in pairs if one.deciding]
    judged = list(chain.from_iterable(map(found.judged, found.studies)))
    repeats = list(chain.from_iterable(map(found.repeats, found.studies)))
    return {
        "between_readers": between(deciding)
        | {"distribution": dice_distribution(deciding), "by_month": by_month(deciding, _compared_at, between)},
        "by_pair": [
            {"readers": list(readers)} | between(own)
            for readers, own in _grouped(pairs, lambda one: (one.a.reader, one.b.reader)).items()
        ],
        "readers": {reader: reader_figures(own) for reader, own in by_reader(judged).items()},
        "repeats": {"all": between(repeats)}
        | {"readers": {name: between(own) for name, own in _grouped(repeats, lambda one: one.a.reader).items()}},
    }


def reader_figures(judged: Sequence[Judged]) -> Json:
    """One reader's readings beside the references, also by exposure and by month."""
    exposures = _grouped(judged, lambda one: one.reading.exposure)
    return against(judged) | {
        "by_exposure": {exposure: against(own) for exposure, own in exposures.items()},
        "by_month": by_month(judged, lambda one: one.reading.sealed, against),
    }


def by_month(things: Iterable[T], at: Callable[[T], datetime], figures: Callable[[Sequence[T]], Json]) -> list[Json]:
    """[{`month`: `2026-03`, …}] in UTC, oldest first."""
    months = _grouped(things, lambda one: f"{at(one):%Y-%m}")
    return [{"month": month} | figures(own) for month, own in months.items()]


def _compared_at(one: Compared) -> datetime:
    """When the later of the two was sealed."""
    return max(one.a.sealed, one.b.sealed)


def _grouped(things: Iterable[T], key: Callable[[T], Any]) -> dict[Any, list[T]]:
    groups: defaultdict[Any, list[T]] = defaultdict(list)
    for one in things:
        groups[key(one)].append(one)
    return dict(sorted(groups.items()))
