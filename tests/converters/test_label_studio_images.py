import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converters.drawn import Dialect, DrawnImage, Origin
from converters.errors import UnreadableFile
from converters.label_studio_images import drawn_of_task

ORIGIN = Origin("export.json", "", "label-studio", "")
SQUARE = [[40, 20], [60, 20], [60, 26], [40, 26]]
TWO = {"anterior": "/data/local-files/?d=s/a.png", "posterior": "/data/local-files/?d=s/p.png"}
CONFIG = """<View>
  <Image name="anterior" value="$anterior"/><Image name="posterior" value="$posterior"/>
  <PolygonLabels name="front" toName="anterior"><Label value="metastasis"/></PolygonLabels>
  <Choices name="posterior_exclusion" toName="posterior"><Choice value="unreadable"/></Choices>
</View>"""


def outline(image="anterior", identifier="r1", label="metastasis", kind="polygonlabels", **more):
    return {
        "id": identifier,
        "from_name": "label",
        "to_name": image,
        "type": kind,
        "original_width": 100,
        "original_height": 50,
        "image_rotation": 0,
        "value": {"points": SQUARE, "closed": True, kind: [label]},
    } | more


def choice(control, *values, **more):
    return {
        "id": control,
        "from_name": control,
        "to_name": "anterior",
        "type": "choices",
        "value": {"choices": [*values]},
    } | more


def relation(first, second, direction="bi", **more):
    return {"type": "relation", "from_id": first, "to_id": second, "direction": direction} | more


def annotation(*result, reader=1, number=1, updated="2026-01-01T00:00:00Z", **more):
    return {"id": number, "completed_by": reader, "result": list(result), "updated_at": updated} | more


def found_in(*annotations, data=None, dialect=None, folder=Path("nowhere"), **more):
    task = {"id": 7, "data": TWO if data is None else data, "annotations": list(annotations)} | more
    return drawn_of_task(task, "[3]", ORIGIN, folder, dialect or Dialect())


def test_each_reader_and_each_image_that_was_drawn_on_is_one_drawn_image():
    both = outline(), outline("posterior", "r2")
    found = found_in(annotation(*both), annotation(*both, reader=2, number=2))
    assert [(one.name, one.image, one.shape) for one in found.images] == [
        ("a.1", "s/a.png", (50, 100)),
        ("p.1", "s/p.png", (50, 100)),
        ("a.2", "s/a.png", (50, 100)),
        ("p.2", "s/p.png", (50, 100)),
    ]
    assert found.drawn_on == {"anterior", "posterior"}
    assert found.waiting == ()


def test_an_image_that_nobody_drew_on_waits_for_the_rest_of_the_file(tmp_path):
    Image.fromarray(np.zeros((60, 30), np.uint8)).save(tmp_path / "p.png")
    found = found_in(annotation(outline()), folder=tmp_path)
    (waiting,) = found.waiting
    assert (waiting.tag, found.drawn_on) == ("posterior", {"anterior"})
    assert isinstance(waiting.image, DrawnImage)
    assert (waiting.image.shape, waiting.image.regions) == ((60, 30), ())


def test_an_image_that_waits_may_lack_its_size():
    (waiting,) = found_in(annotation(outline())).waiting
    assert isinstance(waiting.image, UnreadableFile)
    assert str(waiting.image).startswith("export.json: [3].data.posterior: says no image size")


def test_the_configuration_says_which_images_are_drawn_on():
    found = found_in(annotation(outline()), dialect=Dialect(labelling_config=CONFIG))
    assert [one.image for one in found.images] == ["s/a.png"]
    assert found.waiting == ()


def test_the_only_image_of_a_task_is_read_without_findings(tmp_path):
    Image.fromarray(np.zeros((60, 30), np.uint8)).save(tmp_path / "a.png")
    (drawn,) = found_in(annotation(), data={"image": "a.png"}, folder=tmp_path).images
    assert (drawn.shape, drawn.regions) == ((60, 30), ())


