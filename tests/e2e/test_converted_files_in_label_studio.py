"""What the converters write for Label Studio: the real one imports, shows and exports it, and its meaning stays."""

import base64
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from backend.labelstudio.project import ReaderProject
from converters.drawn import Dialect, DrawnImage, Origin
from converters.label_studio_config import labelling_config, used_by
from converters.label_studio_images import drawn_of_task
from converters.label_studio_write import task_of
from converters.outlines import ellipse, rectangle
from converters.rasterise import draw
from converters.regions import LABELS, Figure, Mark, MaskPatch, Polygon, Region

pytestmark = pytest.mark.services

RECORDED = Path(__file__).parents[1] / "fixtures" / "label_studio"
SIZE = (80, 120)
KEEPING_MARKS = Dialect(keep_marks=True)
REGIONS = ".lsf-tree-treenode:not([aria-hidden=true])"
IN_THE_EDITOR = "() => Htx.annotationStore.selected.serializeAnnotation()"


def _picture() -> str:
    grey = np.zeros(SIZE, np.uint8)
    grey[20:60, 30:90] = 120
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _drawn() -> DrawnImage:
    """One image with everything that there is."""
    holes = (((50.0, 30.0), (60.0, 30.0), (60.0, 40.0), (50.0, 40.0)),)
    pieces = np.zeros((12, 12), bool)
    pieces[:4, :4] = pieces[7:, 7:] = True
    box, round_ = Figure("rectangle", ((90, 10), (110, 16)), 20.0), Figure("ellipse", ((20, 60), (30, 66)), 40.0)
    regions = (
        Region("metastasis", Polygon(((5, 5), (17.25, 6), (12, 18.5))), score=0.75, suggested=True, identifier="first"),
        Region("bladder", Polygon(((40, 20), (75, 20), (75, 45), (40, 45)), holes)),
        Region("metastasis", MaskPatch(80, 50, pieces)),
        Region("metastasis", Polygon(rectangle((90, 10), (20, 6), 20.0), figure=box), group=1),
        Region("metastasis", Polygon(ellipse((20, 60), (10, 6), 40.0), figure=round_), group=1),
    )
    marks = (Mark("point", "rib", ((100.5, 70.5),)), Mark("line", "spine", ((30, 70), (40, 72), (50, 70))))
    origin = Origin("everything", "", "label-studio", "")
    return DrawnImage(
        origin, "a", None, "a.png", *SIZE, regions, "cannot be settled", marks=marks, kept={"reference": _picture()}
    )


def _recorded() -> Iterator[DrawnImage]:
    for name in ("turned_images", "labels_and_shapes", "two_images", "pages"):
        for task in json.loads((RECORDED / f"{name}.json").read_text()):
            for drawn in drawn_of_task(task, "", Origin(name, "", "label-studio", ""), RECORDED, KEEPING_MARKS).images:
                kept = {**drawn.kept, "reference": _picture()} if drawn.shape == SIZE else drawn.kept
                yield replace(drawn, reader=None, kept=kept)


@dataclass(frozen=True)
class Imported:
    """A project that holds the written tasks, in their order."""

    project: ReaderProject
    id: int
    written: list[dict[str, Any]]
    tasks: list[int]


@pytest.fixture(scope="module")
def imported(reading_room: dict[str, ReaderProject]) -> Iterator[Imported]:
    project = reading_room["reader 1"]
    images = [_drawn(), *_recorded()]
    written = [task_of(one, max_points=limit) for one in images for limit in (60, None)]
    written += [task_of(one, as_prediction=True) for one in images]
    used = frozenset(one for task in written for one in used_by(task))
    made = project.service.projects.create(title="converted", label_config=labelling_config(used))
    request = json.loads(json.dumps(written))
    tasks = project.service.projects.import_tasks(id=made.id, request=request, return_task_ids=True).task_ids
    yield Imported(project, made.id, written, tasks)
    project.service.projects.delete(id=made.id)


