"""The people of the demo: two simulated readers at their worklists and a simulated physician, through the real doors.

Reader 1 works in Label Studio, reader 2 in a Labelme folder; each sees what Scintiloop shows that reader and no more.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backend.errors import ServiceError
from backend.jobs.dispatch import dispatch
from backend.jobs.steps import adjudicate as cases
from backend.jobs.steps import agree, read
from backend.labelstudio.layout import projection_of
from backend.labelstudio.project import open_project
from backend.labelstudio.results import study_results
from backend.measures.disagreement import disagreement
from backend.phantom.adjudicator import decide
from backend.phantom.cohort import PhantomStudy
from backend.phantom.readers import read as draw_reading
from backend.records import LabelMasks, Projection
from backend.settings import Settings
from backend.store.accounts import create_first_accounts
from converters.grid import GRID_COLUMNS, GRID_ROWS, GRID_SHAPE
from converters.label_studio import read_export
from converters.labelme import read_labelme, write_labelme
from converters.rasterise import draw
from converters.regions import Label, Mask, Polygon, Region

SHOWN_AS = {"a": "first", "b": "second", "none": "none"}
WITHOUT_SAYING_MORE = "other"
SECONDS_FOR_WEBHOOKS = 120.0

Advance = Callable[[int, int], None]
Shown = dict[Projection, tuple[Region, ...]]


@dataclass(frozen=True, eq=False)
class Cast:
    """Who plays: the home, the phantom behind every study token, and the readers' names."""

    settings: Settings
    phantoms: Mapping[str, PhantomStudy]
    seed: int
    browser_reader: str
    desktop_reader: str


@dataclass(frozen=True, eq=False)
class Outlined:
    """What the page shows of one reading, as pixels of a small frame."""

    label: Label
    mask: Mask


@dataclass(frozen=True, eq=False)
class Question:
    """A dispute as the simulated physician takes it: `a` is the reading that the page calls the first."""

    identifier: int
    at: tuple[int, int]
    a: Outlined | None
    b: Outlined | None


def read_in_label_studio(cast: Cast, advance: Advance) -> int:
    """The first reader submits every task still open on the worklist; returns how many studies were read."""
    project = open_project(cast.settings, cast.browser_reader)
    done = {task["id"] for task in project.tasks_with_annotations()}
    waiting = [(token, task) for token, task in project.tasks().items() if task not in done and token in cast.phantoms]
    for number, (token, task) in enumerate(waiting, start=1):
        shown = _shown_in_label_studio(project.as_the_reader_sees(task))
        started = time.monotonic()
        drawn = draw_reading(cast.phantoms[token], 0, cast.seed, shown)
        project.submit(task, study_results(drawn), seconds=time.monotonic() - started)
        advance(number, len(waiting))
    _await_readings(cast, waiting)
    return len(waiting)


def read_in_labelme(cast: Cast, folder: Path, advance: Advance) -> dict[str, Any]:
    """The second reader takes a Labelme folder, draws in it and hands it back; returns the import's summary."""
    read.export_worklist(cast.settings, folder, cast.desktop_reader)
    files = sorted(folder.glob("*.json"))
    by_token: dict[str, dict[Projection, Path]] = {}
    for file in files:
        token, projection, _ = file.stem.split("_")
        by_token.setdefault(token, {})["anterior" if projection == "anterior" else "posterior"] = file
    for number, (token, places) in enumerate(by_token.items(), start=1):
        _draw_in_labelme(cast, token, places)
        advance(number, len(by_token))
    return read.import_readings(cast.settings, [folder], cast.desktop_reader)


def most_disputed(cast: Cast, tokens: Sequence[str]) -> list[str]:
    """The studies, those first that the two readers would see most differently without a model's outlines."""
    return sorted(tokens, key=lambda token: -_contested(cast, token))


def adjudicate(cast: Cast) -> int:
    """The physician opens case after case and decides it, lesion by lesion; returns how many projections that were."""
    agree.settle(cast.settings)
    physician, decided = _physician(cast.settings), 0
    while page := cases.queue(cast.settings, account_id=physician)["cases"]:
        for row in page:
            decided += _decide_case(cast, row["study"], physician)
    return decided


def _physician(settings: Settings) -> int:
    """The physician's account among the first ones."""
    create_first_accounts(settings)
    known = cases.physicians(settings)
    if not known:
        raise ServiceError("no physician has an account; make one, so that the simulated physician can decide")
    return int(known[0]["id"])


