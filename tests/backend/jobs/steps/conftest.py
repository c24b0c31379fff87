"""A reader whose Label Studio is away, and a project that says what was asked of it."""

import json
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from typing import Any

import pytest

from backend.jobs.steps import publish, worklists
from backend.labelstudio.accounts import ReaderAccount, accounts_file
from backend.settings import Settings

ACCOUNT = ReaderAccount("first", 1, 1, "first@localhost", "secret", 5, "reader's token", "service's token")


@dataclass
class Project:
    """A reader's project that holds these tasks, some of them begun."""

    there: dict[str, int] = field(default_factory=dict)
    begun_ones: set[int] = field(default_factory=set)
    deleted: list[int] = field(default_factory=list)

    def tasks(self) -> dict[str, int]:
        return self.there

    def begun(self) -> set[int]:
        return self.begun_ones

    def delete_tasks(self, task_ids: Collection[int]) -> None:
        self.deleted += task_ids


@pytest.fixture
def away(settings: Settings, add_reader: Callable[..., int]) -> Settings:
    """A reader with a project in a Label Studio that does not answer."""
    add_reader("first", 1, user=5, project=7)
    kept = {name: value for name, value in asdict(ACCOUNT).items() if name != "name"}
    accounts_file(settings).parent.mkdir(parents=True)
    accounts_file(settings).write_text(json.dumps({"first": kept}))
    return settings.model_copy(update={"label_studio_url": "http://127.0.0.1:1", "broker_url": "redis://127.0.0.1:1/0"})


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Project:
    """What every reader's project is, as far as the steps can tell."""
    found = Project()

    def open_project(_settings: Settings, _name: str) -> Any:
        return found

    for step in (publish, worklists):
        monkeypatch.setattr(step, "open_project", open_project)
    return found
