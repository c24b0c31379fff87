import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from converters.label_studio import read_export, to_results
from converters.labelme import read_labelme, write_labelme
from converters.rasterise import draw
from converters.regions import LABELS, Polygon, Region
from converters.rle import encode_brush
from converters.trace import trace

RECORDED = Path(__file__).parents[1] / "fixtures" / "label_studio"
ROWS, COLUMNS = 1024, 256
DATA = {
    "anterior": "/data/local-files/?d=r1/tok_anterior_low.png",
    "anterior_high": "/data/local-files/?d=r1/tok_anterior_high.png",
    "posterior": "/data/local-files/?d=r1/tok_posterior_low.png",
    "posterior_high": "/data/local-files/?d=r1/tok_posterior_high.png",
    "study": "tok",
}
SQUARE = [[40, 20], [60, 20], [60, 26], [40, 26]]


def entry(value=None, kind="polygonlabels", label="metastasis", image="anterior", **more):
    value = {"points": SQUARE, "closed": True} if value is None else value
    return {
        "id": "a1",
        "from_name": f"{image}_label",
        "to_name": image,
        "type": kind,
        "origin": "manual",
        "original_width": COLUMNS,
        "original_height": ROWS,
        "image_rotation": 0,
        "value": {kind: [label]} | value,
        **more,
    }


def task(*result, **annotation):
    said = {"id": 5, "completed_by": 2, "result": list(result), "was_cancelled": False, "lead_time": 3.5, **annotation}
    return {"id": 9, "data": DATA, "annotations": [said], "drafts": [], "predictions": []}


def read_one(*result, **annotation):
    (submission,), problems = read_export([task(*result, **annotation)], "export.json")
    assert problems == ()
    return submission


def covered(region):
    return draw([region], (ROWS, COLUMNS)).masks[region.label]


def test_percent_become_pixels_on_the_image_that_was_drawn_on():
    submission = read_one(entry(), entry(image="posterior", label="bladder"))
    assert submission.regions["anterior"] == (
        Region("metastasis", Polygon(((102.4, 204.8), (153.6, 204.8), (153.6, 266.24), (102.4, 266.24)))),
    )
    assert [region.label for region in submission.regions["posterior"]] == ["bladder"]
    assert submission.regions["anterior_high"] == ()
    assert submission.sizes == {"anterior": (ROWS, COLUMNS), "posterior": (ROWS, COLUMNS)}
    assert (submission.task, submission.annotation, submission.completed_by) == (9, 5, 2)
    assert (submission.kind, submission.seconds) == ("annotation", 3.5)


def test_images_are_paths_below_the_document_root_and_other_data_is_none():
    assert read_one().images == {
        "anterior": "r1/tok_anterior_low.png",
        "anterior_high": "r1/tok_anterior_high.png",
        "posterior": "r1/tok_posterior_low.png",
        "posterior_high": "r1/tok_posterior_high.png",
    }


@pytest.mark.parametrize(
    ("reference", "file"),
    [
        ("/data/upload/3/0a1b2c3d-scan%201.png", "data/upload/3/scan 1.png"),
        ("https://pacs.example/scans/a.png?token=x", "scans/a.png"),
        ("s3://bucket/scans/a.png", "scans/a.png"),
        ("/data/local-files/?d=scans\\a.png", "scans/a.png"),
        ("a.png", "a.png"),
    ],
)
def test_every_kind_of_reference_names_its_file(reference, file):
    (submission,), _ = read_export([task() | {"data": {"image": reference}}], "x")
    assert submission.images == {"image": file}


def test_an_empty_result_is_a_submission_without_findings():
    submission = read_one()
    assert submission.kind == "annotation"
    assert submission.problems == ()
    assert not any(submission.regions.values())


