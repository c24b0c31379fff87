"""Every table. Times are UTC; `sha256` columns name blobs; JSON columns hold plain documents."""

from backend.store.tables.base import Base, UtcTime, now
from backend.store.tables.models import ChampionChange, DatasetVersion, Evaluation, ModelVersion, Run
from backend.store.tables.people import Account, AuditEntry
from backend.store.tables.readings import Assignment, Reader, Reading, ShownOutlines, Withdrawal
from backend.store.tables.references import Adjudication, AdjudicationStep, Case, Comparison, ReadingScore, Reference
from backend.store.tables.scans import Image, ImageName, Patient, Study

__all__ = [
    "Account",
    "Adjudication",
    "AdjudicationStep",
    "Assignment",
    "AuditEntry",
    "Base",
    "Case",
    "ChampionChange",
    "Comparison",
    "DatasetVersion",
    "Evaluation",
    "Image",
    "ImageName",
    "ModelVersion",
    "Patient",
    "Reader",
    "Reading",
    "ReadingScore",
    "Reference",
    "Run",
    "ShownOutlines",
    "Study",
    "UtcTime",
    "Withdrawal",
    "now",
]
