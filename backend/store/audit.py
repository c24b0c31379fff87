"""Who did what, in an append-only chain: each entry's digest covers the one before it."""

import hashlib
import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.store.tables import AuditEntry, now


def record(session: Session, who: str, action: str, **detail: Any) -> None:
    """Adds one entry in the running transaction; `detail` holds pseudonyms and ids only."""
    last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).first()
    at = now()
    document = [last.digest if last else "", at.isoformat(), who, action, detail]
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    session.add(AuditEntry(at=at, who=who, action=action, detail=detail, digest=digest))
    session.flush()
