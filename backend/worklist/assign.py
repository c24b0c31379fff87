"""Which two readers get a study, and what each of them is to see first. Decided once, then kept."""

from collections import Counter
from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, joinedload

from backend.records import Exposure
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Assignment, Reader, Study
from backend.worklist.bench import Bench
from backend.worklist.places import Places, places_of
from backend.worklist.work import work

READERS_OF_A_CASE = 2


class Policy(Protocol):
    """What readers see first, as `preannotation` has it."""

    def pair(self, study_token: str, *, blind: bool) -> tuple[Exposure, Exposure]: ...

    def in_control_arm(self, study_token: str) -> bool: ...


def assign(settings: Settings, policy: Policy) -> int:
    """Puts every study that fewer than two readers have before two; returns how many assignments are new.

    One of the two is an expert where an active reader is one; beyond that the least loaded take it. Whoever has read
    a study already, from a file, has one of its places. With fewer than two active readers the rest waits.
    """
    with open_session(settings) as session:
        # one at a time, so that two processes cannot both find the same place empty
        active = list(
            session.scalars(select(Reader).where(Reader.left.is_(None)).order_by(Reader.id).with_for_update())
        )
        studies = _lacking(session, len(active)) if active else []
        if not studies:
            return 0
        bench = bench_of(session, active, settings.seed)
        places = places_of(session, [study.id for study in studies])
        return sum(_fill(session, study, places[study.id], bench, policy) for study in studies)


def bench_of(session: Session, active: list[Reader], seed: int) -> Bench:
    """The active readers with what lies before them now."""
    everything = work(session)
    unread = Counter(one.reader_id for one in everything if not one.is_done)
    return Bench(active, unread, Counter(one.reader_id for one in everything), seed)


def _lacking(session: Session, active: int) -> list[Study]:
    """Studies with an empty place that some active reader could take, in order of arrival."""
    held = (
        select(
            Assignment.study_id,
            func.count(case((Assignment.purpose == "reading", 1))).label("readers"),
            func.count(case((Reader.left.is_(None), 1))).label("active"),
        )
        .join(Reader)
        .where(Assignment.released.is_(None), Assignment.purpose != "repeat")
        .group_by(Assignment.study_id)
        .subquery()
    )
    chosen = (
        select(Study)
        .outerjoin(held, held.c.study_id == Study.id)
        .where(func.coalesce(held.c.readers, 0) < READERS_OF_A_CASE, func.coalesce(held.c.active, 0) < active)
        .options(joinedload(Study.patient))
        .order_by(Study.id)
    )
    return list(session.scalars(chosen))


def _fill(session: Session, study: Study, places: Places, bench: Bench, policy: Policy) -> int:
    _decide_control(study, places, policy)
    pair = policy.pair(study.token, blind=study.patient.sequestered or bool(study.control))
    read_already = places.readers_without_a_place(READERS_OF_A_CASE)
    for reader_id in read_already:
        session.add(places.seat(reader_id, "assisted" if reader_id in places.shown_to else "blind"))
    chosen = _choose(study, places, bench, places.open_exposures(pair))
    for reader, exposure in chosen:
        session.add(places.seat(reader.id, exposure))
        bench.give(reader)
    return len(read_already) + len(chosen)


def _decide_control(study: Study, places: Places, policy: Policy) -> None:
    """Draws once whether the study is in the control arm; never one that is blind anyway or was shown to somebody."""
    if study.control is None:
        may_be = not (study.patient.sequestered or places.is_assigned or places.was_shown)
        study.control = may_be and policy.in_control_arm(study.token)


def _choose(study: Study, places: Places, bench: Bench, exposures: list[Exposure]) -> list[tuple[Reader, Exposure]]:
    """Readers for the empty places, with what each is to see; who once saw the model's outlines cannot be blind."""
    barred = set[int]()
    while True:
        expert_wanted = not any(reader.expert for reader in bench.readers if reader.id in places.taken)
        chosen = bench.choose(study.token, len(exposures), places.taken | barred, expert_wanted=expert_wanted)
        given = _shared_out(chosen, exposures, places.shown_to)
        spoilt = {reader.id for reader, exposure in given if exposure == "blind" and reader.id in places.shown_to}
        if not spoilt:
            return given
        barred |= spoilt


def _shared_out(
    chosen: Iterable[Reader], exposures: list[Exposure], shown_to: set[int]
) -> list[tuple[Reader, Exposure]]:
    in_turn = sorted(chosen, key=lambda reader: (reader.id not in shown_to, reader.number))
    returns = any(reader.id in shown_to for reader in in_turn)
    return list(zip(in_turn, sorted(exposures) if returns else exposures, strict=False))
