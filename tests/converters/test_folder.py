import hashlib
import json

import numpy as np
import pytest
from PIL import Image

from converters.__main__ import main
from converters.label_studio import read_export, to_results
from converters.labelme import read_labelme, write_labelme
from converters.rasterise import draw
from converters.regions import LABELS, MaskPatch, Polygon, Region
from converters.rle import decode_coco

LESION = Region("metastasis", Polygon(((2, 2), (12, 2), (12, 12), (2, 12))))
HOLED = Region("bladder", Polygon(((8, 8), (20, 8), (20, 20), (8, 20)), (((10, 10), (12, 10), (12, 12), (10, 12)),)))
SIZE = (32, 24)


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "readings"
    (folder / "ward").mkdir(parents=True)
    (folder / "ward" / "case.json").write_bytes(write_labelme([LESION, HOLED], "case.png", *SIZE))
    return folder


def export(*annotations):
    data = {"anterior": "scans/one_anterior.png", "posterior": "scans/one_posterior.png"}
    return json.dumps([{"id": 1, "data": data, "annotations": list(annotations)}])


def annotation(reader, *regions, image="anterior"):
    result = to_results(regions, from_name=f"{image}_label", to_name=image, rows=SIZE[0], columns=SIZE[1])
    return {"id": reader, "completed_by": reader, "result": result}


def mask(path):
    with Image.open(path) as image:
        assert image.mode == "L"
        return np.asarray(image)


def test_masks_lie_beside_their_certificate_under_the_names_of_the_sources(source, tmp_path):
    assert main([str(source), str(tmp_path / "out"), "--to", "masks"]) == 0
    made = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert made == ["ward/case.bladder.png", "ward/case.certificate.json", "ward/case.metastasis.png"]


def test_masks_are_0_and_255_of_the_images_size_and_disjoint(source, tmp_path):
    main([str(source), str(tmp_path / "out"), "--to", "masks"])
    metastasis, bladder = (mask(tmp_path / "out" / "ward" / f"case.{label}.png") for label in ("metastasis", "bladder"))
    assert metastasis.shape == bladder.shape == SIZE
    assert set(np.unique(metastasis)) == set(np.unique(bladder)) == {0, 255}
    assert np.count_nonzero(bladder) == 144 - 4
    assert np.count_nonzero(metastasis) == 100 - 16 + 4


def test_the_certificate_says_what_became_of_the_file(source, tmp_path):
    main([str(source), str(tmp_path / "out"), "--to", "masks"])
    told = json.loads((tmp_path / "out" / "ward" / "case.certificate.json").read_text())
    assert told["source_sha256"] == hashlib.sha256((source / "ward" / "case.json").read_bytes()).hexdigest()
    assert (told["format"], told["format_version"], told["rows"], told["columns"]) == ("labelme", "5.5.0", 32, 24)
    assert told["labels"]["bladder"] == {
        "regions": 1,
        "holes": 1,
        "pixels": 140,
        "dice_mask_outline_mask": 1.0,
        "dice_mask_output_mask": 1.0,
    }
    assert (told["overlap_pixels"], told["one_pixel_parts"], told["clipped_regions"]) == (12, 0, 0)
    assert told["not_kept"] == []
    made = (tmp_path / "out" / "ward" / "case.bladder.png").read_bytes()
    assert told["outputs"]["case.bladder.png"] == hashlib.sha256(made).hexdigest()


def test_readers_of_one_export_are_told_apart_and_no_findings_is_a_mask(tmp_path):
    (tmp_path / "export.json").write_text(
        export(annotation(2, LESION), annotation(3), annotation(2, HOLED, image="posterior") | {"was_cancelled": True})
    )
    assert main([str(tmp_path / "export.json"), str(tmp_path / "out"), "--to", "masks"]) == 0
    assert np.count_nonzero(mask(tmp_path / "out" / "one_anterior.2.metastasis.png")) == 100
    assert not mask(tmp_path / "out" / "one_anterior.3.metastasis.png").any()


