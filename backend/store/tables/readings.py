"""Readers, what lies before them, and what they drew."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.store.tables.base import Base, Sha256, now
from backend.store.tables.scans import Image, Study


class Reader(Base):
    """Label Studio ids are None for a reader of Labelme only.

    `share` is the reader's part of a full workload. Where there are experts, one of the two readers of a study is one.
    """

    __tablename__ = "readers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    number: Mapped[int] = mapped_column(unique=True)
    label_studio_user: Mapped[int | None] = mapped_column(unique=True)
    label_studio_project: Mapped[int | None] = mapped_column(unique=True)
    expert: Mapped[bool] = mapped_column(default=False)
    share: Mapped[float] = mapped_column(default=1.0)
    left: Mapped[datetime | None]
    """When the reader left: gets nothing more, and what was unread is handed to others."""


class Assignment(Base):
    """A study on one reader's worklist: what the reader is to see first, and what was in fact shown.

    A hidden repeat is the same study once more, under the alias `token`, so that nothing tells the reader.
    """

    __tablename__ = "assignments"
    __table_args__ = (UniqueConstraint("reader_id", "study_id", "purpose"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id"), index=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"), index=True)
    purpose: Mapped[str] = mapped_column(default="reading")
    """`reading`; `third`, asked for beyond the two; `repeat`, the hidden second reading by the same reader."""
    token: Mapped[str | None] = mapped_column(unique=True)
    """Of a repeat: the name under which the study is shown again; None where the study's own serves."""
    exposure: Mapped[str]
    label_studio_task: Mapped[int | None] = mapped_column(index=True)
    shown_model: Mapped[str | None]
    """Version of the model whose outlines the reader was given; None while blind or nothing shown."""
    released: Mapped[datetime | None]
    """When it was taken off the worklist unread, because the reader left."""
    created: Mapped[datetime] = mapped_column(default=now)
    reader: Mapped[Reader] = relationship()
    study: Mapped[Study] = relationship()


class ShownOutlines(Base):
    """The model's outlines of one image as they were put before a reader: what the reader's edits are counted from.

    `regions_sha256` names a list of regions like a reading's. The newest row of an assignment and image counts.
    """

    __tablename__ = "shown_outlines"
    __table_args__ = (UniqueConstraint("assignment_id", "image_id", "model"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), index=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"), index=True)
    model: Mapped[str]
    regions_sha256: Mapped[str] = mapped_column(Sha256)
    at: Mapped[datetime] = mapped_column(default=now)


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
    """Made when its reader could know the reference; kept, counts nowhere."""
    repeat: Mapped[bool] = mapped_column(default=False)
    """The hidden second reading by the same reader: for intra-reader agreement alone, counts nowhere else."""
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
