"""The agreement of every projection: its status, and every pair of its readings compared."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import Any, cast

from backend.agreement.compare import PairAgreement, compare, needs_adjudication
from backend.measures.intervals import bootstrap_mean
from backend.records import AgreementRules, ProjectionStatus
from backend.settings import Settings
from backend.store.sealed import SealedImage, SealedReading, calls_differ, sealed_studies
from converters.regions import LABELS


def survey(settings: Settings) -> dict[str, Any]:
    """The agreement of all that is stored, as `report` gives it."""
    return report(sealed_studies(settings), settings.agreement_rules)


def report(studies: Iterable[tuple[SealedImage, ...]], rules: AgreementRules) -> dict[str, Any]:
    """The document of `scintiloop agreement`.

    Args:
        studies: the projections of each study.

    Returns:
        `projections` (study, projection, image, status, reasons) and `pairs` (study, projection, readers, exposure,
        Dice per label, lesions matched and drawn by one alone, whether the readers call the patient differently).
    """
    projections: list[dict[str, Any]] = []
    pairs: list[dict[str, Any]] = []
    for study in studies:
        for image in study:
            compared = _compared(study, image, rules)
            deciding = [pair for a, b, pair in compared if (a, b) == image.pair]
            reasons = needs_adjudication(deciding[0], rules) if deciding else ()
            projections.append(_place(image) | _standing(image, reasons))
            pairs += [_place(image) | _plain(a, b, pair) for a, b, pair in compared]
    return {"rules": rules.version, "projections": projections, "pairs": pairs}


def by_exposure(pairs: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Mean Dice between readers for each combination of exposures, with intervals by patient.

    Args:
        pairs: as in `report`.

    Returns:
        `{"assisted and blind": {label: figure}}`; projections where neither reader holds the label are left out.
    """
    values: dict[str, dict[str, dict[str, list[float]]]] = defaultdict(lambda: {label: {} for label in LABELS})
    for pair in pairs:
        group = values[" and ".join(sorted(pair["exposure"]))]
        for label in LABELS:
            if (value := pair["labels"][label]["dice"]) is not None:
                group[label].setdefault(pair["patient"], []).append(value)
    return {
        name: {label: {"dice": bootstrap_mean(group[label]).to_json()} for label in LABELS}
        for name, group in sorted(values.items())
    }


def status(image: SealedImage, reasons: tuple[str, ...]) -> ProjectionStatus:
    """Where a projection stands, given why its first two readings need a physician."""
    if image.reference_status is not None:
        return cast(ProjectionStatus, image.reference_status)
    if image.pair is None:
        return "waiting"
    excluding = sum(reading.exclusion is not None for reading in image.pair)
    if excluding == 2:
        return "excluded"
    return "adjudicate" if excluding or reasons else "agreed"


def _compared(
    study: tuple[SealedImage, ...], image: SealedImage, rules: AgreementRules
) -> list[tuple[SealedReading, SealedReading, PairAgreement]]:
    """Every two readings of readers who could both read the image."""
    readable = [reading for reading in image.readings if not reading.exclusion]
    return [
        (a, b, compare(a.masks, b.masks, rules, patient_call_differs=calls_differ(study, a.reader, b.reader)))
        for a, b in combinations(readable, 2)
    ]


def _place(image: SealedImage) -> dict[str, Any]:
    return {
        "patient": image.patient,
        "study": image.study,
        "projection": image.projection,
        "image": image.image_id,
    }


def _standing(image: SealedImage, reasons: tuple[str, ...]) -> dict[str, Any]:
    standing = status(image, reasons)
    words = list(reasons) if standing in ("adjudicate", "adjudicated") else []
    if image.pair and sum(reading.exclusion is not None for reading in image.pair) == 1:
        words.append("one reader calls the image unreadable and the other read it")
    return {"status": standing, "reasons": words}


def _plain(a: SealedReading, b: SealedReading, pair: PairAgreement) -> dict[str, Any]:
    return {
        "readers": [a.reader, b.reader],
        "exposure": [a.exposure, b.exposure],
        "labels": {label: {"dice": pair.dice[label]} for label in LABELS},
        "lesions": {"matched": pair.matched, "only": list(pair.only)},
        "patient_call_differs": pair.patient_call_differs,
    }
