"""Dataset versions: the references that count now, frozen under the SHA-256 of their manifest."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.datasets.manifest import FrozenReference, compose, name_of
from backend.datasets.split import PATIENT_RULE, STUDY_RULE, PatientCase, patient_split, study_split
from backend.errors import NotFound, Refused, WrongState
from backend.records import Split
from backend.settings import Settings
from backend.store.audit import record
from backend.store.blobs import BlobStore, blobs_of
from backend.store.masks import load_mask
from backend.store.sealed import current_reference
from backend.store.secrets import keyed_digest
from backend.store.session import open_session
from backend.store.tables import DatasetVersion, Image, Patient, Reading, Reference, Study

SplitRule = Literal["patient", "study"]


@dataclass(frozen=True)
class FrozenDataset:
    """A dataset version; `manifest` as `manifest.compose` gives it."""

    id: str
    manifest: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id} | self.manifest


def freeze(
    settings: Settings,
    *,
    split: SplitRule = "patient",
    only_images: Collection[int] | None = None,
    by: str = "scintiloop",
) -> FrozenDataset:
    """Freezes the references that count now; the same references give the same version.

    A patient's side is decided at the first freeze and kept with the patient. Excluded projections, and references
    whose readings were revised since, are no members.

    Args:
        split: `patient`, or `study` for the founding study's own split of closed data.
        only_images: the images to learn from; the test side is whole all the same.

    Raises:
        Refused: the study's split in a home that is not made for closed data.
        WrongState: there is no reference yet.
    """
    if split == "study" and not settings.closed_data:
        raise Refused(
            "the study's own split is for finished data only: it draws the test patients after they were read; "
            "make a home with closed_data = true, whose models never serve"
        )
    with open_session(settings) as session:
        found = _frozen_references(session, only_images)
        patients = _patients(session, {reference.patient for reference in found})
    if not found:
        raise WrongState(
            "there is no reference to freeze yet: two readings of a study must agree or be adjudicated first"
        )
    _audit(settings, patients, by)
    pixels = _first_study_pixels(blobs_of(settings), found, patients)
    with open_session(settings) as session:
        cases = _cases(settings, session, patients, pixels)
        sides = study_split(cases) if split == "study" else _decide_sides(session, cases)
        manifest = compose(found, cases, sides, STUDY_RULE if split == "study" else PATIENT_RULE)
        dataset = FrozenDataset(name_of(manifest), manifest)
        if session.get(DatasetVersion, dataset.id) is None:
            session.add(DatasetVersion(id=dataset.id, manifest=manifest))
            record(session, by, "dataset frozen", dataset=dataset.id, members=len(found))
    return dataset


def versions(settings: Settings) -> list[dict[str, Any]]:
    """Every dataset version, newest first: id, creation time, members and the bucket table."""
    with open_session(settings) as session:
        rows = list(session.scalars(select(DatasetVersion).order_by(DatasetVersion.created.desc())))
    return [
        {
            "id": row.id,
            "created": row.created.isoformat(),
            "members": len(row.manifest["members"]),
            "split_rule": row.manifest["split_rule"],
            "buckets": row.manifest["buckets"],
        }
        for row in rows
    ]


def find(settings: Settings, dataset_id: str) -> FrozenDataset:
    """A dataset version by its id or the beginning of it.

    Raises:
        NotFound: none, or several, have such an id.
    """
    with open_session(settings) as session:
        chosen = select(DatasetVersion).where(DatasetVersion.id.startswith(dataset_id, autoescape=True)).limit(2)
        rows = list(session.scalars(chosen))
    if len(rows) != 1:
        trouble = "fits several versions, give more of it" if rows else "does not exist"
        raise NotFound(f"dataset version {dataset_id} {trouble}; `scintiloop dataset list` shows all")
    return FrozenDataset(rows[0].id, rows[0].manifest)


def _frozen_references(session: Session, only_images: Collection[int] | None) -> list[FrozenReference]:
    rows = session.execute(select(Image, Study, Patient).join(Image.study).join(Study.patient).order_by(Image.id))
    found = []
    for image, study, patient in rows:
        wanted = only_images is None or image.id in only_images or patient.sequestered
        reference = current_reference(session, image.id) if wanted else None
        if reference is not None and reference.metastasis_sha256 is not None:
            found.append(_frozen(session, image, study, patient, reference))
    return found


def _frozen(session: Session, image: Image, study: Study, patient: Patient, reference: Reference) -> FrozenReference:
    readings = [session.get(Reading, id_) for id_ in (reference.reading_a, reference.reading_b) if id_ is not None]
    return FrozenReference(
        patient.pseudonym,
        study.identifier,
        image.projection,
        tuple(reading.exposure for reading in readings if reading),
        reference.status,
        reference.rule,
        _present(
            metastasis=reference.metastasis_sha256, bladder=reference.bladder_sha256, ignored=reference.ignored_sha256
        ),
        _present(low=image.low_sha256, high=image.high_sha256),
    )


def _present(**hashes: str | None) -> dict[str, str]:
    return {name: sha256 for name, sha256 in hashes.items() if sha256 is not None}


def _patients(session: Session, pseudonyms: Collection[str]) -> list[Patient]:
    """The patients with their studies loaded, in the order of arrival."""
    chosen = list(session.scalars(select(Patient).where(Patient.pseudonym.in_(pseudonyms)).order_by(Patient.id)))
    for patient in chosen:
        _ = patient.studies
    return chosen


def _audit(settings: Settings, patients: Iterable[Patient], by: str) -> None:
    """The bucket table looks at the test side's references too."""
    hidden = [patient.pseudonym for patient in patients if patient.sequestered]
    if hidden:
        with open_session(settings) as session:
            record(session, by, "sequestered references read", purpose="freeze", patients=hidden)