def test_labelme_and_label_studio_give_byte_identical_masks(source, tmp_path):
    export_file = tmp_path / "export.json"
    export_file.write_text(export(annotation(2, LESION, HOLED)))
    main([str(source / "ward" / "case.json"), str(tmp_path / "a"), "--to", "masks"])
    main([str(export_file), str(tmp_path / "b"), "--to", "masks"])
    for label in ("metastasis", "bladder"):
        by_labelme = (tmp_path / "a" / f"case.{label}.png").read_bytes()
        assert by_labelme == (tmp_path / "b" / f"one_anterior.2.{label}.png").read_bytes()


def test_outlines_go_from_labelme_to_label_studio_and_back(source, tmp_path):
    assert main([str(source), str(tmp_path / "ls"), "--to", "label-studio"]) == 0
    (submission,), _ = read_export(json.loads((tmp_path / "ls" / "ward" / "case.json").read_text()), "x")
    outlined, with_hole = submission.regions["image"]
    assert outlined == LESION
    assert isinstance(with_hole.shape, MaskPatch)
    assert main([str(tmp_path / "ls"), str(tmp_path / "lm"), "--to", "labelme"]) == 0
    document = read_labelme((tmp_path / "lm" / "ward" / "case.json").read_bytes(), "x")
    drawn, again = draw([LESION, HOLED], SIZE).masks, draw(document.regions, SIZE).masks
    assert all(np.array_equal(drawn[label], again[label]) for label in LABELS)


def test_coco_holds_each_reader_in_a_file_of_its_own(tmp_path):
    (tmp_path / "export.json").write_text(export(annotation(2, LESION, HOLED), annotation(3, LESION)))
    assert main([str(tmp_path / "export.json"), str(tmp_path / "out"), "--to", "coco"]) == 0
    two, three = (json.loads((tmp_path / "out" / f"{reader}.coco.json").read_text()) for reader in (2, 3))
    assert [len(two["annotations"]), len(three["annotations"])] == [2, 1]
    drawn = draw([HOLED], SIZE).masks["bladder"]
    assert np.array_equal(decode_coco(two["annotations"][1]["segmentation"]), drawn)
    assert (two["annotations"][1]["bbox"], two["annotations"][1]["area"]) == ([8, 8, 12, 12], 140)


def test_instances_and_archives_on_request(source, tmp_path):
    main([str(source), str(tmp_path / "out"), "--to", "masks", "--instances", "--npz"])
    numbered = np.asarray(Image.open(tmp_path / "out" / "ward" / "case.metastasis.instances.png"))
    assert set(np.unique(numbered)) == {0, 1, 2}
    with np.load(tmp_path / "out" / "ward" / "case.npz") as archive:
        assert archive["bladder"].dtype == bool
        assert archive["bladder"].sum() == 140


def test_one_bad_file_is_reported_and_the_rest_is_converted(source, tmp_path, capsys):
    (source / "broken.json").write_text('{"shapes": [')
    (source / "empty.json").write_text("")
    assert main([str(source), str(tmp_path / "out"), "--to", "masks", "--json"]) == 1
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert [error["file"] for error in told["errors"]] == ["broken.json", "empty.json"]
    assert len(told["converted"]) == 1
    assert "broken.json" in printed.err
    assert (tmp_path / "out" / "ward" / "case.bladder.png").exists()
    assert not list((tmp_path / "out").rglob(".*"))


@pytest.fixture
def kidney(tmp_path):
    written = json.loads(write_labelme([LESION, HOLED], "case.png", *SIZE))
    written["shapes"][0]["label"] = "kidney"
    (tmp_path / "case.json").write_text(json.dumps(written))
    return [str(tmp_path / "case.json"), str(tmp_path / "out"), "--to", "masks"]


def test_an_image_with_a_bad_region_is_refused_by_name(kidney, tmp_path, capsys):
    assert main(kidney) == 1
    assert "case.json: shapes[0].label" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_bad_region_is_left_out_where_that_is_asked_for_and_the_certificate_tells(kidney, tmp_path):
    assert main([*kidney, "--allow-lossy"]) == 0
    (not_kept,) = json.loads((tmp_path / "out" / "case.certificate.json").read_text())["not_kept"]
    assert "kidney" in not_kept


