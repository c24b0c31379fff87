"""What one reader may ask of Label Studio, and that nothing of the other reader exists there."""

import pytest
import requests

from backend.errors import ServiceError
from backend.labelstudio.project import ReaderProject

pytestmark = pytest.mark.services

OTHERS = [
    ("GET", "/api/annotations/{annotation}", None),
    ("PATCH", "/api/annotations/{annotation}", {"result": []}),
    ("DELETE", "/api/annotations/{annotation}", None),
    ("POST", "/api/annotations/{annotation}/convert-to-draft", {}),
    ("GET", "/api/tasks?project={project}", None),
    ("GET", "/api/tasks?view={view}", None),
    ("GET", "/api/tasks?project={own_project}&project={project}", None),
    ("GET", "/api/tasks?project={own_project}&view={view}", None),
    ("GET", "/api/tasks", None),
    ("GET", "/api/annotations/99999999999999999999", None),
    ("GET", "/api/tasks?project=99999999999999999999", None),
    ("GET", "/api/tasks?project=-{project}", None),
    ("GET", "/api/projects/?ids={own_project},{project}", None),
    ("GET", '/api/tasks?project={own_project}&query=%7B"selectedItems":%7B"included":[{task}]%7D%7D', None),
    ("GET", "/api/tasks/{task}", None),
    ("GET", "/api/tasks/{task}/annotations", None),
    ("POST", "/api/tasks/{task}/annotations", {"result": []}),
    ("GET", "/api/tasks/{task}/drafts", None),
    ("POST", "/api/tasks/{task}/drafts", {"result": []}),
    ("GET", "/api/tasks/{own_task}/annotations/{annotation}/drafts", None),
    ("GET", "/api/drafts/{draft}", None),
    ("PATCH", "/api/drafts/{draft}", {"result": []}),
    ("DELETE", "/api/drafts/{draft}", None),
    ("GET", "/api/predictions/{prediction}/", None),
    ("GET", "/api/predictions?task={task}", None),
    ("GET", "/api/predictions?project={project}", None),
    ("GET", "/api/predictions", None),
    ("GET", "/api/projects/{project}", None),
    ("GET", "/api/projects/{project}/next", None),
    ("GET", "/api/projects/{project}/label-stream-history", None),
    ("GET", "/api/projects/{project}/tasks", None),
    ("GET", "/api/dm/views?project={project}", None),
    ("GET", "/api/dm/views/{view}", None),
    ("GET", "/api/dm/project?project={project}", None),
    ("GET", "/api/dm/columns?project={project}", None),
    ("POST", "/api/dm/actions?id=next_task&project={project}", {}),
    ("POST", "/api/dm/actions?id=next_task&project={own_project}", {"selectedItems": {"included": ["{task}"]}}),
    ("GET", "/api/ml?project={project}", None),
    ("GET", "/data/local-files/?d={file}", None),
    ("GET", "/data/local-files/?d={own_folder}/../{file}", None),
    ("GET", "/data/local-files/?d=/{file}", None),
    ("GET", "/projects/{project}/data", None),
    ("GET", "/projects/{project}/", None),
]

FORBIDDEN_AT_HOME = [
    ("PATCH", "/api/projects/{project}", {"title": "mine now"}),
    ("DELETE", "/api/projects/{project}", None),
    ("POST", "/api/projects/", {"title": "another"}),
    ("DELETE", "/api/tasks/{task}", None),
    ("PATCH", "/api/tasks/{task}", {"data": {}}),
    ("POST", "/api/tasks/", {"project": 1, "data": {}}),
    ("POST", "/api/projects/{project}/import", [{"data": {}}]),
    ("POST", "/api/projects/{project}/import/predictions", []),
    ("GET", "/api/projects/{project}/export?exportType=JSON", None),
    ("POST", "/api/projects/{project}/exports/", {}),
    ("POST", "/api/storages/localfiles/", {"project": 1, "path": "/"}),
    ("GET", "/api/storages/localfiles/?project={project}", None),
    ("POST", "/api/webhooks/", {"url": "http://127.0.0.1:9/"}),
    ("GET", "/api/webhooks/", None),
    ("POST", "/api/ml/", {"project": 1, "url": "http://127.0.0.1:9/"}),
    ("POST", "/api/predictions/", {"task": 1, "result": []}),
    ("GET", "/api/predictions?task={task}", None),
    ("GET", "/api/predictions/{prediction}/", None),
    ("DELETE", "/api/predictions/{prediction}/", None),
    ("POST", "/api/dm/actions?id=delete_tasks&project={project}", {}),
    ("POST", "/api/dm/actions?id=retrieve_tasks_predictions&project={project}", {}),
    ("DELETE", "/api/dm/views/{view}/", None),
    ("PATCH", "/api/users/{user}/", {"first_name": "somebody"}),
    ("GET", "/api/organizations/", None),
    ("GET", "/api/invite", None),
    ("POST", "/api/jwt/settings", {"legacy_api_tokens_enabled": True}),
    ("GET", "/api/token/", None),
    ("GET", "/admin/", None),
    ("GET", "/user/signup/", None),
    ("GET", "/projects/{project}/settings/", None),
    ("GET", "/projects/{project}/data/import", None),
    ("GET", "/data/upload/1/x.png", None),
]

