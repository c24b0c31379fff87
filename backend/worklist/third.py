"""A third reader, asked for beyond the two of a study."""

from sqlalchemy import select

from backend.errors import NotFound, WrongState
from backend.sentences import say
from backend.settings import Settings
from backend.store.audit import record
from backend.store.session import open_session
from backend.store.tables import Assignment, Reader, Study
from backend.worklist.assign import bench_of
from backend.worklist.places import places_of
from backend.worklist.work import work


def request_third(settings: Settings, token: str, by: str) -> str:
    """Puts the study before one more active reader, who is blind; experts first, then the least loaded.

    Args:
        token: the study's.
        by: who asks, for the audit trail.

    Returns:
        the reader's name.

    Raises:
        NotFound: no study has that token.
        WrongState: every active reader has it already, or one who was asked before has not read it yet.
    """
    with open_session(settings) as session:
        active = list(
            session.scalars(select(Reader).where(Reader.left.is_(None)).order_by(Reader.id).with_for_update())
        )
        study = session.scalars(select(Study).where(Study.token == token)).first()
        if study is None:
            raise NotFound(say("no study is called {token}; the list of studies has the names", token=repr(token)))
        asked = work(session, Assignment.study_id == study.id, Assignment.purpose == "third")
        if any(not one.is_done for one in asked):
            raise WrongState(say("a third reader has study {token} already and has not read it yet", token=token))
        places = places_of(session, [study.id])[study.id]
        chosen = bench_of(session, active, settings.seed).choose(token, 1, places.taken, expert_wanted=True)
        if not chosen:
            raise WrongState(
                say("every active reader has study {token} already; add a reader, then ask again", token=token)
            )
        session.add(Assignment(reader_id=chosen[0].id, study_id=study.id, purpose="third", exposure="blind"))
        record(session, by, "request third reader", study=token, reader=chosen[0].number)
        return chosen[0].name
