"""What of the model was put before a reader, noted before it can be seen: which version, and which outlines."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.settings import Settings
from backend.store import regions_document
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import Assignment, Patient, ShownOutlines, Study
from converters.regions import Region

Shown = Mapping[int, Sequence[Region]]
"""Image id → the outlines shown on it, in grid pixels; an image on which the model found nothing has none."""

ASSIGNMENTS_PER_TURN = 500


def record_shown(settings: Settings, shown: Mapping[int, Shown], model_version: str) -> set[int]:
    """Notes that these outlines of this model version are put before readers.

    Args:
        shown: by assignment id.

    Returns:
        the assignments of which it was noted: of a blind one, or one that was taken back, nothing may be shown.
    """
    noted = set[int]()
    for start in range(0, len(shown), ASSIGNMENTS_PER_TURN):
        noted |= _record(settings, dict(list(shown.items())[start : start + ASSIGNMENTS_PER_TURN]), model_version)
    return noted


def _record(settings: Settings, shown: Mapping[int, Shown], model_version: str) -> set[int]:
    blobs = blobs_of(settings)
    kept = {
        assignment_id: {image_id: blobs.put(regions_document.encode(regions)) for image_id, regions in images.items()}
        for assignment_id, images in shown.items()
    }
    with open_session(settings) as session:
        assignments = _who_may_see(session, list(kept))
        for assignment in assignments:
            _note(session, assignment, kept[assignment.id], model_version)
        return {assignment.id for assignment in assignments}


def _who_may_see(session: Session, assignment_ids: list[int]) -> list[Assignment]:
    chosen = (
        select(Assignment)
        .join(Study, Study.id == Assignment.study_id)
        .join(Patient, Patient.id == Study.patient_id)
        .where(Assignment.id.in_(assignment_ids), Assignment.exposure == "assisted", Assignment.released.is_(None))
        .where(Patient.sequestered.is_(False), Study.control.is_not(True), Assignment.purpose != "repeat")
        .order_by(Assignment.id)
        .with_for_update(of=Assignment)
    )
    return list(session.scalars(chosen))


def _note(session: Session, assignment: Assignment, kept: Mapping[int, str], model_version: str) -> None:
    same_version = select(ShownOutlines).where(
        ShownOutlines.assignment_id == assignment.id, ShownOutlines.model == model_version
    )
    before = {row.image_id: row for row in session.scalars(same_version)}
    stands = {
        image_id
        for image_id, row in before.items()
        if assignment.shown_model == model_version and row.regions_sha256 == kept.get(image_id)
    }
    # shown again after another version's, the outlines get a new row, because the newest counts
    for image_id in before.keys() & kept.keys() - stands:
        session.delete(before[image_id])
    session.flush()
    assignment.shown_model = model_version
    session.add_all(
        ShownOutlines(assignment_id=assignment.id, image_id=image_id, model=model_version, regions_sha256=sha256)
        for image_id, sha256 in kept.items()
        if image_id not in stands
    )
