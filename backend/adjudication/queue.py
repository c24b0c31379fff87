"""A study's row in the physicians' queue, written anew whenever its readings or references change."""

from backend.adjudication.burdens import bstbi_change
from backend.adjudication.case import load_case
from backend.adjudication.work import chosen_of, present_readings, sort_out
from backend.settings import Settings
from backend.store.cases import note_case
from backend.store.session import open_session
from backend.store.tables import Case, Study


def refresh_case(settings: Settings, study_id: int, *, in_dispute: bool) -> None:
    """Writes the row of one study.

    Args:
        in_dispute: whether any projection waits for a physician; where none does and none did, nothing is looked at.
    """
    with open_session(settings) as session:
        if not in_dispute and session.get(Case, study_id) is None:
            return
        present = present_readings(session, study_id)
    case = load_case(settings, study_id, chosen_of({"disputed": present, "beside": {}}))
    change = bstbi_change(case)
    with open_session(settings) as session:
        session.get(Study, study_id, with_for_update=True)
        if present_readings(session, study_id) != present:
            return  # whoever brought the new reading settles the study again
        disputed = sort_out(session, case, present)["disputed"]
        note_case(
            session,
            study_id,
            open=bool(disputed),
            patient_call_differs=case.patient_call_differs,
            bstbi_change=change,
            disputes=sum(len(one.disputes) for one in case.projections if str(one.image_id) in disputed),
        )