ALLOWED_AT_HOME = [
    ("GET", "/api/projects/"),
    ("GET", "/api/projects/{project}"),
    ("GET", "/api/projects/{project}/next"),
    ("GET", "/api/tasks?project={project}"),
    ("GET", "/api/tasks/{task}"),
    ("GET", "/api/tasks/{task}/annotations"),
    ("GET", "/api/annotations/{annotation}"),
    ("GET", "/api/drafts/{draft}"),
    ("GET", "/api/dm/views?project={project}"),
    ("POST", "/api/dm/actions?id=next_task&project={project}"),
    ("GET", "/api/current-user/whoami"),
    ("GET", "/data/local-files/?d={file}"),
    ("GET", "/projects/{project}/data"),
]


def _names(desk, other=None):
    own = {"own_project": desk.project.id, "own_task": desk.task, "own_folder": desk.project.folder}
    shown = other or desk
    return own | {
        "project": shown.project.id,
        "user": shown.account.user,
        **{name: getattr(shown, name) for name in ("task", "prediction", "annotation", "draft", "view", "file")},
    }


def _filled(body, names):
    if isinstance(body, dict):
        return {key: _filled(value, names) for key, value in body.items()}
    if isinstance(body, list):
        return [_filled(value, names) for value in body]
    return body.format(**names) if isinstance(body, str) else body


@pytest.mark.parametrize(("method", "path", "body"), OTHERS, ids=[f"{method} {path}" for method, path, _ in OTHERS])
def test_nothing_of_the_other_reader_exists(desks, sessions, method, path, body):
    names = _names(desks[0], desks[1])
    answer = sessions[0].request(method, path.format(**names), json=_filled(body, names))
    assert answer.status_code == 404


def test_what_the_first_reader_tried_left_the_second_readers_work_as_it_was(desks):
    kept = {task["id"]: task["annotations"] for task in desks[1].project.tasks_with_annotations()}
    [annotation] = kept[desks[1].task]
    assert (annotation["id"], len(annotation["result"])) == (desks[1].annotation, 1)


@pytest.mark.parametrize(
    ("method", "path", "body"), FORBIDDEN_AT_HOME, ids=[f"{method} {path}" for method, path, _ in FORBIDDEN_AT_HOME]
)
def test_a_reader_runs_nothing_but_readings(desks, sessions, method, path, body):
    names = _names(desks[0])
    answer = sessions[0].request(method, path.format(**names), json=_filled(body, names))
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("method", "path"), ALLOWED_AT_HOME, ids=[f"{method} {path}" for method, path in ALLOWED_AT_HOME]
)
def test_a_reader_works_in_the_own_project(desks, sessions, method, path):
    answer = sessions[0].request(method, path.format(**_names(desks[0])), json={} if method == "POST" else None)
    assert answer.status_code == 200


def test_a_reader_submits_revises_and_deletes_a_reading(desks, sessions):
    made = sessions[0].post(f"/api/tasks/{desks[0].task}/annotations/", json={"result": [], "lead_time": 3})
    assert made.status_code == 201
    path = f"/api/annotations/{made.json()['id']}/"
    assert sessions[0].patch(path, json={"result": []}).status_code == 200
    assert sessions[0].delete(path).status_code == 204


def test_a_reader_submits_for_nobody_else(desks, sessions):
    body = {"result": [], "completed_by": desks[1].account.user}
    assert sessions[0].post(f"/api/tasks/{desks[0].task}/annotations/", json=body).status_code == 404