def test_skipped_drafts_and_predictions_are_told_apart():
    whole = task(was_cancelled=True)
    whole["drafts"] = [{"id": 1, "user": 3, "annotation": None, "result": [entry()]}]
    whole["predictions"] = [17, {"id": 18, "result": [entry(score=0.5)], "model_version": "v"}]
    submissions, problems = read_export([whole], "x")
    assert [one.kind for one in submissions] == ["skipped", "draft", "prediction"]
    assert submissions[1].completed_by == 3
    assert submissions[2].regions["anterior"][0].score == 0.5
    assert problems == ()


def test_the_annotator_may_be_a_number_or_an_object():
    assert read_one(completed_by={"id": 7, "email": "r@example.org"}).completed_by == 7
    assert read_one(completed_by=None).completed_by is None


def test_an_accepted_suggestion_is_known_from_its_origin():
    accepted, changed, own = (entry(origin=origin) for origin in ("prediction", "prediction-changed", "manual"))
    assert [region.suggested for region in read_one(accepted, changed, own).regions["anterior"]] == [True, False, False]


def test_read_only_overlays_are_not_the_readers():
    overlay = entry(label="anything", readonly=True)
    assert not any(read_one(overlay | {"from_name": "ref"}).regions.values())
    assert not any(read_one(overlay | {"from_name": "anterior_ref"}).regions.values())


def test_choices_are_kept_by_control():
    choice = {"type": "choices", "from_name": "anterior_exclusion", "to_name": "anterior"}
    submission = read_one(choice | {"id": "c", "value": {"choices": ["unreadable"]}})
    assert submission.choices == {"anterior_exclusion": ("unreadable",)}


def test_a_rectangle_turns_about_its_first_corner():
    upright = entry({"x": 25, "y": 50, "width": 25, "height": 6.25, "rotation": 0}, "rectanglelabels")
    turned = entry({"x": 25, "y": 50, "width": 25, "height": 6.25, "rotation": 90}, "rectanglelabels")
    (first, second) = (covered(region) for region in read_one(upright, turned).regions["anterior"])
    assert first[512:576, 64:128].all()
    assert first.sum() == second.sum() == 64 * 64
    assert second[512:576, 0:64].all()


def test_an_ellipse_covers_the_centres_inside_it():
    value = {"x": 50, "y": 50, "radiusX": 10, "radiusY": 5, "rotation": 0}
    (region,) = read_one(entry(value, "ellipselabels")).regions["anterior"]
    rows, columns = np.mgrid[:ROWS, :COLUMNS] + 0.5
    assert np.array_equal(covered(region), np.hypot((columns - 128) / 25.6, (rows - 512) / 51.2) <= 1)


def test_a_brush_stroke_comes_back_pixel_by_pixel():
    painted = np.zeros((ROWS, COLUMNS), bool)
    painted[100:120, 30:60] = True
    painted[105:110, 35:40] = False
    (region,) = read_one(entry({"format": "rle", "rle": encode_brush(painted)}, "brushlabels")).regions["anterior"]
    assert (region.shape.column, region.shape.row) == (30, 100)
    assert np.array_equal(covered(region), painted)


BAD = {
    "unknown label": (entry(label="kidney"), "value.polygonlabels"),
    "two labels": (entry({"points": SQUARE, "polygonlabels": ["metastasis", "bladder"]}), "value.polygonlabels"),
    "no label": (entry({"points": SQUARE, "polygonlabels": []}), "value.polygonlabels"),
    "two points": (entry({"points": SQUARE[:2]}), "value.points"),
    "not a number": (entry({"points": [[float("nan"), 1], [2, 2], [3, 1]]}), "value.points[0]"),
    "no area": (entry({"points": [[1, 1], [2, 2], [3, 3]]}), "value.points"),
    "not closed": (entry({"points": SQUARE, "closed": False}), "value.closed"),
    "outside": (entry({"points": [[101, 1], [120, 2], [103, 9]]}), "value.points"),
    "no size": (entry(original_width=None), "original_width"),
    "image turned by less than a quarter": (entry(image_rotation=30), "image_rotation"),
    "another image's": (entry(image="lateral"), "to_name"),
    "no image": (entry(to_name=None), "to_name"),
    "another size": (entry(original_height=512), "original_height"),
    "key point": (entry({"x": 1, "y": 2, "width": 1}, "keypointlabels"), "type"),
    "no value": (entry() | {"value": None}, "value"),
    "brush of another format": (entry({"format": "png"}, "brushlabels"), "value.format"),
    "damaged brush": (entry({"format": "rle", "rle": [1, 2]}, "brushlabels"), "value.rle"),
    "rectangle without height": (entry({"x": 1, "y": 1, "width": 5}, "rectanglelabels"), "value.height"),
    "choice without value": (entry(kind="choices") | {"value": []}, "value"),
    "choice that is no list": (entry(kind="choices") | {"value": {"choices": "x"}}, "value.choices"),
}


