"""Reader 1 walks Label Studio's whole URL table with reader 2's ids, and finds nothing; without the guard, a lot."""

import json
import logging
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from backend.labelstudio.project import ReaderProject
from backend.services.environment import SITE, label_studio_environment, label_studio_python
from backend.settings import Settings
from tests.e2e.walk.server import copy_database, unguarded_server
from tests.e2e.walk.walker import READ_METHODS, WRITE_METHODS, Answer, Step, Table, take

pytestmark = pytest.mark.services

log = logging.getLogger(__name__)

HERE = Path(__file__).parent / "walk"
METHODS = (*READ_METHODS, *WRITE_METHODS)
BY_TOKEN = ("GET", "POST", "PATCH", "DELETE")
NO_MORE = frozenset(READ_METHODS)

ABOUT_ONESELF = {
    "main": NO_MORE,
    "user-account": NO_MORE,
    "user-list": NO_MORE,
    "feature_flags": NO_MORE,
    "current-user-whoami": NO_MORE,
    "current-user-hotkeys": NO_MORE | {"PATCH"},
    "product-tour": NO_MORE | {"PUT", "PATCH"},
    "projects:project-index": NO_MORE,
    "projects:api:project-list": NO_MORE,
    "projects:api:project-counts-list": NO_MORE,
}
"""Routes without an id: they answer about whoever asks."""
ABOUT_NOBODY = {
    "user-login": NO_MORE | {"POST"},
    "logout": NO_MORE | {"POST"},
    "jwt_auth:token_refresh": frozenset({"POST"}),
    "version": NO_MORE,
    "health": NO_MORE,
    "core.views.serve_file": NO_MORE,
}
"""Routes that answer everybody alike, with a log-in or without, whatever the request names."""
KNOWN_LEAKS = (
    ("tasks:api-annotations:annotation-detail", "GET"),
    ("tasks:api-annotations:annotation-detail", "PATCH"),
    ("tasks:api-annotations:annotation-detail", "DELETE"),
    ("tasks:api:task-list", "GET"),
)
"""What leaked when Label Studio was first looked at."""
EVERY_KIND = {
    *("Project", "Task", "Annotation", "AnnotationDraft", "Prediction", "View", "Webhook", "MLBackend", "Export"),
    *("LocalFilesImportStorage", "LocalFilesExportStorage", "FileUpload", "Label", "LabelLink"),
}
MANNERS = ("session", "token", "slash", "query", "body", "key by key", "legacy token", "nobody", "own")
DISGUISE = "0123456789abcdefghijklmnopqrstuv"
"""A CSRF token for those whose browser has none yet."""

LogIn = Callable[[], requests.Session]
Inside = Callable[..., Any]


@dataclass(frozen=True)
class Pair:
    """Who walks, with the log-ins for it, and whose ids are tried."""

    own: ReaderProject
    other: ReaderProject
    log_in: Callable[[ReaderProject], requests.Session]

    def described(self) -> str:
        """Both readers as the scripts inside Label Studio want them."""
        readers = {"own": self.own, "other": self.other}
        return json.dumps(
            {
                whose: {
                    "organisation": project.account.organisation,
                    "user": project.account.user,
                    "folder": str(project.directory),
                }
                for whose, project in readers.items()
            }
        )

    def by_session(self) -> requests.Session:
        cookies = self.log_in(self.own).cookies
        session = requests.Session()
        session.cookies.update(cookies)
        session.headers["X-CSRFToken"] = cookies.get("csrftoken", "")
        return session

    def by_token(self) -> requests.Session:
        refresh = {"refresh": self.own.account.reader_token}
        address = self.own.settings.label_studio_address
        access = requests.post(f"{address}/api/token/refresh/", json=refresh, timeout=30).json()["access"]
        return with_headers(Authorization=f"Bearer {access}")


def with_headers(**headers: str) -> requests.Session:
    session = requests.Session()
    session.headers.update(headers | {"X-CSRFToken": DISGUISE})
    session.cookies.set("csrftoken", DISGUISE)
    return session


@pytest.fixture(scope="module")
def pair(reading_room: dict[str, ReaderProject], session_of: Callable[[ReaderProject], requests.Session]) -> Pair:
    own, other = list(reading_room.values())[:2]
    return Pair(own, other, session_of)


