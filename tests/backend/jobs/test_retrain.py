"""From a frozen dataset version to a judged challenger, with real networks and few steps."""

import pytest
from sqlalchemy import func, select

from backend.errors import Cancelled, NotFound, NotPromotable
from backend.jobs import runs
from backend.jobs.run_log import shown
from backend.jobs.steps import start
from backend.jobs.steps.promote import promote, rollback
from backend.jobs.steps.retrain import run_training
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import Evaluation, ModelVersion

pytestmark = pytest.mark.services


@pytest.fixture
def tiny(trainable: Settings, broker_settings: Settings) -> Settings:
    floors = {"gate_lesion_floor": 0.0, "gate_bladder_floor": 0.0}
    return broker_settings.model_copy(update={"train_steps": 3, "checkpoint_steps": 1} | floors)


def trained(settings: Settings, **options: object) -> dict[str, object]:
    run_id = start.start_training(settings, "engineer", **options)
    run_training(settings, run_id, runs.claim(settings, run_id) or 0, lambda: False)
    return runs.show(runs.find(settings, run_id))


def test_the_loop_closes_train_judge_promote_train_again_and_take_back(tiny: Settings) -> None:
    first = trained(tiny)
    assert (first["state"], first["verdict"], first["reason"]) == ("done", "promote", "There is no champion yet.")
    lesion = first["dice"]["metastasis"]  # type: ignore[index]
    assert lesion["challenger"]["n"] == 2
    assert lesion["champion"] is lesion["difference"] is None
    assert promote(tiny, str(first["model"]), by="engineer") == first["model"]

    second = trained(tiny)
    assert second["dataset"] == first["dataset"], "nothing was read in between"
    assert second["champion"] == first["model"]
    assert second["options"]["start"] == first["model"]  # type: ignore[index]
    lesion = second["dice"]["metastasis"]  # type: ignore[index]
    challenger, champion, difference = (lesion[name]["value"] for name in ("challenger", "champion", "difference"))
    assert difference == pytest.approx(challenger - champion)
    with open_session(tiny) as session:
        assert session.scalar(select(func.count(Evaluation.id))) == 2, "the champion was not looked at again"
        page = session.scalars(select(Evaluation.html_sha256)).first()
        assert session.get_one(ModelVersion, second["model"]).card["lineage"]["version"] == first["model"]
    assert blobs_of(tiny).get(page or "").startswith(b"<!doctype html>")

    if second["verdict"] == "reject":
        with pytest.raises(NotPromotable):
            promote(tiny, str(second["model"]), by="engineer", reason="I insist on it")
    else:
        promote(tiny, str(second["model"]), by="engineer", reason="to see it serve")
        assert rollback(tiny, by="engineer") == first["model"]


def test_automatic_promotion_is_for_those_who_set_it(tiny: Settings) -> None:
    run = trained(tiny.model_copy(update={"auto_promote": True}))
    with pytest.raises(Exception, match="is the champion already"):
        promote(tiny, str(run["model"]), by="engineer")


def test_a_cancelled_training_keeps_its_checkpoint_and_goes_on_from_it(tiny: Settings) -> None:
    run_id = start.start_training(tiny, "engineer")
    asked = iter([False, False, True])
    attempt = runs.claim(tiny, run_id) or 0
    with pytest.raises(Cancelled):
        run_training(tiny, run_id, attempt, lambda: next(asked))
    assert (tiny.home / "runs" / run_id / "checkpoint.pt").exists()
    asked = iter([False] * 2 + [True] * 9)  # one step of the U-Net and one of the classifier are left
    run_training(tiny, run_id, attempt, lambda: next(asked))
    assert runs.find(tiny, run_id).state == "done"
    assert not (tiny.home / "runs" / run_id).exists()


def test_there_is_no_start_from_a_champion_that_is_not_there(tiny: Settings) -> None:
    with pytest.raises(NotFound, match="start from scratch"):
        start.start_training(tiny, "engineer", start="champion")


@pytest.mark.parametrize("damage", ["cut short", "a bit turned"])
def test_a_damaged_checkpoint_begins_the_run_anew_to_the_same_weights(tiny: Settings, damage: str) -> None:
    run_id = start.start_training(tiny, "engineer")
    attempt = runs.claim(tiny, run_id) or 0
    asked = iter([False, False, True])
    with pytest.raises(Cancelled):
        run_training(tiny, run_id, attempt, lambda: next(asked))
    path = tiny.home / "runs" / run_id / "checkpoint.pt"
    content = path.read_bytes()
    middle = len(content) // 2
    turned = content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]
    path.write_bytes(content[:middle] if damage == "cut short" else turned)
    run_training(tiny, run_id, attempt, lambda: False)
    assert any("the checkpoint is damaged; training begins anew" in line for line in shown(tiny, run_id))
    assert trained(tiny)["model"] == runs.find(tiny, run_id).model_id