def test_other_labels_are_given_a_meaning_beside_our_own(kidney, tmp_path):
    (tmp_path / "labels.txt").write_text('{"kidney": null}')
    assert main([*kidney, "--labels", str(tmp_path / "labels.txt")]) == 0
    assert np.count_nonzero(mask(tmp_path / "out" / "case.bladder.png")) == 140
    assert not mask(tmp_path / "out" / "case.metastasis.png").any()


@pytest.mark.parametrize("table", ['{"kidney": "organ"}', "[]", "{", '{"kidney": 1}'])
def test_a_table_of_labels_that_is_none_is_refused_by_name(kidney, tmp_path, capsys, table):
    (tmp_path / "labels.txt").write_text(table)
    assert main([*kidney, "--labels", str(tmp_path / "labels.txt")]) == 1
    assert capsys.readouterr().err.startswith("labels.txt: ")
    assert not (tmp_path / "out").exists()


def test_two_outputs_of_one_name_are_an_error(tmp_path, capsys):
    (tmp_path / "export.json").write_text(export(annotation(2, LESION), annotation(2, HOLED)))
    assert main([str(tmp_path / "export.json"), str(tmp_path / "out"), "--to", "masks"]) == 1
    assert "'one_anterior.2' is already the output of export.json" in capsys.readouterr().err
    assert np.count_nonzero(mask(tmp_path / "out" / "one_anterior.2.metastasis.png")) == 100


def test_an_excluded_image_does_not_become_an_empty_mask_unasked(tmp_path, capsys):
    (tmp_path / "case.json").write_bytes(write_labelme([], "case.png", *SIZE, flags={"unreadable": True}))
    arguments = [str(tmp_path / "case.json"), str(tmp_path / "out"), "--to", "masks"]
    assert main(arguments) == 1
    assert "unreadable" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main([*arguments, "--allow-lossy"]) == 0
    told = json.loads((tmp_path / "out" / "case.certificate.json").read_text())
    assert told["exclusion"] == "unreadable"
    assert "unreadable" in told["not_kept"][0]


def test_a_returned_worklist_file_that_is_ticked_as_read_loses_nothing(tmp_path):
    (tmp_path / "case.json").write_bytes(write_labelme([], "case.png", *SIZE, flags={"read": True}))
    assert main([str(tmp_path), str(tmp_path / "out"), "--to", "masks"]) == 0


def test_a_size_that_the_file_does_not_say_comes_from_the_image_beside_it(tmp_path):
    (tmp_path / "export.json").write_text(export({"id": 1, "completed_by": 2, "result": []}))
    arguments = [str(tmp_path / "export.json"), str(tmp_path / "out"), "--to", "masks"]
    assert main(arguments) == 1
    for name in ("one_anterior.png", "one_posterior.png"):
        Image.new("L", (24, 32)).save(tmp_path / name)
    assert main(arguments) == 0
    assert mask(tmp_path / "out" / "one_posterior.2.bladder.png").shape == SIZE


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        pytest.param([], 2, id="nothing"),
        pytest.param(["absent", "out", "--to", "masks"], 2, id="no source"),
        pytest.param([".", "out", "--to", "bitmaps"], 2, id="unknown format"),
        pytest.param([".", "out"], 2, id="no format"),
        pytest.param([".", "taken", "--to", "masks"], 2, id="a file for a folder"),
        pytest.param([".", "out", "--to", "coco", "--npz"], 2, id="archives without masks"),
        pytest.param([".", "out", "--to", "dicom-seg"], 2, id="a segmentation without its scan"),
        pytest.param([".", "out", "--to", "masks", "--source-nm", "."], 2, id="a scan without segmentation"),
        pytest.param([".", "out", "--to", "masks", "--points", "9"], 2, id="points of masks"),
        pytest.param([".", "out", "--to", "label-studio", "--points", "0"], 2, id="no points"),
        pytest.param([".", "out", "--to", "masks", "--labels", "absent"], 2, id="no file of labels"),
        pytest.param([".", "out", "--to", "masks", "--labels", "taken"], 1, id="an empty file of labels"),
        pytest.param([".", "out", "--to", "masks"], 1, id="an empty folder"),
        pytest.param(["--help"], 0, id="help"),
    ],
)
def test_the_exit_status_tells_wrong_usage_from_work_not_done(tmp_path, monkeypatch, arguments, status):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").touch()
    assert main(arguments) == status
