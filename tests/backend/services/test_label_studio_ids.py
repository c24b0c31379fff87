"""How the guard inside Label Studio finds the ids that a request names; its module needs nothing of Label Studio's."""

import importlib.util
import json
from types import ModuleType, SimpleNamespace
from urllib.parse import parse_qs, quote

import pytest

from backend.services.environment import SITE


@pytest.fixture(scope="module")
def ids() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scintiloop_ids", SITE / "scintiloop_ids.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def request(query="", body=b"", content_type="application/json", **content_params):
    """As much of a Django request as the guard reads."""
    lists = list(parse_qs(query, keep_blank_values=True).items())
    return SimpleNamespace(
        GET=SimpleNamespace(lists=lambda: lists), body=body, content_type=content_type, content_params=content_params
    )


QUERIES = {
    "plain": ("project=7", {"project": {7}}),
    "said twice": ("project=1&project=7", {"project": {1, 7}}),
    "a list": ("task_ids=1,7", {"task": {1, 7}}),
    "JSON": ('query={"selectedItems":{"included":[7]}}', {"task": {7}}),
    "JSON quoted once more": (f"query={quote(quote(json.dumps({'view': 7})))}", {"view": {7}}),
    "digits quoted inside JSON": ('query={"view":"%2537"}', {"view": {7}}),
    "no id at all": ("page=7&fields=all&project=all", {}),
    "an id that the database cannot hold": (f"task={2**70}", {"task": {0}}),
    "a negative id": ("task=-7", {"task": {0}}),
}


@pytest.mark.parametrize(("query", "expected"), QUERIES.values(), ids=QUERIES)
def test_ids_in_a_query_are_found(ids, query, expected):
    assert ids.named_ids(request(query), "", {}) == expected


BODIES = {
    "a number": ({"task": 7}, {"task": {7}}),
    "text": ({"task": " 7 "}, {"task": {7}}),
    "a whole fraction": ({"task": "7.0"}, {"task": {7}}),
    "a fraction, which the database cuts": ({"draft_id": 7.9}, {"draft": {7}}),
    "true, which the database reads as 1": ({"draft_id": True}, {"draft": {1}}),
    "false": ({"draft_id": False}, {}),
    "an object with an id": ({"completed_by": {"id": 7}}, {"user": {7}}),
    "deep inside": ({"a": [{"b": {"parent_prediction": [7]}}]}, {"prediction": {7}}),
    "JSON inside text": ({"selectedItems": '{"excluded": [7]}'}, {"task": {7}}),
    "no draft yet, as the labelling page says it": ({"draft_id": 0}, {}),
    "a region": ({"result": [{"id": "7", "value": {"points": [[7, 7]], "polygonlabels": ["bladder"]}}]}, {}),
}


@pytest.mark.parametrize(("body", "expected"), BODIES.values(), ids=BODIES)
def test_ids_in_a_body_are_found(ids, body, expected):
    assert ids.named_ids(request(body=json.dumps(body).encode()), "", {}) == expected


UNREADABLE = {
    "a form": {"body": b"task=7", "content_type": "application/x-www-form-urlencoded"},
    "several parts": {"body": b"--x", "content_type": "multipart/form-data"},
    "plain text": {"body": b"{}", "content_type": "text/plain"},
    "another charset": {"body": b'{"+AHQ-ask": 7}', "charset": "utf-7"},
    "bytes of another charset": {"body": json.dumps({"task": 7}).encode("utf-16")},
    "half of a document": {"body": b'{"task": '},
    "brackets without end": {"body": b"[" * 100_000 + b"]" * 100_000},
}


@pytest.mark.parametrize("sent", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_for_sure_is_refused(ids, sent):
    with pytest.raises(ids.Unreadable):
        ids.named_ids(request(**sent), "", {})


def test_a_part_of_a_path_is_of_the_routes_kind_and_an_unknown_one_is_refused(ids):
    assert ids.named_ids(request(), "tasks:api:task-annotations-drafts", {"pk": 3, "annotation_id": 7}) == {
        "task": {3},
        "annotation": {7},
    }
    for route, parts in (
        ("tasks:api:task-detail", {"key": 7}),
        ("brand:new", {"pk": 7}),
        ("user-detail", {"pk": "me"}),
    ):
        with pytest.raises(ids.Unreadable):
            ids.named_ids(request(), route, parts)
