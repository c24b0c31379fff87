"""Thousands of files: side by side, in any order, interrupted and started anew."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converters import folder, limits
from converters.__main__ import main
from converters.drawn import Dialect
from converters.folder import convert
from converters.label_studio import to_results
from converters.labelme import read_labelme, write_labelme
from converters.regions import Mark, Polygon, Region
from converters.wish import Wish

SIZE = (48, 32)
MASKS = Wish("masks", with_instances=True, with_arrays=True)


def square(left, top, side=6, label="metastasis", group=None):
    right, bottom = left + side, top + side
    ring = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Region(label, Polygon(ring), group=group)


def task(number, *readings):
    """A task of two images; each reading is (reader, regions of the anterior image)."""
    data = {"anterior": f"scans/{number}_anterior.png", "posterior": f"scans/{number}_posterior.png"}
    annotations = [
        {
            "id": 10 * number + reader,
            "completed_by": reader,
            "result": to_results(regions, from_name="anterior_label", to_name="anterior", rows=48, columns=32),
        }
        for reader, regions in readings
    ]
    return {"id": number, "data": data, "annotations": annotations}


@pytest.fixture
def source(tmp_path):
    """A folder of twelve Labelme files, an export of five tasks with two readers each, and two bad files."""
    made = tmp_path / "in"
    (made / "ward").mkdir(parents=True)
    for number in range(12):
        content = write_labelme([square(number, 2), square(3, 20, 8, "bladder")], f"{number}.png", *SIZE)
        (made / "ward" / f"{number}.json").write_bytes(content)
    tasks = [task(number, (1, [square(number, 5)]), (2, [square(9, number)])) for number in range(5)]
    (made / "export.json").write_text(json.dumps(tasks))
    (made / "broken.json").write_text("{")
    (made / "kidney.json").write_bytes(write_labelme([square(1, 1)], "k.png", *SIZE).replace(b"metastasis", b"kidney"))
    return made


def contents(path: Path):
    return {one.relative_to(path).as_posix(): one.read_bytes() for one in sorted(path.rglob("*")) if one.is_file()}


def told(outcome):
    return [str(error) for error in outcome.errors], [(one["image"], one["reader"]) for one in outcome.converted]


def test_the_result_does_not_depend_on_the_number_of_processes(source, tmp_path):
    alone = convert(source, tmp_path / "a", MASKS, jobs=1)
    together = convert(source, tmp_path / "b", MASKS, jobs=3)
    assert told(alone) == told(together)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert len(alone.converted) == 12 + 5 * 2
    assert [error.source for error in alone.errors] == ["broken.json", "kidney.json"]


def test_coco_files_do_not_depend_on_the_number_of_processes_either(source, tmp_path):
    convert(source, tmp_path / "a", Wish("coco"), jobs=1)
    convert(source, tmp_path / "b", Wish("coco"), jobs=2)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert len(json.loads((tmp_path / "a" / "2.coco.json").read_text())["images"]) == 5


def test_labelme_folders_of_two_readers_become_a_coco_file_each(tmp_path):
    for reader in ("anna", "ben"):
        (tmp_path / "in" / reader).mkdir(parents=True)
        (tmp_path / "in" / reader / "a.json").write_bytes(write_labelme([square(2, 2)], "a.png", *SIZE))
    convert(tmp_path / "in", tmp_path / "out", Wish("coco"))
    for reader in ("anna", "ben"):
        document = json.loads((tmp_path / "out" / reader / "annotations.coco.json").read_text())
        assert (len(document["images"]), len(document["annotations"])) == (1, 1)


def test_masks_that_were_written_with_archives_and_maps_are_read_again_once(source, tmp_path):
    made = convert(source, tmp_path / "out", MASKS)
    again = convert(tmp_path / "out", tmp_path / "again", Wish("masks"))
    assert again.errors == []
    assert len(again.converted) == len(made.converted)
    masks = {name: content for name, content in contents(tmp_path / "again").items() if name.endswith(".png")}
    assert masks.items() <= contents(tmp_path / "out").items()


def test_what_is_finished_is_not_made_again(source, tmp_path):
    first = convert(source, tmp_path / "out", MASKS)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.*")}
    again = convert(source, tmp_path / "out", MASKS)
    assert (first.already_there, again.already_there) == (0, len(first.converted))
    assert told(first) == told(again)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.*")} == before


@pytest.mark.parametrize("missing", ["ward/3.bladder.png", "ward/3.certificate.json", "ward/3.npz"])
def test_an_interrupted_conversion_goes_on_where_it_ended(source, tmp_path, missing):
    convert(source, tmp_path / "out", MASKS)
    whole = contents(tmp_path / "out")
    (tmp_path / "out" / missing).unlink()
    again = convert(source, tmp_path / "out", MASKS)
    assert again.already_there == len(again.converted) - 1
    assert contents(tmp_path / "out") == whole


def test_a_changed_source_a_damaged_result_and_another_wish_are_converted_anew(source, tmp_path):
    convert(source, tmp_path / "out", Wish("masks"))
    (source / "ward" / "0.json").write_bytes(write_labelme([square(9, 9)], "0.png", *SIZE))
    (tmp_path / "out" / "ward" / "1.bladder.png").write_bytes(b"damaged")
    assert len(told(outcome := convert(source, tmp_path / "out", Wish("masks")))[1]) - outcome.already_there == 2
    assert convert(source, tmp_path / "out", Wish("masks", with_arrays=True)).already_there == 0


def test_the_first_of_two_outputs_of_one_name_wins_however_many_processes(tmp_path):
    for name in ("a", "b"):
        (tmp_path / "in").mkdir(exist_ok=True)
        tasks = [task(1, (1, [square(2 if name == "a" else 20, 2)]))]
        (tmp_path / "in" / f"{name}.json").write_text(json.dumps(tasks))
    for jobs in (1, 2):
        outcome = convert(tmp_path / "in", tmp_path / f"out{jobs}", Wish("masks"), jobs=jobs)
        assert ["is already the output of a.json" in str(error) for error in outcome.errors] == [True]
    assert contents(tmp_path / "out1") == contents(tmp_path / "out2")


def test_an_image_on_which_nobody_drew_is_a_reading_once_somebody_draws_on_that_side(tmp_path):
    """The first task shows nothing on its images; only the second tells which images readers draw on."""
    (tmp_path / "in.json").write_text(json.dumps([task(1, (1, [])), task(2, (1, [square(2, 2)]))]))
    Image.new("L", (32, 48)).save(tmp_path / "1_anterior.png")
    for jobs in (1, 2):
        outcome = convert(tmp_path / "in.json", tmp_path / f"{jobs}", Wish("masks"), jobs=jobs)
        assert (outcome.errors, len(outcome.converted)) == ([], 2)
        assert not np.asarray(Image.open(tmp_path / f"{jobs}" / "1_anterior.1.metastasis.png")).any()


def test_tasks_for_label_studio_come_with_the_configuration_that_they_need(source, tmp_path):
    first = convert(source, tmp_path / "out", Wish("label-studio"))
    configuration = tmp_path / "out" / "labelling-config.xml"
    whole = configuration.read_bytes()
    assert b"<PolygonLabels" in whole
    configuration.unlink()
    assert convert(source, tmp_path / "out", Wish("label-studio")).already_there == len(first.converted)
    assert configuration.read_bytes() == whole


def test_one_bad_task_costs_only_itself(tmp_path):
    good, bad = json.dumps(task(1, (1, [square(2, 2)]))), '{"id": 2, "data": nonsense}'
    (tmp_path / "in.json").write_text(f"[{good}, {bad}, {json.dumps(task(3, (1, [square(2, 2)])))}]")
    outcome = convert(tmp_path / "in.json", tmp_path / "out", Wish("masks"))
    assert [one["image"] for one in outcome.converted] == ["scans/1_anterior.png", "scans/3_anterior.png"]
    (error,) = outcome.errors
    assert (error.source, error.field) == ("in.json", "[1]")


def test_tasks_before_the_place_where_an_export_breaks_off_are_converted(tmp_path):
    whole = json.dumps([task(number, (1, [square(2, 2)])) for number in range(3)])
    (tmp_path / "in.json").write_text(whole[:-20])
    outcome = convert(tmp_path / "in.json", tmp_path / "out", Wish("masks"))
    assert len(outcome.converted) == 2
    assert "breaks off" in str(outcome.errors[0])


def test_labels_of_others_are_translated_or_left_out_and_the_certificate_tells(source, tmp_path):
    wish = Wish("masks", dialect=Dialect(labels={"metastasis": "metastasis", "bladder": None, "kidney": None}))
    outcome = convert(source / "ward" / "0.json", tmp_path / "out", wish)
    assert outcome.errors == []
    certificate = json.loads((tmp_path / "out" / "0.certificate.json").read_text())
    assert certificate["labels"]["bladder"]["pixels"] == 0
    assert certificate["notes"] == ["0.json: shapes[1].label: 'bladder' was asked to be left out"]


def test_marks_are_refused_or_kept_by_choice(tmp_path):
    drawn = [square(2, 2), Mark("point", "metastasis", ((5.0, 6.0),)), Mark("line", "axis", ((1.0, 1.0), (5.0, 9.0)))]
    (tmp_path / "a.json").write_bytes(write_labelme(drawn, "a.png", *SIZE))
    refused = convert(tmp_path / "a.json", tmp_path / "out", Wish("labelme"))
    assert [error.field for error in refused.errors] == ["shapes[1].shape_type", "shapes[2].label"]
    keep = Dialect(keep_marks=True)
    for target in ("labelme", "label-studio"):
        assert convert(tmp_path / "a.json", tmp_path / target, Wish(target, dialect=keep)).errors == []
    back = convert(tmp_path / "label-studio" / "a.json", tmp_path / "back", Wish("labelme", dialect=keep))
    assert back.errors == []
    for path in ("labelme", "back"):
        document = read_labelme((tmp_path / path / "a.json").read_bytes(), "a.json", keep_marks=True)
        assert [(mark.kind, mark.label) for mark in document.marks] == [("point", "metastasis"), ("line", "axis")]
    assert "2 marks" in str(convert(tmp_path / "a.json", tmp_path / "m", Wish("masks", dialect=keep)).errors[0])


def test_a_labelme_file_comes_back_with_everything_that_it_said(tmp_path):
    shape = {"label": "bladder", "points": [[2, 2], [9, 9]], "shape_type": "rectangle", "group_id": None}
    shape |= {"description": "full", "flags": {"sure": True}, "mask": None, "attributes": {"by": 1}}
    document = {"version": "5.5.0", "flags": {"read": True, "good": False}, "shapes": [shape], "imagePath": "a.png"}
    document |= {"imageData": None, "imageHeight": 48, "imageWidth": 32, "lineColor": [0, 255, 0, 128]}
    (tmp_path / "a.json").write_text(json.dumps(document))
    assert convert(tmp_path / "a.json", tmp_path / "out", Wish("labelme")).errors == []
    assert json.loads((tmp_path / "out" / "a.json").read_text()) == document
    lossy = convert(tmp_path / "a.json", tmp_path / "masks", Wish("masks"))
    assert "description of shape 1; flags of shape 1" in str(lossy.errors[0])
    assert convert(tmp_path / "a.json", tmp_path / "masks", Wish("masks", allow_lossy=True)).errors == []
    not_kept = json.loads((tmp_path / "masks" / "a.certificate.json").read_text())["not_kept"]
    assert "'lineColor' of the image" in not_kept
    assert "'attributes' of its shapes" in not_kept


def test_parts_of_a_group_are_one_lesion_of_the_map(tmp_path):
    parts = [square(2, 2, group=1), square(20, 20, group=1), square(2, 30)]
    (tmp_path / "a.json").write_bytes(write_labelme(parts, "a.png", *SIZE))
    convert(tmp_path / "a.json", tmp_path / "out", MASKS)
    numbers = np.asarray(Image.open(tmp_path / "out" / "a.metastasis.instances.png"))
    assert numbers[3, 3] == numbers[22, 22] != numbers[32, 4]
    assert set(np.unique(numbers)) == {0, 1, 2}


ENDLESS = write_labelme([], "a.png", 1, 1).replace(b'ght": 1', b'ght": 1' + b"0" * 400)
HUGE = {
    "an image of a billion pixels": (write_labelme([square(1, 1)], "a.png", 100_000, 100_000), "is no scan"),
    "nested without end": (b'{"shapes": ' + b"[" * 100_000, "not JSON"),
    "a side without end": (ENDLESS, "is not a size"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "says"), HUGE.values(), ids=HUGE.keys())
def test_what_is_too_large_is_refused_by_limit(tmp_path, content, says):
    (tmp_path / "a.json").write_bytes(content)
    errors = convert(tmp_path / "a.json", tmp_path / "out", Wish("masks")).errors
    assert says in str(errors[0])
    assert not (tmp_path / "out").exists()


def test_a_polygon_of_ten_million_points_is_refused_before_it_is_read(tmp_path):
    points = b"[" + b"[1.5,2.5]," * 10_000_000 + b"[1,1]]"
    start = b'{"imagePath": "a.png", "shapes": [{"label": "bladder", "points": '
    (tmp_path / "a.json").write_bytes(start + points + b"}]}")
    (error,) = convert(tmp_path / "a.json", tmp_path / "out", Wish("masks")).errors
    assert f"more than {limits.MOST_BYTES:,} bytes" in str(error)


def test_progress_is_told_file_by_file(source, tmp_path):
    heard = []
    convert(source, tmp_path / "out", Wish("masks"), progress=lambda *now: heard.append(now))
    assert [number for _, number, _ in heard] == list(range(1, 16))
    assert {total for *_, total in heard} == {15}


def test_a_process_that_ends_unasked_is_told(source, tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "in_order", lambda *_: (_ for _ in ()).throw(folder.BrokenProcessPool()))
    (error,) = convert(source, tmp_path / "out", Wish("masks")).errors
    assert "--jobs 1" in str(error)


def test_the_summary_says_how_many(source, tmp_path, capsys):
    assert main([str(source), str(tmp_path / "out"), "--to", "masks", "--jobs", "2"]) == 1
    assert capsys.readouterr().out == "22 images converted, 2 errors\n"
    assert main([str(source), str(tmp_path / "out"), "--to", "masks"]) == 1
    assert capsys.readouterr().out == "22 images converted (22 were there already), 2 errors\n"