@pytest.mark.parametrize(("bad", "field"), BAD.values(), ids=BAD.keys())
def test_a_bad_region_is_named_and_the_rest_is_read(bad, field):
    submission = read_one(entry(), bad, entry(label="bladder"))
    assert [region.label for region in submission.regions["anterior"]] == ["metastasis", "bladder"]
    (problem,) = submission.problems
    assert problem.source == "export.json"
    assert problem.field == f"[0].annotations[0].result[1].{field}"


def test_an_entry_that_is_no_object_is_named():
    (problem,) = read_one(entry(), 5).problems
    assert problem.field == "[0].annotations[0].result[1]"


@pytest.mark.parametrize(
    ("document", "field"),
    [
        pytest.param(5, None, id="a number"),
        pytest.param({"tasks": []}, None, id="another document"),
        pytest.param([5], "[0]", id="a list of numbers"),
        pytest.param([{"id": 1}], "[0]", id="no data"),
        pytest.param({"data": {}, "project": {"label_config": "<View"}}, "label_config", id="broken configuration"),
        pytest.param(
            {"data": {}, "project": {"label_config": "<!DOCTYPE a><View/>"}}, "label_config", id="document type"
        ),
    ],
)
def test_what_is_no_export_is_a_problem_by_name(document, field):
    submissions, (problem,) = read_export(document, "export.json")
    assert submissions == ()
    assert (problem.source, problem.field) == ("export.json", field)


def test_a_result_that_is_no_list_is_a_problem_of_its_submission():
    (submission,), _ = read_export(task() | {"annotations": [{"id": 1, "result": "x"}]}, "export.json")
    assert [problem.field for problem in submission.problems] == ["annotations[0].result"]


def recorded(name):
    return json.loads((RECORDED / f"{name}.json").read_text())


def test_a_recorded_export_holds_three_readers():
    submissions, problems = read_export(recorded("export_json"), "export.json")
    assert problems == ()
    assert [one.completed_by for one in submissions] == [2, 3, 4]
    assert all(len(one.regions["image"]) == 1 for one in submissions)
    assert submissions[0].submitted == "2026-11-23T00:35:00.505494Z"


def test_a_recorded_webhook_is_one_submission():
    (submission,), problems = read_export(recorded("projectwebhook_ANNOTATION_CREATED")["body"], "webhook")
    assert problems == ()
    assert submission.images == {"image": "scans/scan001_ant.png"}
    assert [region.label for region in submission.regions["image"]] == ["metastasis", "bladder"]


def test_a_recorded_deletion_is_no_submission():
    assert read_export(recorded("projectwebhook_ANNOTATIONS_DELETED")["body"], "webhook") == ((), ())


def test_a_recorded_drawing_tells_suggestions_from_the_readers_own():
    result = recorded("ui_drawn_polygon")
    whole = {"id": 1, "data": {"image": "a.png"}, "annotations": [{"id": 1, "result": result}]}
    (submission,), _ = read_export(whole, "x")
    assert [region.suggested for region in submission.regions["image"]] == [True, True, False]
    assert [region.score for region in submission.regions["image"]] == [0.9, 0.7, None]


def test_the_labelling_configuration_names_the_file_of_an_image_tag():
    config = '<View><Image name="anterior" value="$front"/><PolygonLabels name="l" toName="anterior"/></View>'
    whole = task(entry()) | {"data": {"front": "scans/a.png", "study": "tok"}}
    (submission,), problems = read_export([whole], "x", config=config)
    assert problems == submission.problems == ()
    assert submission.images == {"anterior": "scans/a.png"}


