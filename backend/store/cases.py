"""The physicians' queue in the database, and who has which case in hand."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.store.tables import Account, Adjudication, Case, Study

LIVE = ("open", "waiting")
"""States of work that is not over."""
FIRST_WORDS = ("first", "joint")
"""Kinds of work by whoever has the case in hand; the other kind is a second opinion."""


def note_case(session: Session, study_id: int, **columns: Any) -> None:
    """Writes a study's row of the queue; `since` stays from the first time. A study never in dispute gets none."""
    row = session.get(Case, study_id)
    if row is None and columns["open"]:
        session.add(Case(study_id=study_id, **columns))
    elif row is not None:
        for name, value in columns.items():
            setattr(row, name, value)


def queue_page(session: Session, account_id: int, offset: int, limit: int) -> tuple[int, list[dict[str, Any]]]:
    """How many cases are open, and a page of them: second opinions asked of this physician, then the heaviest."""
    total = session.scalar(select(func.count()).select_from(Case).where(Case.open)) or 0
    return total, _page(session, account_id, _queue(account_id).offset(offset).limit(limit))


def next_case(session: Session, account_id: int) -> str | None:
    """The case that this physician should look at next: the first of the queue that waits for nobody else."""
    mine = and_(_HAND.account_id == account_id, _HAND.state == "open")
    free = _queue(account_id).where(or_(_OPINION.id.is_not(None), _HAND.id.is_(None), mine))
    found = _page(session, account_id, free.limit(1))
    return found[0]["study"] if found else None


def in_hand(session: Session, study_id: int) -> Adjudication | None:
    """The live work of whoever has the case in hand."""
    return _newest(session, study_id, Adjudication.state.in_(LIVE), Adjudication.kind.in_(FIRST_WORDS))


def second_opinion(session: Session, study_id: int) -> Adjudication | None:
    """The live work of the physician who was asked for a second opinion."""
    return _newest(session, study_id, Adjudication.state.in_(LIVE), Adjudication.kind == "second")


def newest_second_opinion(session: Session, study_id: int) -> Adjudication | None:
    """The newest work of a physician who was asked, whatever became of it."""
    return _newest(session, study_id, Adjudication.kind == "second")


def newest_work(session: Session, study_id: int, account_id: int) -> Adjudication | None:
    """The newest work of one physician on one case, whatever became of it."""
    return _newest(session, study_id, Adjudication.account_id == account_id)


def study_by_token(session: Session, token: str, *, lock: bool = False) -> Study | None:
    """The study of that name, held against others at the same work until the transaction ends where `lock`."""
    chosen = select(Study).where(Study.token == token)
    return session.scalars(chosen.with_for_update() if lock else chosen).first()


def _newest(session: Session, study_id: int, *conditions: ColumnElement[bool]) -> Adjudication | None:
    chosen = select(Adjudication).where(Adjudication.study_id == study_id, *conditions)
    return session.scalars(chosen.order_by(Adjudication.id.desc()).limit(1)).first()


_HAND, _HOLDER, _OPINION = aliased(Adjudication), aliased(Account), aliased(Adjudication)


def _queue(account_id: int) -> Select[*tuple[Any, ...]]:
    held = and_(_HAND.study_id == Case.study_id, _HAND.state.in_(LIVE), _HAND.kind.in_(FIRST_WORDS))
    asked = and_(_OPINION.study_id == Case.study_id, _OPINION.account_id == account_id)
    asked = and_(asked, _OPINION.kind == "second", _OPINION.state == "open")
    return (
        select(Case, Study.token, _HAND.account_id, _HAND.state, _HAND.opened, _HOLDER.email, _OPINION.id)
        .join(Study, Study.id == Case.study_id)
        .outerjoin(_HAND, held)
        .outerjoin(_HOLDER, _HOLDER.id == _HAND.account_id)
        .outerjoin(_OPINION, asked)
        .where(Case.open)
        .order_by(
            _OPINION.id.is_(None),
            Case.patient_call_differs.desc(),
            Case.bstbi_change.desc(),
            Case.since,
            Case.study_id,
        )
    )


def _page(session: Session, account_id: int, queue: Select[*tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [
        {
            "study": token,
            "patient_call_differs": case.patient_call_differs,
            "bstbi_change": case.bstbi_change,
            "disputes": case.disputes,
            "since": case.since.isoformat(),
            "in_hand_of": email,
            "in_hand_since": opened.isoformat() if opened else None,
            "in_hand_state": state,
            "mine": holder == account_id,
            "second_opinion_for_me": opinion is not None,
        }
        for case, token, holder, state, opened, email, opinion in session.execute(queue)
    ]
