"""What `/predict` shows to whom."""

from dataclasses import astuple, dataclass
from itertools import product

import pytest

from backend.store.blobs import blobs_of
from backend.store.regions_document import decode
from backend.store.session import open_session
from backend.store.tables import ShownOutlines, now
from ml_backend.routes import project_number

EMPTY = {"result": [], "score": 0.0}


@pytest.fixture
def predict(client, auth, recorded):
    """Tasks → results, in a request as Label Studio sends it."""

    def send(*tasks, request="predict_open_task", **changes):
        reply = client.post("/predict", json=recorded(request) | {"tasks": list(tasks)} | changes, auth=auth)
        assert reply.status_code == 200, reply.text
        return reply.json["results"]

    return send


def test_an_assisted_reader_gets_the_champions_outlines_on_both_projections(
    predict, put_on_worklist, promote, task_of, shown_model
):
    assignment = put_on_worklist("s1", "assisted")
    version = promote(5.0)
    (answer,) = predict(task_of("s1"))
    assert answer["model_version"] == version
    assert answer["score"] == pytest.approx(0.9933, abs=0.001)
    assert {region["to_name"] for region in answer["result"]} == {"anterior", "posterior"}
    assert {region["from_name"] for region in answer["result"]} == {"anterior_label", "posterior_label"}
    assert all(region["value"]["polygonlabels"] == ["metastasis"] for region in answer["result"])
    assert shown_model(assignment) == version


REQUESTS = ["predict_open_task", "predict_interactive_keypoint"]
"""A task that is opened, and a prompt: a key point that the reader set."""
PURPOSES = ["reading", "third", "repeat"]


def test_what_is_shown_is_noted_outline_by_outline(predict, put_on_worklist, promote, task_of, settings):
    put_on_worklist("s1", "assisted")
    version = promote(5.0)
    (answer,) = predict(task_of("s1"))
    with open_session(settings) as session:
        rows = session.query(ShownOutlines).all()
    assert {row.model for row in rows} == {version}
    assert len({row.image_id for row in rows}) == len(rows) == 2
    kept = [region for row in rows for region in decode(blobs_of(settings).get(row.regions_sha256))]
    assert len(kept) == len(answer["result"])
    assert all(region.suggested for region in kept)


@dataclass(frozen=True)
class Combination:
    """One study on the reader's worklist, in everything that decides whether the model may be seen on it."""

    exposure: str
    sequestered: bool
    control: bool | None
    purpose: str
    released: bool

    @property
    def token(self):
        return "-".join(str(value) for value in astuple(self))

    @property
    def may_be_seen(self):
        hidden = self.sequestered or self.control or self.released or self.purpose == "repeat"
        return self.exposure == "assisted" and not hidden


