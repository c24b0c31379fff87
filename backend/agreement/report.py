"""The agreement of every projection and study: its status, and every pair of its readings compared."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, cast

from backend.agreement.keep import keep_all
from backend.agreement.material import Compared, Material, material
from backend.agreement.measure import reasons
from backend.agreement.rows import ImageRow
from backend.agreement.studies import study_agreement
from backend.measures.intervals import bootstrap_mean
from backend.records import ProjectionStatus
from backend.sentences import say
from backend.settings import Settings
from backend.store.session import open_session
from converters.regions import LABELS

ONE_CANNOT_READ = say("one reader calls the image unreadable and the other read it")


def survey(
    settings: Settings, *, processes: int | None = None, advance: Callable[[int, int], None] | None = None
) -> dict[str, Any]:
    """The agreement of all that is stored, as `report` gives it; measures first what is not measured yet.

    Args:
        processes, advance: as in `keep_all`.
    """
    return report(measured_all(settings, processes=processes, advance=advance), settings.agreement_rules.version)


def measured_all(
    settings: Settings, *, processes: int | None = None, advance: Callable[[int, int], None] | None = None
) -> Material:
    """What is kept of all that is stored, once what is missing is measured.

    Args:
        processes, advance: as in `keep_all`.
    """
    keep_all(settings, processes=processes, advance=advance)
    with open_session(settings) as session:
        return material(session, settings.agreement_rules.version)


def report(found: Material, rules: str) -> dict[str, Any]:
    """The document of `scintiloop agreement`.

    Returns:
        `projections` (study, projection, image, status, reasons), `pairs` (study, projection, readers, exposure, what
        was measured, whether the readers call the patient differently) and `studies` (as `study_agreement`).
    """
    projections: list[dict[str, Any]] = []
    pairs: list[dict[str, Any]] = []
    studies: list[dict[str, Any]] = []
    for study in found.studies:
        compared = found.pairs(study)
        deciding = {one.image.image_id: one for one in compared if one.deciding}
        projections += [_place(image) | standing_of(image, deciding.get(image.image_id)) for image in study]
        pairs += [_place(one.image) | _plain(one) for one in compared]
        studies += [{"patient": study[0].patient, "study": study[0].study} | one for one in study_agreement(compared)]
    return {"rules": rules, "projections": projections, "pairs": pairs, "studies": studies}


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


def standing_of(image: ImageRow, deciding: Compared | None) -> dict[str, Any]:
    """`status` of a projection and the `reasons` for which a physician is or was asked.

    Args:
        deciding: the two readings that make the reference, compared; None where one of them could not read the image.
    """
    asked = reasons(deciding.measures, calls_differ=deciding.calls_differ) if deciding else ()
    pair = image.readings[:2] if len(image.readings) > 1 else ()
    excluding = sum(reading.exclusion is not None for reading in pair)
    status = _status(image, excluding, asked)
    words = list(asked) if status in ("adjudicate", "adjudicated") else []
    return {"status": status, "reasons": [*words, ONE_CANNOT_READ] if excluding == 1 else words}


def _status(image: ImageRow, excluding: int, asked: tuple[str, ...]) -> ProjectionStatus:
    if image.reference is not None:
        return cast(ProjectionStatus, image.reference.status)
    if len(image.readings) < 2:
        return "waiting"
    if excluding == 2:
        return "excluded"
    return "adjudicate" if excluding or asked else "agreed"


def _place(image: ImageRow) -> dict[str, Any]:
    return {
        "patient": image.patient,
        "study": image.study,
        "projection": image.projection,
        "image": image.image_id,
    }


def _plain(one: Compared) -> dict[str, Any]:
    return {
        "readers": [one.a.reader, one.b.reader],
        "exposure": [one.a.exposure, one.b.exposure],
        "patient_call_differs": one.calls_differ,
    } | {key: value for key, value in one.measures.items() if key != "reasons"}
