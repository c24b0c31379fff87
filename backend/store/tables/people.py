"""Log-ins to Scintiloop's own pages, and who did what."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from backend.store.tables.base import Base, Sha256, now


class Account(Base):
    """A log-in to Scintiloop's own pages. `generated` while the password that `up` made still stands."""

    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    """`administrator`, `engineer`, `physician` or `reader`."""
    password_hash: Mapped[str | None]
    """None for an account that logs in through the hospital's identity provider alone."""
    generated: Mapped[bool] = mapped_column(default=False)
    reader_id: Mapped[int | None] = mapped_column(ForeignKey("readers.id"))
    """The reader whose own page this is; None for the other roles."""
    language: Mapped[str | None]
    """`en` or `zh`; the browser's wish where None."""
    subject: Mapped[str | None] = mapped_column(unique=True)
    """Who this is for the identity provider, noted at the first log-in through it."""
    active: Mapped[bool] = mapped_column(default=True)
    created: Mapped[datetime] = mapped_column(default=now)


class AuditEntry(Base):
    """Append-only; `digest` chains each entry to the one before."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    who: Mapped[str]
    action: Mapped[str]
    detail: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(Sha256)