def test_a_body_that_cannot_be_read_is_refused(desks, sessions):
    headers = {"Content-Type": "application/json"}
    path = f"/api/tasks/{desks[0].task}/annotations/"
    assert sessions[0].post(path, data=b"{", headers=headers).status_code == 404
    assert sessions[0].post(path, data=b"x", headers={"Content-Type": "text/plain"}).status_code == 404


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", '{{"result": [], "draft_id": {draft}.5}}'),
        ("application/json", '{{"result": [], "draft_id": "{draft}.0"}}'),
        ("application/json", '{{"result": [], "draft_id": " {draft} "}}'),
        ("application/json", '{{"result": [], "inner": "{{\\"drafts\\": [{draft}]}}"}}'),
        ("application/json; charset=utf-7", '{{"result": [], "+AGQ-raft_id": {draft}}}'),
        ("application/x-www-form-urlencoded", "result=[]&draft_id={draft}"),
        ("application/x-www-form-urlencoded", "result=[]&draft_id[0]={draft}"),
        (
            "multipart/form-data; boundary=x",
            '--x\r\nContent-Disposition: form-data; name="draft_id"\r\n\r\n{draft}\r\n--x--',
        ),
    ],
    ids=["fraction", "text", "spaces", "JSON in text", "charset", "form", "form's list", "multipart"],
)
def test_an_id_in_disguise_is_still_not_found(desks, sessions, content_type, body):
    path = f"/api/tasks/{desks[0].task}/annotations/"
    filled = body.format(draft=desks[1].draft)
    answer = sessions[0].post(path, data=filled.encode(), headers={"Content-Type": content_type})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "header", ["Authorization: Token {token}", "Authorization: Basic {token}", "X-Api-Key: {token}"]
)
def test_no_token_but_a_personal_one_is_looked_at(desks, sessions, header):
    name, _, value = header.partition(": ")
    answer = sessions[0].get(f"/api/tasks/{desks[0].task}/", headers={name: value.format(token="a" * 40)})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        '{"filters": {"conjunction": "and", "items": [{"filter": "filter:tasks:predictions_score", '
        '"operator": "greater", "type": "Number", "value": 0.5}]}}',
        '{"ordering": ["-tasks:predictions_score"]}',
    ],
    ids=["filter", "order"],
)
def test_a_list_is_neither_narrowed_nor_ordered_by_what_the_model_said(desks, sessions, query):
    path, own = "/api/tasks", {"project": desks[0].project.id}
    assert sessions[0].get(path, params=own | {"query": query}).status_code == 404
    harmless = query.replace("predictions_score", "total_annotations")
    assert sessions[0].get(path, params=own | {"query": harmless}).status_code == 200


def test_the_models_outlines_show_on_assisted_tasks_alone(desks, sessions):
    desk, project = desks[0], desks[0].project
    outlines = {}
    for exposure in ("assisted", "blind"):
        project.mark({desk.task: exposure})
        one = sessions[0].get(f"/api/tasks/{desk.task}/").json()
        listed = sessions[0].get(f"/api/tasks?project={project.id}&fields=all&page_size=100").json()["tasks"]
        [same] = [task for task in listed if task["id"] == desk.task]
        outlines[exposure] = [len(one["predictions"]), len(same["predictions"]), bool(same["predictions_results"])]
    project.mark({desk.task: "assisted"})
    assert outlines == {"assisted": [1, 1, True], "blind": [0, 0, False]}


def test_a_task_that_nobody_marked_counts_as_blind(desks, sessions):
    desk, project = desks[0], desks[0].project
    project.service.tasks.update(id=str(desk.task), meta={})
    shown = sessions[0].get(f"/api/tasks/{desk.task}/").json()["predictions"]
    project.mark({desk.task: "assisted"})
    assert shown == []


def test_a_reader_cannot_mark_a_task(desks, sessions):
    answer = sessions[0].patch(f"/api/tasks/{desks[0].task}/", json={"meta": {"exposure": "assisted"}})
    assert answer.status_code == 404


def test_without_a_log_in_there_is_nothing_but_the_way_in(desks, room_settings):
    address, names = room_settings.label_studio_address, _names(desks[0])
    for path in ("/api/tasks?project={project}", "/api/annotations/{annotation}", "/data/local-files/?d={file}"):
        assert requests.get(address + path.format(**names), timeout=30).status_code == 401
    assert requests.get(f"{address}/user/login/", timeout=30).status_code == 200
    assert requests.get(f"{address}/api/users/", timeout=30).status_code in (401, 403)


def test_a_personal_token_opens_no_more_than_the_log_in(desks, room_settings):
    address = room_settings.label_studio_address
    refresh = {"refresh": desks[0].account.reader_token}
    access = requests.post(f"{address}/api/token/refresh/", json=refresh, timeout=30).json()["access"]
    headers = {"Authorization": f"Bearer {access}"}
    for path, expected in ((desks[0].annotation, 200), (desks[1].annotation, 404)):
        assert requests.get(f"{address}/api/annotations/{path}", headers=headers, timeout=30).status_code == expected


def test_the_service_account_stays_in_its_organisation(desks):
    with pytest.raises(ServiceError, match="404"):
        ReaderProject(desks[0].project.settings, desks[0].account, desks[1].project.id).import_tasks([{"study": "x"}])
