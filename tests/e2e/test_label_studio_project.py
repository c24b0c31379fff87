"""One reader's project in the real Label Studio: set up once, filled in bulk, read back for reconciliation."""

import pytest

from backend.errors import ServiceError
from backend.labelstudio.project import open_project
from backend.labelstudio.readers import set_up_readers
from backend.labelstudio.setup import BACKEND_TITLE, EVENTS, authorization
from backend.services.label_studio import ensure_accounts, standing_accounts
from backend.settings import load_settings
from backend.store.session import open_session
from backend.store.tables import Reader

pytestmark = pytest.mark.services


@pytest.fixture
def project(reading_room):
    return reading_room["reader 2"]


def _parts(project):
    service = project.service
    return {
        "backends": [(one.url, one.title, one.is_interactive) for one in service.ml.list(project=project.id)],
        "hooks": [(one.url, one.headers, sorted(one.actions)) for one in service.webhooks.list(project=project.id)],
        "folders": [one.path for one in service.import_storage.local.list(project=project.id)],
        "tabs": len(service.views.list(project=project.id)),
        "projects": [one.id for one in service.projects.list()],
    }


def test_a_project_has_one_of_each_part(project, room_settings):
    address = room_settings.ml_backend_address
    assert _parts(project) == {
        "backends": [(address, BACKEND_TITLE, False)],
        "hooks": [(f"{address}/webhook", {"Authorization": authorization(room_settings)}, sorted(EVENTS))],
        "folders": [str(project.directory)],
        "tabs": 1,
        "projects": [project.id],
    }


def test_setting_up_again_changes_nothing(reading_room, room_settings):
    before = [_parts(project) for project in reading_room.values()]
    again = set_up_readers(room_settings, room_settings.readers)
    assert [project.id for project in again] == [project.id for project in reading_room.values()]
    assert [_parts(project) for project in again] == before


def test_a_backend_that_moved_is_found_at_its_new_address(project, room_settings):
    moved = room_settings.ml_backend_address.replace("127.0.0.1", "localhost")
    elsewhere = load_settings(**room_settings.model_dump() | {"ml_backend_url": moved})
    set_up_readers(elsewhere, ["reader 2"])
    parts = _parts(project)
    set_up_readers(room_settings, ["reader 2"])
    assert parts["backends"] == [(moved, BACKEND_TITLE, False)]
    assert [hook[0] for hook in parts["hooks"]] == [f"{moved}/webhook"]
    assert _parts(project)["backends"] == [(room_settings.ml_backend_address, BACKEND_TITLE, False)]


def test_readers_are_known_to_our_database(reading_room, room_settings):
    with open_session(room_settings) as session:
        kept = {reader.name: reader for reader in session.query(Reader)}
    for number, (name, project) in enumerate(reading_room.items(), start=1):
        assert (kept[name].number, kept[name].label_studio_user) == (number, project.account.user)
        assert open_project(room_settings, name).id == project.id


def test_generated_passwords_stand_and_accounts_are_made_once(reading_room, room_settings):
    accounts = [project.account for project in reading_room.values()]
    assert list(ensure_accounts(room_settings, room_settings.readers).values()) == accounts
    assert standing_accounts(room_settings) == accounts


def test_tasks_keep_their_order_and_are_found_by_study(project):
    made = project.import_tasks([{"study": f"bulk{number}"} | _images() for number in range(5)])
    assert made == sorted(made)
    assert [project.tasks()[f"bulk{number}"] for number in range(5)] == made


def _images():
    names = ("anterior", "anterior_high", "posterior", "posterior_high")
    return dict.fromkeys(names, "/data/local-files/?d=reader-2/none.png")


def test_predictions_are_pushed_counted_and_removed(project):
    task = project.import_tasks([{"study": "predicted"} | _images()])[0]
    made = project.import_predictions([{"task": task, "result": [], "score": 0.25, "model_version": "m2"}])
    assert made == 1
    assert [one.model_version for one in project.service.predictions.list(task=task)] == ["m2"]
    project.delete_predictions([task])
    assert project.service.predictions.list(task=task) == []


def test_a_submission_is_the_readers_and_comes_back_with_its_result(project):
    task = project.import_tasks([{"study": "submitted"} | _images()])[0]
    annotation = project.submit(task, [], seconds=2.5)
    found = {one["id"]: one for one in project.tasks_with_annotations()}[task]
    assert found["data"]["study"] == "submitted"
    [kept] = found["annotations"]
    assert (kept["id"], kept["completed_by"], kept["lead_time"]) == (annotation, project.account.user, 2.5)
    assert (kept["result"], kept["was_cancelled"], kept["ground_truth"]) == ([], False, False)


def test_a_server_that_is_away_is_one_sentence(project, room_settings):
    away = load_settings(**room_settings.model_dump() | {"label_studio_url": "http://127.0.0.1:9"})
    with pytest.raises(ServiceError, match="does not answer"):
        type(project)(away, project.account, project.id).tasks()
