"""Patients, studies and images."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.store.tables.base import Base, Sha256, now


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
    control: Mapped[bool | None]
    """In the control arm, blind for every reader; None until it is first assigned, then it never changes."""
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