@pytest.fixture(scope="module")
def inside(room_settings: Settings, pair: Pair) -> Inside:
    """Runs one of the scripts in Label Studio's own Python; returns what it printed."""

    def run(script: str, *arguments: str, **changed: str) -> Any:
        environment = label_studio_environment(room_settings) | changed
        done = subprocess.run(
            [str(label_studio_python(room_settings)), str(HERE / script), *arguments],
            env=environment,
            input=pair.described(),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="module")
def table(inside: Inside) -> Iterator[Table]:
    """Label Studio's table, with an object of every kind for both readers while the walk lasts."""
    yield Table(inside("inside.py", "open"))
    inside("inside.py", "close")


@pytest.fixture(scope="module")
def walked(table: Table, pair: Pair, room_settings: Settings) -> dict[str, list[Answer]]:
    """What the guarded server answered, by manner of walking."""
    legacy = table.document["legacy_token"]
    lists = table.key_by_key("projects:api:project-list", "GET")
    steps: dict[str, tuple[list[Step], LogIn]] = {
        "session": (table.in_paths(METHODS), pair.by_session),
        "token": (table.in_paths(BY_TOKEN), pair.by_token),
        "slash": (table.without_slash(), pair.by_session),
        "query": (table.in_queries(("GET",)), pair.by_session),
        "body": (table.in_bodies(("POST", "PATCH")), pair.by_session),
        "key by key": (lists + table.key_by_key("tasks:api:task-annotations", "POST"), pair.by_session),
        "legacy token": (table.in_paths(("GET",)), lambda: with_headers(Authorization=f"Token {legacy}")),
        "nobody": (table.in_paths(("GET",)), with_headers),
        "own": (table.of_ones_own(), pair.by_session),
    }
    address = room_settings.label_studio_address
    return {manner: take(wanted, address, log_in) for manner, (wanted, log_in) in steps.items()}


def _may_answer(step: Step, routes: dict[str, frozenset[str]]) -> bool:
    return not step.names_objects and step.method in routes.get(step.name or step.route, ())


def test_the_other_reader_has_something_of_every_kind(table):
    assert {kind.partition(".")[2] for kind in table.document["kinds"]} >= EVERY_KIND
    assert {kind.partition(".")[2] for kind, rows in table.document["rows"].items() if rows} >= EVERY_KIND


@pytest.mark.parametrize(("manner", "methods"), [("session", METHODS), ("token", BY_TOKEN)])
def test_the_walk_tries_every_route_by_every_method(table, walked, manner, methods):
    tried = {(answer.step.route, answer.step.method) for answer in walked[manner]}
    assert tried == {(route["route"], method) for route in table.routes for method in methods}
    routes, named = len(table.routes), sum(answer.step.names_objects for answer in walked[manner])
    asked = sum(map(len, walked.values()))
    log.info(
        "%d routes × %d methods by %s, %d of them with ids; %d requests", routes, len(methods), manner, named, asked
    )
    assert routes > 300
    assert named > 150 * len(methods)


@pytest.mark.parametrize("manner", MANNERS)
def test_nothing_of_the_other_reader_is_told(table, walked, pair, manner):
    telling = [table.document["mark"], pair.other.account.name, pair.other.account.email, pair.other.folder]
    if manner != "nobody":  # who has no log-in is led to one, with the address that was asked for
        telling.append(str(table.document["number"]))
    assert [str(answer.step) for answer in walked[manner] if any(word in answer.text for word in telling)] == []


@pytest.mark.parametrize("manner", ["session", "token", "slash"])
def test_whatever_names_something_of_the_other_reader_is_not_found(walked, manner):
    found = [answer for answer in walked[manner] if answer.status != 404]
    assert [str(one.step) for one in found if not _may_answer(one.step, ABOUT_ONESELF | ABOUT_NOBODY)] == []


@pytest.mark.parametrize("manner", ["query", "body", "key by key", "legacy token"])
def test_a_request_that_names_others_things_anywhere_or_comes_by_another_token_is_not_found(walked, manner):
    found = [answer for answer in walked[manner] if answer.status != 404]
    assert [str(one.step) for one in found if not _may_answer(one.step, ABOUT_NOBODY)] == []


def test_who_has_no_log_in_is_asked_for_one_or_finds_nothing(walked):
    found = [answer for answer in walked["nobody"] if answer.status not in (301, 302, 401, 403, 404)]
    assert [str(one.step) for one in found if not _may_answer(one.step, ABOUT_NOBODY)] == []


