"""Dataset versions, runs, model versions and what is known of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.store.tables.base import Base, Sha256, now


class DatasetVersion(Base):
    """`id` is the SHA-256 of the canonical manifest."""

    __tablename__ = "dataset_versions"
    id: Mapped[str] = mapped_column(Sha256, primary_key=True)
    manifest: Mapped[dict[str, Any]]
    created: Mapped[datetime] = mapped_column(default=now)


class Run(Base):
    """One training job. `progress` is the newest of `points`, each a `training.loop.Progress`."""

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
    machine: Mapped[dict[str, Any] | None]
    """What its worker last saw: `processors` in use, `memory_mb`, `gpu`; or `waits_for`, the device it waits for."""
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
