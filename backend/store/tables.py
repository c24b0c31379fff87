"""Every table. Times are UTC; `sha256` columns name blobs; JSON columns hold plain documents."""

from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, MetaData, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import DateTime, TypeDecorator

Sha256 = String(64)


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC that comes back with its time zone on SQLite too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


def now() -> datetime:
    return datetime.now(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {dict[str, Any]: JSON, list[Any]: JSON, datetime: UtcTime}


class Patient(Base):
    """`sequestered` is decided when the patient first appears, `split` at the first freeze; neither changes."""

    __tablename__ = "patients"
    id: Mapped[int] = mapped_column(primary_key=True)
    pseudonym: Mapped[str] = mapped_column(unique=True)
    sequestered: Mapped[bool]
    split: Mapped[str | None]
    """`train` or `validation`; None before the first freeze; `test` for the sequestered, from the start."""
    sex: Mapped[str | None]
    studies: Mapped[list["Study"]] = relationship(back_populates="patient", order_by="Study.id")


class Study(Base):
    """`token` is the name that leaves the house: in tasks, file names and URLs; it says nothing of the patient."""

    __tablename__ = "studies"
    __table_args__ = (UniqueConstraint("patient_id", "identifier"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    identifier: Mapped[str]
    token: Mapped[str] = mapped_column(unique=True)
    date: Mapped[date | None]
    age: Mapped[float | None]
    primary: Mapped[str | None]
    site: Mapped[str | None]
    metastasis: Mapped[bool | None]
    created: Mapped[datetime] = mapped_column(default=now)
    patient: Mapped[Patient] = relationship(back_populates="studies")
    images: Mapped[list["Image"]] = relationship(back_populates="study", order_by="Image.projection")


class Image(Base):
    """One projection of a study. Blobs: `counts` .npy float32 of the source size; `low`, `high` PNG on the grid."""

    __tablename__ = "images"
    __table_args__ = (UniqueConstraint("study_id", "projection"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"), index=True)
    projection: Mapped[str]
    source_sha256: Mapped[str] = mapped_column(Sha256, index=True)
    counts_sha256: Mapped[str | None] = mapped_column(Sha256)
    low_sha256: Mapped[str | None] = mapped_column(Sha256)
    high_sha256: Mapped[str | None] = mapped_column(Sha256)
    rows: Mapped[int]
    columns: Mapped[int]
    pixel_mm: Mapped[float | None]
    """mm per source pixel."""
    study: Mapped[Study] = relationship(back_populates="images")


class ImageName(Base):
    """A name by which readers' files may call an image, kept as a keyed hash because file names may carry patients.

    `space` says in whose pixels such a file draws: `grid` or `source`.
    """

    __tablename__ = "image_names"
    __table_args__ = (UniqueConstraint("digest", "image_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(Sha256, index=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"), index=True)
    space: Mapped[str]


class Reader(Base):
    """`number` (1, 2, …) decides alternating exposure; Label Studio ids are None for a reader of Labelme only."""

    __tablename__ = "readers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    number: Mapped[int] = mapped_column(unique=True)
    label_studio_user: Mapped[int | None] = mapped_column(unique=True)
    label_studio_project: Mapped[int | None] = mapped_column(unique=True)


class Assignment(Base):
    """A study on one reader's worklist: what the reader is to see first, and what was in fact shown."""

    __tablename__ = "assignments"
    __table_args__ = (UniqueConstraint("reader_id", "study_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id"), index=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"), index=True)
    exposure: Mapped[str]
    label_studio_task: Mapped[int | None] = mapped_column(index=True)
    shown_model: Mapped[str | None]
    """Version of the model whose outlines the reader was given; None while blind or nothing shown."""
    created: Mapped[datetime] = mapped_column(default=now)
    reader: Mapped[Reader] = relationship()
    study: Mapped[Study] = relationship()


class Reading(Base):
    """All regions one reader gave one projection; immutable. The newest that is not superseded counts.

    `arrived_sha256` names the file as it came, in the vault; `regions_sha256` the de-identified copy: a JSON list of
    regions in grid pixels (`readings/regions_document.py`). `exclusion` holds the reason where the reader called the
    image unreadable. `origin` is the submission's own identity (`label-studio:12:…`, `labelme:<sha>`): a repeat of it
    changes nothing.
    """

    __tablename__ = "readings"
    __table_args__ = (UniqueConstraint("reader_id", "image_id", "origin"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id"), index=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"), index=True)
    origin: Mapped[str]
    arrived_sha256: Mapped[str] = mapped_column(Sha256)
    regions_sha256: Mapped[str] = mapped_column(Sha256)
    certificate: Mapped[dict[str, Any]]
    exposure: Mapped[str]
    shown_model: Mapped[str | None]
    exclusion: Mapped[str | None]
    unblinded: Mapped[bool] = mapped_column(default=False)
    submitted: Mapped[datetime]
    """When the reader submitted, by the source's clock; orders revisions."""
    sealed: Mapped[datetime] = mapped_column(default=now)
    superseded_by: Mapped[int | None] = mapped_column(ForeignKey("readings.id"))
    withdrawn: Mapped[bool] = mapped_column(default=False)
    """The reader deleted the submission in Label Studio; kept, no longer counted."""
    seconds: Mapped[float | None]
    """Time the reader spent, where the source says."""
    reader: Mapped[Reader] = relationship()
    image: Mapped[Image] = relationship()


class Withdrawal(Base):
    """The reader took an annotation back in Label Studio (deleted or skipped): its words up to `at` no longer count.

    Kept apart from the readings because it may arrive before them.
    """

    __tablename__ = "withdrawals"
    __table_args__ = (UniqueConstraint("reader_id", "annotation"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id"), index=True)
    annotation: Mapped[int]
    at: Mapped[datetime]


class Reference(Base):
    """What counts as the truth for one projection and how it came to be; the newest row of an image counts.

    Blobs (PNG uint8 0/255 on the grid): `metastasis`, `bladder`, `ignored`. All None where `status` is `excluded`.
    """

    __tablename__ = "references"
    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"), index=True)
    status: Mapped[str]
    """`agreed`, `adjudicated` or `excluded`."""
    reason: Mapped[str | None]
    metastasis_sha256: Mapped[str | None] = mapped_column(Sha256)
    bladder_sha256: Mapped[str | None] = mapped_column(Sha256)
    ignored_sha256: Mapped[str | None] = mapped_column(Sha256)
    rule: Mapped[str]
    reading_a: Mapped[int | None] = mapped_column(ForeignKey("readings.id"))
    reading_b: Mapped[int | None] = mapped_column(ForeignKey("readings.id"))
    decisions: Mapped[list[Any] | None]
    decided_by: Mapped[str | None]
    created: Mapped[datetime] = mapped_column(default=now)
    image: Mapped[Image] = relationship()


class DatasetVersion(Base):
    """`id` is the SHA-256 of the canonical manifest."""

    __tablename__ = "dataset_versions"
    id: Mapped[str] = mapped_column(Sha256, primary_key=True)
    manifest: Mapped[dict[str, Any]]
    created: Mapped[datetime] = mapped_column(default=now)


class Run(Base):
    """One training job. `progress` is the newest of `points`: step, steps, loss, dice, seconds_left."""

    __tablename__ = "runs"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    state: Mapped[str] = mapped_column(default="queued", index=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset_versions.id"))
    options: Mapped[dict[str, Any]]
    requested_by: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    progress: Mapped[dict[str, Any] | None]
    points: Mapped[list[Any]] = mapped_column(default=list)
    heartbeat: Mapped[datetime | None]
    error: Mapped[str | None]
    model_id: Mapped[str | None] = mapped_column(ForeignKey("model_versions.id"))
    verdict: Mapped[dict[str, Any] | None]
    created: Mapped[datetime] = mapped_column(default=now)
    started: Mapped[datetime | None]
    ended: Mapped[datetime | None]


class ModelVersion(Base):
    """Immutable weights and where they came from; `id` is the first 12 hex digits of the weights' SHA-256."""

    __tablename__ = "model_versions"
    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    weights_sha256: Mapped[str] = mapped_column(Sha256)
    card: Mapped[dict[str, Any]]
    """Architecture, thresholds, recipe, lineage: what it takes to rebuild the predictor."""
    run_id: Mapped[str | None] = mapped_column(String(32))
    dataset_id: Mapped[str | None] = mapped_column(ForeignKey("dataset_versions.id"))
    code_version: Mapped[str]
    created: Mapped[datetime] = mapped_column(default=now)


class ChampionChange(Base):
    """The champion is the `model_id` of the newest row."""

    __tablename__ = "champion_changes"
    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[str | None] = mapped_column(ForeignKey("model_versions.id"))
    action: Mapped[str]
    """`promote` or `rollback`."""
    by: Mapped[str]
    reason: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(default=now)


class Evaluation(Base):
    """A report of one model on the sequestered cases of one dataset version; each row is one look at the test set."""

    __tablename__ = "evaluations"
    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[str] = mapped_column(ForeignKey("model_versions.id"), index=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset_versions.id"))
    report: Mapped[dict[str, Any]]
    scores_sha256: Mapped[str] = mapped_column(Sha256)
    """Per-projection scores, for paired comparison."""
    html_sha256: Mapped[str] = mapped_column(Sha256)
    """The self-contained page of the report."""
    created: Mapped[datetime] = mapped_column(default=now)


class Account(Base):
    """A log-in to Scintiloop's own pages. `generated` while the password that `up` made still stands."""

    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    """`administrator`, `engineer` or `physician`."""
    password_hash: Mapped[str]
    generated: Mapped[bool] = mapped_column(default=False)


class AuditEntry(Base):
    """Append-only; `digest` chains each entry to the one before."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    who: Mapped[str]
    action: Mapped[str]
    detail: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(Sha256)
