"""Scans become studies of this home: rows written, names hashed, test membership decided. Once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.errors import ScanError
from backend.labelstudio.layout import file_name
from backend.records import WINDOWS, Projection, ScanImage, Visit
from backend.scans.prepare import PreparedScan, prepare
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.images import name_digest, normal_name, rendering_name
from backend.store.secrets import keyed_digest
from backend.store.session import open_session
from backend.store.tables import Image, ImageName, Patient, Study

TOKEN_LENGTH = 16
STUDY_COLUMNS = ("date", "age", "primary", "site", "metastasis")

Status = Literal["new", "updated", "unchanged"]
Outcome = tuple[list["RegisteredStudy"], list[ScanError]]


@dataclass(frozen=True)
class RegisteredStudy:
    """What became of a study: `updated` if it was known and gained an image, a name or a value."""

    patient: str
    study: str
    token: str
    projections: tuple[Projection, ...]
    status: Status

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"projections": list(self.projections)}


def register(settings: Settings, scans: Iterable[ScanImage | ScanError]) -> Iterator[RegisteredStudy | ScanError]:
    """Brings scans into the home, one transaction per study; errors in the stream are passed on.

    The source files go to the vault as they came. What is known already changes nothing; a known image under another
    path gains that name; a value that was unknown is filled in. Consecutive scans of one visit are taken together.

    Yields:
        one result per run of scans of a study, and a ScanError for each scan that contradicts what is known.
    """
    for _, run in groupby(scans, key=_study_of):
        prepared: list[PreparedScan] = []
        for scan in run:
            if isinstance(scan, ScanError):
                yield scan
                continue
            try:
                prepared.append(prepare(settings, scan))
            except ScanError as error:
                yield error
        if prepared:
            studies, errors = _in_one_transaction(settings, prepared)
            yield from studies
            yield from errors


def study_token(settings: Settings, visit: Visit) -> str:
    """The name by which a study is known outside: in tasks, file names and URLs."""
    return keyed_digest(settings, "study", f"{visit.patient}\0{visit.study}")[:TOKEN_LENGTH]


def is_sequestered(settings: Settings, patient: str) -> bool:
    """Whether a patient who appears now belongs to the test set: a keyed hash below `test_share`."""
    return int(keyed_digest(settings, "test", patient)[:16], 16) / 2**64 < settings.test_share


def _study_of(scan: ScanImage | ScanError) -> tuple[str, str] | None:
    return None if isinstance(scan, ScanError) else (scan.visit.patient, scan.visit.study)


def _in_one_transaction(settings: Settings, prepared: Sequence[PreparedScan]) -> Outcome:
    try:
        return _attempt(settings, prepared)
    except IntegrityError:
        # another process brought in the same patient or study meanwhile: now it is known
        return _attempt(settings, prepared)


def _attempt(settings: Settings, prepared: Sequence[PreparedScan]) -> Outcome:
    try:
        with open_session(settings) as session:
            return _write_study(session, settings, prepared)
    except ScanError as error:
        return [], [error]


def _write_study(session: Session, settings: Settings, prepared: Sequence[PreparedScan]) -> Outcome:
    study, is_new = _study_row(session, settings, prepared[0].scan)
    updated = False
    taken: list[Projection] = []
    errors: list[ScanError] = []
    for one in prepared:
        updated |= _fill_in(study, one.scan)
        image, image_gained = _image_row(session, settings, study, one)
        if image is None:
            errors.append(_conflict(one.scan, "projection", f"{one.scan.projection} of this study is known otherwise"))
            continue
        taken.append(one.scan.projection)
        updated |= _add_names(session, settings, image, one.scan, study.token) | image_gained
    status: Status = "new" if is_new else "updated" if updated else "unchanged"
    result = RegisteredStudy(study.patient.pseudonym, study.identifier, study.token, tuple(taken), status)
    return [result] if taken else [], errors


def _study_row(session: Session, settings: Settings, scan: ScanImage) -> tuple[Study, bool]:
    visit = scan.visit
    patient = session.scalars(select(Patient).where(Patient.pseudonym == visit.patient)).one_or_none()
    if patient is None:
        sequestered = is_sequestered(settings, visit.patient)
        patient = Patient(pseudonym=visit.patient, sequestered=sequestered, split="test" if sequestered else None)
        session.add(patient)
        session.flush()
    chosen = select(Study).where(Study.patient_id == patient.id, Study.identifier == visit.study)
    study = session.scalars(chosen).one_or_none()
    if study is not None:
        return study, False
    study = Study(patient=patient, identifier=visit.study, token=study_token(settings, visit))
    session.add(study)
    session.flush()
    return study, True


def _fill_in(study: Study, scan: ScanImage) -> bool:
    """Writes what was unknown of the visit; True if anything was."""
    rows = [(study, column) for column in STUDY_COLUMNS] + [(study.patient, "sex")]
    changed = False
    for row, column in rows:
        old, new = getattr(row, column), getattr(scan.visit, column)
        if None not in (old, new) and old != new:
            raise _conflict(scan, column, f"is {new}, but was {old} when this study first came")
        if old is None and new is not None:
            setattr(row, column, new)
            changed = True
    return changed


def _image_row(session: Session, settings: Settings, study: Study, one: PreparedScan) -> tuple[Image | None, bool]:
    """The projection's row and whether it gained anything; no row where another image holds its place."""
    chosen = select(Image).where(Image.study_id == study.id, Image.projection == one.scan.projection)
    image = session.scalars(chosen).one_or_none()
    if image is not None:
        if not one.shows_the_same_as(image, blobs_of(settings)):
            return None, False
        gains_counts = image.counts_sha256 is None and one.counts_sha256 is not None
        image.counts_sha256 = image.counts_sha256 or one.counts_sha256
        return image, gains_counts
    image = one.new_row(study.id)
    session.add(image)
    session.flush()
    return image, True


def _add_names(session: Session, settings: Settings, image: Image, scan: ScanImage, token: str) -> bool:
    """Adds the names by which readers' files may call the image; True if one was unknown."""
    spaces = {file_name(token, scan.projection, window): "grid" for window in WINDOWS}
    for name in map(normal_name, scan.names):
        spaces |= {name: "source", name.rsplit("/", maxsplit=1)[-1]: "source"}
        if scan.counts is not None:
            spaces[rendering_name(name, scan.projection)] = "source"
    known = set(session.scalars(select(ImageName.digest).where(ImageName.image_id == image.id)))
    digests = {name_digest(settings, name): space for name, space in spaces.items()}
    added = [
        ImageName(digest=digest, image_id=image.id, space=space)
        for digest, space in digests.items()
        if digest not in known
    ]
    session.add_all(added)
    return bool(added)


def _conflict(scan: ScanImage, field: str, message: str) -> ScanError:
    source = str(scan.paths[0]) if scan.paths else scan.projection
    return ScanError(f"{message}; check which one is right, nothing was changed", source=source, field=field)