def test_the_only_image_of_a_task_is_meant_whatever_its_tag_is_called():
    (drawn,) = found_in(annotation(outline("img-1")), data={"scan": "s/a.png", "ward": "7/b"}).images
    assert (drawn.image, len(drawn.regions)) == ("s/a.png", 1)
    assert drawn.kept["data"] == {"ward": "7/b"}
    assert drawn.notes == ("'img-1' is taken for the task's only image, 'scan'",)


def test_another_readers_size_serves_where_nothing_was_drawn():
    one, other = found_in(annotation(outline()), annotation(reader=2, number=2), data={"anterior": "a.png"}).images
    assert one.shape == other.shape == (50, 100)


def test_an_unknown_size_is_named_with_its_place():
    (problem,) = found_in(annotation(), data={"image": "a.png"}).problems
    assert (problem.source, problem.field) == ("export.json", "[3].data.image")
    assert "put the image file beside it" in problem.message


def test_a_choice_about_an_image_makes_it_one_that_is_read():
    said = choice("posterior_exclusion", "unreadable")
    anterior, posterior = found_in(annotation(outline(), outline("posterior", "r2"), said)).images
    assert (anterior.exclusion, posterior.exclusion) == (None, "unreadable")


def test_a_choice_that_names_no_image_is_about_all_of_the_task():
    said = choice("exclusion", "unreadable", "primary bone tumour"), choice("quality", "poor")
    images = found_in(annotation(outline(), outline("posterior", "r2"), *said)).images
    for drawn in images:
        assert drawn.exclusion == "unreadable"
        assert drawn.remarks == ("exclusion: primary bone tumour", "quality: poor")


@pytest.mark.parametrize(
    ("kind", "value", "remark"),
    [
        ("rating", {"rating": 4}, "x: 4"),
        ("number", {"number": 2.5}, "x: 2.5"),
        ("taxonomy", {"taxonomy": [["bone", "rib"], ["bone", "hip"]]}, "x: bone / rib"),
        ("textarea", {"text": ["Mrs. Miller"]}, "x: a text"),
        ("datetime", {"datetime": "1931-05-06"}, "x: a date"),
        ("pairwise", {"selected": "left"}, "x: 'left'"),
    ],
)
def test_everything_that_is_said_is_remarked_and_nothing_typed_is_repeated(kind, value, remark):
    said = {"id": "s", "from_name": "x", "to_name": "anterior", "type": kind, "value": value}
    (drawn,) = found_in(annotation(outline(), said), data={"anterior": "a.png"}).images
    assert drawn.remarks[0] == remark
    assert drawn.kept["said"] == [said]
    assert drawn.problems == ()


def test_keys_that_nobody_here_knows_are_kept():
    odd = outline(colour="red", readonly=True)
    odd["value"]["angle"] = 3
    (drawn,) = found_in(annotation(odd, lead_time=9), data={"anterior": "a.png", "age": 61}, priority=2).images
    assert drawn.regions[0].kept == {"colour": "red", "readonly": True, "value": {"angle": 3}, "from_name": "label"}
    assert drawn.kept["data"] == {"age": 61}
    assert drawn.kept["task"] == {"id": 7, "priority": 2}
    assert drawn.kept["annotation"]["lead_time"] == 9


def test_the_latest_annotation_of_a_reader_counts_and_the_older_ones_are_named():
    old = annotation(outline(), outline(identifier="r2"), number=4)
    new = annotation(outline(), number=5, updated="2026-01-01T02:00:00+01:00")
    (drawn,) = found_in(new, old, data={"anterior": "a.png"}).images
    assert len(drawn.regions) == 1
    assert drawn.notes == (
        "annotation 4 of the same reader, last changed 2026-01-01T00:00:00Z, is older than 5 and does not count",
    )


@pytest.mark.parametrize("times", [("2026-01-01", "2026-01-01"), ("2026-01-01", "yesterday"), (None, None)])
def test_annotations_of_one_reader_that_cannot_be_put_in_order_all_stay(times):
    several = [annotation(outline(), number=number, updated=time) for number, time in enumerate(times)]
    assert [one.name for one in found_in(*several, data={"anterior": "a.png"}).images] == ["a.1", "a.1"]


