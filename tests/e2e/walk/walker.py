"""Asks for every route of Label Studio's table, as one reader, with the other reader's ids; notes what came back."""

import json
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import requests

READ_METHODS = ("GET", "HEAD", "OPTIONS")
WRITE_METHODS = ("POST", "PUT", "PATCH", "DELETE")
AT_ONCE = 8
"""Label Studio's server leaves each connection idle for 40 ms per answer, so several are used."""
SECONDS = 60


@dataclass(frozen=True)
class Step:
    """One request of the walk; `route` and `name` are those of the table, `manner` says where the ids are."""

    route: str
    name: str
    method: str
    path: str
    manner: str
    body: Any = None
    names_objects: bool = True
    """Whether the path itself holds the other reader's ids."""

    def __str__(self) -> str:
        return f"{self.method} {self.path[:120]} ({self.manner}; {self.name or self.route})"


@dataclass(frozen=True)
class Answer:
    step: Step
    status: int
    text: str
    """Headers and body together: what may hold a mark."""


@dataclass(frozen=True)
class Table:
    """What Label Studio told of itself: its routes, the keys by which its rows refer to each other, and two marks."""

    document: dict[str, Any]

    @property
    def routes(self) -> list[dict[str, Any]]:
        return list(self.document["routes"])

    @property
    def keys(self) -> dict[str, int]:
        return dict(self.document["keys"])

    def in_paths(self, methods: Iterable[str]) -> list[Step]:
        """The other reader's ids where the path has them."""
        return [self._step(route, method, route["other"], "path") for method in methods for route in self.routes]

    def without_slash(self) -> list[Step]:
        """The same with the last slash left out, or put where there is none."""
        paths = {route["other"]: route for route in self.routes}
        turned = {path.rstrip("/") if path.endswith("/") else path + "/": route for path, route in paths.items()}
        return [self._step(route, "GET", path or "/", "slash") for path, route in turned.items()]

    def in_queries(self, methods: Iterable[str]) -> list[Step]:
        """The reader's own ids in the path, the other reader's under every key in the query."""
        query = "&".join(f"{key}={number}" for key, number in self.keys.items())
        return [
            self._step(route, method, _asking(route["own"], query), "query")
            for method in methods
            for route in self.routes
        ]

    def in_bodies(self, methods: Iterable[str]) -> list[Step]:
        """The reader's own ids in the path, the other reader's under every key in the body."""
        return [
            self._step(route, method, route["own"], "body", body=self.keys)
            for method in methods
            for route in self.routes
        ]

    def of_ones_own(self) -> list[Step]:
        """Everything that may hold the own task, with all that Label Studio knows of it; the task is submitted, too."""
        number = self.document["own_number"]
        query = f"project={number}&task={number}&view={number}&fields=all&page_size=100"
        steps = [self._step(route, "GET", _asking(route["own"], query), "own") for route in self.routes]
        served = {route["name"]: route for route in self.routes}
        actions, annotations = served["data_manager:dm-actions"], served["tasks:api:task-annotations"]
        next_task = f"{actions['own']}?id=next_task&project={number}"
        return [
            *steps,
            self._step(actions, "POST", next_task, "own"),
            self._step(actions, "POST", next_task, "own", {"selectedItems": {"all": False, "included": [number]}}),
            self._step(annotations, "POST", annotations["own"], "own", {"result": []}),
        ]

    def key_by_key(self, route: str, method: str) -> list[Step]:
        """Each key alone, in every place of a request in which an id can stand; on the own objects."""
        known = next(one for one in self.routes if one["name"] == route)
        steps = []
        for key, number in self.keys.items():
            nested = {"filters": [{"inner": {key: [number]}}]}
            for manner, query, body in (
                ("query", f"?{key}={number}", None),
                ("JSON in the query", f"?query={json.dumps(nested)}", None),
                ("body", "", {key: number}),
                ("JSON in the body", "", {"selectedItems": json.dumps(nested)}),
            ):
                steps.append(self._step(known, method, known["own"] + query, f"{key}: {manner}", body=body))
        return steps

    def _step(self, route: dict[str, Any], method: str, path: str, manner: str, body: Any = None) -> Step:
        if body is None and method in WRITE_METHODS:
            body = {}
        # a path that is served by an earlier route of the table names nothing
        objects = route["objects"] and not route["shadowed"] and manner in ("path", "slash")
        return Step(route["route"], route["name"], method, path, manner, body, objects)


def _asking(path: str, query: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{query}"


def take(steps: Iterable[Step], address: str, log_in: Callable[[], requests.Session]) -> list[Answer]:
    """Takes the steps, several at once; one that logs out does so with a log-in of its own.

    Args:
        log_in: makes the session that a thread uses, with whatever headers or cookies tell who asks.
    """
    kept = threading.local()

    def ask(step: Step) -> Answer:
        if "logout" in step.route:
            return _answer(step, address, log_in())
        if not hasattr(kept, "session"):
            kept.session = log_in()
        return _answer(step, address, kept.session)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(ask, steps))


def _answer(step: Step, address: str, session: requests.Session) -> Answer:
    address_of_step = address + step.path
    got = session.request(step.method, address_of_step, json=step.body, timeout=SECONDS, allow_redirects=False)
    return Answer(step, got.status_code, f"{dict(got.headers)}\n{got.text}")
