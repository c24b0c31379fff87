"""What two readings amount to: how they relate, the physicians' decisions, and the references."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.store.tables.base import Base, Sha256, now
from backend.store.tables.people import Account
from backend.store.tables.scans import Image, Study


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
    further_readings: Mapped[list[Any] | None]
    """Ids of the third and further readings, where the rule is one for three or more."""
    decisions: Mapped[list[Any] | None]
    adjudication_id: Mapped[int | None] = mapped_column(ForeignKey("adjudications.id"))
    decided_by: Mapped[str | None]
    created: Mapped[datetime] = mapped_column(default=now)
    image: Mapped[Image] = relationship()


class Comparison(Base):
    """Two readings of one image, measured once under one version of the rules.

    `measures` is the document of `agreement/measure.py`; `bstbi_a`, `bstbi_b` and `sub_images` let a study's index be
    summed up: the sum over the image's sub-images, and how many there are.
    """

    __tablename__ = "comparisons"
    __table_args__ = (UniqueConstraint("reading_a", "reading_b", "rules"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"), index=True)
    reading_a: Mapped[int] = mapped_column(ForeignKey("readings.id"))
    reading_b: Mapped[int] = mapped_column(ForeignKey("readings.id"))
    rules: Mapped[str]
    measures: Mapped[dict[str, Any]]
    created: Mapped[datetime] = mapped_column(default=now)


class ReadingScore(Base):
    """One reading measured once, under one version of the rules, against something other than a reading.

    `against` is `reference <id>`, or `shown <id>` for the outlines of the model that its reader corrected.
    """

    __tablename__ = "reading_scores"
    __table_args__ = (UniqueConstraint("reading_id", "against", "rules"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    reading_id: Mapped[int] = mapped_column(ForeignKey("readings.id"))
    against: Mapped[str]
    rules: Mapped[str]
    measures: Mapped[dict[str, Any]]
    created: Mapped[datetime] = mapped_column(default=now)


class Case(Base):
    """A study put before physicians because two of its readings differ: a row of their queue, heaviest first.

    It is written anew whenever a reading or a reference of the study changes.
    """

    __tablename__ = "cases"
    __table_args__ = (Index("ix_cases_queue", "open", "patient_call_differs", "bstbi_change"),)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"), primary_key=True)
    open: Mapped[bool]
    """Whether a projection still waits for a decision."""
    patient_call_differs: Mapped[bool]
    bstbi_change: Mapped[float]
    """|BSTBI by reading a − by reading b| of the study; 0 where either is undefined."""
    disputes: Mapped[int]
    since: Mapped[datetime] = mapped_column(default=now)
    study: Mapped[Study] = relationship()


class Adjudication(Base):
    """One physician's work on one case; what was decided is the sequence of its steps.

    `readings` maps image ids (as text) to the ids of the readings compared, `disputed` those of the projections that
    the work decides and `beside` those of the others: the work is on these and no others.
    """

    __tablename__ = "adjudications"
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[str]
    """`first`; `second`, an opinion asked for; `joint`, the first physician's last word where the two differ."""
    state: Mapped[str]
    """`open`; `waiting`, for the second opinion; `sealed`; `ended`: taken over, or its readings were revised."""
    readings: Mapped[dict[str, Any]]
    rules: Mapped[str]
    continues: Mapped[int | None] = mapped_column(ForeignKey("adjudications.id"))
    """The work whose decisions it began with."""
    opened: Mapped[datetime] = mapped_column(default=now)
    sealed: Mapped[datetime | None]
    account: Mapped[Account] = relationship()
    study: Mapped[Study] = relationship()


class AdjudicationStep(Base):
    """One thing a physician did, never changed: undoing is a step of its own. `number` counts from 1."""

    __tablename__ = "adjudication_steps"
    __table_args__ = (UniqueConstraint("adjudication_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    adjudication_id: Mapped[int] = mapped_column(ForeignKey("adjudications.id"), index=True)
    number: Mapped[int]
    action: Mapped[str]
    detail: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(default=now)