def test_annotations_of_unknown_readers_all_stay():
    several = [annotation(outline(), reader=None, number=1), annotation(outline(), reader=None, number=2)]
    assert [one.reader for one in found_in(*several, data={"anterior": "a.png"}).images] == [None, None]


def test_what_is_no_reading_is_counted_in_a_note():
    skipped = annotation(reader=2, number=2, was_cancelled=True)
    more = {"drafts": [{"id": 1, "result": []}], "predictions": [{"id": 1, "result": [outline()]}]}
    (drawn,) = found_in(annotation(outline()), skipped, data={"anterior": "a.png"}, **more).images
    assert drawn.notes == (
        "skipped readings of the task, which are no readings: 1",
        "drafts of the task, which are no readings: 1",
        "predictions of the task, which are no readings: 1",
    )


def test_a_bad_region_is_a_problem_of_its_image_only():
    bad = outline("posterior", "r2", label="kidney")
    anterior, posterior = found_in(annotation(outline(), bad)).images
    assert anterior.problems == ()
    assert [problem.field for problem in posterior.problems] == ["[3].annotations[0].result[1].value.polygonlabels"]


def test_a_region_of_unclear_place_is_a_problem_of_every_image():
    images = found_in(annotation(outline(), outline("posterior", "r2"), outline("lateral", "r3"))).images
    assert [[problem.field for problem in one.problems] for one in images] == [
        ["[3].annotations[0].result[2].to_name"]
    ] * 2


def test_a_problem_without_an_image_is_told_once():
    found = found_in(annotation(outline(original_width=None)), data={"anterior": "a.png"})
    assert not found.images
    assert [problem.field for problem in found.problems] == [
        "[3].data.anterior",
        "[3].annotations[0].result[0].original_width",
    ]


def test_a_relation_both_ways_joins_parts_of_one_lesion():
    parts = [outline(identifier=name) for name in "abcde"]
    relations = relation("a", "b"), relation("c", "b"), relation("d", "e", "right")
    (drawn,) = found_in(annotation(*parts, *relations), data={"anterior": "a.png"}).images
    assert [region.group for region in drawn.regions] == [1, 1, 1, None, None]
    assert drawn.remarks == ("relation: right",)
    assert drawn.kept["relations"] == [relations[2]]


def test_a_relation_between_labels_or_images_joins_nothing_and_is_told():
    parts = outline(identifier="a"), outline(identifier="b", label="bladder"), outline("posterior", "c")
    anterior, posterior = found_in(annotation(*parts, relation("a", "b"), relation("c", "a"))).images
    assert [region.group for region in (*anterior.regions, *posterior.regions)] == [None] * 3
    assert (anterior.remarks, posterior.remarks) == (("relation: bi",), ("relation: bi",))


def test_a_relation_to_a_region_that_is_not_there_is_noted():
    (drawn,) = found_in(annotation(outline(), relation("r1", "gone")), data={"anterior": "a.png"}).images
    assert drawn.notes == ("a relation to a region that is not read was left out",)


def test_controls_that_say_the_same_label_are_not_told_apart_and_that_is_noted():
    sure, unsure = outline(from_name="sure"), outline(identifier="r2", from_name="unsure")
    (drawn,) = found_in(annotation(sure, unsure), data={"anterior": "a.png"}).images
    assert drawn.notes == ("metastasis was drawn with several controls, which are not told apart: sure, unsure",)


def test_outlines_shown_for_comparison_are_counted_in_a_note():
    (drawn,) = found_in(
        annotation(outline(), outline(identifier="o", from_name="ref")), data={"anterior": "a.png"}
    ).images
    assert len(drawn.regions) == 1
    assert drawn.notes == ("outlines shown for comparison, which are not the reader's: 1",)