def _first_study_pixels(
    blobs: BlobStore, references: Iterable[FrozenReference], patients: Iterable[Patient]
) -> dict[str, int]:
    """Metastasis pixels of each patient's first study that has references, both projections summed."""
    pixels: dict[tuple[str, str], int] = defaultdict(int)
    for reference in references:
        mask = load_mask(blobs, reference.masks["metastasis"])
        pixels[reference.patient, reference.study] += int(np.count_nonzero(mask))
    first: dict[str, int] = {}
    for patient in patients:
        studies = sorted(patient.studies, key=lambda study: (study.date is None, study.date or 0, study.id))
        counted = [pixels[key] for study in studies if (key := (patient.pseudonym, study.identifier)) in pixels]
        first[patient.pseudonym] = counted[0]
    return first


def _cases(
    settings: Settings, session: Session, patients: Iterable[Patient], pixels: dict[str, int]
) -> list[PatientCase]:
    """The patients as splitting sees them, their rows locked."""
    cases = []
    for one in patients:
        patient = session.get_one(Patient, one.id, with_for_update=True)
        known = [study.metastasis for study in one.studies if study.metastasis is not None]
        side = "test" if patient.sequestered else patient.split
        cases.append(
            PatientCase(
                patient.pseudonym,
                keyed_digest(settings, "split", patient.pseudonym),
                pixels[patient.pseudonym],
                any(known) if known else pixels[patient.pseudonym] > 0,
                cast(Split | None, side),
            )
        )
    return cases


def _decide_sides(session: Session, cases: list[PatientCase]) -> dict[str, Split]:
    """The sides, kept with every new patient from now on.

    Patients who are no members this time keep the validation share right, so they take part in the draw.
    """
    others = session.scalars(select(Patient).where(Patient.split.is_not(None)))
    members = {case.pseudonym for case in cases}
    settled = [
        PatientCase(other.pseudonym, "", 0, False, cast(Split, other.split))
        for other in others
        if other.pseudonym not in members
    ]
    sides = patient_split([*cases, *settled])
    new = [case.pseudonym for case in cases if case.split is None]
    for patient in session.scalars(select(Patient).where(Patient.pseudonym.in_(new))):
        patient.split = sides[patient.pseudonym]
    return sides
