import pytest

from backend.errors import NotFound, NotPromotable, Refused, ScintiloopError, WrongState
from backend.model.weights import TrainedModel
from backend.promotion.registry import champion, history, promote, rollback, store_model
from backend.records import Verdict
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.session import open_session

PROMOTE = Verdict("promote", "better")
HOLD = Verdict("hold", "unclear")
REJECT = Verdict("reject", "worse")


def keep(settings: Settings, content: bytes, **card: object) -> str:
    with open_session(settings) as session:
        return store_model(session, blobs_of(settings), TrainedModel(content, card), None, None, "0.1.0").id


def put(
    settings: Settings, model: str, verdict: Verdict | None = PROMOTE, role: str = "engineer", reason: str = ""
) -> None:
    with open_session(settings) as session:
        promote(session, model, verdict, "ada", role, reason)  # type: ignore[arg-type]


def serving(settings: Settings) -> str | None:
    with open_session(settings) as session:
        model = champion(session)
        return model.id if model else None


def test_the_same_weights_are_the_same_version(settings: Settings) -> None:
    assert keep(settings, b"weights") == keep(settings, b"weights")
    assert keep(settings, b"others") != keep(settings, b"weights")


def test_there_is_no_champion_at_first(settings: Settings) -> None:
    assert serving(settings) is None


def test_the_first_model_may_serve_without_a_verdict(settings: Settings) -> None:
    model = keep(settings, b"1")
    put(settings, model, None)
    assert serving(settings) == model


def test_promotions_are_taken_back_one_by_one(settings: Settings) -> None:
    first, second, third = (keep(settings, content) for content in (b"1", b"2", b"3"))
    for model in (first, second, third):
        put(settings, model)
    for expected in (second, first, None):
        with open_session(settings) as session:
            before = rollback(session, "ada")
            assert (before.id if before else None) == expected
        assert serving(settings) == expected
    with open_session(settings) as session:
        assert [change.action for change in history(session)] == ["promote"] * 3 + ["rollback"] * 3
        with pytest.raises(WrongState, match="no promotion"):
            rollback(session, "ada")


def test_after_a_rollback_a_new_promotion_stands_on_the_older_champion(settings: Settings) -> None:
    first, second, third = (keep(settings, content) for content in (b"1", b"2", b"3"))
    put(settings, first)
    put(settings, second)
    with open_session(settings) as session:
        rollback(session, "ada")
    put(settings, third)
    with open_session(settings) as session:
        before = rollback(session, "ada")
        assert before is not None
        assert before.id == first


@pytest.mark.parametrize(
    ("verdict", "role", "reason", "error"),
    [
        pytest.param(None, "engineer", "", NotPromotable, id="never judged"),
        pytest.param(REJECT, "engineer", "I insist", NotPromotable, id="rejected"),
        pytest.param(HOLD, "engineer", "  ", NotPromotable, id="held, no reason"),
        pytest.param(HOLD, "automatic", "because", NotPromotable, id="held, no engineer"),
        pytest.param(PROMOTE, "physician", "", Refused, id="not a role that promotes"),
        pytest.param(PROMOTE, "guest", "", Refused, id="unknown role"),
    ],
)
def test_a_promotion_that_the_rules_forbid_changes_nothing(
    settings: Settings, verdict: Verdict | None, role: str, reason: str, error: type[ScintiloopError]
) -> None:
    first, second = keep(settings, b"1"), keep(settings, b"2")
    put(settings, first)
    with pytest.raises(error):
        put(settings, second, verdict, role, reason)
    assert serving(settings) == first


def test_an_engineer_may_promote_a_held_model_with_a_reason(settings: Settings) -> None:
    first, second = keep(settings, b"1"), keep(settings, b"2")
    put(settings, first)
    put(settings, second, HOLD, "engineer", "two more readers agree with it")
    assert serving(settings) == second


def test_a_model_of_closed_data_never_serves(settings: Settings) -> None:
    with pytest.raises(Refused, match="closed data"):
        put(settings, keep(settings, b"1", closed_data=True))


def test_the_champion_is_not_promoted_again(settings: Settings) -> None:
    model = keep(settings, b"1")
    put(settings, model)
    with pytest.raises(WrongState, match="already"):
        put(settings, model)


def test_an_unknown_model_is_named(settings: Settings) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        put(settings, "nowhere")
