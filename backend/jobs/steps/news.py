"""What references there are that a training has not seen: which stand, which are new, and what they hold."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.measures.lesions import components
from backend.promotion.registry import champion
from backend.settings import Settings
from backend.store.blobs import BlobStore, blobs_of
from backend.store.masks import load_mask
from backend.store.readings import counting
from backend.store.sealed import stands
from backend.store.session import open_session
from backend.store.tables import DatasetVersion, Image, Patient, Reading, Reference, Run, Study
from converters.regions import LABELS, Label

KEPT_COUNTS = 20_000
"""References whose lesions a process remembers; a mask never changes."""


@dataclass(frozen=True)
class NewReference:
    """One reference that is new; its patient by number, `sequestered` or not, and the hashes of its masks by label."""

    created: datetime
    study: int
    patient: int
    sequestered: bool
    site: str | None
    masks: dict[Label, str | None]


def that_stands(reference: Any, readings: Sequence[int]) -> Any:
    """The newest reference of an image, None unless it stands on the readings that count now."""
    return reference if reference is not None and stands(reference, readings) else None


def champions_dataset(session: Session) -> DatasetVersion | None:
    """The dataset version that the champion learned from; None without a champion that learned from one."""
    serving = champion(session)
    return session.get(DatasetVersion, serving.dataset_id) if serving and serving.dataset_id else None


def is_new(reference: Any, since: datetime | None) -> bool:
    """Whether a training started now would have this reference beyond those from before `since`."""
    return reference is not None and reference.status != "excluded" and (since is None or reference.created > since)


def last_given(session: Session) -> datetime | None:
    """When the newest dataset version was frozen that the champion or any run was given."""
    given = session.scalar(select(func.max(DatasetVersion.created)).join(Run, Run.dataset_id == DatasetVersion.id))
    champions = champions_dataset(session)
    return max((one for one in (given, champions and champions.created) if one), default=None)


def new_references(session: Session, since: datetime | None) -> list[NewReference]:
    """Every standing reference that was made after `since`, the oldest first."""
    newest = select(func.max(Reference.id)).group_by(Reference.image_id)
    chosen = (
        select(Reference, Study.id, Study.site, Patient.id, Patient.sequestered)
        .join(Image, Image.id == Reference.image_id)
        .join(Study, Study.id == Image.study_id)
        .join(Patient, Patient.id == Study.patient_id)
        .where(Reference.id.in_(newest), Reference.status != "excluded")
        .order_by(Reference.created, Reference.id)
    )
    rows = session.execute(chosen if since is None else chosen.where(Reference.created > since)).all()
    readings = _readings(session) if rows else {}
    return [
        NewReference(one.created, study, patient, sequestered, site, {label: _mask(one, label) for label in LABELS})
        for one, study, site, patient, sequestered in rows
        if that_stands(one, readings.get(one.image_id, []))
    ]


def whats_new(settings: Settings) -> dict[str, Any]:
    """What a training started now would have beyond the champion's, as JSON.

    Of sequestered patients, whose references only test, there is nothing but their number: no mask of theirs is opened.
    """
    with open_session(settings) as session:
        dataset = champions_dataset(session)
        found = new_references(session, dataset.created if dataset else None)
    taught = [one for one in found if not one.sequestered]
    blobs = blobs_of(settings)
    regions = {label: [_regions(blobs, one.masks[label]) for one in taught] for label in LABELS}
    return {
        "champions_dataset": dataset.id if dataset else None,
        "frozen": dataset.created.isoformat() if dataset else None,
        "references": len(taught),
        "patients": len({one.patient for one in taught}),
        "studies": len({one.study for one in taught}),
        "lesions": sum(regions["metastasis"]),
        "labels": {label: sum(map(bool, counts)) for label, counts in regions.items()},
        "sites": dict(sorted(Counter(one.site or "" for one in taught).items())),
        "sequestered": len(found) - len(taught),
    }


def _mask(reference: Reference, label: Label) -> str | None:
    return reference.metastasis_sha256 if label == "metastasis" else reference.bladder_sha256


def _readings(session: Session) -> dict[int, list[int]]:
    """Ids of the readings that count, by image."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for image_id, reading in session.execute(counting().with_only_columns(Reading.image_id, Reading.id)):
        found[image_id].append(reading)
    return found


@lru_cache(KEPT_COUNTS)
def _regions(blobs: BlobStore, sha256: str | None) -> int:
    """How many 8-connected regions a mask holds."""
    return 0 if sha256 is None else components(load_mask(blobs, sha256))[1]
