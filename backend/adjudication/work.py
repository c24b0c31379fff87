"""A physician's work in the store: what it is on, who has it, its steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.adjudication.case import CaseStudy, Chosen
from backend.adjudication.steps import State, Step, fold
from backend.errors import InHand, NotFound, WrongState
from backend.sentences import say
from backend.store.cases import in_hand, newest_work, study_by_token
from backend.store.readings import counting
from backend.store.sealed import current_reference
from backend.store.tables import Account, Adjudication, AdjudicationStep, Image, Reading, Study

Readings = Mapping[str, Mapping[str, list[int]]]
"""`disputed` and `beside`: image id (as text) → ids of its counting readings; what is beside is not decided."""


@dataclass(frozen=True)
class Work:
    """One physician's work as it is read from the store."""

    identifier: int
    study_id: int
    token: str
    account_id: int
    email: str
    kind: str
    state: str
    readings: Readings
    rules: str
    steps: tuple[Step, ...]
    continues: int | None

    @cached_property
    def folded(self) -> State:
        return fold(self.steps)

    @property
    def chosen(self) -> Chosen:
        return chosen_of(self.readings)

    @property
    def disputed(self) -> frozenset[int]:
        """The images that this work decides."""
        return frozenset(int(image) for image in self.readings["disputed"])


def chosen_of(readings: Readings) -> Chosen:
    every = {**readings["beside"], **readings["disputed"]}
    return tuple(sorted((int(image), tuple(ids)) for image, ids in every.items()))


def find_study(session: Session, token: str, *, lock: bool = False) -> Study:
    """Raises: NotFound: no study has that name."""
    study = study_by_token(session, token, lock=lock)
    if study is None:
        raise NotFound(say("there is no such case; go back to the list of cases"))
    return study


def my_work(session: Session, token: str, account_id: int, *, lock: bool = False, steps: bool = True) -> Work:
    """The physician's newest work on a case.

    Args:
        lock: keep others from the case until the transaction ends.
        steps: read them too.

    Raises:
        NotFound: no study has that name.
        InHand: another physician took the case over, or has it in hand and this one none.
        WrongState: the case was never opened by this physician.
    """
    study = find_study(session, token, lock=lock)
    row = newest_work(session, study.id, account_id)
    if row is None or row.state == "ended":
        refuse_in_hand(in_hand(session, study.id), account_id)
        raise WrongState(say("open the case first"))
    return read_work(session, row, steps=steps)


def read_work(session: Session, row: Adjudication, *, steps: bool = True) -> Work:
    columns = (AdjudicationStep.number, AdjudicationStep.action, AdjudicationStep.detail)
    chosen = select(*columns).where(AdjudicationStep.adjudication_id == row.id).order_by(AdjudicationStep.number)
    return Work(
        row.id,
        row.study_id,
        row.study.token,
        row.account_id,
        row.account.email,
        row.kind,
        row.state,
        row.readings,
        row.rules,
        tuple(Step(*step) for step in session.execute(chosen)) if steps else (),
        row.continues,
    )


def refuse_in_hand(held: Adjudication | None, account_id: int) -> None:
    """Raises: InHand: somebody else has the case."""
    if held is not None and held.account_id != account_id:
        raise InHand(say("{email} has this case in hand; ask them, or take it over", email=held.account.email))


def present_readings(session: Session, study_id: int) -> dict[str, list[int]]:
    """Ids of the counting readings of each image that has two or more, by image id as text."""
    images = select(Image.id).where(Image.study_id == study_id)
    every: dict[str, list[int]] = {}
    for row in session.scalars(counting().where(Reading.image_id.in_(images))):
        every.setdefault(str(row.image_id), []).append(row.id)
    return {image: ids for image, ids in every.items() if len(ids) > 1}


def sort_out(session: Session, case: CaseStudy, present: dict[str, list[int]]) -> Readings:
    """What is to be decided now, and what lies beside."""
    disputed = {
        str(one.image_id)
        for one in case.projections
        if one.disputes and current_reference(session, one.image_id) is None
    }
    return {
        "disputed": {image: ids for image, ids in present.items() if image in disputed},
        "beside": {image: ids for image, ids in present.items() if image not in disputed},
    }


def is_outdated(session: Session, work: Work, rules: str) -> bool:
    """Whether the readings, the rules by which they are compared, or a reference changed under the work."""
    then = {**work.readings["beside"], **work.readings["disputed"]}
    return (
        work.rules != rules
        or _pairs(present_readings(session, work.study_id)) != _pairs(then)
        or any(current_reference(session, image) is not None for image in work.disputed)
    )


def begin(session: Session, study: Study, account_id: int, kind: str, readings: Readings, rules: str) -> Adjudication:
    """New work without steps."""
    row = Adjudication(study=study, account_id=account_id, kind=kind, state="open", readings=readings, rules=rules)
    session.add(row)
    session.flush()
    return row


def add_step(session: Session, work_id: int, number: int, action: str, detail: Mapping[str, Any]) -> Step:
    """Writes one step down.

    Raises:
        IntegrityError: somebody else wrote a step of that number.
    """
    session.add(AdjudicationStep(adjudication_id=work_id, number=number, action=action, detail=dict(detail)))
    session.flush()
    return Step(number, action, dict(detail))


def physician(session: Session, account_id: int) -> Account:
    """Raises: NotFound: no physician's account has that id."""
    found = session.get(Account, account_id)
    if found is None or found.role != "physician" or not found.active:
        raise NotFound(say("no physician has this account"))
    return found


def _pairs(readings: Mapping[str, list[int]]) -> dict[str, list[int]]:
    return {image: ids[:2] for image, ids in readings.items()}
