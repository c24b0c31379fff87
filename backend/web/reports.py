"""Where the newest evaluation report of a model is kept."""

from sqlalchemy import select

from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Evaluation


def latest_report(settings: Settings, model_id: str) -> str | None:
    """SHA-256 of the model's newest HTML report, None where it has none."""
    chosen = select(Evaluation.html_sha256).where(Evaluation.model_id == model_id).order_by(Evaluation.id.desc())
    with open_session(settings) as session:
        return session.scalars(chosen.limit(1)).first()
