"""What the model's outlines do to readers: assisted beside blind readings, and the edits made to suggestions."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.agreement.material import Material
from backend.agreement.read_studies import MEASURES, ReadStudy, read_studies, values
from backend.measures.intervals import bootstrap
from backend.measures.tally import NOTHING, Tally
from backend.records import Figure

Json = dict[str, Any]
EDITS = ("kept", "reshaped", "relabelled", "deleted")


def exposure_report(found: Material) -> Json:
    """Every figure is {value, low, high, n}, its interval by patient; n counts readings of a study, pairs of them
    within cases, and for shares of outlines the outlines.

    Returns:
        `within_cases`: studies that one reader read assisted and another blind: by measure (`seconds`, `missed`,
        `over_called`, `dice`) `assisted`, `blind` and `difference` (assisted − blind), over studies in which both are
        defined. `control`: `assisted` readings of studies outside the control arm, the readings in it (`control`) and
        their `difference`. `by_reader`: each reader's own `assisted` and `blind` readings, of different studies.
        `edits`: to suggestions, of `all` and by model: shares of the regions shown, and the regions `added` per study.
        `contributed`: whether readings helped to make the references they are measured by.
    """
    read = list(chain.from_iterable(read_studies(found, study) for study in found.studies))
    return {
        "within_cases": _within_cases(read),
        "control": _beside_control(read),
        "by_reader": _by_reader(read),
        "edits": _edits(found, read),
        "contributed": any(one.contributed for reading in read for one in reading.judged),
    }


def _within_cases(read: Iterable[ReadStudy]) -> Json:
    studies: defaultdict[int, list[ReadStudy]] = defaultdict(list)
    for one in read:
        studies[one.study_id].append(one)
    tally = Tally()
    compared: list[ReadStudy] = []
    for readings in studies.values():
        assisted = [one for one in readings if one.exposure == "assisted"]
        blind = [one for one in readings if one.exposure == "blind"]
        if assisted and blind:
            compared.append(assisted[0])
            _count_pair(tally, assisted[0], blind[0])
    figures = tally.figures()
    return {"n": _n(compared)} | {
        measure: {
            side: figures.get(f"{measure} {side}", NOTHING).to_json() for side in ("assisted", "blind", "difference")
        }
        for measure in MEASURES
    }


def _count_pair(tally: Tally, assisted: ReadStudy, blind: ReadStudy) -> None:
    """By reader number the first of either kind; against the reference over projections that both read."""
    images = [{one.image.image_id for one in side.judged} for side in (assisted, blind)]
    both = sorted(images[0] & images[1])
    with_help, without = values(assisted, both), values(blind, both)
    for measure in MEASURES:
        one, other = with_help[measure], without[measure]
        if one is not None and other is not None:
            tally.add(assisted.patient, f"{measure} assisted", one)
            tally.add(assisted.patient, f"{measure} blind", other)
            tally.add(assisted.patient, f"{measure} difference", one - other)


def _beside_control(read: Iterable[ReadStudy]) -> Json:
    chosen = [one for one in read if one.control or one.exposure == "assisted"]
    arms = {"assisted": [one for one in chosen if not one.control], "control": [one for one in chosen if one.control]}
    return _two_arms(arms)


def _by_reader(read: Iterable[ReadStudy]) -> Json:
    readers: defaultdict[str, dict[str, list[ReadStudy]]] = defaultdict(lambda: {"assisted": [], "blind": []})
    for one in read:
        readers[one.reader][one.exposure].append(one)
    return {reader: _two_arms(arms) for reader, arms in sorted(readers.items())}


def _two_arms(arms: dict[str, list[ReadStudy]]) -> Json:
    """By measure the mean of either arm, and of the first minus the second."""
    rows: dict[str, defaultdict[str, list[list[float]]]] = {measure: defaultdict(list) for measure in MEASURES}
    for column, own in enumerate(arms.values()):
        for one in own:
            for measure, value in values(one).items():
                if value is not None:
                    sums = [0.0] * 4
                    sums[2 * column : 2 * column + 2] = value, 1.0
                    rows[measure][one.patient].append(sums)
    return {"n": {arm: _n(own) for arm, own in arms.items()}} | {
        measure: {arm: _side(own, 2 * column).to_json() for column, arm in enumerate(arms)}
        | {"difference": bootstrap(own, _difference).to_json()}
        for measure, own in rows.items()
    }


def _side(rows: dict[str, list[list[float]]], first: int) -> Figure:
    """The mean of one arm, over the patients that are in it."""
    own = {patient: [row for row in given if row[first + 1]] for patient, given in rows.items()}
    return bootstrap(own, lambda sums: _mean(sums, first))


def _difference(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return _mean(sums, 0) - _mean(sums, 2)


def _mean(sums: NDArray[np.float64], first: int) -> NDArray[np.float64]:
    empty = sums[..., first + 1] == 0
    return np.where(empty, np.nan, sums[..., first] / np.where(empty, 1.0, sums[..., first + 1]))


def _edits(found: Material, read: Sequence[ReadStudy]) -> Json:
    assisted = [one for one in read if one.exposure == "assisted"]
    models = sorted({reading.shown_model for one in assisted for reading in one.readings if reading.shown_model})
    return {
        "all": _edits_of(found, assisted, None),
        "by_model": {model: _edits_of(found, assisted, model) for model in models},
    }


def _edits_of(found: Material, assisted: Iterable[ReadStudy], model: str | None) -> Json:
    tally, studies = Tally(), 0
    for one in assisted:
        readings = [reading for reading in one.readings if model in (None, reading.shown_model)]
        counts = [counted for reading in readings if (counted := found.edits(reading)) is not None]
        if not counts:
            continue
        studies += 1
        shown = sum(counted["shown"] for counted in counts)
        for kind in EDITS:
            tally.add(one.patient, kind, sum(counted[kind] for counted in counts), shown)
        tally.add(one.patient, "shown", shown)
        tally.add(one.patient, "added", sum(counted["added"] for counted in counts))
    figures = tally.figures()
    return {"studies": studies} | {kind: figures.get(kind, NOTHING).to_json() for kind in ("shown", *EDITS, "added")}


def _n(read: Sequence[ReadStudy]) -> Json:
    return {"patients": len({one.patient for one in read}), "studies": len({one.study_id for one in read})}
