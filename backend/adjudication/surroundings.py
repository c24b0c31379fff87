"""What lies around a physician's work: projections that others settled, and the second opinion."""

from functools import lru_cache

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.adjudication.case import CaseProjection, CaseStudy
from backend.adjudication.consensus import compose
from backend.adjudication.document import Around
from backend.adjudication.steps import State
from backend.adjudication.work import Work, read_work
from backend.records import LabelMasks
from backend.settings import Settings
from backend.store.blobs import BlobStore, blobs_of
from backend.store.cases import newest_second_opinion
from backend.store.masks import load_mask
from backend.store.sealed import current_reference
from backend.store.session import open_session
from backend.store.tables import Adjudication, Reference
from converters.grid import GRID_SHAPE

REFERENCES_AT_HAND = 64


def around(settings: Settings, case: CaseStudy, work: Work, *, model_serves: bool) -> Around:
    """What the page is told besides the work itself."""
    with open_session(settings) as session:
        statuses = {one.image_id: _status(one, current_reference(session, one.image_id)) for one in case.projections}
        opinion, joint = _opinion(session, work), _joint(session, work)
    allowed = model_serves and not case.sequestered
    return Around(statuses, references_beside(settings, case, work), allowed, opinion, joint)


def references_beside(settings: Settings, case: CaseStudy, work: Work) -> dict[int, LabelMasks | None]:
    """Masks of the projections that the work does not decide: their reference, or what it will be by the rule."""
    beside = [one for one in case.projections if one.image_id not in work.disputed]
    if not beside:
        return {}
    with open_session(settings) as session:
        standing = {one.image_id: current_reference(session, one.image_id) for one in beside}
    return {one.image_id: _masks(settings, one, standing[one.image_id]) for one in beside}


def _masks(settings: Settings, one: CaseProjection, reference: Reference | None) -> LabelMasks | None:
    if reference is not None:
        hashes = (reference.metastasis_sha256, reference.bladder_sha256, reference.ignored_sha256)
        return None if None in hashes else _stored(blobs_of(settings), *map(str, hashes))
    compared = one.compared
    if compared is None or compared.a.exclusion or compared.b.exclusion or compared.disputes:
        return None
    return compose(one.settled, np.zeros(GRID_SHAPE, bool))


@lru_cache(maxsize=REFERENCES_AT_HAND)
def _stored(blobs: BlobStore, metastasis: str, bladder: str, ignored: str) -> LabelMasks:
    return LabelMasks(*(load_mask(blobs, sha256) for sha256 in (metastasis, bladder, ignored)))


def _status(one: CaseProjection, reference: Reference | None) -> str:
    if reference is not None:
        return reference.status
    if one.compared is None:
        return "waiting"
    return "adjudicate" if one.disputes else "agreed"


def _opinion(session: Session, work: Work) -> dict[str, str] | None:
    """The second opinion asked for by this work's physician: its own kind is told nothing."""
    if work.kind == "second":
        return None
    row = newest_second_opinion(session, work.study_id)
    if row is None or row.state == "ended":
        return None
    return {"state": "waiting" if row.state == "open" else "sealed", "of": row.account.email}


def _joint(session: Session, work: Work) -> tuple[State, State] | None:
    if work.kind != "joint" or work.continues is None:
        return None
    second = session.scalars(select(Adjudication).where(Adjudication.id == work.steps[0].detail["second"])).one()
    return read_work(session, session.get_one(Adjudication, work.continues)).folded, read_work(session, second).folded