COMBINATIONS = [
    Combination(*one)
    for one in product(["assisted", "blind"], [False, True], [None, False, True], PURPOSES, [False, True])
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_of_all_combinations_the_model_is_seen_on_assisted_cases_that_may_be_shown_alone(
    request_, predict, put_on_worklist, promote, task_of, shown_model, recorded
):
    assignments = {}
    for one in COMBINATIONS:
        alias = f"alias-{one.token}" if one.purpose == "repeat" else None
        left = now() if one.released else None
        more = {"purpose": one.purpose, "alias": alias, "released": left}
        assignments[one] = put_on_worklist(one.token, one.exposure, one.sequestered, one.control, **more)
    version = promote(5.0)
    tasks = [task_of(f"alias-{one.token}" if one.purpose == "repeat" else one.token) for one in COMBINATIONS]
    answers = predict(*tasks, request=request_, params=recorded(request_)["params"])
    for one, answer in zip(COMBINATIONS, answers, strict=True):
        seen = one.may_be_seen and request_ == "predict_open_task"
        assert (bool(answer["result"]), shown_model(assignments[one])) == (seen, version if seen else None), one
        assert seen or answer == EMPTY | {"model_version": version}, one


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_hidden_repeat_is_answered_under_its_alias_as_any_blind_case_is(
    request_, predict, put_on_worklist, promote, task_of, recorded, caplog
):
    put_on_worklist("s1", "blind", purpose="repeat", alias="alias")
    put_on_worklist("s2", "blind")
    promote(5.0)
    params = recorded(request_)["params"]
    of_repeat, of_blind = predict(task_of("alias"), task_of("s2"), request=request_, params=params)
    assert of_repeat == of_blind
    assert caplog.text == ""


def test_a_repeat_is_not_found_under_the_studys_own_name(predict, put_on_worklist, promote, task_of, caplog):
    put_on_worklist("s1", "blind", purpose="repeat", alias="alias")
    promote(5.0)
    assert predict(task_of("s1"))[0]["result"] == []
    assert "no study on this reader's worklist" in caplog.text


def test_without_a_champion_nothing_is_shown(predict, put_on_worklist, task_of):
    put_on_worklist("s1", "assisted")
    assert predict(task_of("s1")) == [EMPTY | {"model_version": "none yet"}]


def test_after_a_promotion_the_next_request_comes_from_the_new_champion(
    predict, put_on_worklist, promote, task_of, client, auth
):
    put_on_worklist("s1", "assisted")
    first = promote(5.0)
    (before,) = predict(task_of("s1"))
    second = promote(2.0)
    (after,) = predict(task_of("s1"))
    assert (before["model_version"], after["model_version"]) == (first, second)
    assert before["score"] > after["score"] > 0.8
    assert client.post("/setup", json={}, auth=auth).json["model_version"] == second


def test_no_tasks_no_results(predict, put_on_worklist):
    assert predict() == []


UNKNOWN = {
    "a recorded task of another project": lambda task, recorded: recorded("predict_open_task")["tasks"][0],
    "an unknown study": lambda task, recorded: task | {"data": task["data"] | {"study": "nobody"}},
    "another study's file": lambda task, recorded: (
        task | {"data": task["data"] | {"anterior": "/data/s2_anterior.png"}}
    ),
    "no data": lambda task, recorded: {"id": 4},
    "no object": lambda task, recorded: "task",
    "a number as token": lambda task, recorded: task | {"data": {"study": 7}},
}


@pytest.mark.parametrize("spoil", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_a_task_that_cannot_be_answered_is_empty_and_the_others_go_on(
    spoil, predict, put_on_worklist, promote, task_of, recorded, caplog
):
    put_on_worklist("s1", "assisted")
    version = promote(5.0)
    task = task_of("s1")
    answers = predict(spoil(task, recorded), task)
    assert answers[0] == EMPTY | {"model_version": version}
    assert answers[1]["result"]
    assert "predict, task" in caplog.text


@pytest.mark.parametrize("project", ["3.1795394094", "", None, "x"])
def test_a_project_of_no_reader_gets_nothing(project, predict, put_on_worklist, promote, task_of):
    put_on_worklist("s1", "assisted")
    promote(5.0)
    assert predict(task_of("s1"), project=project)[0]["result"] == []


def test_500_tasks_come_back_in_order_each_study_predicted_once(predict, put_on_worklist, promote, task_of):
    for number in range(4):
        put_on_worklist(f"s{number}", "assisted" if number < 2 else "blind")
    promote(5.0)
    answers = predict(*(task_of(f"s{number % 4}", number) for number in range(500)))
    assert len(answers) == 500
    assert [bool(answer["result"]) for answer in answers] == [number % 4 < 2 for number in range(500)]


@pytest.mark.parametrize(
    ("text", "number"), [("2.1795394094", 2), ("17", 17), (3, 3), ("", None), (None, None), ("x.1", None), ("²", None)]
)
def test_the_project_is_the_number_before_the_point(text, number):
    assert project_number(text) == number