def _meaning(task: dict[str, Any], submissions: list[dict[str, Any]]) -> dict[str, Any]:
    """What a task's submissions say, read as annotations of one unknown reader."""
    bare = [{"result": one["result"]} for one in submissions]
    whole = {"data": task["data"], "meta": task["meta"], "annotations": bare}
    found = drawn_of_task(whole, "", Origin("task", "", "label-studio", ""), Path(), KEEPING_MARKS)
    (drawn,) = found.images
    assert (found.problems, drawn.problems) == ((), ())
    masks = draw(drawn.regions, drawn.shape).masks
    return {
        "image": (drawn.image, drawn.shape, drawn.exclusion, drawn.remarks, drawn.notes),
        "regions": [(one.label, one.score, one.suggested, one.group, one.identifier) for one in drawn.regions],
        "figures": [one.shape.figure for one in drawn.regions if isinstance(one.shape, Polygon)],
        "marks": [(one.kind, one.label, np.round(one.points, 6).tolist()) for one in drawn.marks],
        "masks": {label: masks[label].tobytes() for label in LABELS},
        "kept": [one.kept for one in (*drawn.regions, *drawn.marks)],
    }


def test_what_is_imported_comes_back_from_the_export_unchanged(imported: Imported) -> None:
    exported = {task["id"]: task for task in imported.project.service.projects.exports.as_json(imported.id)}
    for task, number in zip(imported.written, imported.tasks, strict=True):
        back = exported[number]
        assert back["data"] == task["data"]
        if "annotations" in task:
            assert _meaning(back, back["annotations"]) == _meaning(task, task["annotations"])
            assert [one["ground_truth"] for one in back["annotations"]] == [False]


def test_predictions_are_suggested_as_they_were_written(imported: Imported) -> None:
    service = imported.project.service  # to a reader, unmarked tasks are blind cases
    for task, number in zip(imported.written, imported.tasks, strict=True):
        if "predictions" in task:
            seen = json.loads(service.tasks.get(id=str(number)).json(by_alias=True))["predictions"]
            assert _meaning(task, seen) == _meaning(task, task["predictions"])
            assert [one["score"] for one in seen] == [one.get("score") for one in task["predictions"]]


def test_the_readers_number_is_kept_where_label_studio_knows_it(imported: Imported) -> None:
    service = imported.project.service
    reader = service.users.whoami().id
    made = service.projects.create(title="known reader", label_config=labelling_config())
    try:
        task = task_of(replace(_drawn(), reader=str(reader)))
        service.projects.import_tasks(id=made.id, request=[json.loads(json.dumps(task))])
        (back,) = service.projects.exports.as_json(made.id)
        assert [one["completed_by"] for one in back["annotations"]] == [reader]
    finally:
        service.projects.delete(id=made.id)


def _in_the_editor(meaning: dict[str, Any]) -> dict[str, Any]:
    """Without what the editor says anew: how far the image is turned, and what a point would mean to a smart tool."""
    kept = [
        {key: said for key, said in one.items() if key not in ("image_rotation", "is_positive")}
        for one in meaning["kept"]
    ]
    return meaning | {"image": meaning["image"][:-1], "kept": kept}


@pytest.mark.browser
def test_the_editor_shows_every_entry_and_says_the_same_of_it(
    imported: Imported, page_of: Callable[[ReaderProject], Page]
) -> None:
    page = page_of(imported.project)
    address = imported.project.settings.label_studio_address
    shown = [
        (task, number)
        for task, number in list(zip(imported.written, imported.tasks, strict=True))[::2]
        if "annotations" in task and task["data"]["image"].startswith("data:")
    ]
    assert len(shown) >= 10
    for task, number in shown:
        (annotation,) = task["annotations"]
        page.goto(f"{address}/projects/{imported.id}/data?task={number}")
        shapes = {one["id"] for one in annotation["result"] if "original_width" in one}
        expect(page.locator(REGIONS)).to_have_count(len(shapes), timeout=30_000)
        page.wait_for_load_state("networkidle")
        said = _meaning(task, [{"result": page.evaluate(IN_THE_EDITOR)}])
        assert _in_the_editor(said) == _in_the_editor(_meaning(task, [annotation]))