def test_json_min_is_read_by_the_names_of_its_controls():
    value = {"points": SQUARE, "polygonlabels": ["metastasis"], "original_width": COLUMNS, "original_height": ROWS}
    record = DATA | {"id": 9, "anterior_label": [value], "posterior_exclusion": "unreadable", "annotator": 2}
    (submission,), problems = read_export([record | {"annotation_id": 5, "lead_time": 4}], "min.json")
    assert problems == submission.problems == ()
    assert len(submission.regions["anterior"]) == 1
    assert submission.choices["posterior_exclusion"] == ("unreadable",)
    assert (submission.task, submission.annotation, submission.completed_by) == (9, 5, 2)


@pytest.mark.parametrize(
    ("name", "regions"),
    [("polygons", [1]), ("three_readers_rectangles", [6, 6, 7]), ("two_users_one_task", [2, 2, 2])],
)
def test_public_exports_of_several_annotators_are_read(shared_fixtures, name, regions):
    text = (shared_fixtures / "label_studio" / "public" / f"{name}.json").read_text()
    known = dict.fromkeys(("Airplane", "Car", "Road", "Obstacle", "parasites", "white"), "metastasis")
    submissions, problems = read_export(json.loads(text), name, labels=known)
    assert problems == ()
    assert [sum(map(len, one.regions.values())) for one in submissions[:3]] == regions
    refused, _ = read_export(json.loads(text), name)
    assert all("unknown label" in problem.message for one in refused for problem in one.problems)
    assert not any(any(one.regions.values()) for one in refused)


numbers = st.floats(-5, 261, allow_nan=False)
rings = st.lists(st.tuples(numbers, numbers), min_size=3, max_size=8, unique=True).map(tuple)
drawn = st.builds(
    Region, st.sampled_from(LABELS), st.builds(Polygon, rings), st.none() | st.floats(0, 1), st.booleans()
)


def sent_and_read(regions, rows=ROWS, columns=COLUMNS):
    results = to_results(regions, from_name="anterior_label", to_name="anterior", rows=rows, columns=columns)
    return read_one(*json.loads(json.dumps(results)))


@given(st.lists(drawn, max_size=3))
def test_regions_come_back_within_a_ten_millionth_of_a_pixel(regions):
    submission = sent_and_read(regions)
    refused = {int(problem.field.split("result[")[1].split("]")[0]) for problem in submission.problems}
    kept = [region for index, region in enumerate(regions) if index not in refused]
    for before, after in zip(kept, submission.regions["anterior"], strict=True):
        assert (before.label, before.score, before.suggested) == (after.label, after.score, after.suggested)
        assert np.allclose(before.shape.exterior, after.shape.exterior, rtol=0, atol=1e-7)


@given(drawn)
def test_one_outline_in_labelme_and_label_studio_gives_identical_masks(region):
    by_labelme = read_labelme(write_labelme([region], "a.png", ROWS, COLUMNS), "x").regions
    by_label_studio = sent_and_read([region]).regions["anterior"]
    masks = [draw(regions, (ROWS, COLUMNS)).masks[region.label] for regions in (by_labelme, by_label_studio)]
    assert masks[0].tobytes() == masks[1].tobytes()


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_masks_with_holes_survive_label_studio(mask):
    results = to_results(trace(mask, "bladder"), from_name="l", to_name="anterior", rows=12, columns=13)
    regions = read_one(*results).regions["anterior"]
    assert np.array_equal(draw(regions, mask.shape).masks["bladder"], mask)


def test_identifiers_are_stable_and_distinct():
    region = Region("bladder", Polygon(((1, 1), (9, 1), (9, 9))))
    results = [to_results([region, region], from_name="l", to_name="i", rows=9, columns=9) for _ in range(2)]
    assert results[0] == results[1]
    assert len({result["id"] for result in results[0]}) == 2