def test_marks_are_refused_unless_they_are_asked_for():
    point = outline(kind="keypointlabels", label="rib", value={"x": 50, "y": 20, "width": 1, "keypointlabels": ["rib"]})
    (refused,) = found_in(annotation(outline(identifier="a"), point), data={"anterior": "a.png"}).images
    assert "--marks keep" in refused.problems[0].message
    (kept,) = found_in(annotation(point), data={"anterior": "a.png"}, dialect=Dialect(keep_marks=True)).images
    (mark,) = kept.marks
    assert (mark.kind, mark.label, mark.points) == ("point", "rib", ((50, 10),))


def test_labels_are_read_as_the_dialect_means_them():
    dialect = Dialect(labels={"meta": "metastasis", "artefact": None}, keep_marks=True)
    shapes = outline(label="meta"), outline(identifier="r2", label="artefact")
    (drawn,) = found_in(annotation(*shapes), data={"anterior": "a.png"}, dialect=dialect).images
    assert [region.label for region in drawn.regions] == ["metastasis"]
    assert [type(problem).__name__ for problem in drawn.problems] == ["LeftOut"]


def test_a_record_of_json_min_is_one_reading():
    record = {
        "anterior": "a.png",
        "ward": "7/b",
        "id": 7,
        "label": [{"points": SQUARE, "polygonlabels": ["metastasis"], "original_width": 100, "original_height": 50}],
        "exclusion": "unreadable",
        "remark": "a typed text",
        "quality": [{"rating": 3}],
        "annotator": 4,
        "annotation_id": 5,
        "updated_at": "2026-01-01T00:00:00Z",
    }
    (drawn,) = drawn_of_task(record, "[3]", ORIGIN, Path(), Dialect()).images
    assert (drawn.name, len(drawn.regions), drawn.exclusion) == ("a.4", 1, "unreadable")
    assert drawn.remarks == ("remark: a text", "quality: 3")
    assert drawn.kept["data"] == {"ward": "7/b"}


def test_with_the_configuration_a_choice_of_json_min_is_told_from_a_text():
    config = CONFIG.replace("</View>", '<Choices name="sure" toName="anterior"/></View>')
    record = TWO | {"id": 7, "sure": "unsure", "other": "x", "front": [], "annotator": 4, "annotation_id": 5}
    found = drawn_of_task(record, "[3]", ORIGIN, Path(), Dialect(labelling_config=config))
    assert not found.waiting
    with_size = record | {
        "front": [{"points": SQUARE, "polygonlabels": ["metastasis"], "original_width": 100, "original_height": 50}]
    }
    (drawn,) = drawn_of_task(with_size, "[3]", ORIGIN, Path(), Dialect(labelling_config=config)).images
    assert drawn.remarks == ("sure: unsure",)
    assert drawn.kept["data"] == {"other": "x"}


def test_a_webhook_is_read_with_the_configuration_it_brings():
    payload = {
        "action": "ANNOTATION_CREATED",
        "project": {"label_config": CONFIG},
        "task": {"id": 7, "data": TWO},
        "annotation": annotation(outline()),
    }
    found = drawn_of_task(payload, "", ORIGIN, Path(), Dialect())
    assert [one.image for one in found.images] == ["s/a.png"]


@pytest.mark.parametrize("task", [5, None, "x", [], {}, {"id": 1}, {"data": 5}], ids=repr)
def test_what_is_no_task_is_named(task):
    with pytest.raises(UnreadableFile) as raised:
        drawn_of_task(task, "[3]", ORIGIN, Path(), Dialect())
    assert str(raised.value).startswith("export.json: [3]: ")


def test_a_broken_configuration_is_named():
    with pytest.raises(UnreadableFile, match="label_config: not XML"):
        found_in(annotation(), dialect=Dialect(labelling_config="<View"))


def test_the_same_task_gives_the_same_whatever_was_read_before():
    task = {"id": 7, "data": TWO, "annotations": [annotation(outline())]}
    before = json.dumps(task)
    first, second = (drawn_of_task(task, "[3]", replace(ORIGIN), Path(), Dialect()) for _ in range(2))
    assert json.dumps(task) == before
    assert repr(first.images) == repr(second.images)