def _decide_case(cast: Cast, token: str, physician: int) -> int:
    document = cases.open_case_for(cast.settings, token, physician)
    revision = document["revision"]
    disputed = [projection for projection in document["projections"] if projection["disputes"]]
    for projection in disputed:
        questions = [_question(dispute) for dispute in projection["disputes"]]
        answers = decide(_truth(cast, token, projection["projection"]), questions)
        for dispute in projection["disputes"]:
            choice = SHOWN_AS[answers[dispute["number"]]]
            reason = WITHOUT_SAYING_MORE if choice in dispute["needs_reason"] else None
            step = {"action": "decide", "dispute": dispute["key"], "choice": choice, "reason": reason}
            revision = cases.act(cast.settings, token, physician, {"revision": revision} | step)["revision"]
    cases.finish(cast.settings, token, physician, revision)
    return len(disputed)


def _question(dispute: dict[str, Any]) -> Question:
    """A dispute of the page in its smallest frame."""
    left, top, right, bottom = dispute["box"]
    frame = np.s_[top:bottom, left:right]
    sides = [None if dispute[name] is None else _drawn(dispute[name], frame) for name in ("first", "second")]
    return Question(dispute["number"], (top, left), *sides)


def _drawn(side: dict[str, Any], frame: tuple[slice, slice]) -> Outlined:
    rings = [tuple((column, row) for column, row in ring) for ring in side["rings"]]
    regions = [Region(side["label"], Polygon(rings[0], tuple(rings[1:])))] if rings else []
    return Outlined(side["label"], draw(regions, GRID_SHAPE).masks[side["label"]][frame])


def _contested(cast: Cast, token: str) -> int:
    """How many findings of a study the rules would put before a physician."""
    first, second = (draw_reading(cast.phantoms[token], reader, cast.seed) for reader in (0, 1))
    rules = cast.settings.agreement_rules
    found = [disagreement(_masks(first[name]), _masks(second[name]), rules) for name in first]
    return sum(len(one.shapes) + len(one.only_a) + len(one.only_b) + one.bladder for one in found)


def _masks(regions: Iterable[Region]) -> LabelMasks:
    masks = draw(tuple(regions), GRID_SHAPE).disjoint()
    return LabelMasks(masks["metastasis"], masks["bladder"])


def _shown_in_label_studio(task: dict[str, Any]) -> Shown | None:
    """The suggestions on the reader's page, None where it shows none."""
    submissions, _ = read_export([task], source="task")
    shown: Shown = {}
    for submission in submissions:
        if submission.kind == "prediction":
            for to_name, regions in submission.regions.items():
                projection = projection_of(to_name)
                if projection is not None:
                    shown[projection] = regions
    return shown or None


def _draw_in_labelme(cast: Cast, token: str, places: Mapping[Projection, Path]) -> None:
    documents = {
        projection: read_labelme(place.read_bytes(), source=place.name) for projection, place in places.items()
    }
    suggested = {projection: document.regions for projection, document in documents.items()}
    shown = suggested if any(suggested.values()) else None
    drawn = draw_reading(cast.phantoms[token], 1, cast.seed, shown)
    for projection, place in places.items():
        image_path = json.loads(place.read_bytes())["imagePath"]
        flags = {"read": True}
        place.write_bytes(write_labelme(drawn[projection], image_path, GRID_ROWS, GRID_COLUMNS, flags=flags))


def _await_readings(cast: Cast, waiting: list[tuple[str, int]]) -> None:
    """Webhooks bring the readings; what they lose, reconciliation finds."""
    tokens = {token for token, _ in waiting}
    deadline = time.monotonic() + SECONDS_FOR_WEBHOOKS
    asked = False
    while missing := tokens - read.studies_read_by(cast.settings, cast.browser_reader):
        if time.monotonic() > deadline - SECONDS_FOR_WEBHOOKS / 2 and not asked:
            dispatch(cast.settings, "reconcile")
            asked = True
        if time.monotonic() > deadline:
            raise ServiceError(f"{len(missing)} readings submitted in Label Studio did not arrive; see the logs folder")
        time.sleep(0.5)


def _truth(cast: Cast, token: str, projection: Projection) -> LabelMasks:
    truth = cast.phantoms[token].projections[projection].truth
    return LabelMasks(truth["metastasis"], truth["bladder"])
