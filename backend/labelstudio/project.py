"""One reader's project, by the service account of the reader's organisation."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import select

from backend.errors import NotFound
from backend.labelstudio.accounts import ReaderAccount, account_of, files_folder
from backend.labelstudio.client import asking, connect
from backend.labelstudio.layout import STUDY_KEY
from backend.records import Exposure
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Reader

TASKS_PER_REQUEST = 250
TASKS_PER_PAGE = 100
WITH_SUBMISSIONS = {
    "filters": {
        "conjunction": "or",
        "items": [
            {"filter": f"filter:tasks:{column}", "operator": "greater", "type": "Number", "value": 0}
            for column in ("total_annotations", "cancelled_annotations")
        ],
    }
}


def _meta(exposure: Exposure) -> dict[str, str]:
    """What the guard inside Label Studio reads off a task; readers cannot write it."""
    return {"exposure": exposure}


def open_project(settings: Settings, reader: str) -> "ReaderProject":
    """The project of a reader of that name.

    Raises:
        NotFound: the reader has no account or no project in Label Studio yet.
    """
    with open_session(settings) as session:
        number = session.scalar(select(Reader.label_studio_project).where(Reader.name == reader))
    if number is None:
        raise NotFound(f"reader {reader!r} has no project in Label Studio; run `scintiloop up`")
    return ReaderProject(settings, account_of(settings, reader), number)


@dataclass(frozen=True)
class ReaderProject:
    """What Scintiloop asks of one reader's project. Every method may raise ServiceError: Label Studio did not do it."""

    settings: Settings
    account: ReaderAccount
    id: int

    @property
    def folder(self) -> str:
        """Name of the reader's folder, as it stands in task data."""
        return self.account.folder

    @property
    def directory(self) -> Path:
        """Where the reader's image files are to be put."""
        return files_folder(self.settings) / self.account.folder

    @cached_property
    def service(self) -> Any:
        return connect(self.settings, self.account.service_token)

    @cached_property
    def as_reader(self) -> Any:
        return connect(self.settings, self.account.reader_token)

    def import_tasks(self, tasks: Sequence[dict[str, Any]], exposures: Sequence[Exposure] = ()) -> list[int]:
        """Adds tasks, each the `data` of one study; returns their ids in the same order.

        Args:
            exposures: of each task; all blind where empty. The guard shows predictions on assisted ones alone.
        """
        chosen: Sequence[Exposure] = exposures or ["blind"] * len(tasks)
        marked = [{"data": data, "meta": _meta(exposure)} for data, exposure in zip(tasks, chosen, strict=True)]
        made: list[int] = []
        for start in range(0, len(marked), TASKS_PER_REQUEST):
            part = marked[start : start + TASKS_PER_REQUEST]
            with asking(self.settings, f"import tasks for {self.account.name}"):
                made += self.service.projects.import_tasks(id=self.id, request=part, return_task_ids=True).task_ids
        return made

    def mark(self, exposures: Mapping[int, Exposure]) -> None:
        """Makes the guard treat these tasks as these exposures say; asks only for what is marked otherwise."""
        with asking(self.settings, f"mark the tasks of {self.account.name}"):
            listed = self._listed(fields="task_only") if exposures else ()
            wrong = [one.id for one in listed if one.id in exposures and one.meta != _meta(exposures[one.id])]
            for task in wrong:
                self.service.tasks.update(id=str(task), meta=_meta(exposures[task]))

    def tasks(self) -> dict[str, int]:
        """Ids of the project's tasks by study token: what to look at before importing again."""
        with asking(self.settings, f"list the tasks of {self.account.name}"):
            listed = self._listed(fields="task_only")
            return {task.data[STUDY_KEY]: task.id for task in listed if STUDY_KEY in task.data}

    def import_predictions(self, predictions: Sequence[dict[str, Any]]) -> int:
        """Adds predictions (`task`, `result`, `score`, `model_version` each); returns how many were kept."""
        kept = 0
        for start in range(0, len(predictions), TASKS_PER_REQUEST):
            part = list(predictions[start : start + TASKS_PER_REQUEST])
            with asking(self.settings, f"import predictions for {self.account.name}"):
                kept += self.service.projects.import_predictions(id=self.id, request=part).created or 0
        return kept

    def delete_predictions(self, task_ids: Sequence[int]) -> None:
        """Removes every prediction of these tasks."""
        if not task_ids:
            return
        chosen = {"all": False, "included": list(task_ids)}
        with asking(self.settings, f"delete predictions of {self.account.name}"):
            self.service.actions.create(id="delete_tasks_predictions", project=self.id, selected_items=chosen)

    def delete_tasks(self, task_ids: Sequence[int]) -> None:
        """Removes these tasks with everything in them."""
        if not task_ids:
            return
        chosen = {"all": False, "included": list(task_ids)}
        with asking(self.settings, f"delete tasks of {self.account.name}"):
            self.service.actions.create(id="delete_tasks", project=self.id, selected_items=chosen)

    def tasks_with_annotations(self) -> Iterator[dict[str, Any]]:
        """Every task that holds a submission or a skip, as in Label Studio's JSON export, annotations with results.

        A task that is not among them has none (any more).
        """
        with asking(self.settings, f"list the annotations of {self.account.name}"):
            for task in self._listed(fields="all", query=json.dumps(WITH_SUBMISSIONS)):
                yield json.loads(task.json(by_alias=True))

    def _listed(self, **options: str) -> Iterator[Any]:
        # the SDK's own pager asks for a page too many, and Label Studio logs a traceback for it
        for page in count(1):
            items = self.service.tasks.list(project=self.id, page=page, page_size=TASKS_PER_PAGE, **options).items or []
            yield from items
            if len(items) < TASKS_PER_PAGE:
                return

    def begun(self) -> set[int]:
        """Ids of the tasks that the reader has begun: with a submission, a skip or a draft."""
        begun = {int(task["id"]) for task in self.tasks_with_annotations()}
        with asking(self.settings, f"list the drafts of {self.account.name}"):
            # Label Studio gives the drafts themselves to whoever made them alone
            return begun | {task.id for task in self._listed(fields="all") if task.draft_exists}

    def as_the_reader_sees(self, task_id: int) -> dict[str, Any]:
        """The task as the reader's own page gets it, predictions included."""
        with asking(self.settings, f"open a task of {self.account.name}"):
            document: dict[str, Any] = json.loads(self.as_reader.tasks.get(id=str(task_id)).json(by_alias=True))
            return document

    def submit(self, task_id: int, result: Sequence[dict[str, Any]], seconds: float | None = None) -> int:
        """Submits `result` for a task as the reader; returns the annotation's id."""
        with asking(self.settings, f"submit for {self.account.name}"):
            made = self.as_reader.annotations.create(
                id=task_id, result=list(result), lead_time=seconds, ground_truth=False
            )
        return int(made.id)
