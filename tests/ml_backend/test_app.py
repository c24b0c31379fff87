"""The door: who may come in, what is answered to nonsense, and what reaches the workers."""

import pytest

from backend.settings import load_settings
from backend.store.secrets import write_secret
from ml_backend.app import MAX_BODY_BYTES, create_app

ROUTES = ["setup", "predict", "webhook", "train", "job_status", "validate", "duplicate_model", "delete"]


@pytest.mark.parametrize("path", ["/", "/health"])
def test_health_needs_no_log_in(client, path):
    reply = client.get(path)
    assert reply.status_code == 200
    assert reply.json["status"] == "UP"


def test_health_answers_though_the_database_is_away(tmp_path):
    broken = load_settings(home=tmp_path, database_url="postgresql+psycopg://nobody@127.0.0.1:1/none")
    assert create_app(broken).test_client().get("/health").status_code == 200


@pytest.mark.parametrize("given", [None, ("scintiloop", "wrong"), ("someone", ""), ("scintiloop", "")])
@pytest.mark.parametrize("route", [*ROUTES, "versions"])
def test_everything_else_needs_the_secret(client, queued, route, given):
    method = client.get if route == "versions" else client.post
    reply = method(f"/{route}", **({"auth": given} if given else {}), json={"action": "START_TRAINING"})
    assert reply.status_code == 401
    assert "secret" in reply.json["error"]
    assert queued == []


def test_the_secret_may_be_given_as_a_file(settings):
    write_secret(settings, "ml_backend_password", "gïven")
    client = create_app(settings).test_client()
    assert client.post("/setup", json={}, auth=("scintiloop", "gïven")).status_code == 200


def test_setup_names_the_champion_and_never_the_token(client, auth, recorded, promote, caplog):
    assert client.post("/setup", json=recorded("setup"), auth=auth).json == {"model_version": "none yet"}
    version = promote(5.0)
    assert client.post("/setup", json=recorded("setup"), auth=auth).json == {"model_version": version}
    assert client.get("/versions", auth=auth).json == {"versions": [version]}
    assert recorded("setup")["access_token"] not in caplog.text


BAD = {
    "predict without tasks": ("predict", {"project": "2.1"}, "tasks"),
    "predict with tasks that are no list": ("predict", {"tasks": {}}, "tasks"),
    "predict with a list as body": ("predict", [], "JSON object"),
    "an event without action": ("webhook", {}, "action"),
    "a job without name": ("job_status", {}, "job"),
    "a configuration that is not ours": ("validate", {"config": "<View/>"}, "anterior_label"),
}


@pytest.mark.parametrize(("route", "body", "names"), BAD.values(), ids=BAD.keys())
def test_a_bad_request_is_told_which_field_to_mend(route, body, names, client, auth):
    reply = client.post(f"/{route}", json=body, auth=auth)
    assert reply.status_code == 400
    assert names in reply.json["error"]


def test_what_is_not_json_is_said(client, auth):
    reply = client.post("/predict", data=b"{", auth=auth)
    assert (reply.status_code, "JSON object" in reply.json["error"]) == (400, True)


def test_an_unknown_page_is_a_plain_error(client, auth):
    assert client.get("/nothing", auth=auth).json.keys() == {"error"}


def test_a_body_too_large_is_refused_before_it_is_read(client, auth):
    reply = client.post("/predict", auth=auth, headers={"Content-Length": str(MAX_BODY_BYTES + 1)}, data=b"{}")
    assert reply.status_code in (400, 413)


def test_trouble_inside_shows_no_request_and_no_traceback(settings, auth, caplog):
    def broken(*_arguments, **_named):
        raise RuntimeError("token 12345")

    client = create_app(settings, broken).test_client()
    reply = client.post("/webhook", json={"action": "ANNOTATION_CREATED", "token": "12345"}, auth=auth)
    assert reply.status_code == 500
    assert "12345" not in reply.text + caplog.text
    assert "RuntimeError" in caplog.text


def test_an_annotation_is_queued_without_the_projects_token(client, auth, queued, recorded):
    event = recorded("webhook_ANNOTATION_CREATED")
    reply = client.post("/webhook", json=event, auth=auth)
    assert reply.status_code == 201
    ((name, arguments),) = queued
    document = arguments["document"]
    assert name == "receive_event"
    assert document["annotation"] == event["annotation"]
    assert document["project"]["id"] == event["project"]["id"]
    assert "token" not in document["project"]


def test_events_that_bring_no_reading_are_only_acknowledged(client, auth, queued):
    assert client.post("/webhook", json={"action": "PROJECT_UPDATED", "project": {}}, auth=auth).status_code == 201
    assert queued == []


@pytest.mark.parametrize(("route", "request_"), [("webhook", "START_TRAINING"), ("train", "train_legacy_flag_off")])
def test_start_training_queues_a_run_and_names_the_job(route, request_, client, auth, queued, recorded):
    reply = client.post(f"/{route}", json=recorded(request_), auth=auth)
    assert reply.status_code == 201
    ((name, arguments),) = queued
    assert name == "start_training"
    assert arguments["requested_by"].endswith(reply.json["job"])
    status = client.post("/job_status", json={"job": reply.json["job"]}, auth=auth)
    assert status.json == {"job_status": "queued"}


def test_a_broker_that_is_down_is_said(settings, auth):
    reply = create_app(settings).test_client().post("/webhook", json={"action": "START_TRAINING"}, auth=auth)
    assert reply.status_code == 503
    assert "broker" in reply.json["error"]


@pytest.mark.parametrize("route", ["duplicate_model", "delete"])
def test_formalities_are_answered(client, auth, route):
    assert client.post(f"/{route}", json={}, auth=auth).status_code == 200


def test_our_labelling_configuration_is_valid(client, auth):
    config = '<View><PolygonLabels name="anterior_label"/><PolygonLabels name="posterior_label"/></View>'
    assert client.post("/validate", json={"config": config}, auth=auth).status_code == 200