@pytest.fixture(scope="module")
def rows_after(walked: dict[str, list[Answer]], inside: Inside) -> dict[str, Any]:
    """The other reader's rows and files once the guarded walk is done."""
    assert walked
    return dict(inside("inside.py", "rows")["rows"])


def test_after_the_walk_everything_of_the_other_reader_is_as_it_was(table, rows_after):
    assert rows_after == table.document["rows"]


def _shows_the_model(table: Table, answers: list[Answer]) -> set[str]:
    """Routes that tell what the model said of the own task, which is a blind case."""
    return {one.step.name for one in answers if any(word in one.text for word in table.document["stray"])}


def test_no_route_tells_a_reader_what_the_model_said_of_a_blind_case(table, walked):
    assert {"tasks:api:task-detail", "tasks:api:task-list"} <= {
        one.step.name for one in walked["own"] if one.status == 200
    }
    # of the columns of a list, one offers the versions of the whole project to choose from
    assert _shows_the_model(table, walked["own"]) <= {"data_manager:dm-columns"}


@dataclass(frozen=True)
class Unguarded:
    """What the same walk did where nothing guards: answers about the other's things and about a blind case of one's
    own, and tables in which the other reader's rows changed."""

    answers: list[Answer]
    blind: list[Answer]
    changed: list[str]


@pytest.fixture(scope="module")
def unguarded(
    table: Table,
    pair: Pair,
    inside: Inside,
    walked: dict[str, list[Answer]],
    rows_after: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Unguarded:
    """The walk by session through a second Label Studio, whose database is as before at the start of each round."""
    rounds = [table.in_paths(("GET",)) + table.in_queries(("GET",))]
    rounds += [table.in_paths((method,)) for method in ("POST", "PATCH", "PUT", "DELETE")]
    answers: list[Answer] = []
    with unguarded_server(pair.own.settings, tmp_path_factory.mktemp("unguarded")) as (address, environment):
        blind = take([one.step for one in walked["own"] if one.status < 300], address, pair.by_session)
        for steps in rounds:
            copy_database(pair.own.settings, Path(environment["LABEL_STUDIO_BASE_DATA_DIR"]))
            # annotations before the projects that hold them
            answers += take(sorted(steps, key=lambda step: step.path), address, pair.by_session)
        after = inside("inside.py", "rows", **environment)["rows"]
    return Unguarded(answers, blind, sorted(kind for kind in rows_after if after.get(kind) != rows_after[kind]))


def _leaks(table: Table, answers: list[Answer]) -> set[tuple[str, str]]:
    """(route, method) of answers that tell something of the other reader's, and of writes that were taken."""
    return {
        (one.step.name, one.step.method)
        for one in answers
        if one.status < 300 and (table.document["mark"] in one.text or _is_write(one.step))
    }


def _is_write(step: Step) -> bool:
    return step.names_objects and step.method in WRITE_METHODS and step.path.startswith("/api/")


def test_the_same_walk_finds_leaks_where_the_guard_is_off(table, unguarded):
    found = _leaks(table, unguarded.answers)
    log.info("%d leaks in %d requests: %s", len(found), len(unguarded.answers), sorted(found))
    assert found >= set(KNOWN_LEAKS)


def test_where_the_guard_is_off_the_other_readers_work_is_lost(unguarded):
    log.info("changed or lost: %s", unguarded.changed)
    assert "tasks.Annotation" in unguarded.changed


def test_where_the_guard_is_off_a_reader_sees_the_model_on_a_blind_case(table, unguarded):
    assert {"tasks:api:task-detail", "tasks:api:task-list"} <= _shows_the_model(table, unguarded.blind)


def test_the_guarded_walk_finds_none_of_those_leaks(table, walked):
    assert _leaks(table, [answer for manner in ("session", "query") for answer in walked[manner]]) == set()


def test_an_upgrade_with_unknown_routes_opens_nothing(pair, inside):
    reader = str(pair.own.account.user)
    answers = inside("upgrade.py", "0", reader)
    statuses = {(who, what): one for who, answered in answers.items() for what, one in answered.items()}
    assert {key: one for key, one in statuses.items() if one != [404]} == {}
    assert len(statuses) > 10


def test_those_routes_would_be_open_without_the_guard(pair, inside):
    off = {"DJANGO_SETTINGS_MODULE": "unguarded", "PYTHONPATH": f"{SITE}:{HERE}"}
    [answers] = inside("upgrade.py", str(pair.own.account.user), **off).values()
    assert {what: 200 in statuses for what, statuses in answers.items()} == dict.fromkeys(answers, True)
